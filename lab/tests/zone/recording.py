"""What was recorded on a real zone: the enforcement points of each action in order, and what types they were given."""

from __future__ import annotations

import json
from pathlib import Path

_HERE = Path(__file__).parent
ORDER: dict[str, list[str]] = json.loads((_HERE / "recorded.json").read_text(encoding="utf-8"))
TYPES: dict[str, str] = json.loads((_HERE / "recorded_types.json").read_text(encoding="utf-8"))
"""Names of types, `str?` where a client may leave a text out, which is then None (zone-95)."""


def program_of(action: str) -> str:
    """What the client of an action called itself."""
    return "python-irodsclient" if action.startswith("PRC") else action.partition(" ")[0]


def order_of(action: str) -> list[tuple[str, str]]:
    """Enforcement points and users, without what the command before it had still under way."""
    lines = [line.split() for line in ORDER[action]]
    return [(pep, user) for pep, user, program in lines if program == program_of(action)]


def are_as_recorded(pep: str, types: list[str]) -> bool:
    """Whether the arguments of an enforcement point are as many, and of the types that were recorded."""
    recorded = TYPES[pep].split()
    return len(types) == len(recorded) and all(
        one == expected or (expected == "str?" and one in ("str", "NoneType"))
        for one, expected in zip(types, recorded, strict=True)
    )
