"""Wherever an agent is broken off, the next one ends where an undisturbed one does, and then there is nothing to do.

The calls at which it is broken off are those that an undisturbed agent was seen to make, so that a new one cannot be
forgotten. A kill matters where something has changed since the last one; cut connections and refusals matter anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.agents import RECONCILE, Agents, Outcome
from tests.faults.calls import KILL, PATIENCE, TWICE, Call, Disturbance, cuts_and_refusals, kills
from tests.faults.cases import Case, catch_up, scene_of_its_own
from tests.faults.end_state import end_state, made_twice, query
from tests.faults.scenarios import ASKING, SCENARIOS, Scenario
from tests.scene import Scene

SAMPLE_OF_KILLS = 40
"""Of this many kills one is tried, unless all are; a new image is killed wherever that makes a difference."""
SAMPLE = 300
"""Of this many cuts and refusals one is tried."""

Stage = tuple[Scene, Agents]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with scene_of_its_own(tmp_path_factory.mktemp("policy") / "policy.json", "matrix") as made:
        made[1].run()
        yield made


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    policy_file = tmp_path_factory.mktemp("policy") / "policy.json"
    with scene_of_its_own(policy_file, "asking", changes_are="ask") as made:
        made[1].run()
        yield made


def settle(agents: Agents, sweeps: int) -> None:
    """Let an agent sweep this number of times, if at all."""
    if sweeps:
        assert not agents.run(times=sweeps).error


def prepare(stage: Stage, scenario: Scenario, names: list[str]) -> list[Case]:
    """A case for each name, before its last step."""
    scene, agents = stage
    cases = [Case(scene, name) for name in names]
    for step in scenario.steps[:-1]:
        for case in cases:
            step(case)
        settle(agents, 4)
    return cases


def undisturbed(stage: Stage, scenario: Scenario, cases: list[Case]) -> tuple[tuple[Call, ...], dict[str, object]]:
    """The calls of an agent that nobody disturbs, and what it leads to.

    It is the second one: with the first comes what is done once, as tags, which would make it more calls than others.
    """
    for case in cases:
        scenario.steps[-1](case)
        outcome = stage[1].run()
        assert not outcome.error
        settle(stage[1], scenario.sweeps - 1)
    return outcome.calls, end_state(case)


def withdraw_requests(stage: Stage, cases: list[Case]) -> None:
    """Take the requests away that are pending: what they have agents look at would cost calls in other scenarios."""
    scene, agents = stage
    for case in cases:
        for request, by in scene.triples(case.path, "omero::request"):
            case.remove("omero::request", request, by)
    settle(agents, 1)


def disturbances(calls: tuple[Call, ...], scenario: Scenario, chance: Random) -> list[Disturbance]:
    of = 1 if scenario.name == "new-image" else SAMPLE_OF_KILLS
    return [*kills(calls, chance, of), *cuts_and_refusals(calls, chance, SAMPLE), Disturbance(TWICE)]


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_wherever_an_agent_is_broken_off_the_next_one_ends_the_same(
    stage: Stage, scenario: Scenario, chance: Random
) -> None:
    break_off_anywhere(stage, scenario, chance)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("scenario", ASKING, ids=lambda scenario: scenario.name)
def test_wherever_an_agent_is_broken_off_the_next_one_imports_what_was_asked_for(
    asking: Stage, scenario: Scenario, chance: Random
) -> None:
    break_off_anywhere(asking, scenario, chance)


def break_off_anywhere(stage: Stage, scenario: Scenario, chance: Random) -> None:
    scene, agents = stage
    models = prepare(stage, scenario, [f"{scenario.name}-first", scenario.name])
    calls, wanted = undisturbed(stage, scenario, models)
    todo = disturbances(calls, scenario, chance)
    cases = prepare(stage, scenario, [f"{scenario.name}-{number}" for number in range(len(todo))])
    wrong = []
    for case, disturbance in zip(cases, todo, strict=True):
        catch_up(scene)
        scenario.steps[-1](case)
        outcome = agents.run(disturbance)
        if scenario.sweeps == 1:  # otherwise two marks of one moment come in either order, and cost more calls or fewer
            assert outcome.killed is (disturbance.how == KILL), disturbance
        settle(agents, scenario.sweeps)
        state = end_state(case)
        if state != wanted:
            wrong.append((disturbance, calls[disturbance.at - 1], outcome.error, state))
    text = "\n".join(f"{how.how} at {how.at} ({call}): {error}\n  {state}" for how, call, error, state in wrong)
    assert not wrong, f"{len(wrong)} of {len(todo)}\n{text}\n  instead of\n  {wanted}"
    check_quiet(agents.run(task=RECONCILE))
    check_quiet(agents.run())
    assert not any(made_twice(scene).values())
    text = "select f.id from Fileset f where not exists (select i.id from Image i where i.fileset.id = f.id)"
    assert query(scene, text) == []
    withdraw_requests(stage, [*models, *cases])
    print(f"{scenario.name}: {len(calls)} calls, {len(todo)} disturbances")


def check_quiet(outcome: Outcome) -> None:
    """Nothing was to be done."""
    assert outcome.report is not None, outcome.error
    assert outcome.drifted == 0
    assert (outcome.report.zone_actions, outcome.report.omero_actions, outcome.report.imported) == (0, 0, 0)
