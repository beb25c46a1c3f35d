"""How fast the access times of OMERO's copies are looked at, and with how much memory, against walking the tree.

What the agent asks both servers about the units comes on top: see the benchmark of reconcile.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.table import Table

from benchmarks.memory import noted_growth
from benchmarks.shown import Figures, run, table
from irods_omero.domain.rules.one_copy.cache_limit import Cached, make_room
from irods_omero.domain.state.one_copy.managed_files import OnDisk
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.repository.directory import Repository

FILES, QUICK_FILES = 100_000, 10_000
A_DIRECTORY = 4
"""Files of one import."""

ROUNDS = 2
MEGABYTES = 32
"""Memory that looking takes at most, whatever the number of files."""

FACTOR = 0.1
"""It reaches at least this part of the rate of the plain walk."""


def measure(quick: bool) -> Figures:
    """CPU time and memory of looking at a tenth of the files, and at all of them."""
    files = QUICK_FILES if quick else FILES
    with tempfile.TemporaryDirectory() as name:
        paths = [f"user_{number // 1000}/{number // A_DIRECTORY}/{number}.tiff" for number in range(files)]
        make(Path(name), paths)
        counts = (files // 10, files)
        looking = {count: at_best(partial(look, Path(name), paths[:count])) for count in counts}
        walking, _ = at_best(partial(walk, Path(name)))
    return {
        "files": files,
        "walking, seconds": walking,
        "looking, seconds": looking[files][0],
        "looking, megabytes": looking[files][1],
        "a tenth, megabytes": looking[files // 10][1],
        "of the rate of walking": walking / looking[files][0],
        "a million, seconds": looking[files][0] * 1e6 / files,
    }


def make(root: Path, paths: list[str]) -> None:
    """Empty files, which are as good as others to look at."""
    for directory in {path.rpartition("/")[0]: None for path in paths}:
        (root / directory).mkdir(parents=True)
    for path in paths:
        os.close(os.open(root / path, os.O_WRONLY | os.O_CREAT, 0o644))


def look(root: Path, paths: list[str]) -> None:
    """Look at the files as the agent does, a page of units at a time, and choose what is to make room."""
    repository = Repository(str(root))

    def cached() -> Iterator[Cached]:
        for page in in_batches(enumerate(paths), BATCH):
            on_disk = repository.look((number, path, 0) for number, path in page)
            yield from (_as_cached(number, path, on_disk[number]) for number, path in page)

    room = make_room(cached(), len(paths) // 2)
    assert room.size == len(paths)
    assert room.leaving


def _as_cached(number: int, path: str, disk: OnDisk) -> Cached:
    return Cached(disk.used, number, 1, path, may_go=True)


def walk(root: Path) -> None:
    """Go through the tree, and ask for the access time of each file."""
    waiting = [os.fspath(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    assert entry.stat(follow_symlinks=False).st_atime


def at_best(work: Callable[[], None]) -> tuple[float, float]:
    """The fewest seconds of CPU time that it takes, and by how many megabytes it has let this process grow at most."""
    seconds, megabytes = [], list[float]()
    for _ in range(ROUNDS):
        start = time.process_time()
        with noted_growth(megabytes):
            work()
        seconds.append(time.process_time() - start)
    return min(seconds), max(megabytes)


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and a sentence."""
    made = table("The access times of files in OMERO's repository", "files", "walking", "looking", "part", "memory")
    seconds = (f"{figures[f'{way}, seconds']:.1f} s" for way in ("walking", "looking"))
    made.add_row(
        f"{figures['files']:,}",
        *seconds,
        f"{figures['of the rate of walking']:.2f}",
        f"{figures['looking, megabytes']:.1f} MB",
    )
    yield made
    yield (
        f"A tenth of them takes {figures['a tenth, megabytes']:.1f} MB. A million, extrapolated: "
        f"{figures['a million, seconds']:.0f} s."
    )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    if figures["looking, megabytes"] > MEGABYTES:
        yield f"looking takes {figures['looking, megabytes']:.0f} MB, and {MEGABYTES} are wanted at most"
    if figures["of the rate of walking"] < FACTOR:
        yield f"looking reaches {figures['of the rate of walking']:.2f} of the rate of walking; {FACTOR} is wanted"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
