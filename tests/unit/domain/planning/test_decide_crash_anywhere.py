"""Crash anywhere: killed between any two actions, the next sweeps end where an undisturbed one does."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.policy import BOTH, MappedAttribute, Policy
from tests.unit.domain.agreed import AGREED_WORLDS, EDITS, HAPPENINGS, REQUESTS_MADE, Edit, agreed_world, overwritten
from tests.unit.domain.comparing import shape
from tests.unit.domain.strategies import MAPPED, TIERS, WORLDS
from tests.unit.domain.world import World, actions_of, apply, killed, settle

KILLS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 99)), min_size=1, max_size=3)
"""After how many actions the agent is killed, and in which order it does those in OMERO."""

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
"""Try several orders of the actions in OMERO at each kill, instead of one."""

MORE = st.lists(EDITS | REQUESTS_MADE, max_size=3)


def interrupted(world: World, after: int, order: int) -> World:
    """Do some of what is planned, after an import also of what is planned then; in OMERO in any order.

    In any order, as actions of many units are done together there.
    """
    plan = decide(world.look()).plan
    if plan.do_import and after:
        world, after = apply(world, [plan.do_import]), after - 1
        plan = decide(world.look()).plan
    actions = actions_of(plan)
    for part in (plan.omero, plan.superseded):
        start = actions.index(part[0]) if part else 0
        in_omero = actions[start : start + len(part)]
        random.Random(order).shuffle(in_omero)
        actions[start : start + len(part)] = in_omero
    return killed(apply(world, actions[: after % (len(actions) + 1)]))


@given(WORLDS, KILLS)
def test_crash_anywhere_ends_where_an_undisturbed_sweep_does(world: World, kills: list[tuple[int, int]]) -> None:
    disturbed = world
    for after, order in kills:
        disturbed = interrupted(disturbed, after, order)
    assert shape(settle(disturbed)) == shape(settle(world))


@given(AGREED_WORLDS, st.lists(EDITS, max_size=4), st.sampled_from(HAPPENINGS), MORE, KILLS)
def test_crash_anywhere_after_what_users_did(
    world: World, edits: list[Edit], happening: Callable[[World], World], more: list[Edit], kills: list[tuple[int, int]]
) -> None:
    """First edits on which both sides agree, then something that happens to the unit, and further edits."""
    for edit in edits:
        world = edit.do(world)
    world = settle(world)
    for edit in more:
        world = edit.do(world)
    world = happening(world)
    disturbed = world
    for after, order in kills:
        disturbed = interrupted(disturbed, after, order)
    assert shape(settle(disturbed)) == shape(settle(world))


@given(AGREED_WORLDS, st.lists(EDITS, max_size=4), MORE, KILLS)
def test_crash_anywhere_after_what_users_did_to_images_that_new_content_replaces(
    world: World, edits: list[Edit], more: list[Edit], kills: list[tuple[int, int]]
) -> None:
    for edit in edits:
        world = edit.do(world)
    world = overwritten(settle(world))
    for edit in more:
        world = edit.do(world)
    disturbed = world
    for after, order in kills:
        disturbed = interrupted(disturbed, after, order)
    assert shape(settle(disturbed)) == shape(settle(world))


MAPPED_SINGLE = tuple(
    MappedAttribute(*names, BOTH, single=True, winner=winner)
    for names, winner in zip(MAPPED, ("irods", "omero", "irods"), strict=True)
)
IN_ZONE = (Edit("zone", 0, 0, "b"), Edit("zone", 1, 1, "a"))
IN_OMERO = (Edit("omero", 1, 0, "a"), Edit("omero", 0, 1, "b"))
SCENARIOS = {
    "single values in conflict": ("disk", IN_ZONE + IN_OMERO),
    "several single values on one side": ("disk", (Edit("zone", 0, 0, "b"), Edit("zone", 1, 0, "a"))),
    "refused in OMERO": ("single", (Edit("omero", 1, "request", "archive"),)),
    "refused in the zone": ("single", (Edit("zone", 1, "request", "archive"),)),
    "served at once": ("ssd", (Edit("omero", 1, "request", "restage"),)),
    "pending": ("disk", (Edit("zone", 1, "request", "restage"),)),
    "competing": ("ssd", (Edit("omero", 0, "request", "archive"), Edit("zone", 0, "request", "restage"))),
    "competing and refused": ("single", (Edit("zone", 0, "request", "keep"), Edit("omero", 1, "request", "archive"))),
}


@pytest.mark.parametrize("happening", [None, *HAPPENINGS])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_crash_after_every_single_action(scenario: str, happening: Callable[[World], World] | None) -> None:
    resource, edits = SCENARIOS[scenario]
    policy = Policy("z", "omero.example", TIERS, attributes=MAPPED_SINGLE)
    world = agreed_world(policy, objects=2, images=2, resource=resource)
    world = settle(Edit("omero", 0, 2, "agreed").do(world))
    for edit in edits:
        world = edit.do(world)
    check_all_kills(happening(world) if happening else world)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_crash_after_every_single_action_when_users_change_images_that_new_content_replaces(scenario: str) -> None:
    resource, edits = SCENARIOS[scenario]
    policy = Policy("z", "omero.example", TIERS, attributes=MAPPED_SINGLE)
    world = agreed_world(policy, objects=2, images=2, resource=resource)
    world = overwritten(settle(Edit("omero", 0, 2, "agreed").do(world)))
    for edit in edits:
        world = edit.do(world)
    check_all_kills(world)


def check_all_kills(world: World) -> None:
    """The agent is killed after each action of its first plan, and where that is an import, of the one after it."""
    undisturbed, planned, actions = shape(settle(world)), world, actions_of(decide(world.look()).plan)
    while actions and isinstance(actions[-1], Import):
        planned = apply(planned, actions[-1:])
        actions = [*actions, *actions_of(decide(planned.look()).plan)]
    for after in range(len(actions) + 1):
        for order in range(3) if DEEP else [after]:
            assert shape(settle(interrupted(world, after, order))) == undisturbed, (after, order)
