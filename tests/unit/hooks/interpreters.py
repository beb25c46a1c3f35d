"""Finds the Pythons that load the rule engine: 3.6, the oldest under which iRODS 4.3 runs, to 3.13.

Looked at are IRODS_OMERO_PYTHONS (paths of interpreters, separated as in PATH), the PATH, and what pyenv has installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

VERSIONS = tuple(f"3.{minor}" for minor in range(6, 14))


@cache
def find() -> dict[str, Path]:
    """One interpreter for each version that there is one of."""
    interpreters: dict[str, Path] = {}
    for candidate in candidates():
        version = version_of(candidate)
        if version in VERSIONS:
            interpreters.setdefault(version, candidate)
    return interpreters


def candidates() -> list[Path]:
    """Where interpreters may be, those named by the user first."""
    named = [Path(path) for path in os.environ.get("IRODS_OMERO_PYTHONS", "").split(os.pathsep) if path]
    on_path = [Path(path) for version in VERSIONS if (path := shutil.which("python" + version))]
    root = Path(os.environ.get("PYENV_ROOT", "") or Path.home() / ".pyenv")
    return [*named, *sorted(root.glob("versions/3.*/bin/python"), reverse=True), *on_path]


def version_of(interpreter: Path) -> str | None:
    """The version of an interpreter as `3.N`, if it is one that runs."""
    try:
        answer = subprocess.run([interpreter, "-V"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"Python (\d+\.\d+)", answer.stdout)
    return version.group(1) if version else None
