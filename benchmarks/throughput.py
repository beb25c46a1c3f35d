"""How much faster sweeps show many changes than the same calls made one at a time, with the same clients.

Both end in the same state, of which a reconcile has nothing to say. On the lab both servers are on the same machine: a
network makes the ratio larger, as most of the calls that a sweep saves are waited for.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from benchmarks.by_hand import Script
from benchmarks.counting import Calls, Taken, counted, timed
from benchmarks.shown import Figures, run, table
from benchmarks.sweep import sweep
from benchmarks.world import World, lab_world
from tests.scene.accounts import PASSWORD, USER

SIZE, QUICK_SIZE = 1_000, 100
CONNECTIONS = (1, 4)
"""Connections to the zone that the sweeps go over. The lab's has one writer at a time, so that more gain nothing."""


def measure(quick: bool) -> Figures:
    """The figures of both ways."""
    size = QUICK_SIZE if quick else SIZE
    with lab_world() as world:
        sweeps = {}
        for number in CONNECTIONS:
            world.load(f"for a sweep over {number}", size, moved=True)
            sweeps[str(number)] = _figures(*sweep(world, size, zone={"connections": number}))
        world.load("for the script", size, moved=True)
        by_hand = _figures(*one_at_a_time(world, size))
        assessment = world.assessment()
        if assessment:
            raise AssertionError(f"{assessment} of {(len(sweeps) + 1) * size} units are not agreed about")
    return {"units": size, "one at a time": by_hand, "sweeps": sweeps}


def one_at_a_time(world: World, size: int) -> tuple[Calls, Taken]:
    """Do by hand what is to be done about the units that were loaded for it."""
    scene = world.scene
    client = scene.omero.client(USER, PASSWORD)
    try:
        with scene.zone.session() as session, counted(scene) as calls:
            script = Script(session, client, scene.group_id)
            with timed() as taken:
                for number in range(size):
                    script.show_moved(f"{scene.collection}/for the script/{number:07}.ome.tiff")
            return calls, taken
    finally:
        client.closeSession()


def show(figures: Figures) -> Iterator[Table | str]:
    """A table and a sentence for each number of connections."""
    size, by_hand = figures["units"], figures["one at a time"]
    for number, by_sweep in figures["sweeps"].items():
        title = f"{size:,} units that were moved to the archive, connections to the zone: {number}"
        made = table(title, "", "one at a time", "a sweep", "ratio")
        for name in by_hand:
            one, other = by_hand[name], by_sweep[name]
            texts = [f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" for value in (one, other)]
            made.add_row(name, *texts, f"{one / other:,.1f}")
        yield made
        yield (
            f"A sweep shows {size:,} changes {by_hand['seconds'] / by_sweep['seconds']:.1f} times as fast as the same "
            f"done one at a time with the same clients, on one machine; it makes {by_sweep['calls to OMERO']:,} calls "
            f"to OMERO instead of {by_hand['calls to OMERO']:,}."
        )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    for number, by_sweep in figures["sweeps"].items():
        if by_sweep["seconds"] >= figures["one at a time"]["seconds"]:
            yield f"a sweep over connections of this number is no faster than single calls: {number}"


def _figures(calls: Calls, taken: Taken) -> Figures:
    return {
        "seconds": taken.seconds,
        "seconds of CPU, without the servers": taken.cpu_seconds,
        "calls to OMERO": calls.omero.total(),
        "calls to the zone": calls.zone.total(),
    }


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
