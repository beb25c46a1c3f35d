"""Convergence and quiescence: one plan leads to agreement, and then there is nothing to do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policies.domain.decide import decide
from tests.domain.comparing import disagreements
from tests.domain.strategies import WORLDS
from tests.domain.world import World, settle


@given(WORLDS)
def test_convergence_from_any_state_one_plan_leads_to_agreement(world: World) -> None:
    assert disagreements(settle(world)) == []


@given(WORLDS, st.integers(0, 10**9))
def test_quiescence_the_passing_of_time_changes_nothing(world: World, seconds: int) -> None:
    settled = settle(world)
    later = replace(settled, clock=settled.clock + seconds)
    assert not decide(later.look()).plan or decide(settled.look()).wait
