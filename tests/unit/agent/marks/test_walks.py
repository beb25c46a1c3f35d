"""A sweep takes on as much as is done in about a second, so that nobody who comes meanwhile waits for long."""

from __future__ import annotations

from irods_omero.agent.marks.walks import LEAST_AT_ONCE, MOST_AT_ONCE, SweepState


def test_after_a_slow_sweep_the_next_one_takes_on_less_and_after_a_fast_one_more() -> None:
    slow = SweepState(marks_per_sweep=220).at_pace(2.0)
    assert slow.marks_per_sweep == 110
    assert slow.at_pace(0.5).marks_per_sweep == 220


def test_it_takes_on_neither_too_little_nor_too_much() -> None:
    assert SweepState().at_pace(100.0).marks_per_sweep == LEAST_AT_ONCE
    assert SweepState().at_pace(0.0).marks_per_sweep == MOST_AT_ONCE
