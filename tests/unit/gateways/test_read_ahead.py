"""Items are made ahead of who takes them: in order, few at a time, with their errors, and no longer than wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.gateways.read_ahead import DEPTH, read_ahead


@given(st.lists(st.integers()))
def test_nothing_is_lost_or_changes_places(items: list[int]) -> None:
    assert list(read_ahead(items)) == items


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="no more"):
        next(ahead)


def test_no_more_are_made_than_may_wait() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    ahead = read_ahead(items())
    for taken in range(50):
        assert next(ahead) == taken
        assert len(made) <= taken + DEPTH + 2  # one in hand, one on its way into the queue


def test_the_thread_ends_when_nobody_wants_the_rest() -> None:
    before = threading.active_count()
    ahead = read_ahead(iter(range(1000)))
    assert next(ahead) == 0
    ahead.close()
    assert threading.active_count() == before
