"""No loss: what either side adds survives, unless somebody took the same thing away after it was agreed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.policy import BOTH, MappedAttribute, Policy
from irods_omero.vocabulary import REQUESTS
from tests.unit.domain.agreed import (
    AGREED_WORLDS,
    BOTH_WAYS,
    EDITS,
    REQUESTS_MADE,
    Edit,
    agreed_world,
    emptied_agreement,
    joined,
    moved_to_other_group,
    overwritten,
)
from tests.unit.domain.comparing import texts
from tests.unit.domain.strategies import MAPPED, POLICIES
from tests.unit.domain.world import World, settle

WORLDS = st.builds(lambda world: replace(world, policy=replace(world.policy, attributes=BOTH_WAYS)), AGREED_WORLDS).map(
    settle
)
ROUNDS = st.lists(st.lists(EDITS, min_size=1, max_size=4), min_size=1, max_size=3)


def carried(world: World) -> dict[str, list[frozenset[str]]]:
    """For each mapped attribute the values of each data object and each image."""
    return {
        avu: [data_object.values(avu) for data_object in world.zone.objects]
        + [texts(subject, place) for subject in world.omero.subjects]
        for avu, place in MAPPED
    }


def expected(before: list[frozenset[str]], after: list[frozenset[str]]) -> frozenset[str]:
    """What was agreed survives if all still have it, and what was not survives if anybody has it."""
    agreed, anywhere, everywhere = before[0], frozenset().union(*after), frozenset(after[0]).intersection(*after)
    return (agreed & everywhere) | (anywhere - agreed)


@given(WORLDS, ROUNDS)
def test_no_loss_additions_survive_and_removals_are_kept(world: World, rounds: list[list[Edit]]) -> None:
    for edits in rounds:
        before = carried(world)
        for edit in edits:
            world = edit.do(world)
        survive = {avu: expected(before[avu], after) for avu, after in carried(world).items()}
        world = settle(world)
        for avu, everybody in carried(world).items():
            assert all(values == survive[avu] for values in everybody), (avu, survive[avu], everybody)


@pytest.mark.parametrize("happening", [overwritten, moved_to_other_group, joined, emptied_agreement])
@given(world=WORLDS, edits=st.lists(EDITS.filter(lambda edit: edit.added), max_size=4), added=EDITS)
def test_no_loss_by_what_happens_to_the_unit(
    happening: Callable[[World], World], world: World, edits: list[Edit], added: Edit
) -> None:
    """Neither new content, nor another group, a further file or a lost agreement takes anything away."""
    for edit in edits:
        world = edit.do(world)
    world = settle(world)
    agreed = {avu: everybody[0] for avu, everybody in carried(world).items()}
    world = replace(added, added=True, side="zone").do(happening(world))
    new = {avu: frozenset[str]().union(*everybody) for avu, everybody in carried(world).items()}
    for avu, everybody in carried(settle(world)).items():
        assert all(values == agreed[avu] | new[avu] for values in everybody), (avu, agreed[avu], new[avu], everybody)


@given(WORLDS, st.lists(EDITS, min_size=1, max_size=4), st.lists(EDITS, min_size=1, max_size=4))
def test_no_loss_of_what_is_done_to_images_that_new_content_replaces(
    world: World, before: list[Edit], after: list[Edit]
) -> None:
    """Between overwriting and the import users see the earlier images, and add and take away what they like."""
    for edit in before:
        world = edit.do(world)
    world = overwritten(settle(world))
    agreed = carried(world)
    for edit in after:
        world = edit.do(world)
    survive = {avu: expected(agreed[avu], everybody) for avu, everybody in carried(world).items()}
    for avu, everybody in carried(settle(world)).items():
        assert all(values == survive[avu] for values in everybody), (avu, survive[avu], everybody)


@given(AGREED_WORLDS, st.sampled_from((None, *REQUESTS)), st.lists(REQUESTS_MADE, max_size=3))
def test_requests_on_images_that_new_content_replaces_count_as_ever(
    world: World, asked: str | None, edits: list[Edit]
) -> None:
    """What becomes of requests does not depend on whether there is new content."""
    if asked is not None:
        world = settle(Edit("omero", 0, "request", asked).do(world))
    plain, replaced = world, overwritten(world)
    for edit in edits:
        plain, replaced = edit.do(plain), edit.do(replaced)
    plain, replaced = settle(plain), settle(replaced)
    assert replaced.base.request == plain.base.request
    assert replaced.base.refused == plain.base.refused
    assert replaced.zone.movements == plain.zone.movements


def one(direction: str, single: bool = False, winner: str = "irods") -> MappedAttribute:
    return MappedAttribute(*MAPPED[0], direction, single, winner)


@given(POLICIES, EDITS, EDITS, st.sampled_from(("irods", "omero")))
def test_no_loss_of_two_single_values_the_winner_stands_and_the_loser_is_noted(
    policy: Policy, mine: Edit, other: Edit, winner: str
) -> None:
    world = agreed_world(replace(policy, attributes=(one(BOTH, single=True, winner=winner),)), objects=2, images=2)
    world = replace(mine, side="zone", field=0, added=True).do(world)
    world = settle(replace(other, side="omero", field=0, added=True).do(world))
    kept, lost = (mine.value, other.value) if winner == "irods" else (other.value, mine.value)
    assert carried(world)[MAPPED[0][0]] == [frozenset({kept})] * 4
    assert [note.startswith(f"{MAPPED[0][0]}: {lost} (") for note in world.base.notes] == [True] * (kept != lost)
