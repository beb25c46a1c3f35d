"""How many calls the agent makes, at small sizes: what README.md and docs/figures.md say of large ones rests on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from benchmarks.counting import QUERY, Calls, counted
from benchmarks.sweep import LISTS, WHY, quiet_sweep, sweep
from benchmarks.world import World, lab_world
from irods_omero.agent.reconcile import Reconciler
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.status.reading import read_status
from tests.scene.places import AGENT_USER


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A lab with units that nothing happens to."""
    with lab_world() as made:
        made.load("quiet", 60)
        yield made


def to_omero(calls: Calls) -> Counter[str]:
    """The calls to OMERO, without asking whether a deletion has ended, which depends on how long it takes."""
    return Counter({name: count for name, count in calls.omero.items() if not name.startswith("Handle.")})


def written(calls: Calls) -> dict[str, int]:
    return {name: count for name, count in calls.zone.items() if name != QUERY}


def test_omero_is_called_as_often_for_one_unit_as_for_fifty(world: World) -> None:
    counts = []
    for size in (1, 50):
        world.load(f"as often for {size}", size, moved=True)
        calls, _ = sweep(world, size)
        counts.append(to_omero(calls))
    assert counts[0] == counts[1]
    assert counts[0].total() <= 25  # an agent that has just been started looks for edited pairs, too


def test_the_zone_is_told_what_is_documented_about_changed_units_and_nothing_about_others(world: World) -> None:
    world.load("told about", 7, moved=True)
    calls, _ = sweep(world, 7)
    assert written(calls) == dict.fromkeys(WHY, 7) | dict.fromkeys(LISTS, 1)
    home = f"/{world.scene.zone.zone}/home/{AGENT_USER}"  # where the list is
    assert calls.written.pop(home) == len(LISTS)
    assert all("/told about/" in path for path in calls.written)
    assert calls.written.total() == len(WHY) * 7


def test_the_zone_is_read_as_often_for_one_unit_as_for_fifty(world: World) -> None:
    pages = []
    for size in (1, 50):
        world.load(f"read for {size}", size, moved=True)
        calls, _ = sweep(world, size)
        pages.append(calls.zone[QUERY])
    assert pages[1] <= pages[0] + 1  # more than one page of AVUs


def test_with_nothing_marked_a_sweep_reads_marks_and_events_and_no_unit(world: World) -> None:
    calls = quiet_sweep(world)
    assert calls.zone == {QUERY: 2}
    assert to_omero(calls) == {"IQuery.projection": 1}


def test_the_status_takes_as_many_pages_whatever_the_number_of_quiet_units(world: World) -> None:
    pages = []
    for size in (1, 50):
        world.load(f"status of {size}", size)
        with counted(world.scene) as calls, ZoneConnection(world.scene.settings.zone) as zone:
            read_status(world.scene.settings, zone)
        pages.append(calls.zone)
    assert pages[0] == pages[1] == {QUERY: 11}


def test_reconcile_of_quiet_units_writes_nothing_and_reads_them_together(world: World) -> None:
    with world.scene.connections() as connections:
        reconciler = Reconciler(connections)
        with counted(world.scene) as calls:
            for _ in reconciler.run():
                pass
    assert reconciler.done.units > 60
    assert (reconciler.done.drifted, calls.zone_writes, calls.omero_writes) == (0, 0, 0)
    # Which OMERO it is, and how far its log goes, is asked once; six calls are for the units.
    assert calls.omero.total() == 9
