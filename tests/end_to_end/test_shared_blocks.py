"""Where OMERO's disk and a vault are one file system, OMERO's copy takes no room of its own, and still is a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from irods.models import DataObject

from irods_omero.doctor.facts.omero_facts import observe_omero
from irods_omero.settings import CacheSettings
from tests.end_to_end.conftest import Places, SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy
from tests.scene import lab_places
from tests.scene.accounts import ARCHIVE, FAST
from tests.sharing_disk import share_blocks, sharing_disk


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """The lab's servers, with all that they keep on a disk that shares blocks."""
    policy_file = tmp_path_factory.mktemp("policy") / "omero_policy.json"
    with sharing_disk() as disk, lab_places(policy_file, state=disk) as (zone, omero_server):
        yield zone, omero_server, policy_file


class Sharing(OneCopy):
    """A scene whose agent sees the vaults of some resources beside OMERO's repository."""

    def __init__(self, new_scene: SceneFactory, *resources: str, **cache: object) -> None:
        super().__init__(new_scene())
        self.set_sharing(*resources, **cache)
        self.scene.watch()

    def set_sharing(self, *resources: str, **cache: object) -> None:
        """Name resources whose vaults the agent sees."""
        section = {**self.scene.settings.omero.model_dump(mode="json"), "repository": str(self.repository)}
        share = {resource: self.vault(resource) for resource in resources}
        self.scene.settings = self.scene.with_settings(omero=section, cache={"share": share, **cache})

    def vault(self, resource: str) -> str:
        """Where the vault of a resource is."""
        return str(self.scene.admin.resources.get(resource).vault_path)

    def file(self, path: str) -> Path:
        """Where the file of the only replica of a data object is."""
        ((row),) = self.scene.admin.query(DataObject.path).filter(
            DataObject.id == self.scene.user.data_objects.get(path).id
        )
        return Path(row[DataObject.path])

    def is_shared(self, path: str) -> bool:
        """Whether OMERO's copy takes no room of its own."""
        return share_blocks(self.place(path), self.file(path))


def test_what_was_imported_is_on_the_disk_once_and_omero_knows_no_difference(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene)
    path = one.put()
    one.settle()
    rows, before = one.rows(path), one.place(path).stat()
    assert not one.is_shared(path)
    one.set_sharing(FAST)
    one.scene.mark(path)
    assert one.scene.sweep().shared == 1
    after = one.place(path).stat()
    assert one.is_shared(path)
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert one.pixels_of(path, one.scene.microscopist) == PICTURE
    assert one.rows(path) == rows
    assert not one.is_locked(path)
    one.settle()
    assert one.scene.avus(path, "omero::sync") == []
    assert one.scene.avus(path, "omero::error") == []
    assert one.scene.sweep().shared == 0


def test_it_follows_the_data_goes_with_an_offline_tier_and_comes_back_shared(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene, FAST, ARCHIVE, evict="with-tier")
    path = one.put()
    one.settle()
    assert one.is_shared(path)
    rows = one.rows(path)
    one.move(path)
    one.settle()
    assert (one.place(path).exists(), one.is_locked(path)) == (False, True)
    one.restore(path)
    one.settle()
    assert one.is_shared(path)
    assert not one.is_locked(path)
    assert one.rows(path) == rows


def test_data_that_moves_to_another_tier_that_can_be_read_is_shared_there(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene)
    one.scene.settings = one.scene.with_settings(
        tiers={FAST: {"name": "fast"}, ARCHIVE: {"name": "slow"}},
        omero=one.scene.settings.omero.model_dump(mode="json"),
    )
    one.set_sharing(FAST, ARCHIVE)
    path = one.put()
    one.settle()
    assert one.is_shared(path)
    rows = one.rows(path)
    one.move(path)
    assert one.pixels_of(path, one.scene.microscopist) == PICTURE  # nobody has looked yet
    one.settle()
    assert one.file(path).is_relative_to(one.vault(ARCHIVE))
    assert one.is_shared(path)
    assert one.rows(path) == rows
    assert not one.is_locked(path)


def test_whoever_overwrites_renames_or_replaces_the_data_object_changes_nothing_of_what_omero_shows(
    new_scene: SceneFactory,
) -> None:
    one = Sharing(new_scene, FAST)
    path = one.put()
    one.settle()
    assert one.is_shared(path)
    rows = one.rows(path)
    place = one.place(path)
    one.scene.user.data_objects.move(path, f"{path}.old")
    one.put(content=PICTURE[::-1])
    assert one.pixels_of(f"{path}.old", one.scene.microscopist) == PICTURE
    one.put("cells.ome.tiff.old", content=b"")
    assert place.read_bytes() == PICTURE
    assert one.pixels_of(f"{path}.old", one.scene.microscopist) == PICTURE
    assert one.rows(f"{path}.old") == rows


def test_switched_off_the_copy_is_there(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene, FAST)
    path = one.put()
    one.settle()
    one.set_sharing()
    one.scene.mark(path)
    one.settle()
    assert one.place(path).read_bytes() == PICTURE
    assert "shared" not in one.scene.avus(path, "omero::agreement")[0]
    one.set_sharing(FAST)
    one.scene.mark(path)
    one.settle()
    assert one.is_shared(path)


def test_a_unit_of_several_files_shares_each_with_its_own(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene, FAST)
    paths = one.put_several()
    one.settle()
    files = [one.file(path) for path in paths]
    assert all(any(share_blocks(place, file) for file in files) for place in one.places(paths[0]))


def test_a_vault_that_is_not_there_is_told_of_and_changes_nothing(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene, FAST)
    section = {"share": {FAST: f"{one.vault(FAST)}-away"}}
    omero = one.scene.settings.omero.model_dump(mode="json")
    one.scene.settings = one.scene.with_settings(omero=omero, cache=section)
    path = one.put()
    one.settle()
    (error,) = one.scene.avus(path, "omero::error")
    assert "No such file" in error
    assert one.pixels_of(path) == PICTURE
    assert not one.is_locked(path)


def test_other_bytes_in_the_vault_are_told_of(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene)
    path = one.put()
    one.settle()
    file = one.file(path)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    one.set_sharing(FAST)
    one.scene.mark(path)
    one.settle()
    (error,) = one.scene.avus(path, "omero::error")
    assert "no data object of the unit has the same bytes" in error
    assert one.place(path).read_bytes() == PICTURE


def test_doctor_tries_whether_blocks_can_be_shared(new_scene: SceneFactory) -> None:
    one = Sharing(new_scene, FAST)
    one.put()
    cache = CacheSettings(share={FAST: one.vault(FAST), ARCHIVE: f"{one.vault(FAST)}-away"})
    seen = observe_omero(one.scene.settings.omero, trying=True, cache=cache).repository
    assert seen is not None
    there, away = seen.shares
    assert (there.resource, there.trouble) == (FAST, "")
    assert "No such file" in away.trouble
    untried = observe_omero(one.scene.settings.omero, trying=False, cache=cache).repository
    assert untried is not None
    assert untried.shares == ()
