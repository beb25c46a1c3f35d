"""However losses are spread over passes, no hour sees more of them than the limit allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.losses import REMEMBERED_SECONDS, Losses

PASSES = st.lists(st.tuples(st.integers(0, 2000), st.sets(st.integers(0, 30)), st.integers(0, 100)), max_size=15)
"""Seconds since the one before, the units that would lose something, and how many others were looked at."""


@given(PASSES, st.integers(0, 8))
def test_losses_of_any_hour_are_within_the_limit(passes: list[tuple[int, set[int], int]], most: int) -> None:
    losses, now = Losses(), 0.0
    lost: list[tuple[float, set[int]]] = []
    sizes: list[tuple[float, int]] = []
    for seconds, losing, others in passes:
        now += seconds
        sizes.append((now, len(losing) + others))
        if not losses.are_too_many(losing, len(losing) + others, now, most, lambda: 0):
            lost.append((now, losing))
            hour = set[int]().union(*(units for at, units in lost if now - at < REMEMBERED_SECONDS))
            largest = max(size for at, size in sizes if now - at < REMEMBERED_SECONDS)
            assert not losing or len(hour) <= max(most, largest / 10)


def test_losses_count_for_an_hour() -> None:
    losses = Losses()
    assert not losses.are_too_many([1], 1, 0, 1, lambda: 0)
    assert losses.are_too_many([2], 1, REMEMBERED_SECONDS - 1, 1, lambda: 0)
    assert not losses.are_too_many([2], 1, 2 * REMEMBERED_SECONDS, 1, lambda: 1)


def test_losses_of_one_unit_count_once() -> None:
    losses = Losses()
    assert not any(losses.are_too_many([1], 1, now, 1, lambda: 0) for now in range(9))


def test_losses_that_are_held_hold_further_ones_until_they_are_decided_about() -> None:
    losses = Losses()
    assert losses.are_too_many([1, 2], 2, 0, 1, lambda: 0)
    assert losses.are_too_many([3], 1, 1, 1, lambda: 2)
    assert not losses.are_too_many([4], 1, 2, 1, lambda: 0)


def test_a_clock_that_was_wrong_holds_nothing_for_ever() -> None:
    losses = Losses()
    assert not losses.are_too_many([1], 1, 1e9, 1, lambda: 0)
    assert not losses.are_too_many([2], 1, 0, 1, lambda: 0)


def test_a_tenth_of_very_many_counts_after_that_pass_too() -> None:
    losses = Losses()
    assert not losses.are_too_many(range(90), 1000, 0, 5, lambda: 0)
    assert not losses.are_too_many([90], 1, 1, 5, lambda: 0)
    assert losses.are_too_many(range(91, 105), 20, 2, 5, lambda: 0)
