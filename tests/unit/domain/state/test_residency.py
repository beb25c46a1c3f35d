"""Where bytes really are: what waits for them, and that nobody loses a copy by what a user writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.directories.directory_decision import why_not_yet
from irods_omero.domain.rules.imports import decide_import
from irods_omero.domain.rules.one_copy.cache_limit import in_cache
from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.agreement import Agreement, Verified
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import ROOM, Eviction
from irods_omero.domain.state.one_copy.managed_files import Evict, Refill, fingerprint
from irods_omero.domain.state.policy import NEVER, WITH_TIER, Policy
from irods_omero.domain.state.residency import Residency
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.views import Avu, DataObject, ImageState, ImportRule, OmeroView, Replica
from irods_omero.vocabulary import FILE, KEEP, RESTAGE, SHOW
from tests.unit.domain.agreed import Edit, agreed_world, moved_to
from tests.unit.domain.rules.one_copy.copied import AGREED, NOW, POLICY, STATES, SUM, checked, decided, observed
from tests.unit.domain.world import settle

AT = "site::residency"
VALUES = st.lists(st.sampled_from(["online", "offline", "moving", "dual"]), max_size=2)
RULE = ImportRule("/z", FILE, "P/D", "")
HOUR = 3600


def tiers(disk_offline: bool = False, tape_offline: bool = True) -> Tiers:
    return Tiers(
        [
            Tier("disk", "disk", "group", 0, offline=disk_offline, residency=Residency(AT)),
            Tier("tape", "tape", "group", 1, offline=tape_offline, residency=Residency(AT), recall_hours=2.0),
            Tier("alone", "alone", offline=tape_offline, residency=Residency(AT), recall_hours=2.0),
        ]
    )


def said(observation: Observation, *values: str, place: int = 0) -> Observation:
    """The same, where somebody says so of a data object."""
    avus = frozenset(Avu(AT, value) for value in values)
    objects = list(observation.zone.objects)
    kept = frozenset(avu for avu in objects[place].avus if avu.attribute != AT)
    objects[place] = replace(objects[place], avus=kept | avus)
    return replace(observation, zone=replace(observation.zone, objects=tuple(objects)))


def silent(observation: Observation) -> Observation:
    for place in range(len(observation.zone.objects)):
        observation = said(observation, place=place)
    return observation


def asked(observation: Observation, *requests: str) -> Observation:
    objects = observation.zone.objects
    avus = frozenset(Avu(observation.policy.names.request, request, "alice") for request in requests)
    objects = tuple(replace(each, avus=each.avus | avus) for each in objects)
    return replace(observation, zone=replace(observation.zone, objects=objects))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """A unit of one or two data objects with copies in any state, and anything said of where their bytes are."""
    states = draw(st.lists(st.sampled_from(["copy", *sorted(STATES)]), min_size=1, max_size=2))
    seen = observed(*states, archived=draw(st.booleans()))
    objects = []
    for number in range(1, draw(st.integers(1, 2)) + 1):
        places = draw(st.lists(st.sampled_from(["disk", "tape", "alone"]), min_size=1, max_size=2, unique=True))
        replicas = tuple(Replica(place, resource, True, 10, SUM, 5) for place, resource in enumerate(places))
        objects.append(DataObject(number, f"/z/{number}.tiff", "alice", replicas))
    zone = replace(seen.zone, objects=tuple(objects))
    content = zone.content()
    assert content is not None
    base = Agreement(
        content=content,
        fileset=1,
        verified=draw(st.sampled_from([None, Verified(content.checksum, fingerprint(seen.copies or ()))])),
        evicted=draw(st.sampled_from([None, Eviction(NOW - 9), Eviction(NOW - 9, ROOM)])),
        request=draw(st.sampled_from(["", KEEP, RESTAGE, SHOW])),
    )
    policy = replace(
        POLICY,
        tiers=tiers(draw(st.booleans()), draw(st.booleans())),
        evict=draw(st.sampled_from([NEVER, WITH_TIER])),
        most_bytes=draw(st.sampled_from([None, 1])),
    )
    seen = replace(seen, zone=zone, base=base, policy=policy, makes_room=draw(st.booleans()))
    seen = asked(seen, *draw(st.sets(st.sampled_from([KEEP, RESTAGE, SHOW]), max_size=1)))
    for place in range(len(objects)):
        seen = said(seen, *draw(VALUES), place=place)
    return checked(seen) if draw(st.booleans()) else seen


@given(observations())
def test_nothing_is_removed_by_what_is_said_that_would_not_be_without(observation: Observation) -> None:
    """A data object's owner can write it: 'offline' where bytes are near, and 'online' where they are not."""
    for pending in ("", KEEP, RESTAGE, SHOW):
        removing = decided(observation, pending).action
        if isinstance(removing, Evict):
            assert decided(silent(observation), pending).action == removing
    if isinstance(decide(observation).plan.copies, Evict):
        assert isinstance(decide(silent(observation)).plan.copies, Evict)
    cached = in_cache(observation)
    if cached is not None and cached.may_go:
        before = in_cache(silent(observation))
        assert before is not None
        assert before.may_go


@given(observations())
def test_what_is_offline_by_the_configuration_alone_is_removed_as_before_where_the_site_says_so(
    observation: Observation,
) -> None:
    """And also where it says nothing at all."""
    if all(len(each.replicas) == 1 for each in observation.zone.objects):
        agreeing = observation
        for place, each in enumerate(observation.zone.objects):
            tier = observation.policy.tiers.of_resource(each.replicas[0].resource)
            agreeing = said(agreeing, "offline" if tier.offline else "online", place=place)
        for pending in ("", KEEP, RESTAGE, SHOW):
            assert decided(agreeing, pending).action == decided(silent(observation), pending).action


def test_a_user_who_says_offline_keeps_the_copy_and_sees_no_lock_while_it_is_there() -> None:
    observation = replace(observed("copy", resource="disk"), policy=replace(POLICY, tiers=tiers()))
    decision = decided(said(observation, "offline"))
    assert (decision.action, decision.locked, decision.evicted) == (None, False, None)
    assert "users may write" in decision.rule


@pytest.mark.parametrize("states", [("copy",), ("copy", "absent")])
def test_a_user_who_says_online_has_no_copy_removed_to_make_room(states: tuple[str, ...]) -> None:
    """Not even the rest of what is half gone since its tier could be read: it comes back."""
    base = replace(AGREED, evicted=Eviction(1, ROOM)) if "absent" in states else AGREED
    limited = replace(POLICY, tiers=tiers(), evict=NEVER, most_bytes=1)
    observation = replace(observed(*states, base=base), policy=limited, makes_room=True)
    for each in (said(observation, "online"), checked(said(observation, "online"))):
        assert not isinstance(decided(each).action, Evict)
    near = replace(observed(*states, base=base, resource="disk"), policy=limited, makes_room=True)
    assert isinstance(decided(checked(said(near, "online"))).action, Evict)
    assert not isinstance(decided(checked(said(near, "offline"))).action, Evict)


def test_without_the_repository_the_lock_follows_what_is_said() -> None:
    policy = replace(POLICY, tiers=tiers(), has_repository=False)
    for resource in ("disk", "tape"):
        for value, locked in (("online", False), ("offline", True), ("moving", True)):
            observation = replace(observed("copy", resource=resource), policy=policy)
            assert decided(said(observation, value)).locked is locked


def test_a_copy_comes_back_when_the_site_says_that_the_bytes_are_there_and_not_before() -> None:
    gone = replace(observed("absent", base=replace(AGREED, evicted=Eviction(1))), policy=replace(POLICY, tiers=tiers()))
    for value in ("offline", "moving"):
        decision = decided(said(gone, value))
        assert (decision.action, decision.wait) == (None, False)
    assert isinstance(decided(said(gone, "online")).action, Refill)


def test_a_copy_that_would_come_back_at_once_does_not_go() -> None:
    observation = replace(observed("copy"), policy=replace(POLICY, tiers=tiers()))
    assert isinstance(decided(said(observation, "offline")).action, Evict)
    for value in ("moving", "online"):
        assert not isinstance(decided(said(observation, value)).action, Evict)


def arrived(*values: str, tape_offline: bool = False) -> Observation:
    observation = observed(resource="tape", base=Agreement())
    policy = replace(POLICY, tiers=tiers(tape_offline=tape_offline))
    zone = replace(observation.zone, rule=RULE)
    return said(replace(observation, policy=policy, omero=OmeroView(), zone=zone, copies=None), *values)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (("offline",), "it is on tier tape, out of OMERO's reach: restage it to have it imported"),
        (("moving",), "it is on tier tape, on its way to where OMERO can read it: it is imported then"),
        (("online",), ""),
        ((), ""),
    ],
)
def test_an_import_waits_for_the_bytes_and_says_so(values: tuple[str, ...], error: str) -> None:
    """It is looked at again when something else is said, and keeps no mark until then."""
    decision = decide_import(arrived(*values))
    assert (decision.error, decision.do_import is not None, decision.wait) == (error, not error, False)
    waiting = why_not_yet(arrived(*values).zone.objects, arrived().policy, NOW)
    assert (waiting.error if waiting else "") == (error and f"/z/a.tiff {error.removeprefix('it ')}")


def restaging(*values: str, resource: str = "alone", since: int = 0, tape_offline: bool = True) -> Observation:
    """A unit that was asked back the given number of seconds ago, where there is no other tier to bring it to."""
    base = replace(AGREED, request=RESTAGE, asked=NOW - since) if since else AGREED
    observation = replace(observed("copy", resource=resource, base=base), policy=replace(POLICY, tiers=tiers()))
    if since:
        observation = replace(observation, omero=replace(observation.omero, images=(ImageState(1),)))
    policy = replace(observation.policy, tiers=tiers(tape_offline=tape_offline), has_repository=False)
    return said(asked(replace(observation, policy=policy), RESTAGE), *values)


def test_a_restage_is_pending_until_the_site_says_online() -> None:
    for values in (("offline",), ("moving",), ()):
        agreement = decide(restaging(*values)).agreement
        assert (agreement.request, agreement.asked, agreement.refused) == (RESTAGE, NOW, "")
        assert decide(restaging(*values)).plan.zone == ()
    for since in (0, HOUR):
        served = decide(restaging("online", since=since)).agreement
        assert (served.request, served.refused) == ("", "")


@pytest.mark.parametrize(("value", "pending"), [("offline", False), ("moving", True)])
def test_a_restage_that_nobody_answers_is_refused_after_its_time_unless_it_is_under_way(
    value: str, pending: bool
) -> None:
    early = decide(restaging(value, since=HOUR)).agreement
    late = decide(restaging(value, since=3 * HOUR)).agreement
    assert early.request == RESTAGE
    assert (late.request == RESTAGE) is pending
    assert bool(late.refused) is not pending


def test_a_restage_to_another_tier_moves_it_wherever_its_bytes_are() -> None:
    for value in ("online", "offline", "moving"):
        moves = [action for action in decide(restaging(value, resource="tape")).plan.ids if isinstance(action, Move)]
        assert [move.destination for move in moves] == ["disk"]


@given(st.sampled_from(["disk", "tape", "alone"]), VALUES, VALUES, st.sampled_from(["", KEEP, RESTAGE, SHOW]))
def test_both_sides_agree_whatever_is_said_and_asked(
    resource: str, before: list[str], after: list[str], request: str
) -> None:
    """And once they do nothing is written any more."""
    world = agreed_world(Policy("z", "omero.example", tiers(), attempts=2), objects=2, images=2)
    world = moved_to(world, resource)
    if request:
        world = Edit("omero", 0, "request", request).do(world)
    for values in (before, after):
        avus = frozenset(Avu(AT, value) for value in values)
        objects = tuple(
            replace(each, avus=frozenset(avu for avu in each.avus if avu.attribute != AT) | avus)
            for each in world.zone.objects
        )
        world = settle(replace(world, zone=replace(world.zone, objects=objects)))
        tier = world.policy.tiers.of_unit(world.zone.objects)
        assert tier is not None
        assert {image.archived for image in world.omero.images} == {tier.offline}
