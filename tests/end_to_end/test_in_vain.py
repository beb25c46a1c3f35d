"""What comes to nothing, and cannot be written down either, does not keep others from their turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first.intake_queue import IntakeQueue
from irods_omero.agent.report import Report
from irods_omero.agent.service import run_once
from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.state.actions import RecordAgreement, RemoveAvu, ZoneAction
from irods_omero.domain.state.agreement import Agreement
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.sources import read_sources
from irods_omero.gateways.zone import zone_actions
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import Mark, claim
from irods_omero.vocabulary import Names
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, make
from tests.end_to_end.test_cache_limit import bring, there
from tests.end_to_end.test_omero_first import bring as bring_into_omero
from tests.end_to_end.test_omero_first import objects_below, taking
from tests.pictures import retina
from tests.scene import Scene

MANY_SWEEPS = 30
"""More than any of this takes."""


NAMES = [f"{number}.ome.tiff" for number in range(3)]
LAST_TWO = [f"Screening/March/{name}" for name in NAMES[1:]]


def one_at_a_time(scene: Scene) -> Connections:
    """An agent's, that begins one thing in a sweep, and lets what has failed rest for long."""
    numbers = {"per_sweep": 1, "parallel": 1, "backoff_seconds": 3600.0}
    return Connections(scene.with_settings(imports={**scene.settings.imports.model_dump(), **numbers}))


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], Report]:
    """As ``agent --once``, which is to come to an end; one at a time, and what failed rests for long."""
    sweep, sweeps = Sweeper.sweep, list[Sweeper]()

    def counted(sweeper: Sweeper) -> Report:
        sweeps.append(sweeper)
        assert len(sweeps) < MANY_SWEEPS, "it does not end"
        return sweep(sweeper)

    def run(scene: Scene) -> Report:
        sweeps.clear()
        with one_at_a_time(scene) as connections:
            return run_once(connections)

    monkeypatch.setattr(Sweeper, "sweep", counted)
    return run


def sweep_times(scene: Scene, times: int) -> None:
    """Have one agent sweep ``times`` times, one thing at a time."""
    with one_at_a_time(scene) as connections:
        sweeper = Sweeper(connections)
        for _ in range(times):
            sweeper.sweep()


def three_files(new_scene: SceneFactory) -> tuple[Scene, list[str]]:
    """A scene with three images to import, and their paths."""
    scene = new_scene()
    scene.watch()
    scene.sweep()
    return scene, [scene.put(name, retina(32)) for name in NAMES]


def has_image(scene: Scene, path: str) -> bool:
    return bool(scene.avus(path, "omero::image"))


def three_filesets(new_scene: SceneFactory) -> tuple[Scene, list[int]]:
    """A scene with three filesets to take in, and their ids."""
    scene = taking(new_scene)
    return scene, [bring_into_omero(scene, {name: retina(32)}) for name in NAMES]


def refuse_agreements(
    monkeypatch: pytest.MonkeyPatch, path: str, such: Callable[[Agreement], object] = lambda _: True
) -> None:
    """From now on the zone refuses the agreements of a unit, or such ones."""

    def refusing(zone: ZoneConnection, names: Names, action: RecordAgreement) -> None:
        if action.path == path and such(action.agreement):
            raise RefusedError("recording", action.path, "refused by a test")
        zone_actions.record_agreement(zone, names, action)

    monkeypatch.setattr("irods_omero.agent.one_copy.cache.record_agreement", refusing)
    monkeypatch.setattr("irods_omero.agent.apply.record_agreement", refusing)


def test_a_copy_whose_removal_cannot_be_written_down_keeps_no_other(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(new_scene)
    spoilt, *paths = [one.put(f"{number}.ome.tiff") for number in range(4)]
    one.settle()
    one.spoil(spoilt)
    one.move(spoilt)
    once(one.scene)  # from here on it rests, but is looked at by each sweep
    refuse_agreements(monkeypatch, paths[0], lambda agreement: agreement.evicted or agreement.failure)
    for path in paths:
        one.move(path)
    report = once(one.scene)
    assert there(one, [spoilt, *paths]) == [True, True, False, False]
    assert (report.evicted, report.in_vain) == (2, 1)


def test_a_comparison_that_cannot_be_written_down_keeps_no_other(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(new_scene)
    paths = [one.put(f"{number}.ome.tiff", checksum=False) for number in range(3)]
    one.settle()
    for path in paths:
        one.scene.user.data_objects.chksum(path)
        one.scene.mark(path)
    refuse_agreements(monkeypatch, paths[0], lambda agreement: agreement.verified)
    assert once(one.scene).in_vain == 1
    for path in paths:
        one.move(path)
    once(one.scene)
    assert there(one, paths) == [True, False, False]


def test_what_cannot_make_room_has_others_make_it(new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make(new_scene, evict="never")
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 3 * len(PICTURE)})
    monkeypatch.setattr("irods_omero.domain.rules.one_copy.cache_limit.LISTED", 1)
    paths = bring(one, 9, 8, 7, 1)
    refuse_agreements(monkeypatch, paths[0])
    sweep_times(one.scene, 4)
    assert there(one, paths) == [True, False, True, True]


def test_a_mark_that_cannot_be_taken_keeps_no_other_import(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, paths = three_files(new_scene)

    def refusing(zone: ZoneConnection, names: Names, mark: Mark) -> bool:
        return mark.path != paths[0] and claim(zone, names, mark)

    monkeypatch.setattr("irods_omero.agent.importing.claim", refusing)
    report = once(scene)
    assert [has_image(scene, path) for path in paths] == [False, True, True]
    assert (report.imported, report.in_vain) == (2, 1)


def test_an_import_of_which_nothing_can_be_written_down_keeps_no_other(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, paths = three_files(new_scene)
    refuse_agreements(monkeypatch, paths[0])
    once(scene)
    assert [has_image(scene, path) for path in paths] == [False, True, True]


def test_an_error_that_cannot_be_taken_away_goes_at_the_next_look(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, (path, *_) = three_files(new_scene)
    scene.put(NAMES[0], b"no picture")
    scene.sweep()
    assert scene.avus(path, "omero::error")

    def refusing(zone: ZoneConnection, action: ZoneAction) -> None:
        if isinstance(action, RemoveAvu) and action.avu.attribute == "omero::error":
            raise RefusedError("removing", action.path, "refused by a test")
        zone_actions.apply_to_zone(zone, action)

    scene.put(NAMES[0], retina(32))
    with monkeypatch.context() as patched:
        patched.setattr("irods_omero.agent.apply.apply_to_zone", refusing)
        scene.sweep()
        assert has_image(scene, path)
        assert scene.avus(path, "omero::error")
    scene.sweep()
    assert not scene.avus(path, "omero::error")


def test_an_import_that_ends_as_nobody_has_foreseen_is_its_own_trouble(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, paths = three_files(new_scene)

    def broken(zone: ZoneConnection, names: Names, mark: Mark) -> bool:
        if mark.path == paths[0]:
            raise ZeroDivisionError("a mistake made by a test")
        return claim(zone, names, mark)

    monkeypatch.setattr("irods_omero.agent.importing.claim", broken)
    report = once(scene)
    assert [has_image(scene, path) for path in paths] == [False, True, True]
    assert report.failed == 1


def test_a_fileset_of_which_nothing_can_be_noted_keeps_no_other(
    new_scene: SceneFactory, once: Callable[[Scene], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, filesets = three_filesets(new_scene)

    def refusing(queue: IntakeQueue, fileset: int) -> str:
        if fileset == filesets[0]:
            raise RefusedError("making", str(fileset), "refused by a test")
        return staging(queue, fileset)

    staging = IntakeQueue.staging
    monkeypatch.setattr(IntakeQueue, "staging", refusing)
    once(scene)
    assert sorted(objects_below(scene)) == LAST_TWO


def test_a_fileset_that_is_not_complete_keeps_no_other(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, filesets = three_filesets(new_scene)

    def sources(*arguments: Any) -> dict[int, Any]:
        by_fileset = read_sources(*arguments)
        return {
            id_: replace(source, completed=source.completed * (id_ != filesets[0]))
            for id_, source in by_fileset.items()
        }

    monkeypatch.setattr("irods_omero.agent.omero_first.intake.read_sources", sources)
    sweep_times(scene, 3)
    assert sorted(objects_below(scene)) == LAST_TWO
