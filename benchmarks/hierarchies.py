"""OME-Zarr: the calls and the memory of making images of a hierarchy of 10 and of 100,000 chunks, and of moving 10,000.

The first does not depend on the number of chunks. Movements are asked for one by one, a limited number in each sweep.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from irods.meta import iRODSMeta
from irods.models import Resource
from rich.table import Table

from benchmarks.counting import QUERY, Calls, counted, timed
from benchmarks.memory import noted_growth
from benchmarks.shown import Figures, run, table
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.batches import BATCH, in_batches
from lab.zone import BulkObject
from tests.scene import Scene, lab_places
from tests.scene.accounts import FAST, USER
from tests.zarr import METADATA, files_of, root_of

SIZES, MOVED = (10, 100_000), 10_000
QUICK_SIZES, QUICK_MOVED = (10, 10_000), 2_500
LOADED = 10_000
CHUNK_BYTES = 64 * 1024
NEVER = "86400"
ENQUEUE = "EXEC_MY_RULE_AN"

DOCUMENTS = METADATA["ome-zarr-py 0.5"]
SETTINGS: dict[str, Any] = {"omero": {"zarr": "s3://s3.example.org/irods{path}"}}

CALLS_AT_MOST = 60
"""To either side, for making the images of a hierarchy."""

READS_AT_MOST = 40
"""Pages of queries in a sweep that asks for movements."""


def measure(quick: bool) -> Figures:
    """The figures of all sizes."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with (
            lab_places(policy_file) as (zone, server),
            Scene(zone, server, policy_file, "benchmark", **SETTINGS) as scene,
        ):
            scene.watch()
            # Nothing is moved but by this benchmark: the data objects have no files.
            delay = iRODSMeta("irods::storage_tiering::minimum_delay_time_in_seconds", NEVER)
            scene.admin.metadata.set(Resource, FAST, delay)
            _registered(scene, 1)  # with the first comes what is done once
            return {
                "registered": [_registered(scene, size) for size in (QUICK_SIZES if quick else SIZES)],
                "moved": _moved(scene, QUICK_MOVED if quick else MOVED),
            }


def _load(scene: Scene, name: str, chunks: int) -> str:
    """A hierarchy whose documents a user has put, and whose chunks are there; the path of what speaks for it."""
    zone = scene.zone.lab
    if zone is None:
        raise NotImplementedError("chunks are loaded into a lab only")
    for path, content in files_of(DOCUMENTS, chunks=0).items():
        scene.user.collections.create(f"{scene.collection}/{name}/{path}".rpartition("/")[0])
        scene.put(f"{name}/{path}", content)
    collection = f"{scene.collection}/{name}/s0/c"
    scene.user.collections.create(collection)
    for numbers in in_batches(range(chunks), LOADED):
        zone.bulk_register(collection, [BulkObject(str(number), CHUNK_BYTES, FAST) for number in numbers], USER)
    return f"{scene.collection}/{name}/{root_of(DOCUMENTS)}"


def _registered(scene: Scene, chunks: int) -> Figures:
    path = _load(scene, f"{chunks} chunks.zarr", chunks)
    figures = _swept(scene)
    if not scene.avus(path, "omero::image"):
        raise AssertionError(f"no image: {scene.avus(path, 'omero::error')}")
    return {"chunks": chunks, **figures}


def _moved(scene: Scene, chunks: int) -> Figures:
    """Have a hierarchy archived, sweep by sweep; all that it asks for is moved between two of them."""
    path = _load(scene, f"moved {chunks}.zarr", chunks)
    _swept(scene)
    scene.ask_by_avu(path, "archive")
    sweeps, moved = list[Figures](), 0
    while scene.avus(path, "omero::request"):
        sweeps.append(_swept(scene))
        moved += scene.zone.lab.bulk_move() if scene.zone.lab else 0
    if scene.avus(path, "omero::error") or moved != chunks + len(DOCUMENTS):
        raise AssertionError(f"{moved} of {chunks} chunks were moved: {scene.avus(path, 'omero::error')}")
    return {"chunks": chunks, "documents": len(DOCUMENTS), "sweeps": sweeps}


def _swept(scene: Scene) -> Figures:
    """One sweep of an agent that has just been started."""
    megabytes = list[float]()
    with counted(scene) as calls, scene.connections() as connections, noted_growth(megabytes), timed() as taken:
        Sweeper(connections).sweep()
    return {**_counts(calls), "megabytes": megabytes[0], "seconds": taken.seconds}


def _counts(calls: Calls) -> Figures:
    return {
        "pages": calls.zone[QUERY],
        "movements": calls.zone[ENQUEUE],
        "other": calls.zone_writes - calls.zone[ENQUEUE],
        "omero": calls.omero.total(),
    }


def show(figures: Figures) -> Iterator[Table | str]:
    """Two tables."""
    registered = figures["registered"]
    made = table("Making the images of a hierarchy", "chunks", *(f"{one['chunks']:,}" for one in registered))
    for name, key in (("zone: pages of queries", "pages"), ("zone: other calls", "other"), ("calls to OMERO", "omero")):
        made.add_row(name, *(f"{one[key]:,}" for one in registered))
    made.add_row("memory of the agent", *(f"{one['megabytes']:.0f} MB" for one in registered))
    made.add_row("seconds, on the lab", *(f"{one['seconds']:.1f}" for one in registered))
    yield made
    moved = figures["moved"]
    sweeps = moved["sweeps"]
    made = table(
        f"Moving a hierarchy of {moved['chunks']:,} chunks, in {len(sweeps)} sweeps", "", "first", "most", "last"
    )
    for name, key in (
        ("movements that are asked for", "movements"),
        ("zone: pages of queries", "pages"),
        ("zone: other calls", "other"),
        ("calls to OMERO", "omero"),
        ("seconds, on the lab", "seconds"),
        ("MB of memory", "megabytes"),
    ):
        values = [one[key] for one in sweeps]
        made.add_row(name, *(f"{value:,.0f}" for value in (values[0], max(values), values[-1])))
    yield made


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    few, many = figures["registered"]
    for key in ("pages", "other", "omero"):
        if many[key] > few[key]:
            yield f"{key}: {many[key]} for {many['chunks']} chunks, {few[key]} for {few['chunks']}"
        if many[key] > CALLS_AT_MOST:
            yield f"{key}: {many[key]} where {CALLS_AT_MOST} are allowed"
    moved = figures["moved"]
    sweeps, all_ = moved["sweeps"], moved["chunks"] + moved["documents"]
    if len(sweeps) > math.ceil(all_ / BATCH) + 1:
        yield f"{len(sweeps)} sweeps for {all_} data objects"
    for one in sweeps:
        if one["pages"] > READS_AT_MOST or one["movements"] > BATCH:
            yield f"{one['pages']} pages and {one['movements']} movements in a sweep"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
