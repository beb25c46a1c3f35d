"""Requests: the last one stands, removing it cancels it, each ends in an answer, and which movements are queued."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.requests import RequestDecision, decide_request
from irods_omero.domain.rules.side_values import sides_of
from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.places import REQUEST_TAGS
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.request_lookup import STANDING
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, Movements, Replica, ZoneView
from irods_omero.vocabulary import ARCHIVE, KEEP, RESTAGE, SHOW
from tests.unit.domain.agreed import REQUESTS_MADE, SIDES, Edit, agreed_world, data_object, joined, moved_to
from tests.unit.domain.comparing import disagreements, errors, shape, texts
from tests.unit.domain.strategies import NAMES, NOW, POLICIES, TIERS, WORLDS
from tests.unit.domain.world import World, actions_of, plan_and_apply, settle

POLICY = Policy("z", "omero.example", TIERS, attempts=2)
ON_DISK = st.builds(agreed_world, POLICIES, st.integers(1, 3), st.integers(1, 3))
PLACE = st.tuples(st.sampled_from(SIDES), st.integers(0, 2))


def ask(world: World, request: str, side: str, place: int = 0) -> World:
    return Edit(side, place, "request", request).do(world)


def take_back(world: World, request: str, side: str, place: int = 0) -> World:
    return Edit(side, place, "request", request, added=False).do(world)


def shown(world: World) -> set[str]:
    """All the requests that anybody carries on either side."""
    in_zone = [data_object.values(NAMES.request) for data_object in world.zone.objects]
    return set().union(*in_zone, *(texts(subject, REQUEST_TAGS) for subject in world.omero.subjects))


def queued(world: World) -> set[str]:
    return {resource for _, resource in world.zone.movements}


def standing(before: str, request: str) -> str:
    """What stands after one more request is answered: ``show`` is so at once, and leaves ``keep`` as it is."""
    if request != SHOW:
        return request
    return KEEP if before == KEEP else ""


@given(ON_DISK, st.lists(REQUESTS_MADE, max_size=4))
def test_whoever_asked_last_is_heard(world: World, edits: list[Edit]) -> None:
    """On the middle tier both archive and restage have somewhere to go, so that the last request is pending.

    What OMERO can read is shown at once.
    """
    stands = ""
    for edit in edits:
        world, stands = replace(edit, added=True).do(settle(world)), standing(stands, edit.value)
        assert shown(settle(world)) == {stands} - {""}


@given(ON_DISK, st.lists(REQUESTS_MADE, max_size=4))
def test_whoever_asked_last_is_heard_also_when_all_ask_at_once(world: World, edits: list[Edit]) -> None:
    stands = ""
    for edit in edits:
        before = world
        world = replace(edit, added=True).do(world)
        stands = standing(stands, edit.value) if shape(world) != shape(before) else stands
    assert shown(settle(world)) == {stands} - {""}


@given(POLICIES, st.sampled_from((ARCHIVE, RESTAGE, KEEP)), PLACE, PLACE)
def test_taking_a_request_away_anywhere_cancels_it(
    policy: Policy, request: str, asked: tuple[str, int], taken: tuple[str, int]
) -> None:
    before = agreed_world(policy, objects=3, images=3)
    pending = settle(ask(before, request, *asked))
    assert shown(pending) == {request}
    after = settle(take_back(pending, request, *taken))
    assert shape(replace(after, zone=replace(after.zone, movements=()))) == shape(before)


@given(
    policy=POLICIES,
    words=st.lists(st.sampled_from(STANDING), min_size=1, max_size=3, unique=True),
    asked=PLACE,
    taken=PLACE,
    first=st.booleans(),
)
def test_taking_a_request_away_anywhere_leaves_what_stands_beside_it_as_it_is(
    *, policy: Policy, words: list[str], asked: tuple[str, int], taken: tuple[str, int], first: bool
) -> None:
    """Nobody can look into OMERO's repository, so that ``show`` is pending."""
    world = agreed_world(replace(policy, has_repository=True), objects=3, images=3)
    for word in words:
        world = settle(ask(world, word, *asked))
    stands = shown(world)
    assert stands == ({KEEP, SHOW} if set(words[-2:]) == {KEEP, SHOW} else {words[-1]})
    gone = min(stands) if first else max(stands)
    after = settle(take_back(world, gone, *taken))
    assert shown(after) == stands - {gone}
    assert disagreements(after) == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("request_", "resource"), [(ARCHIVE, "tape"), (RESTAGE, "ssd")])
def test_a_request_is_pending_on_both_sides_until_it_is_served(side: str, request_: str, resource: str) -> None:
    before = agreed_world(POLICY, objects=3, images=3)
    pending = settle(ask(before, request_, side, 1))
    assert disagreements(pending) == []
    assert shown(pending) == {request_}
    assert pending.zone.movements == tuple((data_object.data_id, resource) for data_object in before.zone.objects)
    served = settle(moved_to(pending, resource))
    assert disagreements(served) == []
    assert shown(served) == set()
    assert errors(served) == set()


def test_a_request_for_the_tier_that_data_is_on_is_served_at_once() -> None:
    world = settle(ask(agreed_world(POLICY, resource="ssd"), RESTAGE, "omero"))
    assert not shown(world) | queued(world) | errors(world)


@pytest.mark.parametrize("side", SIDES)
def test_keep_is_held_until_it_is_taken_away(side: str) -> None:
    world = settle(ask(agreed_world(POLICY, objects=2, images=2), KEEP, side))
    assert shown(settle(moved_to(world, "ssd"))) == {KEEP}
    assert queued(world) == set()


@pytest.mark.parametrize("side", SIDES)
def test_a_refused_request_is_gone_from_both_sides_which_say_why(side: str) -> None:
    world = settle(ask(agreed_world(POLICY, objects=2, images=2, resource="single"), ARCHIVE, side))
    why = "request archive refused: alone has no other tier to go to"
    assert disagreements(world) == []
    assert shown(world) == set()
    assert errors(world) == {why}
    assert [dict(next(iter(subject.key_values)).pairs)["error"] for subject in world.omero.subjects] == [why] * 2


@pytest.mark.parametrize("side", SIDES)
def test_what_was_refused_may_be_asked_again(side: str) -> None:
    refused = settle(ask(agreed_world(POLICY, resource="single"), ARCHIVE, side))
    pending = settle(ask(moved_to(refused, "disk"), ARCHIVE, side))
    assert shown(pending) == {ARCHIVE}
    assert not errors(pending)


def test_movements_that_do_not_happen_are_queued_so_often_and_then_refused() -> None:
    world = settle(ask(agreed_world(replace(POLICY, backoff=0.0)), ARCHIVE, "omero"))
    for _ in range(POLICY.attempts - 1):
        world = settle(replace(world, zone=replace(world.zone, movements=())))
        assert (shown(world), queued(world)) == ({ARCHIVE}, {"tape"})
    world = settle(replace(world, zone=replace(world.zone, movements=())))
    assert (shown(world), queued(world)) == (set(), set())
    assert errors(world) == {"request archive refused: storage tiering did not move it to archive in 2 attempts"}


@given(WORLDS)
def test_nothing_is_moved_that_is_on_its_way_there_or_there(world: World) -> None:
    for _ in range(3):
        world, decision = plan_and_apply(world)  # which refuses to queue a movement twice
        for move in (action for action in actions_of(decision.plan) if isinstance(action, Move)):
            data_object = next(data_object for data_object in world.zone.objects if data_object.data_id == move.data_id)
            held = {replica.resource for replica in data_object.good_replicas()}
            assert move.source in held
            if decision.agreement.request == RESTAGE:
                assert move.destination not in held


def test_a_unit_without_images_can_be_restaged_by_an_avu() -> None:
    """Otherwise what arrived on an offline tier could never be imported."""
    world = agreed_world(POLICY, resource="ssd")
    lost = settle(moved_to(replace(world, filesets=()), "tape"))
    pending = settle(ask(lost, RESTAGE, "zone"))
    assert (shown(pending), queued(pending)) == ({RESTAGE}, {"ssd"})
    assert shown(settle(take_back(pending, RESTAGE, "zone"))) == set()
    assert shown(settle(moved_to(pending, "ssd"))) == set()


def test_a_pending_request_outlives_the_deletion_of_all_images() -> None:
    pending = settle(ask(agreed_world(POLICY), ARCHIVE, "omero"))
    deleted = settle(replace(pending, filesets=()))
    assert shown(deleted) == {ARCHIVE}
    assert shown(settle(moved_to(deleted, "tape"))) == set()


def test_a_file_that_joins_does_not_cancel_what_is_pending() -> None:
    pending = settle(ask(agreed_world(POLICY, objects=2), ARCHIVE, "zone"))
    world = settle(joined(pending))
    assert [data_object.values(NAMES.request) for data_object in world.zone.objects] == [{ARCHIVE}] * 3
    assert len(world.zone.movements) == 3


@pytest.mark.parametrize("side", SIDES)
def test_what_is_no_request_is_told_and_stays(side: str) -> None:
    world = settle(ask(agreed_world(POLICY, objects=2, images=2), "archve", side))
    assert shown(world) == {"archve"}
    assert "archve" in "".join(errors(world))
    assert not decide(world.look()).plan
    assert errors(settle(take_back(world, "archve", side))) == set()


def on(data_id: int, *resources: str) -> DataObject:
    """A data object with a good replica on each resource, that is asked to be archived by name."""
    replicas = tuple(Replica(number, name, good=True, size=10) for number, name in enumerate(resources))
    return replace(data_object(data_id), replicas=replicas)


def asking(request: str, data_object: DataObject) -> DataObject:
    """The data object with a request."""
    return replace(data_object, avus=frozenset({Avu(NAMES.request, request)}))


def requesting(request: str, *objects: DataObject, queued: Movements = ()) -> RequestDecision:
    first, *others = objects
    world = World(POLICY, ZoneView(Unit(10), (asking(request, first), *others), None, queued), clock=NOW)
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
