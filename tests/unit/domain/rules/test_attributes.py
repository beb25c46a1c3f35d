"""Mapped attributes: directions, single values, and more values than an agreement can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.attributes import TOO_MANY
from irods_omero.domain.state.agreement import encode
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import BOTH, TO_IRODS, TO_OMERO, MappedAttribute, Policy
from irods_omero.domain.state.views import Avu, TagLink
from tests.unit.domain.agreed import Edit, agreed_world, joined, moved_to, overwritten
from tests.unit.domain.comparing import disagreements, errors, texts
from tests.unit.domain.strategies import FIRST, MAPPED, TIERS
from tests.unit.domain.users import hide, show
from tests.unit.domain.world import World, add_avu, change_subject, remove_tag, settle

AVU, PLACE = MAPPED[0]


def world_with(direction: str = BOTH, single: bool = False, objects: int = 2, images: int = 2) -> World:
    mapped = MappedAttribute(AVU, PLACE, direction, single)
    return agreed_world(Policy("z", "omero.example", TIERS, attributes=(mapped,)), objects, images)


def add(world: World, side: str, *values: str, place: int = 0) -> World:
    for value in values:
        world = Edit(side, place, 0, value).do(world)
    return world


def take(world: World, side: str, *values: str, place: int = 0) -> World:
    for value in values:
        world = Edit(side, place, 0, value, added=False).do(world)
    return world


def unwatched(world: World) -> World:
    """Nothing is imported any more, so that who is new has old images."""
    return replace(world, zone=replace(world.zone, rule=None))


def avus(world: World) -> list[set[str]]:
    return [set(data_object.values(AVU)) for data_object in world.zone.objects]


def tags(world: World) -> list[set[str]]:
    return [set(texts(subject, PLACE)) for subject in world.omero.subjects]


def test_to_omero_the_zone_is_in_charge_and_nothing_is_written_there() -> None:
    world = settle(add(add(world_with(TO_OMERO), "zone", "a", "b", place=1), "omero", "mine"))
    assert (avus(world), tags(world)) == ([set(), {"a", "b"}], [{"a", "b"}] * 2)


def test_to_irods_omero_is_in_charge_and_nothing_is_written_there() -> None:
    world = settle(add(add(world_with(TO_IRODS), "omero", "a", "b", place=1), "zone", "mine"))
    assert (avus(world), tags(world)) == ([{"a", "b"}] * 2, [set(), {"a", "b"}])


def test_to_irods_new_images_take_over_what_the_earlier_ones_had() -> None:
    world = settle(overwritten(settle(add(world_with(TO_IRODS), "omero", "a"))))
    assert (avus(world), tags(world)) == ([{"a"}] * 2, [{"a"}] * 2)
    assert tags(settle(take(world, "omero", "a"))) == [set(), {"a"}]


@pytest.mark.parametrize(("direction", "side"), [(TO_OMERO, "zone"), (TO_IRODS, "omero")])
def test_one_way_a_single_value_is_the_first_by_name(direction: str, side: str) -> None:
    world = settle(add(world_with(direction, single=True), side, "b", "a"))
    assert (tags if side == "zone" else avus)(world) == [{"a"}] * 2


def test_a_tag_by_two_users_stays_while_one_of_them_keeps_it() -> None:
    world = settle(Edit("omero", 0, 0, "a", owner=8).do(add(world_with(images=1), "omero", "a")))
    subject = world.omero.subjects[0]
    link = min(link.link for link in subject.tags if link.text == "a")
    assert avus(settle(remove_tag(world, subject.id, link))) == [{"a"}] * 2
    assert avus(settle(take(world, "omero", "a"))) == [set()] * 2


def test_units_of_avus_are_left_alone() -> None:
    world = add_avu(add_avu(world_with(objects=1), FIRST, Avu(AVU, "a", "um")), FIRST, Avu(AVU, "a", "nm"))
    world = settle(world)
    assert {avu.units for avu in world.zone.first.avus if avu.attribute == AVU} == {"um", "nm"}
    assert tags(world) == [{"a"}] * 2


def test_long_values_are_mapped_and_remembered_as_digests() -> None:
    long = "x" * 2700
    world = settle(add(world_with(), "zone", long))
    assert (avus(world), tags(world)) == ([{long}] * 2, [{long}] * 2)
    assert len(encode(world.base)) < 400
    assert tags(settle(take(world, "zone", long))) == [set()] * 2


@pytest.mark.parametrize("mapped", MAPPED)
def test_values_are_called_otherwise_in_omero_whoever_writes_which_name(mapped: tuple[str, Place]) -> None:
    avu, place = mapped
    named = MappedAttribute(avu, place, values=(("a", "A"), ("b", "B")))
    world = agreed_world(Policy("z", "omero.example", TIERS, attributes=(named,)))
    world = show(add_avu(add_avu(world, FIRST, Avu(avu, "a")), FIRST, Avu(avu, "B")), 1_000_000, place, "c")
    world = settle(show(world, 1_000_000, place, "a"))
    assert world.zone.first.values(avu) == {"a", "b", "c"}
    assert texts(world.omero.subjects[0], place) == {"A", "B", "c"}
    world = settle(hide(world, 1_000_000, place, "A"))
    assert world.zone.first.values(avu) == {"b", "c"}


@pytest.mark.parametrize("text", ["", "x" * 2701, "bell\x07"])
def test_a_tag_that_cannot_be_an_avu_stays_and_both_sides_say_so(text: str) -> None:
    world = settle(add(world_with(), "omero", text, "a"))
    assert (avus(world), tags(world)) == ([{"a"}] * 2, [{"a", text}, {"a"}])
    assert disagreements(world) == []
    assert "cannot be an AVU" in "".join(errors(world))
    assert errors(settle(take(world, "omero", text))) == set()


def test_irods_in_charge_removes_even_tags_that_cannot_be_avus() -> None:
    assert tags(settle(add(world_with(TO_OMERO), "omero", "bell\x07"))) == [set()] * 2


MANY = tuple(f"value {number}" for number in range(500))


def with_many_tags(world: World, count: int = 5000) -> World:
    """Somebody puts thousands of tags on one image."""
    links = frozenset(TagLink(number, number, PLACE, f"value {number}", 7) for number in range(count))
    return change_subject(
        world, world.omero.subjects[0].id, lambda subject: replace(subject, tags=subject.tags | links)
    )


def test_too_many_values_stay_as_they_are_and_the_tier_still_follows() -> None:
    world = settle(add(world_with(), "zone", "a"))
    many = settle(moved_to(with_many_tags(world), "ssd"))
    assert avus(many) == [{"a"}] * 2
    assert {len(shown) for shown in tags(many)} == {5001, 1}
    assert errors(many) == {TOO_MANY}
    assert disagreements(many) == []


def test_when_there_are_fewer_values_again_removals_made_meanwhile_count() -> None:
    many = settle(with_many_tags(settle(add(world_with(), "zone", "a", "b")), 500))
    fewer = settle(take(take(many, "omero", *MANY), "zone", "b"))
    assert (avus(fewer), tags(fewer)) == ([{"a"}] * 2, [{"a"}] * 2)
    assert not errors(fewer)


def test_nobody_new_loses_values_while_there_are_too_many() -> None:
    many = settle(with_many_tags(settle(add(world_with(), "zone", "a", "b")), 500))
    grown = settle(unwatched(joined(many)))
    assert avus(grown) == [{"a", "b"}] * 2 + [set()]
    assert avus(settle(take(grown, "omero", *MANY))) == [{"a", "b"}] * 3


def test_an_agreement_without_room_for_what_is_to_be_added_settles() -> None:
    world = settle(add(world_with(objects=1), "zone", *MANY[:220]))
    assert 2620 < len(encode(world.base)) <= 2700
    refused = settle(Edit("omero", 0, "request", "archive").do(moved_to(world, "single")))
    assert TOO_MANY in errors(refused)
    assert len(errors(refused)) == 2
    assert not decide(refused.look()).plan
