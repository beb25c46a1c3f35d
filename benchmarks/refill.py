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

from benchmarks.shown import Figures, run, table
from benchmarks.world import lab_world
from irods_omero.domain.state.managed_files import ABSENT, ManagedFile, OnDisk
from irods_omero.gateways.repository.copies import BLOCK, refill
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.streaming import blocks_of
from tests.scene import Scene
from tests.scene.accounts import FAST

MEGABYTES, QUICK_MEGABYTES = 512, 64
ROUNDS = 5
"""The fastest of so many counts, as others use the machine, too."""

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
        rounds = [
            (
                copy_plainly(world.scene, path, Path(os.devnull)),
                copy_plainly(world.scene, path, Path(name, "plain")),
                bring_back(world.scene, path, file, Path(name)),
            )
            for _ in range(ROUNDS)
        ]
    names = ("plain reading", "plain copy", "brought back")
    seconds = {name: min(of_name) for name, of_name in zip(names, zip(*rounds, strict=True), strict=True)}
    return {"megabytes": megabytes, **{f"{name}, seconds": value for name, value in seconds.items()}}


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
    size = figures["megabytes"]
    made = table(f"One file of {size:,} MB from iRODS to OMERO's disk, on lab servers", "", "seconds", "MB a second")
    for name in ("plain reading", "plain copy", "brought back"):
        seconds = figures[f"{name}, seconds"]
        made.add_row(name, f"{seconds:.1f}", f"{size / seconds:,.0f}")
    yield made
    yield f"Bringing a file of {size:,} MB back reaches {_ratio(figures):.2f} of the rate of plainly copying it."


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    if _ratio(figures) < FACTOR:
        yield f"bringing back at {FACTOR} of the rate of a plain copy"


def _ratio(figures: Figures) -> float:
    return float(figures["plain copy, seconds"] / figures["brought back, seconds"])


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
