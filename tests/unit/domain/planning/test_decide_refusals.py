"""What a side refuses is left, and all else is done: quiet while it lasts, and without a trace when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.planning.removal_check import removes_anything
from irods_omero.domain.state.actions import AddAvu, AddTag, Refusal, RemoveAvu, RemoveTag, SetArchived, WriteKeyValues
from irods_omero.domain.state.policy import TO_IRODS, MappedAttribute, Policy
from irods_omero.domain.state.views import Avu
from irods_omero.vocabulary import REQUESTS
from tests.unit.domain.agreed import (
    AGREED_WORLDS,
    EDITS,
    REQUESTS_MADE,
    ZONE,
    Edit,
    agreed_world,
    deleted,
    emptied_agreement,
    moved_to,
    moved_to_other_group,
    onto_tape,
    overwritten,
)
from tests.unit.domain.comparing import errors, shape, texts
from tests.unit.domain.strategies import MAPPED, NAMES, TIERS
from tests.unit.domain.world import World, apply, killed, settle

IsRefused = Callable[[Any], bool]


def actor(action: Any) -> int | None:
    """The OMERO user whose task an action is; None for those in the zone."""
    if isinstance(action, WriteKeyValues) and action.existing is not None and not action.existing.shared:
        return action.existing.owner
    if isinstance(action, AddTag | WriteKeyValues):
        return action.subject.owner
    return getattr(action, "owner", None)


def of(*gone: int) -> IsRefused:
    """These users have left the group."""
    return lambda action: actor(action) in gone


def text_of(action: Any) -> str:
    """What an action is about, the same at each look."""
    match action:
        case AddTag(text=text):
            return text
        case RemoveTag(subject=subject, link=number):
            return next(link.text for link in subject.tags if link.link == number)
        case AddAvu(avu=avu) | RemoveAvu(avu=avu):
            return avu.value if avu.attribute in dict(MAPPED) else ""
        case SetArchived(archived=archived):
            return str(archived)
    return ""


def about(*words: str) -> IsRefused:
    """Neither side will change these texts, whoever tries."""
    return lambda action: text_of(action) in words


REFUSALS = st.lists(st.sampled_from((7, 8)), min_size=1, max_size=2).map(lambda gone: of(*gone)) | st.lists(
    st.sampled_from(("a", "b", "c", "tier:archive", "True", *REQUESTS)), min_size=1, max_size=3
).map(lambda words: about(*words))
"""What is refused."""


def attempt(world: World, is_refused: IsRefused) -> tuple[World, Decision]:
    """Look, decide, and do what is not refused, as the agent does."""
    observation = world.look()
    decision = decide(observation)
    if decision.plan.do_import:
        world = apply(world, [decision.plan.do_import])
        observation = world.look()
        decision = decide(observation)
    refused = []
    for action in (action for step in decision.plan.work() for action in step):
        if is_refused(action):
            refused.append(Refusal(action, "not you"))
        else:
            world = apply(world, [action])
    if decision.plan.first:
        observation = replace(observation, base=decision.plan.first.agreement)
    if refused or observation.base.refusals_told:
        decision = decide(replace(observation, refused=tuple(refused)))
    record = decision.plan.record or decision.plan.first
    return killed(apply(world, [*decision.plan.told, *([record] if record else [])])), decision


def come_to_rest(world: World, is_refused: IsRefused) -> World:
    """Look until the agent would not look again, and see that one more look writes nothing."""
    for _ in range(6):
        world, decision = attempt(world, is_refused)
        if not decision.wait:
            break
    again, decision = attempt(world, is_refused)
    assert not decision.wait
    assert replace(again, clock=world.clock) == world, "it is not quiet"
    return world


def nobody(_: Any) -> bool:
    """Nothing is refused."""
    return False


def without_errors(world: World) -> World:
    """The world without what the agent says of errors."""

    def cleaned(avus: frozenset[Avu]) -> frozenset[Avu]:
        return frozenset(avu for avu in avus if avu.attribute not in (NAMES.error, NAMES.agreement))

    objects = tuple(replace(each, avus=cleaned(each.avus)) for each in world.zone.objects)
    return replace(world, zone=replace(world.zone, objects=objects))


def done(world: World, edits: list[Edit]) -> World:
    for edit in edits:
        world = edit.do(world)
    return world


@given(
    AGREED_WORLDS,
    st.lists(EDITS, max_size=4),
    st.sampled_from((moved_to_other_group, emptied_agreement, onto_tape, deleted)),
    st.lists(EDITS | REQUESTS_MADE, max_size=4),
    REFUSALS,
)
def test_what_is_refused_is_told_once_and_makes_no_difference_when_it_is_over(
    world: World, edits: list[Edit], happening: Callable[[World], World], more: list[Edit], is_refused: IsRefused
) -> None:
    check_it_makes_no_difference(happening(done(settle(done(world, edits)), more)), is_refused)


def test_what_omero_is_in_charge_of_is_not_lost_when_images_are_moved_to_a_group_that_refuses_it() -> None:
    attributes = tuple(MappedAttribute(*mapped, direction=TO_IRODS) for mapped in MAPPED)
    world = agreed_world(Policy("z", "omero.example", TIERS, attributes=attributes), resource="ssd")
    tagged = settle(Edit("omero", 0, 2, "a", added=True, owner=7).do(world))
    check_it_makes_no_difference(moved_to_other_group(tagged), of(7))


@given(
    st.lists(EDITS.filter(lambda edit: edit.side == ZONE), min_size=1, max_size=4),
    st.lists(EDITS.filter(lambda edit: edit.side == ZONE), max_size=4),
    st.sampled_from((of(7), about("tier:archive"), about("True"))),
    st.integers(1, 2),
)
def test_what_users_write_in_the_zone_does_not_reach_omero_where_omero_leads_and_refuses_something_else(
    edits: list[Edit], more: list[Edit], is_refused: IsRefused, images: int
) -> None:
    attributes = tuple(MappedAttribute(*mapped, direction=TO_IRODS) for mapped in MAPPED)
    world = agreed_world(Policy("z", "omero.example", TIERS, attributes=attributes), images=images, resource="ssd")
    refused = come_to_rest(onto_tape(world), is_refused)
    assert refused.base.refusals_told
    disturbed = come_to_rest(done(come_to_rest(done(refused, edits), is_refused), more), is_refused)
    assert disturbed.omero == refused.omero
    assert shape(settle(come_to_rest(disturbed, nobody))) == shape(settle(come_to_rest(refused, nobody)))


def check_it_makes_no_difference(world: World, is_refused: IsRefused) -> None:
    refused = come_to_rest(world, is_refused)
    assert shape(settle(come_to_rest(refused, nobody))) == shape(settle(world))


@given(
    AGREED_WORLDS,
    st.lists(EDITS, max_size=4),
    st.lists(EDITS | REQUESTS_MADE, max_size=5),
    st.lists(st.sampled_from((7, 8)), min_size=1),
)
def test_the_zone_is_as_if_nothing_were_refused_in_omero(
    world: World, edits: list[Edit], more: list[Edit], gone: list[int]
) -> None:
    world = done(settle(done(world, edits)), more)
    ours, theirs = (without_errors(each) for each in (come_to_rest(world, of(*gone)), settle(world)))
    for mine, its in zip(ours.zone.objects, theirs.zone.objects, strict=True):
        assert {avu[:2] for avu in mine.avus} == {avu[:2] for avu in its.avus}


@given(
    AGREED_WORLDS,
    st.lists(EDITS | REQUESTS_MADE, max_size=4),
    st.lists((EDITS | REQUESTS_MADE).filter(lambda edit: edit.side == ZONE), max_size=4),
    REFUSALS,
)
def test_what_users_do_in_the_zone_meanwhile_counts(
    world: World, edits: list[Edit], more: list[Edit], is_refused: IsRefused
) -> None:
    world = settle(done(world, edits))
    disturbed = come_to_rest(done(come_to_rest(world, is_refused), more), is_refused)
    assert shape(settle(come_to_rest(disturbed, nobody))) == shape(settle(done(settle(world), more)))


def test_a_request_that_nobody_can_take_away_is_answered_once_and_a_later_one_again() -> None:
    policy = Policy("z", "omero.example", TIERS)
    world = Edit("omero", 0, "request", "restage", owner=8).do(agreed_world(policy, resource="ssd"))
    world = come_to_rest(world, of(8))
    assert [word for word, _ in world.base.answered] == ["restage"]
    assert "taking tag 'restage' off Image:" in str(errors(world))
    world = moved_to(world, "tape")
    assert come_to_rest(world, of(8)).zone.movements == ()
    again = Edit("omero", 0, "request", "restage", owner=9).do(replace(world, clock=world.clock + 1))
    asked, _ = attempt(again, of(8))
    assert asked.zone.movements == ((10, "ssd"),)


def test_a_conflict_that_was_decided_is_not_turned_round_when_the_loser_stays() -> None:
    policy = Policy("z", "omero.example", TIERS, attributes=(MappedAttribute(*MAPPED[0], single=True),))
    world = Edit("zone", 0, 0, "a").do(Edit("omero", 0, 0, "b").do(agreed_world(policy)))
    world = come_to_rest(world, about("b"))
    assert world.zone.first.values(MAPPED[0][0]) == {"a"}
    assert texts(world.omero.subjects[0], MAPPED[0][1]) == {"a", "b"}


def test_superseded_images_of_somebody_who_left_are_noted_and_the_new_ones_agreed_on() -> None:
    world = overwritten(agreed_world(Policy("z", "omero.example", TIERS)))
    refused = {subject.id for fileset in world.filesets for subject in fileset.subjects}
    world = come_to_rest(world, lambda action: getattr(getattr(action, "subject", None), "id", None) in refused)
    assert errors(world) == frozenset()
    assert world.base.fileset == max(fileset.id for fileset in world.filesets)
    assert world.base.notes == ("images of an earlier content do not say that they are superseded (not you)",)


@pytest.mark.parametrize("side", ["zone", "omero"])
def test_values_that_stay_removed_count_as_lost_once(side: str) -> None:
    policy = Policy("z", "omero.example", TIERS, attributes=(MappedAttribute(*MAPPED[0]),))
    world = settle(Edit("omero", 0, 0, "a", owner=8).do(agreed_world(policy)))
    before = world.look()
    assert not removes_anything(before, decide(before))
    world = Edit(side, 0, 0, "a", added=False, owner=8).do(world)
    assert removes_anything(world.look(), decide(world.look()))
    world = come_to_rest(world, of(8))
    assert not removes_anything(world.look(), decide(world.look()))
