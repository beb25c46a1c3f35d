"""Texts: what iRODS can hold as a value, and what people can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.texts import DIGEST, printable, remembered, why_unstorable


@pytest.mark.parametrize("text", [" ", "a", "x" * 2700, "é" * 1350, "👨\u200d👩", "a\u00a0b", "100% 'quoted' \\"])
def test_what_irods_can_hold(text: str) -> None:
    assert why_unstorable(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("x" * 2701, "more than 2700 bytes"),
        ("é" * 1351, "more than 2700 bytes"),
        ("line\nline", "control characters"),
        ("\x00", "control characters"),
        ("\x85", "control characters"),
        ("\uffff", "control characters"),
        pytest.param("\ud800", "control characters", id="half a character"),
    ],
)
def test_what_irods_cannot_hold(text: str, why: str) -> None:
    assert why in why_unstorable(text)


@given(st.text(), st.integers(10, 60))
def test_printable_texts_are_short_storable_and_stay_as_they_are(text: str, maximum: int) -> None:
    line = printable(text, maximum)
    assert len(line.encode()) <= maximum
    assert not line or why_unstorable(line) == ""
    assert printable(line, maximum) == line


def test_printable_is_one_line_without_what_cannot_be_seen() -> None:
    assert printable(" two\nlines\tand\x07 a bell \ud800") == "two lines and a bell"


def test_printable_ends_with_an_ellipsis_where_it_is_cut() -> None:
    assert printable("a longer text", 10) == "a longe…"
    assert printable("é" * 20, 10) == "ééé…"


def test_short_values_are_remembered_as_they_are() -> None:
    assert remembered("DAPI") == "DAPI"
    assert remembered("x" * 40) == "x" * 40


@given(st.text(min_size=41), st.text(min_size=41))
def test_long_values_are_remembered_as_digests(one: str, other: str) -> None:
    assert len(remembered(one)) == len(DIGEST) + 24
    assert (remembered(one) == remembered(other)) == (one == other)


def test_a_value_that_looks_like_a_digest_does_not_pass_for_another_one() -> None:
    long = "x" * 100
    assert remembered(remembered(long)) != remembered(long)
