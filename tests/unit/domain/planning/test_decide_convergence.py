"""Convergence and quiescence: one plan leads to agreement, and then there is nothing to do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from tests.unit.domain.agreed import AGREED_WORLDS, EDITS, Edit
from tests.unit.domain.comparing import disagreements
from tests.unit.domain.strategies import WORLDS
from tests.unit.domain.world import World, settle


@given(WORLDS)
def test_convergence_from_any_state_one_plan_leads_to_agreement(world: World) -> None:
    assert disagreements(settle(world)) == []


@given(AGREED_WORLDS, st.lists(EDITS, max_size=6))
def test_convergence_after_what_users_did(world: World, edits: list[Edit]) -> None:
    for edit in edits:
        world = edit.do(world)
    assert disagreements(settle(world)) == []


@given(WORLDS, st.integers(0, 10**9))
def test_quiescence_the_passing_of_time_changes_nothing(world: World, seconds: int) -> None:
    settled = settle(world)
    later = replace(settled, clock=settled.clock + seconds)
    assert not decide(later.look()).plan or decide(settled.look()).wait
