"""Requesting: which movements are queued, from where to where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.requests import RequestDecision, decide_request
from irods_omero.domain.rules.sides import sides_of
from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, Replica, ZoneView
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import NAMES, NOW, TIERS
from tests.unit.domain.world import World

POLICY = Policy("z", "omero.example", TIERS, attempts=2)


def on(data_id: int, *resources: str) -> DataObject:
    """A data object with a good replica on each resource, that is asked to be archived by name."""
    replicas = tuple(Replica(number, name, good=True, size=10) for number, name in enumerate(resources))
    return replace(data_object(data_id), replicas=replicas)


def requesting(request: str, *objects: DataObject, queued: tuple[tuple[int, str], ...] = ()) -> RequestDecision:
    asking = replace(objects[0], avus=frozenset({Avu(NAMES.request, request)}))
    world = World(POLICY, ZoneView(Unit(10), (asking, *objects[1:]), None, queued), clock=NOW)
    return decide_request(world.look(), sides_of(world.look()))


def moves(decision: RequestDecision) -> list[tuple[int, int, str, str, str]]:
    return [(move.data_id, move.replica, move.source, move.destination, move.group) for move in decision.moves]


def test_a_movement_starts_from_the_replica_that_storage_tiering_sees() -> None:
    assert moves(requesting("archive", on(10, "backup", "disk", "ssd"))) == [(10, 2, "ssd", "tape", "g")]
    assert moves(requesting("restage", on(10, "backup", "tape", "disk"))) == [(10, 2, "disk", "ssd", "g")]


def test_only_what_is_not_there_is_moved() -> None:
    assert moves(requesting("archive", on(10, "tape"), on(11, "disk"))) == [(11, 0, "disk", "tape", "g")]


def test_a_copy_outside_of_the_group_is_no_hindrance() -> None:
    assert requesting("archive", on(10, "backup", "tape")).pending is None
    assert "served" in requesting("archive", on(10, "backup", "tape")).rule


def test_only_what_is_not_queued_is_queued() -> None:
    decision = requesting("archive", on(10, "disk"), on(11, "disk"), queued=((10, "tape"), (11, "ssd")))
    assert moves(decision) == [(11, 0, "disk", "tape", "g")]
    assert decision.counted == 1


def test_what_is_queued_already_counts_as_tried_once() -> None:
    decision = requesting("archive", on(10, "disk"), queued=((10, "tape"),))
    assert (decision.moves, decision.counted) == ((), 1)


@pytest.mark.parametrize("resource", ["single", "backup"])
def test_where_there_is_nowhere_to_go_it_is_refused(resource: str) -> None:
    decision = requesting("archive", on(10, "disk"), on(11, resource))
    assert decision.pending is None
    assert decision.refused.endswith("has no other tier to go to")
    assert decision.moves == ()


def test_while_no_replica_is_good_it_waits() -> None:
    decision = requesting("archive", on(10))
    assert decision.pending is not None
    assert "waiting for a good replica" in decision.rule


def test_an_avu_without_a_known_time_counts_all_the_same() -> None:
    assert requesting("keep", on(10, "disk")).pending is not None


def test_who_asked_is_the_units_of_the_avu_or_else_the_owner() -> None:
    pending = requesting("keep", on(10, "disk")).pending
    assert pending is not None
    assert pending.by == "alice"


def test_a_movement_names_the_path() -> None:
    assert requesting("archive", on(10, "disk")).moves == (Move(10, "/z/home/lab/10.tiff", 0, "disk", "tape", "g"),)
