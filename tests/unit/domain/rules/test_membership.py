"""Membership: what is believed of what data objects say, and who may be made one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.membership import (
    changed_lists,
    is_united,
    membership,
    objection,
    units_named,
    units_of,
    with_listed,
)
from irods_omero.domain.state.directories.member_list import MemberList
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import NAMES

CLAIMS = st.frozensets(
    st.builds(
        Avu,
        st.just(NAMES.unit),
        st.sampled_from(("0", "1", "2", "3", "9", "x", "", "9" * 2000, "-1", "٣")),
        st.sampled_from(("list", "list", "list", "directory", "auto", "file", "")),
    ),
    max_size=2,
)
OBJECTS = st.lists(st.tuples(CLAIMS, st.sampled_from(("alice", "alice", "bob"))), min_size=1, max_size=4).map(
    lambda claimed: {
        number: replace(data_object(number, avus=avus), owner=owner) for number, (avus, owner) in enumerate(claimed)
    }
)
"""Data objects 0 to 3 that say that they are together in all ways."""


def saying(data_id: int, *firsts: int, kind: str = "list") -> DataObject:
    return data_object(data_id, avus=frozenset(Avu(NAMES.unit, str(first), kind) for first in firsts))


@given(OBJECTS)
def test_each_data_object_is_in_one_unit(objects: dict[int, DataObject]) -> None:
    units = units_of(objects, objects, NAMES)
    assert sorted(member.data_id for unit in units.values() for member in unit.objects) == sorted(objects)
    for data_id, unit in units.items():
        assert unit.first.data_id == unit.unit.data_id == data_id
        assert list(unit.objects[1:]) == sorted(unit.objects[1:], key=lambda member: member.path)


@given(OBJECTS)
def test_nobody_is_led_to_the_images_of_another_owner(objects: dict[int, DataObject]) -> None:
    for unit in units_of(objects, objects, NAMES).values():
        assert len({member.owner for member in unit.objects}) == 1
        for member in unit.objects[1:]:
            assert units_named(member, NAMES) == units_named(unit.first, NAMES) == {unit.unit}


@given(OBJECTS)
def test_whoever_says_so_in_vain_is_told(objects: dict[int, DataObject]) -> None:
    for data_id, sayer in objects.items():
        unit, trouble = membership(sayer, objects, NAMES)
        assert bool(trouble) == (unit not in units_named(sayer, NAMES) and bool(units_named(sayer, NAMES)))
        assert units_of([data_id], objects, NAMES)[unit.data_id].trouble == trouble
        assert unit.is_of_several == (units_named(sayer, NAMES) == {unit})


@given(OBJECTS, st.sets(st.integers(0, 5)))
def test_only_units_that_are_asked_for_are_given(objects: dict[int, DataObject], ids: set[int]) -> None:
    for unit in units_of(ids, objects, NAMES).values():
        assert ids & {member.data_id for member in unit.objects}


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (None, "no longer in the zone"),
        (data_object(1), "does not say the same"),
        (saying(1, 1, kind="directory"), "does not say the same"),
        (saying(1, 1, 3), "does not say the same"),
        (replace(saying(1, 1), owner="bob"), "another owner"),
    ],
)
def test_why_what_it_says_is_not_believed(first: DataObject | None, words: str) -> None:
    unit, trouble = membership(saying(2, 1), {1: first} if first else {}, NAMES)
    assert unit == Unit(2)
    assert words in trouble


def test_several_units_are_none() -> None:
    unit, trouble = membership(saying(2, 1, 3), {1: saying(1, 1), 3: saying(3, 3)}, NAMES)
    assert unit == Unit(2)
    assert "several units (1, 3)" in trouble


LOOSE = (data_object(1), data_object(2), data_object(3))
ROOTS = ("/z/home/",)


def test_data_objects_that_belong_to_nothing_can_be_a_unit() -> None:
    assert objection(LOOSE, (), ROOTS, NAMES) == ""
    assert objection(LOOSE, (), ("/",), NAMES) == ""


def test_what_was_begun_can_be_completed() -> None:
    begun = (data_object(1), saying(2, 1), data_object(3))
    assert objection(begun, {1}, ROOTS, NAMES) == ""
    assert [is_united(member, Unit(1, "list"), NAMES) for member in begun] == [False, True, False]


def test_a_unit_whose_first_is_gone_keeps_nobody() -> None:
    assert objection((saying(1, 9), saying(2, 9)), (), ROOTS, NAMES) == ""
    assert not is_united(saying(2, 1, 9), Unit(1, "list"), NAMES)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (LOOSE[0], "/1.tiff is named twice"),
        (replace(LOOSE[1], path="/z/homes/2.tiff"), "below no watched root"),
        (replace(LOOSE[1], owner="bob"), "belongs to bob, and /z/home/lab/1.tiff to alice"),
        (data_object(2, avus=frozenset({Avu(NAMES.fileset, "5", "o")})), "is imported already"),
        (saying(2, 9), "belongs to the unit 9 already"),
        (saying(2, 2), "belongs to the unit 2 already"),
        (saying(2, 1, kind="directory"), "belongs to the unit 1 already"),
    ],
)
def test_what_is_against_a_unit(second: DataObject, words: str) -> None:
    assert words in objection((LOOSE[0], second), {1, 2, 9}, ROOTS, NAMES)


def listed(*lists: tuple[str, int, set[int]]) -> dict[str, MemberList | None]:
    return {path: MemberList(first, frozenset(ids)) for path, first, ids in lists}


def units_by(lists: dict[str, MemberList | None], *objects: DataObject) -> dict[int, set[Unit]]:
    members = with_listed({each.data_id: each for each in objects}, lists, NAMES)
    return {data_id: set(units_named(each, NAMES)) for data_id, each in members.items()}


RUN, INNER = "/z/home/lab", "/z/home/lab/in"
DEEP = replace(data_object(4), path=f"{INNER}/4.tiff")


def test_a_list_speaks_for_what_it_names_below_its_collection() -> None:
    elsewhere = replace(data_object(2), path="/z/home/labor/2.tiff")
    of_run = listed((RUN, 1, {1, 2, 4}))
    directory = {Unit(1, "directory")}
    assert units_by(of_run, LOOSE[0], elsewhere, LOOSE[2], DEEP) == {1: directory, 2: set(), 3: set(), 4: directory}


def test_what_a_data_object_says_by_itself_counts_before_any_list() -> None:
    assert units_by(listed((RUN, 1, {1, 2})), saying(2, 9)) == {2: {Unit(9, "list")}}


def test_of_several_lists_that_of_the_nearest_collection_counts() -> None:
    assert units_by(listed((RUN, 1, {1, 4}), (INNER, 3, {3, 4})), DEEP) == {4: {Unit(3, "directory")}}
    assert units_by({**listed((RUN, 1, {1, 4})), INNER: None}, DEEP) == {4: {Unit(1, "directory")}}


def test_lists_are_written_without_what_leaves_them() -> None:
    lists = listed((RUN, 1, {1, 2, 4}), (INNER, 4, {4}))
    assert changed_lists(RUN, None, (), {1, 2}, lists) == {}
    assert changed_lists(RUN, None, {4}, {1, 2}, lists) == {**listed((RUN, 1, {1, 2})), INNER: None}
    assert changed_lists(RUN, None, (), (), lists) == {RUN: None}, "all its files are gone"
    united = (Unit(2, "directory"), (LOOSE[1], DEEP))
    assert changed_lists(RUN, united, {4}, {1, 2, 4}, lists) == {**listed((RUN, 2, {2, 4})), INNER: None}
