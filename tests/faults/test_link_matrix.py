"""Wherever an agent is broken off while a link is made, made anew, or goes, OMERO reads the right bytes or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.calls import PATIENCE
from tests.faults.cases import Case
from tests.faults.test_copy_matrix import Stage, Way, broken_off_anywhere, stage_of_its_own
from tests.linking_places import files_of, linking_state, own_by_omero, protect, vault_of
from tests.scene.accounts import ARCHIVE, FAST


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("policy")
    with linking_state() as state, stage_of_its_own(folder, state, random_paths=True) as stage:
        own_by_omero(stage.repository)
        yield stage


def with_links(stage: Stage, *resources: str, offline: bool = True) -> Stage:
    """The same with agents that may link to what is on some resources; ``offline`` says whether the archive is."""
    settings = stage.scene.with_settings(
        omero=stage.agents.settings.omero.model_dump(mode="json"),
        cache={"link": {each: vault_of(stage.scene.admin, each) for each in resources}},
        tiers={ARCHIVE: {"offline": offline}},
    )
    return dataclasses.replace(stage, agents=dataclasses.replace(stage.agents, settings=settings))


def with_tier(stage: Stage) -> Stage:
    return with_links(stage, FAST)


def everywhere(stage: Stage) -> Stage:
    return with_links(stage, FAST, ARCHIVE, offline=False)


def id_of(stage: Stage, case: Case) -> int:
    return int(stage.scene.user.data_objects.get(case.path).id)


def protected(stage: Stage, case: Case) -> None:
    """Nobody may write to its files, of which an agent learns at its next look."""
    protect(stage.scene.admin, id_of(stage, case))
    stage.scene.mark(case.path)


def copied(stage: Stage, number: int) -> list[Case]:
    cases = stage.bring(number)
    assert all(stage.place(case).is_file() and not stage.place(case).is_symlink() for case in cases)
    return cases


def linked(stage: Stage, number: int) -> list[Case]:
    cases = copied(stage, number)
    for case in cases:
        protected(stage, case)
    stage.settle()
    assert all(stage.place(case).is_symlink() and stage.place(case).exists() for case in cases)
    return cases


def archived(stage: Stage, number: int) -> list[Case]:
    cases = linked(stage, number)
    for case in cases:
        to_archive(stage, case)
    stage.settle()
    assert not any(stage.place(case).is_symlink() for case in cases)
    return cases


def to_archive(stage: Stage, case: Case) -> None:
    case.move_data()
    protected(stage, case)


def from_archive(stage: Stage, case: Case) -> None:
    case.move_data(ARCHIVE, FAST)
    protected(stage, case)


def writable(stage: Stage, case: Case) -> None:
    """Somebody gives the right to write back, so that no link may stay."""
    for file in files_of(stage.scene.admin, id_of(stage, case)).values():
        file.chmod(0o644)
    stage.scene.mark(case.path)


WAYS = {
    "copy to link": Way(copied, protected, there=True, least=10, acting=with_tier, linked=True),
    "link to link": Way(linked, to_archive, there=True, least=10, acting=everywhere, linked=True),
    "link to absent": Way(linked, to_archive, there=False, least=10, acting=with_tier),
    "absent to link": Way(archived, from_archive, there=True, least=4, acting=with_tier, linked=True),
    "link to copy": Way(linked, writable, there=True, least=10, acting=with_tier),
}


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_wherever_an_agent_is_broken_off_a_link_leads_to_the_right_bytes_or_nowhere(
    stage: Stage, way: Way, chance: Random
) -> None:
    broken_off_anywhere(stage, way, chance)
