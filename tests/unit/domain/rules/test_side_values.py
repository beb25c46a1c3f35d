"""Sides: what several carriers say together, and which of them participate in what was agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.side_values import Side, sides_of
from irods_omero.domain.state.policy import Policy
from tests.unit.domain.agreed import agreed_world, emptied_agreement, joined, moved_to_other_group, overwritten
from tests.unit.domain.strategies import TIERS
from tests.unit.domain.world import plan_and_apply

POLICY = Policy("z", "omero.example", TIERS)
VALUES = st.frozensets(st.sampled_from("abc"))


def side(*carried: frozenset[str], new: int = 0) -> Side[str]:
    carriers = tuple({"n": values} for values in carried)
    return Side(carriers, carriers[: len(carriers) - new])


@pytest.mark.parametrize(
    ("carried", "base", "says"),
    [
        (["a", ""], "", "a"),
        (["a", "b"], "", "ab"),
        (["a", "a"], "a", "a"),
        (["a", ""], "a", ""),
        (["ab", "a"], "a", "ab"),
        (["b", "a"], "a", "b"),
        ([], "a", "a"),
    ],
)
def test_what_several_carriers_say_together(carried: list[str], base: str, says: str) -> None:
    assert side(*map(frozenset, carried)).says("n", frozenset(base)) == set(says)


def test_newcomers_add_and_remove_nothing() -> None:
    assert side(frozenset("a"), frozenset("b"), new=1).says("n", frozenset("a")) == {"a", "b"}
    assert side(frozenset("b"), new=1).says("n", frozenset("a")) == {"a", "b"}


@given(st.lists(VALUES, max_size=4), VALUES, st.integers(0, 4))
def test_nobody_says_what_nobody_has_unless_all_are_new(
    carried: list[frozenset[str]], base: frozenset[str], new: int
) -> None:
    carriers = side(*carried, new=min(new, len(carried)))
    assert carriers.says("n", base) <= carriers.anywhere("n") | (frozenset() if carriers.participants else base)


def test_all_participate_in_what_they_agreed_upon() -> None:
    sides = sides_of(agreed_world(POLICY, objects=3, images=2).look())
    assert not sides.zone.has_newcomers
    assert not sides.omero.has_newcomers


def test_new_images_have_no_say() -> None:
    world, _ = plan_and_apply(overwritten(agreed_world(POLICY)))
    sides = sides_of(world.look())
    assert not sides.zone.has_newcomers
    assert sides.images.participants == ()


def test_earlier_images_have_a_say_and_only_those_of_the_agreement() -> None:
    world, _ = plan_and_apply(overwritten(agreed_world(POLICY, images=2)))
    world, _ = plan_and_apply(world)
    world, _ = plan_and_apply(overwritten(world))
    assert [len(fileset.subjects) for fileset in world.filesets] == [2, 2, 2]
    sides, omero = sides_of(world.look()), world.omero
    assert (len(sides.images.carriers), len(omero.superseded)) == (2, 4)
    assert {subject.id for subject in omero.earlier} == {subject.id for subject in world.filesets[1].subjects}
    assert len(sides.omero.participants) == 2


def test_images_in_another_group_have_no_say() -> None:
    assert sides_of(moved_to_other_group(agreed_world(POLICY)).look()).omero.participants == ()


def test_a_file_that_joined_has_no_say() -> None:
    sides = sides_of(joined(agreed_world(POLICY, objects=2)).look())
    assert (len(sides.zone.carriers), len(sides.zone.participants)) == (3, 2)


def test_without_an_agreement_nothing_was_agreed_with_images() -> None:
    world = emptied_agreement(agreed_world(POLICY))
    assert sides_of(world.look()).omero.participants == ()


def test_nothing_counts_as_agreed_without_participants() -> None:
    observation = agreed_world(POLICY).look()
    stripped = replace(observation.zone.first, avus=frozenset())
    observation = replace(observation, zone=replace(observation.zone, objects=(stripped,)))
    assert sides_of(observation).agreed(frozenset("a")) == {"a"}
    observation = replace(observation, base=replace(observation.base, fileset=99))
    assert sides_of(observation).agreed(frozenset("a")) == frozenset()
