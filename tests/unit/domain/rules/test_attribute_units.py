"""Units of mapped AVUs: an AVU is a triple, whatever of it OMERO shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.attributes import WHICH_UNITS
from irods_omero.domain.state.places import KEY, Place
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.views import Avu
from tests.unit.domain.agreed import agreed_world
from tests.unit.domain.comparing import disagreements, errors, texts
from tests.unit.domain.strategies import FIRST, MAPPED, TIERS
from tests.unit.domain.users import hide, show
from tests.unit.domain.world import World, add_avu, remove_avu, settle

AVU = MAPPED[0][0]
PLACES = [MAPPED[0][1], Place(KEY, "n", "Temperature")]
TEMPLATE = "{value} {unit}"
UNITS = ["", TEMPLATE, "C"]
IMAGE = 1_000_000

Triple = tuple[str, str]
TRIPLES = st.sets(
    st.tuples(st.sampled_from(["5", "6", "5 C", "a b c"]), st.sampled_from(["", "C", "F", "per cent"])),
    min_size=1,
    max_size=4,
)


def world_with(units: str, *triples: Triple, place: Place = PLACES[0], single: bool = False) -> World:
    mapped = MappedAttribute(AVU, place, units=units, single=single)
    world = agreed_world(Policy("z", "omero.example", TIERS, attributes=(mapped,)), 1, 1)
    for value, unit in triples:
        world = add_avu(world, FIRST, Avu(AVU, value, unit))
    return settle(world)


def avus(world: World) -> set[Triple]:
    return {(avu.value, avu.units) for avu in world.zone.first.avus if avu.attribute == AVU}


def shown(world: World, place: Place = PLACES[0]) -> set[str]:
    return set(texts(world.omero.subjects[0], place))


def in_zone(world: World, unit: str) -> World:
    """Somebody changes the unit of 5 C in the zone."""
    return add_avu(remove_avu(world, FIRST, Avu(AVU, "5", "C")), FIRST, Avu(AVU, "5", unit))


def edited(world: World, before: str, after: str, place: Place = PLACES[0]) -> World:
    return settle(show(hide(world, IMAGE, place, before), IMAGE, place, after))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("units", UNITS)
@given(triples=TRIPLES, taken=st.integers(0, 3))
def test_what_nobody_edits_keeps_its_units(units: str, place: Place, triples: set[Triple], taken: int) -> None:
    world = world_with(units, *triples, place=place)
    assert avus(world) == triples
    left = sorted(shown(world, place))
    if not left:
        return
    gone = left[taken % len(left)]
    world = settle(hide(world, IMAGE, place, gone))
    mapped = world.policy.attributes[0]
    assert avus(world) == {each for each in triples if units == "C" and each[1] not in ("", "C")} | {
        each for each in triples if mapped.in_omero(*each) != gone
    }
    assert disagreements(world) == []


@pytest.mark.parametrize("place", PLACES)
def test_two_avus_that_differ_in_the_unit_are_two_texts_where_units_are_shown(place: Place) -> None:
    world = world_with(TEMPLATE, ("5", "C"), ("5", "F"), ("7", ""), place=place)
    assert shown(world, place) == {"5 C", "5 F", "7"}
    world = settle(hide(world, IMAGE, place, "5 F"))
    assert avus(world) == {("5", "C"), ("7", "")}


def test_a_text_written_in_omero_is_value_and_unit() -> None:
    world = edited(world_with(TEMPLATE, ("5", "C")), "5 C", "6.5 F")
    assert (avus(world), shown(world)) == ({("6.5", "F")}, {"6.5 F"})


def test_a_unit_with_a_blank_is_kept_when_the_value_is_edited() -> None:
    world = edited(world_with(TEMPLATE, ("5", "per cent")), "5 per cent", "6 per cent")
    assert avus(world) == {("6", "per cent")}


def test_a_unit_that_is_changed_in_the_zone_is_changed_in_omero() -> None:
    world = world_with(TEMPLATE, ("5", "C"))
    world = settle(in_zone(world, "F"))
    assert (avus(world), shown(world)) == ({("5", "F")}, {"5 F"})


def test_of_two_single_values_that_differ_in_the_unit_the_one_of_the_winner_stands() -> None:
    world = world_with(TEMPLATE, ("5", "C"), single=True)
    world = in_zone(world, "K")
    world = edited(world, "5 C", "5 F")
    assert (avus(world), shown(world)) == ({("5", "K")}, {"5 K"})


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_an_edit_in_omero_keeps_units_that_are_not_shown(place: Place, single: bool) -> None:
    world = world_with("", ("5", "C"), place=place, single=single)
    assert shown(world, place) == {"5"}
    world = edited(world, "5", "6", place)
    assert (avus(world), shown(world, place)) == ({("6", "C")}, {"6"})


def test_an_edit_of_one_of_many_has_the_units_of_that_one() -> None:
    assert avus(edited(world_with("", ("5", "C"), ("7", "F")), "5", "6")) == {("6", "C"), ("7", "F")}


def test_where_nobody_can_tell_which_unit_was_edited_there_is_none_and_a_note() -> None:
    world = world_with("", ("5", "C"), ("7", "F"))
    world = settle(show(hide(hide(world, IMAGE, PLACES[0], "5"), IMAGE, PLACES[0], "7"), IMAGE, PLACES[0], "6"))
    assert avus(world) == {("6", "")}
    assert any(WHICH_UNITS in note for note in world.base.notes)


def test_an_addition_beside_an_edit_does_not_get_a_unit_that_it_never_had() -> None:
    world = world_with("", ("5", "C"), ("7", "C"))
    world = edited(show(world, IMAGE, PLACES[0], "note"), "5", "6")
    assert avus(world) == {("6", ""), ("7", "C"), ("note", "")}
    assert sum(WHICH_UNITS in note for note in world.base.notes) == 2


def test_what_is_written_in_omero_has_the_fixed_unit() -> None:
    world = edited(world_with("C", ("5", "C"), ("7", "")), "5", "6")
    assert (avus(world), shown(world)) == ({("6", "C"), ("7", "")}, {"6", "7"})


def test_another_unit_than_the_fixed_one_is_left_alone_and_both_sides_say_so() -> None:
    world = world_with("C", ("5", "F"), ("7", "C"))
    assert (avus(world), shown(world)) == ({("5", "F"), ("7", "C")}, {"7"})
    assert "has the unit 'C' by configuration, not 'F'" in "".join(errors(world))


def test_what_was_agreed_before_units_were_shown_is_shown_with_them() -> None:
    world = world_with("", ("5", "C"))
    mapped = MappedAttribute(AVU, PLACES[0], units=TEMPLATE)
    world = settle(replace(world, policy=replace(world.policy, attributes=(mapped,))))
    assert (avus(world), shown(world)) == ({("5", "C")}, {"5 C"})
