"""Merges of single fields, case by case."""

from __future__ import annotations

from itertools import product

import pytest

from irods_omero.domain.rules.merge import Asked, Merged, merge_attribute, merge_request, merge_set
from irods_omero.domain.state.places import tags_of
from irods_omero.domain.state.policy import MappedAttribute

SETS = [frozenset(letters) for letters in ("", "a", "b", "ab")]
CASES = list(product(SETS, SETS, SETS))


@pytest.mark.parametrize(("zone", "omero", "base"), CASES)
def test_merging_sets_by_the_table_of_authorities(
    zone: frozenset[str], omero: frozenset[str], base: frozenset[str]
) -> None:
    """For each value: what was agreed stays while both have it, what was not is there if anybody has it."""
    for value in "ab":
        in_zone, in_omero, agreed = value in zone, value in omero, value in base
        assert (value in merge_set(zone, omero, base)) == ((in_zone and in_omero) if agreed else (in_zone or in_omero))


@pytest.mark.parametrize(("zone", "omero", "base"), CASES)
@pytest.mark.parametrize("winner", ["irods", "omero"])
def test_single_values_are_single_known_and_stable(
    zone: frozenset[str], omero: frozenset[str], base: frozenset[str], winner: str
) -> None:
    mapped = MappedAttribute("a", tags_of("n"), single=True, winner=winner)
    merged = merge_attribute(zone, omero, base, mapped)
    assert len(merged.values) <= 1
    assert merged.values <= zone | omero
    assert merged.lost <= (zone | omero) - merged.values
    assert merge_attribute(merged.values, merged.values, merged.values, mapped) == Merged(
        merged.values, "agreed" if merged.values else "nobody has it, or one took it away"
    )


@pytest.mark.parametrize(
    ("zone", "omero", "base", "kept", "lost"),
    [
        ("a", "a", "a", "a", ""),
        ("b", "a", "a", "b", ""),
        ("a", "b", "a", "b", ""),
        ("ab", "a", "a", "b", ""),
        ("", "a", "a", "", ""),
        ("a", "", "a", "", ""),
        ("", "", "a", "", ""),
        ("b", "", "a", "b", ""),
        ("", "b", "a", "b", ""),
        ("b", "b", "a", "b", ""),
        ("b", "c", "a", "b", "c"),
        ("bc", "a", "a", "b", "c"),
        ("b", "c", "", "b", "c"),
        ("ab", "ab", "ab", "a", "b"),
    ],
)
def test_single_values_case_by_case(zone: str, omero: str, base: str, kept: str, lost: str) -> None:
    merged = merge_attribute(set(zone), set(omero), set(base), MappedAttribute("a", tags_of("n"), single=True))
    assert ("".join(merged.values), "".join(merged.lost)) == (kept, lost)


def test_the_configured_side_wins() -> None:
    mapped = MappedAttribute("a", tags_of("n"), single=True, winner="omero")
    merged = merge_attribute({"b"}, {"c"}, set(), mapped)
    assert merged == Merged(
        frozenset("c"), "both sides changed it, and the configuration says that omero wins", frozenset("b")
    )


EARLY, LATE = Asked("archive", "alice", 1.0), Asked("restage", "bob", 2.0, in_zone=False)


def test_the_last_request_stands() -> None:
    assert merge_request([EARLY, LATE], "", False, False) == (LATE, "whoever asked last, in OMERO")
    assert merge_request([LATE, EARLY], "archive", True, True) == (LATE, "whoever asked last, in OMERO")


def test_it_was_asked_by_who_asked_for_it_first() -> None:
    echo = Asked("archive", "agent", 3.0, in_zone=False)
    assert merge_request([echo, LATE, EARLY], "", False, False)[0] == EARLY


def test_at_the_same_time_the_zone_comes_last() -> None:
    assert merge_request([EARLY, Asked("restage", "bob", 1.0, in_zone=False)], "", False, False)[0] == EARLY


@pytest.mark.parametrize(
    ("in_zone", "in_omero", "rule"),
    [
        (True, True, "agreed, and not served yet"),
        (True, False, "taken away in OMERO"),
        (False, True, "taken away in iRODS"),
        (False, False, "taken away in iRODS"),
    ],
)
def test_an_agreed_request_stands_while_both_sides_have_it(in_zone: bool, in_omero: bool, rule: str) -> None:
    asked = Asked("keep") if in_zone and in_omero else None
    assert merge_request([], "keep", in_zone, in_omero) == (asked, rule)


def test_nobody_asks() -> None:
    assert merge_request([], "", True, True) == (None, "nobody asks for anything")
