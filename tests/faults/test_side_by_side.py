"""Wherever an agent that works on several units at once is broken off, the next ends where an undisturbed one does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject

from tests.faults.agents import RECONCILE, Agents, Outcome
from tests.faults.calls import CUT_AFTER, CUT_BEFORE, KILL, REFUSE, Disturbance
from tests.faults.cases import KEYWORD, KEYWORDS, Case, scene_of_its_own
from tests.faults.end_state import end_state, made_twice, query
from tests.faults.scenarios import add_to_the_directory
from tests.faults.test_crash_matrix import check_quiet, settle
from tests.scene import Scene

TOGETHER = 4
DIRECTORIES = 2
EVERY = 1 if os.environ.get("FAULTS") == "all" else 17
"""Of this many calls one is disturbed, each time in another way."""
EVERY_OF_MANY = 1 if EVERY == 1 else 101
"""The same, where each takes many calls."""
WAYS = (KILL, CUT_BEFORE, CUT_AFTER, REFUSE, KILL)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Agents]]:
    policy_file = tmp_path_factory.mktemp("policy") / "policy.json"
    with scene_of_its_own(policy_file, "together", parallel=TOGETHER) as made:
        made[1].run()
        yield made


def arrive(scene: Scene, name: str, directories: int = 0) -> list[Case]:
    """As many units as are worked on together, the first of which are directories."""
    cases = [Case(scene, f"{name}-{number}") for number in range(TOGETHER)]
    for case in cases[:directories]:
        case.put_directory()
    for case in cases[directories:]:
        case.put()
    return cases


def disturbance_at(number: int) -> Disturbance:
    return Disturbance(WAYS[number // EVERY % len(WAYS)], number)


@pytest.mark.timeout(1800)
def test_wherever_several_imports_are_broken_off_all_are_there_once(stage: tuple[Scene, Agents]) -> None:
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
    for number in range(5, len(calls), EVERY_OF_MANY):
        disturbance, before = disturbance_at(number), cases
        cases = arrive(scene, f"{number}", DIRECTORIES)
        add_late_files(before)
        outcomes.append(agents.run(disturbance))
        settle(agents, 2)
        assert [end_state(case) for case in cases] == wanted, disturbance
        assert late_state(before) == wanted_late, disturbance
    check_broken_off(outcomes)
    check_quiet(agents.run(task=RECONCILE))
    check_quiet(agents.run())
    assert not any(made_twice(scene).values())
    text = "select f.id from Fileset f where not exists (select i.id from Image i where i.fileset.id = f.id)"
    assert query(scene, text) == []


@pytest.mark.timeout(1800)
def test_wherever_writes_about_several_units_are_broken_off_each_shows_what_was_asked(
    stage: tuple[Scene, Agents],
) -> None:
    scene, agents = stage
    cases = arrive(scene, "described")
    agents.run()
    describe(cases, "undisturbed")
    calls = agents.run().calls
    wanted, outcomes = ["undisturbed"], []
    for number in range(5, len(calls), EVERY):
        wanted.append(f"{number}")
        describe(cases, wanted[-1])
        outcomes.append(agents.run(disturbance_at(number)))
        settle(agents, 2)
        for case in cases:
            shown = {text for namespace, text in scene.shown(case.path).image.tags if namespace == KEYWORDS}
            assert shown == set(wanted), (case.name, disturbance_at(number))
            assert scene.avus(case.path, "omero::sync") == []
        assert lists(scene) == []
    assert any(call.doing == "adding AVU omero::taken" for call in calls), "they are taken together"
    check_broken_off(outcomes)
    check_quiet(agents.run(task=RECONCILE))


def lists(scene: Scene) -> list[str]:
    """What agents have taken together, and not worked through."""
    query = scene.admin.query(Collection.name, CollectionMeta.value)  # texts alone stay when nothing has them any more
    return [row[CollectionMeta.value] for row in query.filter(CollectionMeta.name == "omero::taken")]


def add_late_files(cases: list[Case]) -> None:
    """Files come to directories that were imported."""
    for case in cases[:DIRECTORIES]:
        add_to_the_directory(case)


def late_state(cases: list[Case]) -> list[dict[str, object]]:
    return [end_state(case) for case in cases[:DIRECTORIES]]


def check_broken_off(outcomes: list[Outcome]) -> None:
    """At least one was killed and one cut off: an agent that makes fewer calls may end before its disturbance."""
    assert any(outcome.killed for outcome in outcomes)
    assert any(outcome.error for outcome in outcomes)


def describe(cases: list[Case], word: str) -> None:
    for case in cases:
        case.scene.user.metadata.add(DataObject, case.path, iRODSMeta(KEYWORD, word))
