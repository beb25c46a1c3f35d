"""Wherever an agent that works on several units at once is broken off, the next ends where an undisturbed one does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject

from tests.faults.agents import RECONCILE, Agents, Outcome
from tests.faults.calls import ALL, CUT_AFTER, CUT_BEFORE, KILL, REFUSE, Call, Disturbance
from tests.faults.cases import KEYWORD, KEYWORDS, Case, scene_of_its_own
from tests.faults.end_state import end_state, made_twice, query
from tests.faults.scenarios import add_to_the_directory
from tests.faults.test_crash_matrix import check_quiet, settle
from tests.scene import Scene

TOGETHER = 4
DIRECTORIES = 2
SAMPLE = 8
"""Number of calls that are disturbed, each in another way than the one before, unless all are."""
SAMPLE_OF_MANY = 4
"""The same, where an agent makes many calls."""
WAYS = (KILL, CUT_BEFORE, CUT_AFTER, REFUSE, KILL)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Agents]]:
    policy_file = tmp_path_factory.mktemp("policy") / "policy.json"
    with scene_of_its_own(policy_file, "together", parallel=TOGETHER) as made:
        made[1].run()
        yield made


def arrive(scene: Scene, name: str, directories: int = 0) -> list[Case]:
    """The units that are worked on together, the first of which are directories."""
    cases = [Case(scene, f"{name}-{number}") for number in range(TOGETHER)]
    for case in cases[:directories]:
        case.put_directory()
    for case in cases[directories:]:
        case.put()
    return cases


def disturbances(calls: tuple[Call, ...], chance: Random, number: int) -> list[Disturbance]:
    points = range(5, len(calls))
    chosen = points if ALL else sorted(chance.sample(points, number))
    return [Disturbance(how, at) for how, at in zip(cycle(WAYS), chosen, strict=False)]


@pytest.mark.timeout(1800)
def test_wherever_several_imports_are_broken_off_all_are_there_once(
    stage: tuple[Scene, Agents], chance: Random
) -> None:
    """Files and directories arrive, while directories of before get one more file, and are imported anew.

    The order of calls is another each time, so that what a disturbance hits is left to chance.
    """
    scene, agents = stage
    before = arrive(scene, "before", DIRECTORIES)
    agents.run()
    cases = arrive(scene, "undisturbed", DIRECTORIES)
    add_late_files(before)
    calls = agents.run().calls
    wanted, wanted_late, outcomes = [end_state(case) for case in cases], late_state(before), []
    todo = disturbances(calls, chance, SAMPLE_OF_MANY)
    for disturbance in todo:
        before = cases
        cases = arrive(scene, f"{disturbance.at}", DIRECTORIES)
        add_late_files(before)
        outcomes.append(agents.run(disturbance))
        settle(agents, 2)
        assert [end_state(case) for case in cases] == wanted, disturbance
        assert late_state(before) == wanted_late, disturbance
    check_broken_off(todo, outcomes)
    check_quiet(agents.run(task=RECONCILE))
    check_quiet(agents.run())
    assert not any(made_twice(scene).values())
    text = "select f.id from Fileset f where not exists (select i.id from Image i where i.fileset.id = f.id)"
    assert query(scene, text) == []


@pytest.mark.timeout(1800)
def test_wherever_writes_about_several_units_are_broken_off_each_shows_what_was_asked(
    stage: tuple[Scene, Agents], chance: Random
) -> None:
    scene, agents = stage
    cases = arrive(scene, "described")
    agents.run()
    describe(cases, "undisturbed")
    calls = agents.run().calls
    wanted, outcomes = ["undisturbed"], []
    todo = disturbances(calls, chance, SAMPLE)
    for disturbance in todo:
        wanted.append(f"{disturbance.at}")
        describe(cases, wanted[-1])
        outcomes.append(agents.run(disturbance))
        settle(agents, 2)
        for case in cases:
            shown = {text for namespace, text in scene.shown(case.path).image.tags if namespace == KEYWORDS}
            assert shown == set(wanted), (case.name, disturbance)
            assert scene.avus(case.path, "omero::sync") == []
        assert batches(scene) == []
    assert any(call.doing == "adding AVU omero::taken" for call in calls), "they are claimed together"
    check_broken_off(todo, outcomes)
    check_quiet(agents.run(task=RECONCILE))


def batches(scene: Scene) -> list[str]:
    """What agents have claimed together, and not worked through."""
    query = scene.admin.query(Collection.name, CollectionMeta.value)  # texts alone stay when nothing has them any more
    return [row[CollectionMeta.value] for row in query.filter(CollectionMeta.name == "omero::taken")]


def add_late_files(cases: list[Case]) -> None:
    """Files come to directories that were imported."""
    for case in cases[:DIRECTORIES]:
        add_to_the_directory(case)


def late_state(cases: list[Case]) -> list[dict[str, object]]:
    return [end_state(case) for case in cases[:DIRECTORIES]]


def check_broken_off(todo: list[Disturbance], outcomes: list[Outcome]) -> None:
    """At least one was killed and one disturbed: an agent that makes fewer calls may end before its disturbance."""
    assert any(outcome.killed for outcome in outcomes)
    assert any(
        not outcome.killed and len(outcome.calls) >= disturbance.at
        for disturbance, outcome in zip(todo, outcomes, strict=True)
    )


def describe(cases: list[Case], word: str) -> None:
    for case in cases:
        case.scene.user.metadata.add(DataObject, case.path, iRODSMeta(KEYWORD, word))
