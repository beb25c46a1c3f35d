"""Stand-ins for icommands: they note what they were called with, and do it on a lab zone where a test needs that."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

SCRIPT = """#!/bin/sh
python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$(basename "$0")" "$@" >> "$ICOMMANDS_LOG"
"""


def run(script: Path, folder: Path, **environment: str) -> list[list[str]]:
    """Run a shell script and return the calls of icommands that it made, as lists of words."""
    for name in ("iadmin", "imeta", "irule", "imkdir", "iqstat"):
        path = folder / name
        path.write_text(SCRIPT)
        path.chmod(0o755)
    log = folder / "log"
    log.touch()
    variables = {"PATH": f"{folder}:{os.environ['PATH']}", "ICOMMANDS_LOG": str(log), **environment}
    subprocess.run(["sh", str(script)], env=variables, check=True, capture_output=True)
    return [json.loads(line) for line in log.read_text().splitlines()]
