"""What the commands load that monitoring and people in a hurry wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from tests.scene import Scene

PROGRAM = """
import atexit, sys

def tell():
    slow = ("structlog", "rich", "omero", "Ice", "matplotlib", "irods_omero.agent", "irods_omero.gateways.omero")
    print(*(name for name in slow if name in sys.modules), file=sys.stderr)

atexit.register(tell)
from irods_omero.cli import main
main()
"""


def loaded(scene: Scene, *words: str) -> list[str]:
    """What a command loads of what takes longer than everything that it needs."""
    command = [sys.executable, "-c", PROGRAM, "--config", str(scene.config), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.stderr.split()


@pytest.mark.parametrize("command", ["config", "status --no-omero --json", "explain", "explain --json"])
def test_what_needs_no_omero_loads_neither_omero_py_nor_the_agent_nor_its_log(scene: Scene, command: str) -> None:
    words = command.split()
    assert loaded(scene, *words, *([scene.collection] if "explain" in words else [])) == []


def test_what_a_directory_waits_for_is_known_to_the_agent(scene: Scene) -> None:
    """That the list above is of what is there to be loaded."""
    below = f"{scene.collection}/run"
    scene.user.collections.create(below)
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "directory"))
    assert {"omero", "Ice", "irods_omero.agent", "irods_omero.gateways.omero"} <= set(loaded(scene, "explain", below))
