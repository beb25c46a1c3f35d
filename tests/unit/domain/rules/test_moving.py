"""Moving units of many data objects: a few at a time, all of them in the end, wherever the agent is killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.rules.moving import Amount, leaves
from irods_omero.domain.state.actions import Move, RecordAgreement
from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.request_lookup import request_for
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, PartsOn, Replica, ZoneView
from irods_omero.vocabulary import ARCHIVE, KEEP, RESTAGE
from tests.unit.domain.strategies import NAMES, NOW
from tests.unit.domain.world import actions_of

FIRST = 10
PATH = "/z/home/lab/book.zarr/.zattrs"
MOST = 3
SIZE = 7


def tiers(most: int | None = None, preserve: bool = False) -> Tiers:
    return Tiers(
        [
            Tier("fast", "ssd", "g", 0, recall_hours=1.0, preserve=preserve),
            Tier("middle", "disk", "g", 1, recall_hours=1.0),
            Tier("archive", "tape", "g", 2, recall_hours=1.0, most_objects=most),
        ]
    )


POLICY = Policy("z", "omero.example", tiers(), attempts=2, backoff=60.0, most_queued=MOST)
BOTH = st.sampled_from(("hierarchy", "directory"))


@dataclass
class Zone:
    """A unit of many data objects, of which an agent looks at a few, and a delay queue.

    Attributes:
        request: What is asked for.
        where: For each catalog id the resources that have a good replica.
        is_zarr: Whether they are parts of a hierarchy, and not looked at one by one.
        queue: Movements that wait, each with where to.
        moved: All that were ever queued.
    """

    request: str
    where: dict[int, tuple[str, ...]]
    is_zarr: bool = True
    policy: Policy = POLICY
    now: int = NOW
    base: Agreement = NOTHING_AGREED
    queue: dict[int, str] = field(default_factory=dict)
    moved: list[int] = field(default_factory=list)

    def data_object(self, data_id: int) -> DataObject:
        replicas = tuple(Replica(number, name, True, SIZE) for number, name in enumerate(self.where[data_id]))
        asked = frozenset({Avu(NAMES.request, self.request)} if self.request else ())
        avus = asked if data_id == FIRST or not self.is_zarr else frozenset[Avu]()
        path = PATH if data_id == FIRST else PATH.replace(".zattrs", str(data_id))
        return DataObject(data_id, path, "alice", replicas, avus)

    def look(self) -> Observation:
        """What an agent sees: of a hierarchy as much as the gateway reads."""
        known = [self.data_object(data_id) for data_id in sorted(self.where)]
        movements = tuple(self.queue.items())
        if not self.is_zarr:
            return Observation(
                ZoneView(Unit(FIRST), tuple(known), None, movements), self.policy, self.now, base=self.base
            )
        replicas = [name for names in self.where.values() for name in names]
        parts = tuple(
            PartsOn(name, replicas.count(name), replicas.count(name) * SIZE) for name in sorted(set(replicas))
        )
        ahead: tuple[DataObject, ...] = ()
        if self.request:
            request, of = request_for(self.request), self.policy.tiers
            left = [each for each in known if of.destination(request, each) is not None]
            ahead = tuple(left[: self.policy.most_queued])
        first = self.data_object(FIRST)
        zone = ZoneView(Unit(FIRST), (first,), None, movements, parts, ahead)
        return Observation(zone, self.policy, self.now, base=self.base)

    def sweep(self, kill_after: int | None = None) -> Decision:
        """An agent that looks and does what it decided, or some of it before it is killed."""
        decision = decide(self.look())
        for action in actions_of(decision.plan)[:kill_after]:
            if isinstance(action, Move):
                assert action.data_id not in self.queue, "queued twice"
                assert action.source in self.where[action.data_id]
                self.queue[action.data_id] = action.destination
                self.moved.append(action.data_id)
            elif isinstance(action, RecordAgreement):
                self.base = action.agreement
            elif action.avu.attribute == NAMES.request:
                self.request = ""
        return decision

    def tier(self, ids: Sequence[int], given_up: bool = False) -> None:
        """Storage tiering carries some of the movements out, or gives them up."""
        for data_id in ids:
            destination = self.queue.pop(data_id)
            if not given_up:
                self.where[data_id] = (destination,)


WHERE = st.lists(st.sampled_from((("ssd",), ("disk",), ("tape",), ("ssd", "tape"), ("backup", "ssd"))), min_size=1)
KILLS = st.lists(st.integers(0, 5), max_size=3)


def zone_of(request: str, places: Sequence[tuple[str, ...]], kind: str = "hierarchy") -> Zone:
    return Zone(request, {FIRST + number: place for number, place in enumerate(places)}, kind == "hierarchy")


@given(st.sampled_from((ARCHIVE, RESTAGE)), WHERE, BOTH, KILLS, st.randoms(use_true_random=False))
def test_all_of_it_is_moved_so_many_at_a_time_each_once_whenever_the_agent_is_killed(
    request: str, places: list[tuple[str, ...]], kind: str, kills: list[int], chance: object
) -> None:
    zone = zone_of(request, places, kind)
    wanted = "tape" if request == ARCHIVE else "ssd"
    for number in range(3 * len(places) + len(kills) + 2):
        zone.sweep(kills[number] if number < len(kills) else None)
        assert len(zone.queue) <= MOST
        if not zone.request:
            break
        queued = sorted(zone.queue)
        chance.shuffle(queued)  # type: ignore[attr-defined]
        zone.tier(queued[: max(1, len(queued) // 2)])
        zone.now += 61
    assert not zone.request
    assert not zone.base.refused
    assert all(wanted in names for names in zone.where.values())
    assert len(zone.moved) == len(set(zone.moved))
    assert zone.base.moving is None


@given(WHERE, BOTH)
def test_what_comes_first_by_its_id_is_queued_first(places: list[tuple[str, ...]], kind: str) -> None:
    zone = zone_of(ARCHIVE, places, kind)
    zone.sweep()
    left = [data_id for data_id, names in sorted(zone.where.items()) if names != ("tape",)]
    assert zone.moved == left[:MOST]


def test_what_moves_goes_on_for_longer_than_the_tier_takes_and_is_given_up_when_nothing_moved_for_so_long() -> None:
    zone = zone_of(ARCHIVE, [("ssd",)] * 40)
    for _ in range(36):  # one moves in half an hour, and the tier takes one
        zone.sweep()
        assert zone.request == ARCHIVE
        zone.tier([min(zone.queue)])
        zone.now += 1800
    for _ in range(6):
        zone.sweep()
        assert zone.request == ARCHIVE
        zone.tier(list(zone.queue), given_up=True)
        zone.now += 599
    zone.now += 10
    zone.sweep()
    assert zone.request == ""
    why = "request archive refused: storage tiering did not move 4 data objects of 28 bytes to archive in "
    assert zone.base.refused.startswith(why)


def test_where_all_that_was_queued_has_moved_the_next_is_queued_at_once() -> None:
    zone = zone_of(ARCHIVE, [("ssd",)] * 10 * MOST)
    for number in range(10):
        zone.sweep()
        assert len(zone.moved) == (number + 1) * MOST
        zone.tier(list(zone.queue))
        zone.now += 1
    zone.sweep()
    assert zone.request == ""


@pytest.mark.parametrize("kind", ["hierarchy", "directory"])
@pytest.mark.parametrize(("request_", "on"), [(ARCHIVE, "ssd"), (RESTAGE, "tape")])
def test_more_than_a_tier_takes_is_refused_with_the_number_and_nothing_is_queued(
    kind: str, request_: str, on: str
) -> None:
    zone = zone_of(request_, [(on,)] * 8, kind)
    zone.policy = replace(POLICY, tiers=tiers(most=7))
    zone.sweep()
    why = f"request {request_} refused: it would move 8 data objects of 56 bytes, and tiers.tape.most_objects is 7"
    assert (zone.request, zone.queue, zone.base.refused) == ("", {}, why)
    zone = zone_of(request_, [(on,)] * 7, kind)
    zone.policy = replace(POLICY, tiers=tiers(most=7))
    assert len(zone.sweep().plan.ids) == MOST


@pytest.mark.parametrize("kind", ["hierarchy", "directory"])
def test_it_is_said_how_much_is_to_be_moved(kind: str) -> None:
    zone = zone_of(ARCHIVE, [("tape",), *[("ssd",)] * 8], kind)
    decision = zone.sweep()
    (rule,) = (reason.rule for reason in decision.reasons if reason.field == "request")
    assert rule.endswith("queued, to tier archive: 8 data objects of 56 bytes")
    assert str(Amount(1, 5)) == "1 data object of 5 bytes"
    assert zone.base.moving is not None
    assert zone.base.moving[:3] == (8, 56, 8)


def test_where_a_tier_keeps_what_moves_on_only_the_rest_is_counted() -> None:
    zone = zone_of(ARCHIVE, [("ssd", "tape"), ("ssd", "tape"), ("ssd",)])
    zone.policy = replace(POLICY, tiers=tiers(preserve=True))
    assert zone.sweep().reasons[-1].rule.endswith("1 data object of 7 bytes")
    assert zone.moved == [FIRST + 2]


def test_what_was_not_looked_at_is_not_taken_for_moved() -> None:
    zone = zone_of(ARCHIVE, [("tape",), ("ssd",)])
    seen = zone.look()
    decision = decide(replace(seen, zone=replace(seen.zone, ahead=None)))
    assert decision.agreement.request == ARCHIVE
    assert decision.wait


def test_a_hierarchy_is_kept_without_a_movement() -> None:
    zone = zone_of(KEEP, [("ssd",)] * 5)
    zone.sweep()
    assert (zone.request, zone.queue) == (KEEP, {})


def test_what_is_on_no_tier_of_a_group_stays() -> None:
    parts = [PartsOn("ssd", 1, 1), PartsOn("backup", 1, 1), PartsOn("tape", 1, 1)]
    assert leaves(parts, POLICY.tiers, request_for(ARCHIVE)) == ["ssd"]
    assert leaves(parts, POLICY.tiers, request_for(RESTAGE)) == ["tape"]
