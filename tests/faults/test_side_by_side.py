"""Wherever an agent with several imports under way is broken off, the next one ends where an undisturbed one does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.agents import RECONCILE, Agents
from tests.faults.calls import CUT_AFTER, CUT_BEFORE, KILL, REFUSE, Disturbance
from tests.faults.cases import Case, scene_of_its_own
from tests.faults.end_state import end_state, made_twice, query
from tests.faults.test_crash_matrix import check_quiet, settle
from tests.scene import Scene

TOGETHER = 4
EVERY = 1 if os.environ.get("FAULTS") == "all" else 17
"""Of this many calls one is disturbed, each time in another way."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Agents]]:
    policy_file = tmp_path_factory.mktemp("policy") / "policy.json"
    with scene_of_its_own(policy_file, "together", parallel=TOGETHER) as made:
        made[1].run()
        yield made


def arrive(scene: Scene, name: str) -> list[Case]:
    cases = [Case(scene, f"{name}-{number}") for number in range(TOGETHER)]
    for case in cases:
        case.put()
    return cases


@pytest.mark.timeout(1800)
def test_wherever_several_imports_are_broken_off_all_are_there_once(stage: tuple[Scene, Agents]) -> None:
    """The order of calls is another each time, so that what a disturbance hits is left to chance."""
    scene, agents = stage
    cases = arrive(scene, "undisturbed")
    calls = agents.run().calls
    wanted = [end_state(case) for case in cases]
    ways = (KILL, CUT_BEFORE, CUT_AFTER, REFUSE, KILL)
    for number in range(5, len(calls), EVERY):
        disturbance = Disturbance(ways[number // EVERY % len(ways)], number)
        cases = arrive(scene, f"{number}")
        agents.run(disturbance)
        settle(agents, 2)
        assert [end_state(case) for case in cases] == wanted, disturbance
    check_quiet(agents.run(task=RECONCILE))
    check_quiet(agents.run())
    assert not any(made_twice(scene).values())
    text = "select f.id from Fileset f where not exists (select i.id from Image i where i.fileset.id = f.id)"
    assert query(scene, text) == []
