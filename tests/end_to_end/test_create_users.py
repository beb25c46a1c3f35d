"""Who has no account in OMERO gets one from the directory when a file arrives in iRODS, if so configured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from irods_omero.doctor.facts.omero_facts import observe_omero
from irods_omero.settings import CacheSettings
from lab.omero.setup import add_group, add_user
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import GROUP, PASSWORD, USER
from tests.scene.clearing import clear_omero, last_ids

pytestmark = pytest.mark.lab_only("gives OMERO a directory")

Arrival = tuple[Scene, str, str]


@pytest.fixture
def arrival(new_scene: SceneFactory) -> Iterator[Arrival]:
    """A scene with a file of somebody whom OMERO does not know; the OMERO name of that user, and the path."""
    name = f"newcomer-{uuid4().hex[:6]}"
    scene = new_scene(omero={"users": {USER: name}, "create_users": True})
    before = last_ids(scene.root)
    scene.watch()
    yield scene, name, scene.put("a.ome.tiff", retina(32))
    clear_omero(scene.root, before, name)


def lab_of(scene: Scene) -> Any:
    return scene.omero.lab


def is_known(scene: Scene, name: str) -> bool:
    users = scene.root.getSession().getAdminService().lookupExperimenters()
    return name in {user.omeName.val for user in users}


def test_an_account_is_made_when_the_first_file_arrives(arrival: Arrival) -> None:
    scene, name, path = arrival
    with lab_of(scene).directory({name: [GROUP]}):
        scene.sweep()
    shown = scene.shown(path)
    assert shown.image.owner == name
    assert shown.image.texts == {"registered", "tier:fast"}
    assert scene.avus(path, "omero::error") == []


def test_a_watched_collection_alone_makes_nobody(new_scene: SceneFactory) -> None:
    name = f"newcomer-{uuid4().hex[:6]}"
    scene = new_scene(omero={"users": {USER: name}, "create_users": True})
    with lab_of(scene).directory({name: [GROUP]}):
        scene.watch()
        scene.sweep()
    assert not is_known(scene, name)


def test_nobody_is_made_unless_that_is_switched_on(arrival: Arrival) -> None:
    scene, name, path = arrival
    known = scene.settings.omero.model_dump(mode="json")
    scene.settings = scene.with_settings(omero={**known, "create_users": False})
    with lab_of(scene).directory({name: [GROUP]}):
        scene.sweep()
    (error,) = scene.avus(path, "omero::error")
    assert f"Cannot find a user with name {name}" in error
    assert "create_users" not in error
    assert not is_known(scene, name)


def test_without_a_directory_the_file_says_what_to_do(arrival: Arrival) -> None:
    scene, name, path = arrival
    scene.sweep()
    (error,) = scene.avus(path, "omero::error")
    assert f"Cannot find a user with name {name}" in error
    assert "OMERO has LDAP switched off" in error
    assert not is_known(scene, name)


def test_doctor_is_told_whether_there_is_a_directory_if_anybody_wants_it(new_scene: SceneFactory) -> None:
    scene = new_scene()
    assert observe_omero(scene.settings.omero, trying=False, cache=CacheSettings()).has_directory is None
    wanted = scene.settings.omero.model_copy(update={"create_users": True})
    assert observe_omero(wanted, trying=False, cache=CacheSettings()).has_directory is False
    with lab_of(scene).directory({}):
        assert observe_omero(wanted, trying=False, cache=CacheSettings()).has_directory is True


def test_who_has_an_account_and_is_not_in_the_group_is_told_that_alone(arrival: Arrival) -> None:
    scene, name, path = arrival
    add_user(scene.root, name, PASSWORD, [add_group(scene.root, f"elsewhere-{name}")])
    scene.sweep()
    (error,) = scene.avus(path, "omero::error")
    assert "is not a member of group" in error
    assert "create_users" not in error


def test_whom_the_directory_does_not_know_either_is_imported_when_it_does(arrival: Arrival) -> None:
    scene, name, path = arrival
    with lab_of(scene).directory({}):
        scene.sweep()
        (error,) = scene.avus(path, "omero::error")
        assert f"found=0 ({name})" in error
        assert "make the user" in error
    with lab_of(scene).directory({name: [GROUP]}):
        scene.sweep()
    assert scene.shown(path).image.owner == name
    assert scene.avus(path, "omero::error") == []
