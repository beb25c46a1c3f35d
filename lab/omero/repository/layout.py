"""Where files go in the managed repository: the template path, and names that every file system takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

PARENTS_KEPT = 3
NAME_LIMIT = 255
SUBSTITUTES = {ord(bad): good for bad, good in zip('"*/:<>?\\|', "'x!;[]%!!", strict=True)} | dict.fromkeys(
    range(32), "_"
)
WINDOWS_NAMES = {"AUX", "CLOCK$", "CON", "NUL", "PRN"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}


def safe_name(name: str) -> str:
    """Return a name without what Windows or Unix would refuse, as the server's default rules have it."""
    upper = name.upper()
    if upper in WINDOWS_NAMES:
        name += "_"
    if upper.startswith("$") or (upper.split(".")[0] in WINDOWS_NAMES and "." in name):
        name = "_" + name
    return name.translate(SUBSTITUTES)


def template_path(root: Path, user_name: str, user: int) -> str:
    """Make the folder of one import, new to the millisecond, and return its path in the repository."""
    moment = datetime.now(timezone.utc)
    day = f"{safe_name(user_name)}_{user}/{moment:%Y-%m}/{moment:%d}"
    for later in range(100_000):
        path = f"{day}/{moment:%H-%M-%S}.{moment.microsecond // 1000 + later:03d}"
        try:
            (root / path).mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(day)


def used_files(client_paths: Sequence[str]) -> list[str]:
    """Return where files go below the template path: their names, below up to three of the folders above them."""
    parts = [[part for part in path.split("/") if part] for path in client_paths]
    cut = max(min(len(path) for path in parts) - PARENTS_KEPT - 1, 0)
    common = 0
    while all(len(path) > common + 1 and path[common] == parts[0][common] for path in parts):
        common += 1
    cut = min(cut, common)
    return ["/".join(safe_name(part) for part in path[cut:]) for path in parts]
