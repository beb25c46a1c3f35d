"""How fast files arrive in a directory that is one unit, beside the same puts where nothing is watched.

A user puts small files by one connection, in turn into a collection below no watched root, where the hooks do nothing,
into one that is watched for files, and into a directory. The agent sweeps now and then, as it does while files arrive.
What counts is the median, as others use the machine, too.

python -m benchmarks.arrivals [--quick] [--json]
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import Collection
from rich.table import Table

from benchmarks.counting import timed
from benchmarks.shown import Figures, run, table
from irods_omero.vocabulary import DIRECTORY, FILE
from tests.scene import Scene, lab_places
from tests.scene.accounts import USER

FILES, QUICK_FILES, SWEEPS = 2_000, 200, 4
UNWATCHED, SINGLE, TOGETHER = "not watched", "watched for files", "in a directory"
NOTE = b"a note beside the image\n"
LEAST = 0.8
"""At least this part of the rate of puts that are not watched; the goal on a quiet machine is 0.97."""

MOST_MARKS = 5
"""At most this many marks are put on a directory while its files arrive."""


def measure(quick: bool = False) -> Figures:
    """The figures of each way."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            return _measured(scene, QUICK_FILES if quick else FILES)


def _measured(scene: Scene, files: int) -> Figures:
    scene.watch(DIRECTORY)
    elsewhere, single, together = (
        f"/{scene.zone.zone}/elsewhere",
        f"{scene.collection}/single",
        f"{scene.collection}/run",
    )
    places = {UNWATCHED: elsewhere, SINGLE: single, TOGETHER: together}
    scene.admin.collections.create(elsewhere)
    scene.admin.acls.set(iRODSAccess("own", elsewhere, USER))
    for path in (single, together):
        scene.user.collections.create(path)
    scene.user.metadata.set(Collection, single, iRODSMeta("omero::import", FILE))
    seconds: dict[str, list[float]] = {way: [] for way in places}
    for number in range(files):
        for way, path in places.items():
            with timed() as taken, scene.user.data_objects.open(f"{path}/{number}.txt", "w") as stream:
                stream.write(NOTE)
            seconds[way].append(taken.seconds)
        if number % (files // SWEEPS) == 0:
            scene.sweep(imports={"settle_seconds": 3600.0, "per_sweep": 1})
    median = {way: statistics.median(of_way) for way, of_way in seconds.items()}
    return {"files": files, "seconds": median, "marks": {way: _marks(scene, path) for way, path in places.items()}}


def _marks(scene: Scene, collection: str) -> int:
    """How many marks hooks have written on a collection, and on what it holds."""
    zone = scene.zone.lab
    if zone is None:
        raise NotImplementedError("writes of hooks are counted in the lab only")
    paths = (request["arguments"][1] for request in zone.requests() if request["by"] == "hook")
    return sum(f"{path}/".startswith(f"{collection}/") for path in paths)


def show(figures: Figures) -> Iterator[Table | str]:
    """A table."""
    made = table(f"Puts of {figures['files']:,} small files, on a lab zone", "", "ms", "rate", "marks")
    for way, seconds in figures["seconds"].items():
        rate, marks = figures["seconds"][UNWATCHED] / seconds, figures["marks"][way]
        made.add_row(way, f"{1000 * seconds:.1f}", f"{rate:.3f}", f"{marks:,}")
    yield made


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    if figures["seconds"][UNWATCHED] < LEAST * figures["seconds"][TOGETHER]:
        yield f"{LEAST} of the rate of puts that are not watched"
    if figures["marks"][TOGETHER] > MOST_MARKS:
        yield f"{figures['marks'][TOGETHER]} marks on a directory"


def main() -> int:
    """Print the figures; the answer is how many of them are not reached."""
    return run(__doc__, measure, show, missed)


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
