"""How fast OMERO's copy of a file is brought back, against plainly copying the same bytes from iRODS to the same disk.

All checks are included. Both end when all of it is on the disk; reading alone is shown, too, which on the lab comes
from the memory of the same machine, several times as fast as its disk takes anything.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import irods.keywords as kw
import numpy as np
from rich.table import Table

from benchmarks.shown import PLAIN, Figures, fastest, part_of_plain, rates, run, too_slow
from benchmarks.world import lab_world
from irods_omero.domain.state.managed_files import ABSENT, ManagedFile, OnDisk
from irods_omero.gateways.repository.copies import BLOCK, refill
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.streaming import blocks_of
from tests.scene import Scene
from tests.scene.accounts import FAST

READING, BROUGHT_BACK = "plain reading", "brought back"
MEGABYTES, QUICK_MEGABYTES = 512, 64
ROUNDS = 5
FACTOR = 0.5
"""Bringing back reaches at least this part of the rate of the plain copy, which computes no hash."""


def measure(quick: bool) -> Figures:
    """The figures of both."""
    megabytes = QUICK_MEGABYTES if quick else MEGABYTES
    content = np.random.default_rng(1).bytes(megabytes * 1_000_000)
    with lab_world() as world, tempfile.TemporaryDirectory() as name:
        path = f"{world.scene.collection}/large"
        with world.scene.user.data_objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: FAST}) as stream:
            stream.write(content)
        file = _managed(content)
        ways: dict[str, list[float]] = {READING: [], PLAIN: [], BROUGHT_BACK: []}
        for _ in range(ROUNDS):
            ways[READING].append(copy_plainly(world.scene, path, Path(os.devnull)))
            ways[PLAIN].append(copy_plainly(world.scene, path, Path(name, "plain")))
            ways[BROUGHT_BACK].append(bring_back(world.scene, path, file, Path(name)))
    return {"megabytes": megabytes, **fastest(ways)}


def _managed(content: bytes) -> ManagedFile:
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return ManagedFile(1, "large", len(content), digest, "SHA1-160", 0, "large", OnDisk(ABSENT, readable=False))


def copy_plainly(scene: Scene, path: str, to: Path) -> float:
    """Read the data object, and write it until it is on the disk; returns the seconds."""
    start = time.perf_counter()
    with scene.user.data_objects.open(path, "r", allow_redirect=False) as stream, to.open("wb") as file:
        while block := stream.read(BLOCK):
            file.write(block)
        if to.is_file():
            file.flush()
            os.fsync(file.fileno())
    seconds = time.perf_counter() - start
    if to.is_file():
        to.unlink()
    return seconds


def bring_back(scene: Scene, path: str, file: ManagedFile, directory: Path) -> float:
    """Bring the file back; returns the seconds."""
    with scene.connections() as connections:
        connections.zone.session()
        start = time.perf_counter()
        refill(Repository(str(directory)), file, blocks_of(connections.zone, path))
        seconds = time.perf_counter() - start
    (directory / "large").unlink()
    return seconds


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and a sentence."""
    yield rates("from iRODS to OMERO's disk", figures, READING, PLAIN, BROUGHT_BACK)
    part = part_of_plain(figures, BROUGHT_BACK)
    yield f"Bringing a file of {figures['megabytes']:,} MB back reaches {part:.2f} of the rate of plainly copying it."


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    yield from too_slow(figures, BROUGHT_BACK, FACTOR)


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
