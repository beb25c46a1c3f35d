"""Calls of the sweeps over 1, 1,000 and 10,000 units that were moved to another tier, beside 10,000 that were not.

To OMERO they grow with the number of units divided by 250, as a sweep ends after as many, or after 100 where it takes
more than a second. To the zone a changed unit needs two cheap ones; the rest are lists of hundreds of them, and pages
of queries. A unit that was not changed costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from benchmarks.counting import ATOMIC_MS, QUERY, REAL_MS, Calls, Taken, counted, timed
from benchmarks.shown import Figures, run, table
from benchmarks.world import World, lab_world
from irods_omero.agent.marks.walks import LEAST_AT_ONCE
from irods_omero.agent.sweep import Sweeper
from tests.scene.places import AGENT_USER

SIZES, QUIET = (1, 1_000, 10_000), 10_000
QUICK_SIZES, QUICK_QUIET = (1, 100, 1_000), 1_000

OMERO_AT_MOST = 30
"""At most this many calls to OMERO for each sweep, whatever is done to its units."""

WHY = {
    "rm omero::sync pending": "the mark goes before looking, so that a change from now on leaves a new one",
    "set omero::agreement": "what both sides now say: the base of the next merge",
}
ALONE = ("add omero::sync taken", "rm omero::sync taken")
"""What is written besides where one is changed alone."""

LISTS = ("add omero::taken", "rm omero::taken")
"""What is written of many units at once: that their marks are taken, so that a killed agent's work is found again."""


def measure(quick: bool) -> Figures:
    """The figures of all sizes."""
    with lab_world() as world:
        world.load("quiet", QUICK_QUIET if quick else QUIET)
        return {
            "quiet": QUICK_QUIET if quick else QUIET,
            "sweeps": [measure_one(world, size) for size in (QUICK_SIZES if quick else SIZES)],
        }


def measure_one(world: World, size: int) -> Figures:
    """Sweep over a number of changed units, and see that nothing is left to be done about them."""
    ids = world.load(f"moved {size}", size, moved=True)
    calls, taken = sweep(world, size)
    assessment = world.assessment(ids.start - 1)
    if assessment:
        raise AssertionError(f"after the sweep {assessment} of {size} units are not agreed about")
    home = f"/{world.scene.zone.zone}/home/{AGENT_USER}"  # where the lists are
    return {
        "units": size,
        "omero": dict(sorted(calls.omero.items())),
        "zone": dict(sorted(calls.zone.items())),
        "unchanged_written": sum(
            count for path, count in calls.written.items() if f"/moved {size}/" not in path and path != home
        ),
        "real_zone_seconds": calls.real_seconds(),
        "seconds_in_the_lab": taken.seconds,
    }


def sweep(world: World, size: int, **settings: Any) -> tuple[Calls, Taken]:
    """The sweeps of an agent that has just been started, with these sections of its configuration changed."""
    with counted(world.scene) as calls, world.scene.connections(**settings) as connections:
        sweeper = Sweeper(connections)
        with timed() as taken:
            report = sweeper.drain()
    if (report.observed, report.changed, report.failed) != (size, size, 0):
        raise AssertionError(f"{size} units had changed, and this was done: {report}")
    return calls, taken


def quiet_sweep(world: World) -> Calls:
    """What a running agent asks both servers when nothing has happened since its last sweep."""
    with world.scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        with counted(world.scene) as calls:
            sweeper.sweep()
    return calls


def show(figures: Figures) -> Iterator[Table | str]:
    """Two tables, and sentences."""
    sweeps = figures["sweeps"]
    title = f"Sweeps over changed units, with {figures['quiet']:,} unchanged ones beside them"
    calls = table(title, "changed units", *(f"{one['units']:,}" for one in sweeps))
    calls.add_row("calls to OMERO", *(f"{sum(one['omero'].values()):,}" for one in sweeps))
    calls.add_row("zone: pages of queries", *(f"{one['zone'][QUERY]:,}" for one in sweeps))
    calls.add_row("zone: writes", *(f"{_writes(one):,}" for one in sweeps))
    calls.add_row("zone: writes for a changed unit", *(f"{_of_units(one) / one['units']:g}" for one in sweeps))
    calls.add_row("zone: writes for an unchanged one", *(f"{one['unchanged_written']}" for one in sweeps))
    calls.add_row("a real zone's time for all that", *(f"{one['real_zone_seconds']:,.1f} s" for one in sweeps))
    calls.add_row("the sweeps, on the lab", *(f"{one['seconds_in_the_lab']:,.1f} s" for one in sweeps))
    yield calls
    last = sweeps[-1]
    writes = table("What the zone is told about a changed unit", "call", "times", "a real zone's time", "why")
    writes.columns[-1].justify = "left"
    for name, why in WHY.items():
        milliseconds = REAL_MS[name.partition(" ")[0]]
        writes.add_row(name, f"{last['zone'][name] / last['units']:g}", f"{milliseconds} ms", why)
    yield writes
    yield _sentence(sweeps)


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    for one in figures["sweeps"]:
        size, omero = one["units"], sum(one["omero"].values())
        if omero > (allowed := OMERO_AT_MOST * math.ceil(size / LEAST_AT_ONCE)):
            yield f"{omero} calls to OMERO for {size} units, where {allowed} are allowed"
        told = {name: count for name, count in one["zone"].items() if name != QUERY}
        lists = [told.pop(name, 0) for name in LISTS]
        expected = dict.fromkeys(WHY if size > 1 else (*WHY, *ALONE), size)
        if told != expected or max(lists) > math.ceil(size / LEAST_AT_ONCE):
            yield f"the zone is told something else about {size} changed units than is documented: {one['zone']}"
        if one["unchanged_written"]:
            yield f"{one['unchanged_written']} writes for unchanged units"


def _writes(one: Figures) -> int:
    return sum(count for name, count in one["zone"].items() if name != QUERY)


def _of_units(one: Figures) -> int:
    """The writes without those of lists."""
    return _writes(one) - sum(int(one["zone"].get(name, 0)) for name in LISTS)


def _sentence(sweeps: list[Figures]) -> str:
    first, last = sweeps[0], sweeps[-1]
    of_units, of_all = _of_units(last), _writes(last) - _of_units(last)
    of_unit = sum(REAL_MS[name.partition(" ")[0]] for name in WHY)
    return (
        f"Sweeps over {last['units']:,} changed units make {sum(last['omero'].values()):,} calls to OMERO; one over "
        f"{first['units']:,} makes {sum(first['omero'].values())}. They tell the zone {of_units / last['units']:g} "
        f"things about each changed unit, which take {of_unit:.1f} ms on the real zone that was measured (one atomic "
        f"call takes {ATOMIC_MS} ms there), {of_all:,} about all of them, and nothing about "
        f"unchanged ones; besides, they read {last['zone'][QUERY]:,} pages of queries."
    )


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
