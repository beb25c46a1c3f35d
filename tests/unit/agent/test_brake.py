"""The brake on mass removals over sweeps of different sizes."""

from __future__ import annotations

from irods_omero.agent.brake import Brake
from irods_omero.domain.planning.mass_removals import WHILE_SECONDS


def test_a_tenth_of_a_large_sweep_does_not_hold_what_is_lost_after_it() -> None:
    brake = Brake(5)
    assert not brake.must_hold(range(90), 1000, 0)
    assert not brake.must_hold([90], 1, 1)
    assert brake.must_hold(range(91, 105), 20, 2)


def test_a_large_sweep_counts_no_longer_than_what_it_lost() -> None:
    brake = Brake(1)
    assert not brake.must_hold([1, 2], 1000, 0)
    assert brake.must_hold([3, 4], 2, WHILE_SECONDS)


def test_sweeps_that_go_on_with_each_other_are_one_for_the_tenth_of_them() -> None:
    brake = Brake(100)
    for number in range(8):
        brake.before = 250 * number
        assert not brake.must_hold(range(25 * number, 25 * (number + 1)), 250, number)
    brake.before = 0
    assert brake.must_hold(range(1000, 1200), 250, 9)
