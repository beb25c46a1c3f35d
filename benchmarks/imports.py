"""How much faster imports are side by side than one by one, and how fast a large file is uploaded.

A large file is compared with the plain copy by the same two clients, which reads by python-irodsclient and writes to a
raw file store, block after block, and checks nothing. The agent computes the SHA-1 for OMERO and compares the checksum
of the catalog in the same pass. As both servers are on the same cores, it is also measured where the bytes come at a
rate as networks have it, and what the agent alone makes of two networks, without servers. The lab's OMERO is one
process of Python, so that most of what real servers gain from several imports does not show there.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, cast
from unittest.mock import patch

import omero
import omero.clients
import omero.grid
import omero.model
from omero.model.enums import ChecksumAlgorithmSHA1160
from omero.rtypes import rstring
from rich.table import Table

from benchmarks.intake import picture
from benchmarks.memory import noted_growth
from benchmarks.refill import at_rate
from benchmarks.shown import PLAIN, Figures, fastest, part_of, part_of_plain, rates, run, table, too_slow
from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.state.actions import Expected, Import
from irods_omero.domain.state.target import parse_target
from irods_omero.domain.state.unit import Content
from irods_omero.gateways.omero import importer, uploading
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.uploading import BLOCK
from tests.pictures import retina
from tests.scene import Scene, lab_places
from tests.scene.accounts import PASSWORD, USER

IMAGES, QUICK_IMAGES = 1_000, 24
MEGABYTES, QUICK_MEGABYTES = 256, 64
SIDE_BY_SIDE = (1, 4, 8)
UPLOADED = "uploaded"
RATES = (100, 250)
"""Megabytes a second: a network of a gigabit a second has the first and a little more, one of two has the second."""
FACTOR = 0.7
"""The agent reaches at least this part of the rate of the plain copy, also where no core is free. The goal is 0.95."""


def measure(quick: bool) -> Figures:
    """Both parts."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            scene.watch()
            scene.put("first.ome.tiff", retina(32))
            scene.sweep()  # makes tags and datasets
            images = QUICK_IMAGES if quick else IMAGES
            figures: Figures = {"images": images, "seconds": {str(n): small(scene, images, n) for n in SIDE_BY_SIDE}}
            figures |= large(scene, QUICK_MEGABYTES if quick else MEGABYTES)
    blocks = (QUICK_MEGABYTES if quick else MEGABYTES) * 1_000_000 // BLOCK
    parts = {rate: max(between_networks(blocks, rate) for _ in range(3)) for rate in RATES}
    return figures | {"parts of the rate of two networks": {str(rate): part for rate, part in parts.items()}}


def small(scene: Scene, images: int, parallel: int) -> float:
    """Seconds that it takes to import small images, ``parallel`` at the same time."""
    for number in range(images):
        scene.put(f"{parallel} {number}.ome.tiff", retina(32))
    with scene.connections(imports={"parallel": parallel, "per_sweep": images, "settle_seconds": 0.0}) as connections:
        start = time.perf_counter()
        report = Sweeper(connections).drain()
        seconds = time.perf_counter() - start
    if report.imported != images:
        raise AssertionError(f"{report}")
    return seconds


def large(scene: Scene, megabytes: int) -> Figures:
    """Both rates of a large file, each the best of three, in turn; and where its bytes come at a rate."""
    content = picture(megabytes)
    ways: dict[str, list[float]] = defaultdict(list)
    grown_plain, grown = list[float](), list[float]()
    for number in range(3):
        for rate in (inf, *RATES):
            path = scene.put(f"large {number} {rate}.tif", content)
            scene.user.data_objects.chksum(path)
            with noted_growth(grown_plain):
                ways[over(rate, PLAIN)].append(copy_plainly(scene, path, rate))
            with noted_growth(grown), timed_uploads(ways[over(rate, UPLOADED)], rate):
                scene.sweep()
            if not scene.avus(path, "omero::image"):
                raise AssertionError(scene.avus(path, "omero::error"))
    memory = {"memory for the plain copy, megabytes": max(grown_plain), "memory, megabytes": max(grown)}
    return {"megabytes": megabytes, **fastest(ways), **memory}


def over(rate: float, way: str) -> str:
    """What a way is called where bytes come at a rate, in megabytes a second."""
    return way if rate == inf else f"{way} at {rate} MB a second"


def copy_plainly(scene: Scene, path: str, rate: float = inf) -> float:
    """Copy a data object into OMERO's repository, as a few lines of a script do; returns the seconds.

    ``rate`` is that at which its bytes come, in megabytes a second.
    """
    client = scene.omero.client(USER, PASSWORD)
    fileset, job, entry = omero.model.FilesetI(), omero.model.UploadJobI(), omero.model.FilesetEntryI()
    entry.clientPath = rstring(f"by hand/{path.rpartition('/')[2]}")
    fileset.addFilesetEntry(entry)
    fileset.linkJob(job)
    settings = omero.grid.ImportSettings()
    settings.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    settings.checksumAlgorithm.value = rstring(ChecksumAlgorithmSHA1160)
    process = client.getManagedRepository().importFileset(fileset, settings)
    seconds = list[float]()
    with scene.user.data_objects.open(path, "r", allow_redirect=False) as stream, stopwatch(seconds):
        store, offset = process.getUploader(0), 0
        for block in at_rate(iter(lambda: stream.read(BLOCK), b""), rate * 1e6):
            store.write(block, offset, len(block))
            offset += len(block)
        store.close()
    process.close()
    client.closeSession()
    return seconds[0]


@contextmanager
def timed_uploads(seconds: list[float], rate: float = inf) -> Iterator[None]:
    """Add the seconds of each upload during the block to a list, without the server's reading of images.

    ``rate`` is that at which the bytes come, in megabytes a second.
    """
    plain = uploading._blocks

    def blocks(*arguments: Any) -> Generator[bytes, None, None]:
        yield from at_rate(plain(*arguments), rate * 1e6)

    def upload(*arguments: Any) -> str:
        with stopwatch(seconds):
            return uploading.upload(*arguments)

    with patch.object(importer, "upload", upload), patch.object(uploading, "_blocks", blocks):
        yield


@contextmanager
def stopwatch(seconds: list[float]) -> Iterator[Any]:
    """Add the seconds of the block to a list."""
    start = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - start)


class Network:
    """Stands for a server behind a network: takes or gives a block no faster than at a rate, and costs nothing."""

    def __init__(self, blocks: int, rate: float) -> None:
        self._left = blocks
        self._seconds = BLOCK / (rate * 1e6)
        self._free = time.perf_counter()

    def read(self, _: int) -> bytes:
        """One block more, made anew as a client makes it."""
        if not self._left:
            return b""
        self._left -= 1
        self._carry()
        return bytes(BLOCK)

    def begin_write(self, *_: Any) -> None:
        """One block; whoever sends it is kept as long as it takes."""
        self._carry()

    def end_write(self, _: Any) -> None:
        """Nothing is waited for after that."""

    def close(self) -> None:
        """Nothing is left to do."""

    def _carry(self) -> None:
        self._free = max(self._free, time.perf_counter()) + self._seconds
        time.sleep(max(0.0, self._free - time.perf_counter()))


def between_networks(blocks: int, rate: float) -> float:
    """Which part of the rate of two networks, in megabytes a second, an upload reaches; both digests included."""
    digest, size = hashlib.sha256(), blocks * BLOCK
    for _ in range(blocks):
        digest.update(bytes(BLOCK))
    checksum = f"sha2:{base64.b64encode(digest.digest()).decode()}"
    target, expected = parse_target("Project/Dataset", ""), (Expected(size, checksum),)
    action = Import("", "", ("/z/a",), Content(size, checksum, 0, 0), USER, target, expected)
    session = cast(OmeroSession, SimpleNamespace(call=lambda doing, on, do: do()))
    store = Network(0, rate)
    process = SimpleNamespace(getUploader=lambda index: store)
    seconds = list[float]()
    with stopwatch(seconds):
        uploading.upload(
            uploading.Uploading(session, process, lambda broken: broken),
            0,
            action,
            lambda path: nullcontext(cast(BinaryIO, Network(blocks, rate))),
        )
    return size / 1e6 / rate / seconds[0]


def show(figures: Figures) -> Iterator[Table | str]:
    """Two tables, and a sentence."""
    images, alone = figures["images"], figures["seconds"]["1"]
    made = table(f"{images:,} small images, on lab servers", "side by side", "seconds", "times as fast")
    for name, seconds in figures["seconds"].items():
        made.add_row(name, f"{seconds:.1f}", f"{alone / seconds:.2f}")
    yield made
    ways = [over(rate, way) for rate in (inf, *RATES) for way in (PLAIN, UPLOADED)]
    yield rates("from iRODS to OMERO", figures, *ways)
    for rate in RATES:
        part = part_of(figures, over(rate, PLAIN), over(rate, UPLOADED))
        yield f"Where its bytes come at {rate} MB a second, it is {part:.2f} of the rate of the plain copy."
    for name, part in figures["parts of the rate of two networks"].items():
        yield f"Between two networks of {name} MB a second, without servers, it reaches {part:.2f} of their rate."
    yield (
        f"Uploading a file of {figures['megabytes']:,} MB reaches {part_of_plain(figures, UPLOADED):.2f} of the rate "
        f"of the plain copy, both digests included. It takes {figures['memory, megabytes']:.0f} MB of memory, the "
        f"plain copy {figures['memory for the plain copy, megabytes']:.0f} MB."
    )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    yield from too_slow(figures, UPLOADED, FACTOR)


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
