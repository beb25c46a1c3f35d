"""Wherever an agent is broken off while OMERO's copy is to share its blocks, it is whole, and shares them at last."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from irods.models import DataObject

from tests.faults.calls import PATIENCE
from tests.faults.cases import Case
from tests.faults.test_copy_matrix import Stage, Way, broken_off_anywhere, stage_of_its_own
from tests.scene.accounts import FAST
from tests.sharing_disk import share_blocks, sharing_disk


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with sharing_disk() as disk, stage_of_its_own(tmp_path_factory.mktemp("policy"), disk) as stage:
        yield stage


def sharing(stage: Stage) -> Stage:
    """The same with agents that see a vault."""
    omero, vault = stage.agents.settings.omero, stage.scene.admin.resources.get(FAST).vault_path
    settings = stage.scene.with_settings(omero=omero.model_dump(mode="json"), cache={"share": {FAST: vault}})
    return dataclasses.replace(stage, agents=dataclasses.replace(stage.agents, settings=settings))


def without_sharing(stage: Stage, number: int) -> list[Case]:
    """This number of images whose copies share nothing yet."""
    settings = stage.scene.with_settings(omero=stage.agents.settings.omero.model_dump(mode="json"))
    agents = dataclasses.replace(stage.agents, settings=settings)
    cases = dataclasses.replace(stage, agents=agents).bring(number)
    assert not any(is_shared(stage, case) for case in cases)
    return cases


def is_shared(stage: Stage, case: Case) -> bool:
    data_object = stage.scene.user.data_objects.get(case.path)
    (row,) = stage.scene.admin.query(DataObject.path).filter(DataObject.id == data_object.id)
    return share_blocks(stage.place(case), Path(row[DataObject.path]))


def marked(stage: Stage, case: Case) -> None:
    stage.scene.mark(case.path)


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_the_copy_is_whole_and_shares_its_blocks_at_last(
    stage: Stage, chance: Random
) -> None:
    seen: list[Case] = []

    def before(stage: Stage, number: int) -> list[Case]:
        cases = without_sharing(stage, number)
        seen.extend(cases)
        return cases

    broken_off_anywhere(stage, Way(before, marked, there=True, least=4, acting=sharing), chance)
    assert len(seen) > 2
    assert all(is_shared(stage, case) for case in seen)
