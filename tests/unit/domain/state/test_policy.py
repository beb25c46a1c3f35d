"""Mapped attributes: which names they cover, and what values are called on each side."""

from __future__ import annotations

import pytest

from irods_omero.domain.state.places import KEY, Place, tags_of
from irods_omero.domain.state.policy import MappedAttribute, Policy, avu_remembered
from tests.unit.domain.strategies import TIERS

LAB = MappedAttribute("lab::*", Place(KEY, "n", "Lab *"))
STAIN = MappedAttribute("stain", tags_of("n"), values=(("4',6-diamidino", "DAPI"),))
POLICY = Policy("z", "omero.example", TIERS, attributes=(STAIN, LAB))


@pytest.mark.parametrize(
    ("attribute", "covered"), [("lab::room", True), ("lab::", False), ("lab:", False), ("Lab::room", False)]
)
def test_a_star_covers_all_that_starts_so_and_goes_on(attribute: str, covered: bool) -> None:
    assert LAB.covers(attribute) == covered
    assert POLICY.mapping_of(attribute) == (LAB if covered else None)


@pytest.mark.parametrize(
    ("place", "covered"),
    [
        (Place(KEY, "n", "Lab room"), True),
        (Place(KEY, "n", "Lab "), False),
        (Place(KEY, "m", "Lab room"), False),
        (tags_of("n"), False),
    ],
)
def test_a_star_covers_the_keys_of_one_namespace(place: Place, covered: bool) -> None:
    assert LAB.covers_place(place) == covered


def test_what_comes_at_the_star_is_the_same_on_both_sides() -> None:
    room = LAB.for_attribute("lab::room")
    assert (room.avu, room.place) == ("lab::room", Place(KEY, "n", "Lab room"))
    assert LAB.attribute_at(room.place) == "lab::room"
    assert STAIN.attribute_at(tags_of("n")) == STAIN.avu
    assert STAIN.for_attribute("stain") == STAIN


def test_values_have_other_names_in_omero() -> None:
    assert STAIN.in_omero("4',6-diamidino") == STAIN.in_omero("DAPI") == "DAPI"
    assert STAIN.in_zone("DAPI") == ("4',6-diamidino", "")
    assert STAIN.in_zone("GFP") == ("GFP", "")
    assert STAIN.in_omero("GFP") == "GFP"


def test_attributes_that_either_side_has_are_merged_one_by_one() -> None:
    mapped = POLICY.mapped(["lab::room", "other"], [Place(KEY, "n", "Lab medium"), Place(KEY, "n", "mine")])
    assert [mapping.avu for mapping in mapped] == ["stain", "lab::medium", "lab::room"]
    assert [mapping.avu for mapping in POLICY.mapped([], [])] == ["stain"]


def test_an_agreement_about_one_place_is_none_about_another() -> None:
    elsewhere = MappedAttribute("stain", Place(KEY, "n", "Stain"))
    assert STAIN.remembered_as != elsewhere.remembered_as
    assert avu_remembered(STAIN.remembered_as) == avu_remembered(elsewhere.remembered_as) == "stain"
