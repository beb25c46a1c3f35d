"""How much faster imports are side by side than one by one, and how fast a large file is uploaded.

A large file is compared with the plain copy by the same two clients, which reads by python-irodsclient and writes to a
raw file store, block after block, and checks nothing. The agent computes the SHA-1 for OMERO and compares the checksum
of the catalog in the same pass. The lab's OMERO is one process of Python, so that most of what real servers gain from
several imports does not show there.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
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
from benchmarks.shown import PLAIN, Figures, fastest, part_of_plain, rates, run, table, too_slow
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.omero import importer, uploading
from irods_omero.gateways.omero.uploading import BLOCK
from tests.pictures import retina
from tests.scene import Scene, lab_places
from tests.scene.accounts import PASSWORD, USER

IMAGES, QUICK_IMAGES = 100, 24
MEGABYTES, QUICK_MEGABYTES = 256, 64
SIDE_BY_SIDE = (1, 4, 8)
UPLOADED = "uploaded"
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
            return figures | large(scene, QUICK_MEGABYTES if quick else MEGABYTES)


def small(scene: Scene, images: int, parallel: int) -> float:
    """Seconds that it takes to import small images, so many at the same time."""
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
    """Both rates of a large file, each the best of three, in turn."""
    content = picture(megabytes)
    plain, uploaded, grown_plain, grown = (list[float]() for _ in range(4))
    for number in range(3):
        path = scene.put(f"large {number}.tif", content)
        scene.user.data_objects.chksum(path)
        with noted_growth(grown_plain):
            plain.append(copy_plainly(scene, path))
        with noted_growth(grown), timed_uploads(uploaded):
            scene.sweep()
        if not scene.avus(path, "omero::image"):
            raise AssertionError(scene.avus(path, "omero::error"))
    memory = {"memory for the plain copy, megabytes": max(grown_plain), "memory, megabytes": max(grown)}
    return {"megabytes": megabytes, **fastest({PLAIN: plain, UPLOADED: uploaded}), **memory}


def copy_plainly(scene: Scene, path: str) -> float:
    """Copy a data object into OMERO's repository, as a few lines of a script do; returns the seconds."""
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
        while block := stream.read(BLOCK):
            store.write(block, offset, len(block))
            offset += len(block)
        store.close()
    process.close()
    client.closeSession()
    return seconds[0]


@contextmanager
def timed_uploads(seconds: list[float]) -> Iterator[None]:
    """Add the seconds of each upload during the block to a list, without the server's reading of images."""

    def upload(*arguments: Any) -> str:
        with stopwatch(seconds):
            return uploading.upload(*arguments)

    with patch.object(importer, "upload", upload):
        yield


@contextmanager
def stopwatch(seconds: list[float]) -> Iterator[Any]:
    """Add the seconds of the block to a list."""
    start = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - start)


def show(figures: Figures) -> Iterator[Table | str]:
    """Two tables, and a sentence."""
    images, alone = figures["images"], figures["seconds"]["1"]
    made = table(f"{images:,} small images, on lab servers", "side by side", "seconds", "times as fast")
    for name, seconds in figures["seconds"].items():
        made.add_row(name, f"{seconds:.1f}", f"{alone / seconds:.2f}")
    yield made
    yield rates("from iRODS to OMERO", figures, PLAIN, UPLOADED)
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
