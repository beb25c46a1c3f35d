"""Reads back what the tracing ``core.py`` has written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRACING = Path(__file__).parent / "tracing"
"""The folder of the tracing ``core.py``."""


@dataclass(frozen=True)
class Fired:
    """One enforcement point that was reached.

    Attributes:
        pep: Its name without ``pep_``.
        user: Whom the agent served.
        program: What the client called itself.
        types: Names of the types of its arguments.
        texts: Its arguments, None for those that are no text.
    """

    pep: str
    user: str
    program: str
    types: tuple[str, ...]
    texts: tuple[str | None, ...]


@dataclass(frozen=True)
class Trace:
    """The file that the tracing ``core.py`` writes."""

    path: Path

    @contextmanager
    def of(self, program: str) -> Iterator[list[Fired]]:
        """What fires during the block for a client that calls itself ``program``; filled at the end of the block."""
        start = self.path.stat().st_size if self.path.exists() else 0
        events: list[Fired] = []
        yield events
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(start)
                lines = [_fired(json.loads(line)) for line in file]
            events += [one for one in lines if one.program == program]


def _fired(entry: dict[str, Any]) -> Fired:
    kinds, texts = zip(*entry["arguments"], strict=True)
    return Fired(entry["pep"].removeprefix("pep_"), entry["user"], entry["program"], kinds, texts)
