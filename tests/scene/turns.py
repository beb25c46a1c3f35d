"""Test processes on this machine that share servers take turns where one would undo what another counts on.

A sweep takes all the marks in a zone and follows all events of OMERO, with one scene's configuration: at most one scene
at a time is on the same servers. Each test process that starts the lab's servers has its own, and never waits.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.scene.places import ZonePlace


@contextmanager
def turn(zone: ZonePlace) -> Iterator[None]:
    """Be the only scene in a zone for the length of the block; the locks go with the process, however it ends."""
    name = f"irods-omero-tests-{zone.host}-{zone.port}-{zone.zone}"
    folder = Path(tempfile.gettempdir())
    # Whoever waits holds the first lock: a process that has had its turn gets the next one after those that wait.
    with (folder / f"{name}.next").open("a") as following, (folder / f"{name}.turn").open("a") as current:
        fcntl.flock(following, fcntl.LOCK_EX)
        fcntl.flock(current, fcntl.LOCK_EX)
        fcntl.flock(following, fcntl.LOCK_UN)
        yield
