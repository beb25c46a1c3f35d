"""Requesting: which movements are queued, from where to where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.requests import RequestDecision, decide_request
from irods_omero.domain.rules.sides import sides_of
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.tiers import Tier, Tiers
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
    first, *others = objects
    world = World(POLICY, ZoneView(Unit(10), (asking(request, first), *others), None, queued), clock=NOW)
    return decide_request(world.look(), sides_of(world.look()))


def asking(request: str, data_object: DataObject) -> DataObject:
    """The data object with a request."""
    return replace(data_object, avus=frozenset({Avu(NAMES.request, request)}))


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
    assert decision.progress.queued == 1


def test_what_is_queued_already_counts_as_tried_once() -> None:
    decision = requesting("archive", on(10, "disk"), queued=((10, "tape"),))
    assert (decision.moves, decision.progress.queued) == ((), 1)


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
    (move,) = requesting("archive", on(10, "disk")).moves
    assert (move.data_id, move.path) == (10, "/z/home/lab/10.tiff")


def test_a_movement_follows_what_the_resources_say() -> None:
    tiers = Tiers(
        [
            Tier("fast", "ssd", "g", 0, verification="filesystem", preserve=True, delay="<PLUSET>7s</PLUSET>"),
            Tier("archive", "tape", "g", 1, verification="checksum", delay="<PLUSET>9s</PLUSET>"),
        ]
    )
    world = World(replace(POLICY, tiers=tiers), ZoneView(Unit(10), (asking("archive", on(10, "ssd")),)), clock=NOW)
    (move,) = decide_request(world.look(), sides_of(world.look())).moves
    assert (move.verification, move.preserve, move.delay) == ("checksum", True, "<PLUSET>7s</PLUSET>")


WAITED = Agreement(request="archive", moves=3, asked=NOW - 1000, queued=NOW - 1000)


@pytest.mark.parametrize(
    ("base", "recall_hours", "pending", "moved"),
    [
        (WAITED, 0.0, False, False),  # given up
        (WAITED, 1.0, True, True),  # patient
        (replace(WAITED, queued=NOW - 10), 1.0, True, False),  # too early to queue it again
        (replace(WAITED, queued=NOW + 10**6), 1.0, True, True),  # noted by a clock that was wrong
        (replace(WAITED, asked=NOW + 10**6), 0.0, False, False),  # likewise
        (replace(WAITED, moves=2), 0.0, True, True),  # not tried often enough
    ],
)
def test_a_request_is_given_up_when_its_tier_had_the_time_it_takes(
    base: Agreement, recall_hours: float, pending: bool, moved: bool
) -> None:
    tiers = Tiers([Tier("fast", "ssd", "g", 0, recall_hours=recall_hours), Tier("archive", "tape", "g", 1)])
    zone = ZoneView(Unit(10), (asking("archive", on(10, "ssd")),))
    world = World(replace(POLICY, tiers=tiers, attempts=3, backoff=60.0), zone, clock=NOW)
    observation = replace(world.look(), base=base)
    decision = decide_request(observation, sides_of(observation))
    assert (decision.pending is not None, bool(decision.moves)) == (pending, moved)
