"""The hooks keep their promises under every Python from 3.6 to 3.13 that is on this machine; the others are named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.hooks.interpreters import VERSIONS, find

INTERPRETERS = find()
PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("version", VERSIONS)
def test_routes_and_promises_hold_under(version: str) -> None:
    if version not in INTERPRETERS:
        pytest.skip(f"there is no Python {version} here: name one in IRODS_OMERO_PYTHONS")
    command = [str(INTERPRETERS[version]), "-m", "tests.unit.hooks.under"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "policies")}
    answer = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.rstrip().endswith(" promises, 0 failures")


def test_there_is_at_least_one_python_to_try() -> None:
    assert INTERPRETERS
