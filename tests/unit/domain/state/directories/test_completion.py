"""When directories are complete, as collections and the configuration say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.directories.completion import (
    Completion,
    completion_of,
    completion_said,
    trouble_of_completion,
    why_no_completion,
)
from irods_omero.vocabulary import COMPLETIONS, DONE
from tests.unit.domain.strategies import NAMES

SAYINGS = st.lists(
    st.tuples(st.sampled_from([*COMPLETIONS, DONE, "Settled", ""]), st.sampled_from(["", "DONE", "a b.txt", "../x"])),
    max_size=3,
    unique=True,
)


@pytest.mark.parametrize(
    ("value", "units"), [("settled", ""), ("marker", "DONE"), ("manifest", "run is over.txt"), ("avu", "")]
)
def test_a_collection_and_the_configuration_say_the_same_in_the_same_words(value: str, units: str) -> None:
    assert completion_said("/z/runs", [(value, units)], NAMES.complete) == Completion(value, units)
    assert completion_of(f"{value} {units}".rstrip()) == Completion(value, units)


@pytest.mark.parametrize(
    ("value", "units", "why"),
    [
        ("marker", "", "does not name a file"),
        ("marker", "a/b", "no name of a file"),
        ("marker", "..", "no name of a file"),
        ("marker DONE", "", "which is none of settled, marker, manifest, avu"),
        ("avu", "DONE", "which can have none"),
        ("done", "x", "which can have none"),
        ("", "", "which is none of"),
    ],
)
def test_what_nobody_understands_is_told(value: str, units: str, why: str) -> None:
    assert why in why_no_completion(value, units)
    said = completion_said("/z/runs", [(value, units)], NAMES.complete)
    assert said is not None
    assert said.trouble.startswith("/z/runs: omero::complete says ")


def test_that_a_directory_is_done_says_nothing_of_when_others_are() -> None:
    assert completion_said("/z/runs/1", [(DONE, "")], NAMES.complete) is None
    assert completion_said("/z/runs/1", [(DONE, ""), ("avu", "")], NAMES.complete) == Completion("avu")
    assert trouble_of_completion([(DONE, "")], NAMES.complete) == ""


@given(SAYINGS)
def test_nobody_is_told_of_two_rules_or_of_a_bad_one_but_where_there_are_such(sayings: list[tuple[str, str]]) -> None:
    rules = [saying for saying in sayings if saying != (DONE, "")]
    said, trouble = completion_said("/z", sayings, NAMES.complete), trouble_of_completion(sayings, NAMES.complete)
    assert (said is None) is (not rules)
    assert bool(trouble) is (len(rules) > 1 or any(why_no_completion(*rule) for rule in rules))
    assert said is None or bool(said.trouble) is bool(trouble)
