"""How fast OMERO's copy of a file is brought back, against plainly copying the same bytes from iRODS to the same disk.

All checks are included. Both end when all of it is on the disk; reading alone is shown, too, which on the lab comes
from the memory of the same machine, several times as fast as its disk takes anything, and takes the processor from the
rest. So it is also measured against reading at a rate as networks have it. The same bytes in several files are brought
back by as many workers of an agent, too, as its jobs are.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from math import inf
from pathlib import Path

import irods.keywords as kw
import numpy as np
from rich.table import Table

from benchmarks.shown import PLAIN, Figures, fastest, part_of, part_of_plain, rates, run, too_slow
from benchmarks.world import lab_world
from irods_omero.agent.connections import Connections
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.state.one_copy.managed_files import ABSENT, ManagedFile, OnDisk
from irods_omero.gateways.repository.copies import BLOCK, refill
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.streaming import blocks_of
from tests.scene import Scene
from tests.scene.accounts import FAST

READING, BROUGHT_BACK, AS_JOBS = "plain reading", "brought back", "in four files by four workers"
SLOW_READING, SLOWLY_BACK = "plain reading over 2 Gbit/s", "brought back over 2 Gbit/s"
NETWORK = 250_000_000
"""Bytes a second."""
PARTS = 4
MEGABYTES, QUICK_MEGABYTES = 512, 64
ROUNDS = 5
FACTOR = 0.5
"""Bringing back reaches at least this part of the rate of the plain copy, which computes no hash."""

OF_READING = 0.8
"""And this part of the rate of reading alone, where a network says how fast that is."""


def measure(quick: bool) -> Figures:
    """The figures of both."""
    megabytes = QUICK_MEGABYTES if quick else MEGABYTES
    content = np.random.default_rng(1).bytes(megabytes * 1_000_000)
    with lab_world() as world, tempfile.TemporaryDirectory() as name:
        path = f"{world.scene.collection}/large"
        size = len(content) // PARTS
        parts = {f"{path}{part}": content[part * size :][:size] for part in range(PARTS)}
        for each, its in {path: content, **parts}.items():
            with world.scene.user.data_objects.open(each, "w", **{kw.DEST_RESC_NAME_KW: FAST}) as stream:
                stream.write(its)
        file, files = _managed(content), {each: _managed(its, n) for n, (each, its) in enumerate(parts.items(), 2)}
        ways: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            ways[READING].append(copy_plainly(world.scene, path, Path(os.devnull)))
            ways[PLAIN].append(copy_plainly(world.scene, path, Path(name, "plain")))
            ways[BROUGHT_BACK].append(bring_back(world.scene, path, file, Path(name)))
            ways[SLOW_READING].append(read_slowly(world.scene, path))
            ways[SLOWLY_BACK].append(bring_back(world.scene, path, file, Path(name), NETWORK))
            ways[AS_JOBS].append(bring_back_side_by_side(world.scene, files, Path(name)))
    return {"megabytes": megabytes, **fastest(ways)}


def _managed(content: bytes, number: int = 1) -> ManagedFile:
    digest, name = hashlib.sha1(content, usedforsecurity=False).hexdigest(), f"{number}"
    return ManagedFile(number, name, len(content), digest, "SHA1-160", 0, name, OnDisk(ABSENT, readable=False))


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


def read_slowly(scene: Scene, path: str) -> float:
    """Read the data object over such a network, into nowhere; returns the seconds."""
    with scene.connections() as connections:
        connections.zone.session()
        start = time.perf_counter()
        for _ in at_rate(blocks_of(connections.zone, path), NETWORK):
            pass
        return time.perf_counter() - start


def at_rate(blocks: Iterator[bytes], rate: float) -> Iterator[bytes]:
    """The same blocks, at no more than ``rate`` bytes a second."""
    start, size = time.perf_counter(), 0
    for block in blocks:
        size += len(block)
        time.sleep(max(0.0, start + size / rate - time.perf_counter()))
        yield block


def bring_back(scene: Scene, path: str, file: ManagedFile, directory: Path, rate: float = inf) -> float:
    """Bring the file back, over a network of a rate in bytes a second; returns the seconds."""
    with scene.connections() as connections:
        connections.zone.session()
        start = time.perf_counter()
        refill(Repository(str(directory)), file, at_rate(blocks_of(connections.zone, path), rate))
        seconds = time.perf_counter() - start
    (directory / file.path).unlink()
    return seconds


def bring_back_side_by_side(scene: Scene, files: Mapping[str, ManagedFile], directory: Path) -> float:
    """Bring several files back, for each the data object with its bytes; returns the seconds."""

    def work(path: str, file: ManagedFile, connections: Connections) -> Report:
        refill(Repository(str(directory)), file, blocks_of(connections.zone, path))
        return Report()

    jobs = [Job((path, file.id), partial(work, path, file)) for path, file in files.items()]
    with scene.connections(imports={"parallel": len(files)}) as connections, Workers(connections) as workers:
        connections.zone.session()
        start = time.perf_counter()
        workers.work(jobs)
        seconds = time.perf_counter() - start
    for file in files.values():
        (directory / file.path).unlink()
    return seconds


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and a sentence."""
    yield rates("from iRODS to OMERO's disk", figures, READING, PLAIN, BROUGHT_BACK, AS_JOBS, SLOW_READING, SLOWLY_BACK)
    part = part_of_plain(figures, BROUGHT_BACK)
    yield f"Bringing a file of {figures['megabytes']:,} MB back reaches {part:.2f} of the rate of plainly copying it."
    yield f"Over a network of 2 Gbit/s it reaches {part_of(figures, SLOW_READING, SLOWLY_BACK):.2f} of reading alone."
    yield f"In {PARTS} files, by as many workers, it reaches {part_of_plain(figures, AS_JOBS):.2f}."


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    yield from too_slow(figures, BROUGHT_BACK, FACTOR)
    if (part := part_of(figures, SLOW_READING, SLOWLY_BACK)) < OF_READING:
        yield f"{SLOWLY_BACK} has {part:.2f} of the rate of reading, and {OF_READING} is wanted"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
