"""A copy that may be the last right one stays, whatever happens while it is looked at, and people are told."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from irods_omero.agent.observe import Observer
from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.actions import AddAvu, OmeroAction, RecordAgreement, Refusal, SetArchived, ZoneAction
from irods_omero.domain.state.agreement import decode
from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.annotations import AnnotationWriter
from irods_omero.gateways.repository.copies import Version, check
from irods_omero.gateways.repository.directory import Repository, aside_name
from irods_omero.gateways.zone import zone_actions
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.vocabulary import Names
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    return make(new_scene)


def test_what_happens_while_a_copy_is_read_keeps_it(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes hours: meanwhile the data object may be written to, asked for, moved back or thrown away."""
    changes: dict[str, Callable[[str], object]] = {
        "overwritten.ome.tiff": lambda path: one.put(path.rpartition("/")[2], PICTURE[:-1] + b"x"),
        "kept.ome.tiff": lambda path: one.scene.ask_by_avu(path, "keep"),
        "moved-back.ome.tiff": one.restore,
        "thrown-away.ome.tiff": lambda path: one.scene.user.data_objects.unlink(path, force=True),
    }
    paths = {name: one.put(name) for name in changes}
    one.settle()
    places = [one.place(path) for path in paths.values()]
    for path in paths.values():
        one.move(path)
    left = dict(changes)

    def checking(repository: Repository, file: ManagedFile) -> Version | None:
        version = check(repository, file)
        name = file.path.rpartition("/")[2]
        if name in left:
            left.pop(name)(paths[name])
        return version

    monkeypatch.setattr("irods_omero.agent.one_copy.cache.check", checking)
    report = one.scene.sweep()
    assert not left
    assert report.evicted == 0
    assert [place.exists() for place in places] == [True] * len(places)


def test_nothing_goes_while_one_file_of_the_unit_is_not_right(one: OneCopy) -> None:
    paths = one.put_several()
    places = one.places(paths[0])
    content, time = places[1].read_bytes(), places[1].stat().st_mtime
    places[1].write_bytes(content[::-1])
    os.utime(places[1], (time, time))
    for path in paths:
        one.move(path)
    one.settle()
    assert [place.exists() for place in places] == [True, True]
    assert not one.is_locked(paths[0])


def test_what_happens_while_its_image_gets_the_lock_keeps_a_copy(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    write = AnnotationWriter.apply

    def asking(writer: AnnotationWriter, actions: list[tuple[int, OmeroAction]]) -> dict[int, list[Refusal]]:
        if any(isinstance(action, SetArchived) for _, action in actions):
            one.scene.ask_by_avu(path, "keep")
        return write(writer, actions)

    with monkeypatch.context() as patch:
        patch.setattr(AnnotationWriter, "apply", asking)
        assert one.scene.sweep().evicted == 0
    one.settle()
    assert one.place(path).exists()
    assert not one.is_locked(path)


def test_nothing_is_removed_where_that_cannot_be_recorded(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    read = list[ManagedFile]()

    def checking(repository: Repository, file: ManagedFile) -> Version | None:
        read.append(file)
        return check(repository, file)

    def refusing(zone: ZoneConnection, names: Names, action: RecordAgreement) -> None:
        if read:
            raise RefusedError("recording", path, "refused by a test")
        zone_actions.record_agreement(zone, names, action)

    with monkeypatch.context() as patch:
        patch.setattr("irods_omero.agent.one_copy.cache.check", checking)
        patch.setattr("irods_omero.agent.apply.record_agreement", refusing)
        patch.setattr("irods_omero.agent.one_copy.cache.record_agreement", refusing)
        assert one.scene.sweep().evicted == 0
    assert len(read) == 1
    assert one.place(path).exists()
    one.settle()
    assert not one.place(path).exists()


def test_what_the_zone_refuses_while_a_copy_fails_is_not_taken_for_agreed(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = one.scene
    scene.settings = scene.with_settings(attributes=[{"avu": "lab::stain", "tag_namespace": "lab/stain"}])
    path = one.put()
    one.settle()
    place = one.spoil(path)
    (image,) = scene.avus(path, "omero::image")
    write = zone_actions.apply_to_zone

    def refusing(zone: ZoneConnection, action: ZoneAction) -> None:
        if isinstance(action, AddAvu) and action.avu.attribute == "lab::stain":
            raise RefusedError("adding an AVU", path, "refused by a test")
        write(zone, action)

    with monkeypatch.context() as patch:
        patch.setattr("irods_omero.agent.apply.apply_to_zone", refusing)
        one.move(path)
        scene.add_own_tag(int(image), "lab/stain", "DAPI")
        scene.mark(path)
        one.settle()
    assert place.exists()
    assert scene.avus(path, "lab::stain") == []
    scene.mark(path)
    one.settle()
    assert scene.avus(path, "lab::stain") == ["DAPI"]
    assert scene.tags(path, "lab/stain") == {"DAPI"}


def test_an_image_whose_copy_is_not_right_is_never_seen_with_a_lock(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one.put()
    one.settle()
    place = one.spoil(path)
    one.move(path)
    write, locks = AnnotationWriter.apply, list[OmeroAction]()

    def noting(writer: AnnotationWriter, actions: list[tuple[int, OmeroAction]]) -> dict[int, list[Refusal]]:
        locks.extend(action for _, action in actions if isinstance(action, SetArchived))
        return write(writer, actions)

    monkeypatch.setattr(AnnotationWriter, "apply", noting)
    one.settle(3)
    assert place.exists()
    assert locks == []


def test_what_failed_rests_from_the_end_of_the_attempt_on(one: OneCopy) -> None:
    imports = one.scene.settings.imports.model_dump()
    one.scene.settings = one.scene.with_settings(imports={**imports, "backoff_seconds": 60.0})
    path = one.put()
    one.settle()
    one.spoil(path)
    one.move(path)
    clock = iter(range(1_000, 10**9, 1_000))  # each look takes longer than a failure rests

    with one.scene.connections() as connections:
        Sweeper(connections, lambda: float(next(clock))).sweep()
        (text,) = one.scene.avus(path, "omero::agreement")
        failure = decode(text).copy_failure
        assert failure is not None
        assert failure.attempts == 1
        observed = Observer(connections, lambda: failure.at + 59.0).observe([one.scene.admin.data_objects.get(path).id])
        (observation,) = observed.values()
        assert decide(observation).plan.copies is None


def test_people_are_told_when_omero_has_taken_a_stub_for_the_image(one: OneCopy) -> None:
    """omero-47: who reads a stub as one who may write it has OMERO take its size and hash for the image's."""
    path = one.put()
    one.settle()
    stub = PICTURE[:-1]
    one.place(path).write_bytes(stub)
    one.pixels_of(path, one.scene.microscopist)
    assert one.rows(path)[0][2] == len(stub)
    one.move(path)
    one.settle()
    assert one.place(path).read_bytes() == stub
    assert any("another size or hash" in error for error in one.scene.avus(path, "omero::error"))


def test_an_agent_that_was_killed_while_removing_costs_nobody_the_last_bytes(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    place = one.place(path)
    ((*_, file),) = one.rows(path)
    aside = place.with_name(aside_name(file))
    one.move(path)
    one.scene.ask_by_avu(path, "keep")
    place.rename(aside)
    one.settle()
    assert place.read_bytes() == PICTURE
    assert not aside.exists()
    place.rename(aside)
    aside.write_bytes(b"somebody else's")
    one.scene.mark(path)
    one.settle()
    assert aside.read_bytes() == b"somebody else's"
    assert any("left as it is" in error for error in one.scene.avus(path, "omero::error"))


def test_at_most_as_many_copies_are_removed_in_one_sweep_as_the_configuration_says(one: OneCopy) -> None:
    imports = one.scene.settings.imports.model_dump()
    one.scene.settings = one.scene.with_settings(imports={**imports, "per_sweep": 2})
    paths = [one.put(f"{number}.ome.tiff") for number in range(3)]
    one.settle(3)
    for path in paths:
        one.move(path)
    report = one.scene.sweep()
    assert (report.evicted, report.postponed) == (2, 1)
    assert one.scene.sweep().evicted == 1
