"""A directory of many files from its mark to a tagged image: calls, catalog writes, memory and time.

Beside it stands the plain import: one fileset of the same files by the same two clients, which reads each data object
by python-irodsclient and writes it to a raw file store, and neither looks for what belongs together nor writes anything
in the zone. All files but the first have the same few bytes, so that time is that of calls.

python -m benchmarks.directories [--quick | --large] [--json]; with --large it is 10,000 files, too.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import omero
import omero.callbacks
import omero.clients
import omero.grid
import omero.model
from irods.models import Collection, DataObject
from omero.model.enums import ChecksumAlgorithmSHA1160
from omero.rtypes import rstring
from rich.table import Table

from benchmarks.counting import QUERY, Calls, counted, timed
from benchmarks.memory import noted_growth
from benchmarks.shown import Figures, run, table
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.omero.session import check_response
from irods_omero.vocabulary import DIRECTORY
from lab.zone import BulkObject
from tests.pictures import retina
from tests.scene import Scene, lab_places
from tests.scene.accounts import FAST, PASSWORD, USER

SIZES, QUICK_SIZES, LARGE = (100, 1_000), (30, 300), (1_000, 10_000)
FIRST, NOTE = "a.ome.tiff", b"a note beside the image\n"
LARGE_OPTION = "--large"

WRITES_A_FILE = 2
"""Writes to the zone about each file at most: it says what it belongs to. Few files take more for each."""

OMERO_A_FILE = 1.2
"""At most this many times the calls to OMERO that the plain import takes."""

KB_A_FILE = 12
"""Memory of the agent for each file at most."""


def measure(quick: bool = False, sizes: Sequence[int] = ()) -> Figures:
    """The figures of each size."""
    sizes = sizes or (QUICK_SIZES if quick else SIZES)
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            scene.watch(DIRECTORY)
            _swept(scene, _load(scene, 2))  # with the first comes what is done once
            return {"directories": [_measured(scene, size) for size in sizes]}


def _measured(scene: Scene, files: int) -> Figures:
    paths = _load(scene, files)
    return {"files": files, "agent": _swept(scene, paths), "plain": _imported_plainly(scene, paths)}


def _load(scene: Scene, files: int) -> list[str]:
    """A directory whose files have arrived, with the mark of a hook; their paths, first what is opened."""
    zone, name = scene.zone.lab, f"{files} files"
    if zone is None:
        raise NotImplementedError("files are loaded into a lab only")
    collection = f"{scene.collection}/{name}"
    scene.user.collections.create(collection)
    paths = [scene.put(f"{name}/{FIRST}", retina(32)), scene.put(f"{name}/note", NOTE)]
    note = scene.user.query(DataObject.path).filter(Collection.name == collection, DataObject.name == "note").one()
    names = [f"{number:06}" for number in range(files - len(paths))]
    objects = [BulkObject(name, len(NOTE), FAST, (), 0, int(time.time()), str(note[DataObject.path])) for name in names]
    zone.bulk_register(collection, objects, USER)
    return paths + [f"{collection}/{name}" for name in names]


def _swept(scene: Scene, paths: list[str]) -> Figures:
    """Sweeps of an agent that has just been started, until nothing is left to do."""
    megabytes, settings = list[float](), {"settle_seconds": 0.0}
    with (
        counted(scene) as calls,
        scene.connections(imports=settings) as connections,
        noted_growth(megabytes),
        timed() as taken,
    ):
        report = Sweeper(connections).drain()
    images, unit = scene.avus(paths[0], "omero::image"), scene.memberships(paths[-1])
    if report.imported != 1 or not images or unit != scene.memberships(paths[0]):
        raise AssertionError(f"{report}, {images}, {unit}, {scene.avus(paths[0], 'omero::error')}")
    return {**_counts(calls), "megabytes": megabytes[0], "seconds": taken.seconds, "cpu": taken.cpu_seconds}


def _imported_plainly(scene: Scene, paths: list[str]) -> Figures:
    """The same files as one fileset, as a script imports them."""
    megabytes = list[float]()
    with counted(scene) as calls, noted_growth(megabytes), timed() as taken:
        client = scene.omero.client(USER, PASSWORD)
        process = client.getManagedRepository().importFileset(_fileset(paths), _settings())
        hashes = [_copied(scene, process, place, path) for place, path in enumerate(paths)]
        callback = omero.callbacks.CmdCallbackI(client, process.verifyUpload(hashes))
        while not callback.block(500):
            callback.poll()
        check_response("importing", paths[0], callback.getResponse())
        callback.close(True)
        process.close()
        client.closeSession()
    return {**_counts(calls), "megabytes": megabytes[0], "seconds": taken.seconds, "cpu": taken.cpu_seconds}


def _fileset(paths: list[str]) -> Any:
    fileset = omero.model.FilesetI()
    for path in paths:
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(f"by hand/{path.rpartition('/')[2]}")
        fileset.addFilesetEntry(entry)
    fileset.linkJob(omero.model.UploadJobI())
    return fileset


def _settings() -> Any:
    settings = omero.grid.ImportSettings()
    settings.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    settings.checksumAlgorithm.value = rstring(ChecksumAlgorithmSHA1160)
    return settings


def _copied(scene: Scene, process: Any, place: int, path: str) -> str:
    """Copy one file; its SHA-1."""
    with scene.user.data_objects.open(path, "r", finalize_on_close=False, allow_redirect=False) as stream:
        content = stream.read()
    store = process.getUploader(place)
    store.write(content, 0, len(content))
    store.close()
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _counts(calls: Calls) -> Figures:
    return {
        "pages": calls.zone[QUERY],
        "writes": calls.written.total(),
        "reading": calls.zone_writes - calls.written.total(),
        "omero": calls.omero.total(),
        "by kind": {**calls.zone, **calls.omero},
    }


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and what it comes to for each file."""
    directories = figures["directories"]
    heads = [f"{one['files']:,} {way}" for one in directories for way in ("agent", "plain", "ratio")]
    made = table("A directory as one fileset, on lab servers", "files", *heads)
    for name, key in (
        ("zone: pages of queries", "pages"),
        ("zone: catalog writes", "writes"),
        ("zone: opening, reading, closing", "reading"),
        ("calls to OMERO", "omero"),
        ("MB of memory", "megabytes"),
        ("seconds", "seconds"),
        ("seconds of the client's CPU", "cpu"),
    ):
        made.add_row(name, *(text for one in directories for text in _compared(one["agent"][key], one["plain"][key])))
    yield made
    for one in directories:
        yield f"{one['files']:,} files: {one['agent']['writes'] / one['files']:.2f} catalog writes for each"


def _compared(agent: float, plain: float) -> tuple[str, str, str]:
    return f"{agent:,.0f}", f"{plain:,.0f}", f"{agent / plain:.2f}" if plain else ""


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    few, many = figures["directories"]
    for one in (few, many):
        if one["agent"]["writes"] > WRITES_A_FILE * one["files"]:
            yield f"{one['agent']['writes']} catalog writes for {one['files']} files"
    if many["agent"]["omero"] > OMERO_A_FILE * many["plain"]["omero"]:
        yield f"{many['agent']['omero']} calls to OMERO, {many['plain']['omero']} of the plain import"
    growth = many["agent"]["megabytes"] - few["agent"]["megabytes"]
    if growth * 1024 > KB_A_FILE * (many["files"] - few["files"]):
        yield f"{growth:.0f} MB more for {many['files'] - few['files']} files more"


def main() -> int:
    """Print the figures; the answer is how many of them are not reached."""
    sizes = LARGE if LARGE_OPTION in sys.argv else ()
    sys.argv = [argument for argument in sys.argv if argument != LARGE_OPTION]
    return run(__doc__, partial(measure, sizes=sizes), show, missed)


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
