"""Where a path in a vault leads to one file for ever, OMERO has a link in place of its copy, which follows the data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import irods.keywords as kw
import omero
import pytest
from irods.exception import UNIX_FILE_OPEN_ERR

from irods_omero.agent.explain import assess
from irods_omero.agent.reconcile import Manner
from irods_omero.doctor.facts.foreign_facts import LOST, find_foreign, kinds_of
from tests.end_to_end.conftest import Places, SceneFactory, real_or
from tests.end_to_end.one_copy import PICTURE, OneCopy
from tests.end_to_end.test_one_copy import drifted
from tests.linking_places import files_of, linking_state, own_by_omero, protect, skip_unless_random, vault_of
from tests.scene import OmeroPlace, ZonePlace, lab_places
from tests.scene.accounts import ARCHIVE, FAST


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Both servers: the lab's, whose zone makes up paths at random, or real ones."""
    policy_file = tmp_path_factory.mktemp("policy") / "omero_policy.json"
    with real_or(random_lab(policy_file)) as (zone, omero_server):
        yield zone, omero_server, policy_file


@contextmanager
def random_lab(policy_file: Path) -> Iterator[tuple[ZonePlace, OmeroPlace]]:
    with linking_state() as state, lab_places(policy_file, state=state, random_paths=True) as (zone, omero_server):
        assert omero_server.repository is not None
        own_by_omero(omero_server.repository)
        yield zone, omero_server


class Linked(OneCopy):
    """A scene whose agent may link OMERO's places into the vaults of some resources."""

    def __init__(self, new_scene: SceneFactory, *resources: str, **cache: object) -> None:
        super().__init__(new_scene())
        if os.geteuid() or not self.repository.stat().st_uid:
            pytest.skip("it takes root here, and an OMERO that runs as a user of its own")
        self.link(*resources, **cache)
        self.scene.watch()

    def link(self, *resources: str, **cache: object) -> None:
        """Name the resources."""
        section = {**self.scene.settings.omero.model_dump(mode="json"), "repository": str(self.repository)}
        vaults = {resource: vault_of(self.scene.admin, resource) for resource in resources}
        self.scene.settings = self.scene.with_settings(omero=section, cache={"link": vaults, **cache})

    def put(self, *arguments: Any, **options: Any) -> str:
        """The user writes a data object, whose file nobody may change from then on."""
        path = super().put(*arguments, **options)
        skip_unless_random(self.scene.admin, self.id_of(path))
        self.protect(path)
        return path

    def protect(self, path: str) -> None:
        """Take the right to write to its files away."""
        protect(self.scene.admin, self.id_of(path))

    def id_of(self, path: str) -> int:
        """Its catalog id."""
        return int(self.scene.user.data_objects.get(path).id)

    def move(self, path: str, source: str = FAST, destination: str = ARCHIVE) -> None:
        """As an administrator does it, with what sites do to new files."""
        super().move(path, source, destination)
        self.protect(path)

    def file(self, path: str) -> Path:
        """The file of its only replica."""
        (file,) = files_of(self.scene.admin, self.id_of(path)).values()
        return file

    def is_linked(self, path: str) -> bool:
        """Whether OMERO's place leads to that file."""
        place = self.place(path)
        return place.is_symlink() and place.readlink() == self.file(path)

    def rule(self, path: str) -> str:
        """What ``explain`` says of OMERO's file."""
        with self.scene.connections() as connections:
            return str(
                next(each.rule for each in assess(connections, path).decision.reasons if each.field == "copy in OMERO")
            )


def test_a_link_follows_the_data_and_goes_with_it_and_omero_reads_the_same_pixels(new_scene: SceneFactory) -> None:
    one = Linked(new_scene)
    path = one.put()
    one.settle()
    rows, place = one.rows(path), one.place(path)
    assert not place.is_symlink()
    one.link(FAST, ARCHIVE, evict="never")
    one.scene.mark(path)
    report = one.scene.sweep()
    assert (report.linked, report.freed_bytes) == (1, len(PICTURE))
    assert one.is_linked(path)
    assert one.pixels_of(path, one.scene.microscopist) == PICTURE
    before = one.file(path)
    one.scene.settings = one.scene.with_settings(
        omero=one.scene.settings.omero.model_dump(mode="json"),
        cache=one.scene.settings.cache.model_dump(mode="json"),
        tiers={ARCHIVE: {"offline": False}},
    )
    one.move(path)
    assert one.file(path) != before
    with pytest.raises(omero.ResourceError):  # it leads nowhere, and never to anything else
        one.pixels_of(path, one.scene.microscopist)
    report = one.scene.sweep()
    assert (report.linked, one.is_linked(path), one.is_locked(path)) == (1, True, False)
    assert one.pixels_of(path, one.scene.microscopist) == PICTURE
    one.restore(path)
    one.settle()
    assert one.is_linked(path)
    one.link(FAST)
    one.scene.settings = one.scene.with_settings(
        omero=one.scene.settings.omero.model_dump(mode="json"),
        cache=one.scene.settings.cache.model_dump(mode="json"),
        tiers={ARCHIVE: {"offline": True}},
    )
    one.move(path)
    one.settle()
    assert not place.is_symlink()
    assert not place.exists()
    assert one.is_locked(path)
    with pytest.raises(omero.ResourceError):
        one.pixels_of(path)
    (image,) = one.scene.avus(path, "omero::image")
    one.scene.ask_by_tag(int(image), "restage")
    one.scene.sweep()
    one.scene.wait_for(FAST, path)
    one.protect(path)
    one.settle()
    assert one.is_linked(path)
    assert not one.is_locked(path)
    assert one.pixels_of(path, one.scene.microscopist) == PICTURE
    assert one.rows(path) == rows
    assert [each.name for each in place.parent.iterdir() if each.name.startswith(".irods-omero")] == []
    assert one.scene.avus(path, "omero::sync") == []
    assert one.scene.avus(path, "omero::error") == []


@pytest.fixture
def one(new_scene: SceneFactory) -> Linked:
    return Linked(new_scene, FAST)


def test_after_an_import_a_copy_goes_for_a_link_when_nobody_may_write_to_the_file_any_more(one: Linked) -> None:
    path = OneCopy.put(one)
    skip_unless_random(one.scene.admin, one.id_of(path))
    one.settle()
    assert "may be written to: chmod a-w" in one.rule(path)
    assert not one.place(path).is_symlink()
    one.protect(path)
    assert drifted(one.scene, Manner.MARK) == 1
    one.settle()
    assert one.is_linked(path)
    assert drifted(one.scene) == 0


def test_where_somebody_may_write_to_the_file_again_the_copy_comes_back(one: Linked) -> None:
    path = one.put()
    one.settle()
    assert one.is_linked(path)
    one.file(path).chmod(0o644)
    assert drifted(one.scene, Manner.MARK) == 1
    one.settle()
    assert one.place(path).is_file()
    assert not one.place(path).is_symlink()
    assert one.place(path).read_bytes() == PICTURE
    assert not one.is_locked(path)


def test_whatever_a_user_does_in_irods_omero_reads_the_right_bytes_or_none(one: Linked) -> None:
    path, other = one.put(), one.put("other.ome.tiff", PICTURE[::-1])
    one.settle()
    rows, place = one.rows(path), one.place(path)
    objects = one.scene.user.data_objects
    with pytest.raises(UNIX_FILE_OPEN_ERR), objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: FAST}):
        pass
    moved = one.scene.move(path, "moved.ome.tiff")
    one.scene.move(other, path.rpartition("/")[2])
    assert place.read_bytes() == PICTURE  # its file stays where it is, and nothing else gets its path
    one.settle()
    assert one.is_linked(moved)
    assert one.rows(moved) == rows
    objects.unlink(moved, force=True)
    assert not place.exists()


def test_foreign_links_stay_and_a_dangling_one_of_ours_is_mended_and_doctor_tells_them_apart(
    one: Linked, tmp_path: Path
) -> None:
    foreign, ours = one.put("foreign.ome.tiff"), one.put("ours.ome.tiff")
    one.settle()
    for path in (foreign, ours):
        one.place(path).unlink()
    elsewhere = tmp_path / "cells.ome.tiff"
    elsewhere.write_bytes(PICTURE)
    one.place(foreign).symlink_to(elsewhere)
    one.place(ours).symlink_to(f"{one.file(ours)}.gone")
    with one.scene.connections() as connections:
        others = find_foreign(connections, seconds=600.0)
    assert others is not None
    kinds = {each.path: kind for each in others.files for kind in kinds_of(others._replace(files=(each,))).kinds}
    assert (kinds[foreign].what, kinds[foreign].is_ours) == ("a symbolic link", False)
    assert (kinds[ours].what, kinds[ours].is_ours) == (LOST, True)
    assert drifted(one.scene, Manner.MARK) == 2
    one.settle()
    assert one.place(foreign).readlink() == elsewhere
    assert one.is_linked(ours)


def test_switched_off_copies_come_back(one: Linked) -> None:
    path = one.put()
    one.settle()
    assert one.is_linked(path)
    one.link()
    one.scene.mark(path)
    one.settle()
    assert not one.place(path).is_symlink()
    assert one.place(path).read_bytes() == PICTURE


def test_the_files_of_several_data_objects_are_linked_by_their_bytes(one: Linked) -> None:
    paths = one.put_several()
    places = one.places(paths[0])
    before = [place.read_bytes() for place in places]
    for path in paths:
        one.protect(path)
        one.scene.mark(path)
    one.settle()
    assert {place.readlink() for place in places} == {one.file(path) for path in paths}
    assert [place.read_bytes() for place in places] == before
