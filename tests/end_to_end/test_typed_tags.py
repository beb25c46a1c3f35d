"""Request words that users type in OMERO.web, where they become tags like any others, without a namespace."""

from __future__ import annotations

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.domain.state.request_lookup import STANDING
from irods_omero.vocabulary import REQUEST_NAMESPACE
from lab.omero.setup import add_group
from tests.faults.end_state import query
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import GROUP

MINE = {"omero": {"adopt_typed_tags": False}}


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image."""
    made = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    return made


@pytest.mark.parametrize("text", ["keep", " Keep", "KEEP "])
def test_a_word_that_is_typed_is_the_request_and_becomes_the_tag_for_it(scene: Scene, path: str, text: str) -> None:
    scene.type_tag(scene.shown(path).image.id, text)
    scene.sweep()
    assert scene.avus(path, "omero::request") == ["keep"]
    assert scene.tags(path, REQUEST_NAMESPACE) == {"keep"}
    assert text not in {shown for namespace, shown in scene.shown(path).image.tags if not namespace}
    scene.take_tag_away(scene.shown(path).image.id, "keep")
    scene.sweep()
    assert scene.avus(path, "omero::request") == []


def test_what_is_taken_for_a_request_is_known_as_the_users(scene: Scene, path: str) -> None:
    scene.type_tag(scene.shown(path).image.id, "keep")
    scene.sweep()
    units = {avu.units for avu in scene.admin.metadata.get(DataObject, path) if avu.name == "omero::request"}
    assert units == {scene.microscopist.getSession().getAdminService().getEventContext().userName}


@pytest.mark.parametrize("text", ["keep it", "keeper", "kept"])
def test_other_words_are_the_users_own(scene: Scene, path: str, text: str) -> None:
    scene.type_tag(scene.shown(path).image.id, text)
    scene.sweep()
    assert scene.avus(path, "omero::request") == []
    assert text in scene.shown(path).image.texts


def test_an_administrator_may_leave_all_words_to_users(scene: Scene, path: str) -> None:
    scene.type_tag(scene.shown(path).image.id, "keep")
    scene.sweep(**MINE)
    assert scene.avus(path, "omero::request") == []
    assert "keep" in scene.shown(path).image.texts


def test_a_word_in_a_mapped_tag_set_is_a_value_of_it(scene: Scene, path: str) -> None:
    mapped = {"attributes": [{"avu": "status", "tag_set": "Status"}]}
    scene.set_avu(path, "status", "archive")
    scene.mark(path)
    scene.sweep(**mapped)
    assert "archive" in scene.shown(path).image.texts
    scene.mark(path)
    scene.sweep(**mapped)
    assert scene.avus(path, "omero::request") == []
    assert scene.avus(path, "status") == ["archive"]
    assert "archive" in scene.shown(path).image.texts


@pytest.mark.lab_only("makes a group that stays")
def test_request_tags_are_there_before_the_first_import(scene: Scene) -> None:
    group = add_group(scene.root, "newcomers", "rwra--")
    admin = scene.root.getSession().getAdminService()
    user = scene.microscopist.getSession().getAdminService().getEventContext().userId
    admin.addGroups(admin.getExperimenter(user), [admin.getGroup(group)])
    scene.watch(group="newcomers")
    scene.sweep()
    text = "select t.textValue from TagAnnotation t where t.ns = :ns and t.details.group.id = :id"
    assert sorted(row[0] for row in query(scene, text, ns=REQUEST_NAMESPACE, id=group)) == sorted(STANDING)


def test_a_collection_whose_group_does_not_exist_is_no_trouble_until_something_arrives(scene: Scene) -> None:
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::target", "a/b", f"{GROUP} mistyped"))
    assert scene.sweep().failed == 0
    scene.put("a.ome.tiff", retina(32))
    assert scene.sweep().failed == 1
