"""People come and go, groups are renamed, images move between groups: what can be done is done, by whoever may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import omero
import omero.cmd
import omero.model
import pytest
from omero.rtypes import rstring

from irods_omero.agent.reconcile import Manner, Reconciler
from irods_omero.agent.sweep import Sweeper
from irods_omero.vocabulary import REQUEST_NAMESPACE
from lab.omero.setup import add_group, add_user, set_group_owner
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import PASSWORD, USER
from tests.scene.clearing import clear_omero, last_ids

TEAM, ELSEWHERE = "scene team", "scene elsewhere"
OWNER, COLLEAGUE, CHIEF = "scene-owner", "scene-colleague", "scene-chief"
NOTES = "scene.example/note"
MAPPED = [{"avu": "note", "tag_namespace": NOTES}]


@dataclass
class People:
    """A group of which the owner of the images is a member, a colleague, and its owner-to-be."""

    scene: Scene
    team: int
    elsewhere: int
    ids: dict[str, int]

    @property
    def _admin(self) -> Any:
        return self.scene.root.getSession().getAdminService()

    def joins(self, name: str, group: int) -> None:
        self._admin.addGroups(self._admin.getExperimenter(self.ids[name]), [self._admin.getGroup(group)])

    def leaves(self, name: str, group: int) -> None:
        self._admin.removeGroups(self._admin.getExperimenter(self.ids[name]), [self._admin.getGroup(group)])

    def leads(self, name: str, group: int) -> None:
        set_group_owner(self.scene.root, group, self.ids[name])

    def rename(self, group: int, name: str) -> None:
        known = self._admin.getGroup(group)
        known.name = rstring(name)
        self._admin.updateGroup(known)

    def move(self, image: int, group: int) -> None:
        """An administrator moves an image to another group."""
        request = omero.cmd.Chgrp2(targetObjects={"Image": [image]}, groupId=group)
        self.scene.root.submit(request, ctx={"omero.group": "-1"}).close(True)

    def tag(self, name: str, image: int, namespace: str, text: str) -> None:
        """A member of the team makes a tag and puts it on an image."""
        client = self.scene.omero.client(name, PASSWORD)
        link = omero.model.ImageAnnotationLinkI()
        link.parent, link.child = omero.model.ImageI(image, False), omero.model.TagAnnotationI()
        link.child.ns, link.child.textValue = rstring(namespace), rstring(text)
        client.getSession().getUpdateService().saveObject(link, {"omero.group": str(self.team)})
        client.closeSession()


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    made = new_scene(attributes=MAPPED, omero={"users": {USER: OWNER}})
    made.watch(group=TEAM)
    return made


@pytest.fixture
def people(scene: Scene) -> Iterator[People]:
    root = scene.root
    team, elsewhere = add_group(root, TEAM, "rwra--"), add_group(root, ELSEWHERE, "rwra--")
    ids = {name: add_user(root, name, PASSWORD, [elsewhere, team]) for name in (OWNER, COLLEAGUE, CHIEF)}
    before = last_ids(root)
    yield People(scene, team, elsewhere, ids)
    people = People(scene, team, elsewhere, ids)
    people.rename(team, TEAM)
    admin = root.getSession().getAdminService()
    for group in (team, elsewhere):
        admin.unsetGroupOwner(
            omero.model.ExperimenterGroupI(group, False), omero.model.ExperimenterI(ids[CHIEF], False)
        )
    for name in ids:
        for group in (team, elsewhere):
            people.joins(name, group)
        clear_omero(root, before, name)


@pytest.fixture
def path(scene: Scene, people: People) -> str:
    """An image of the owner in the team's group."""
    made = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    assert scene.shown(made).image.owner == OWNER
    return made


def look_and_write_nothing(scene: Scene, path: str) -> None:
    """Look twice more, as each reconcile does, and see that neither side is written to."""
    scene.sweep()  # what was news is looked at once more
    before, agreed = scene.shown(path), scene.avus(path, "omero::agreement")
    for _ in range(2):
        scene.mark(path)
        report = scene.sweep()
        assert (report.changed, report.failed, report.waiting) == (0, 0, 0)
    assert (scene.shown(path), scene.avus(path, "omero::agreement")) == (before, agreed)


def assert_agreed(scene: Scene, path: str) -> None:
    """Nothing is left to do, and nothing is shown as wrong."""
    scene.sweep()
    assert scene.avus(path, "omero::error") == []
    with scene.connections() as connections:
        drifted = [
            each.observation.zone.first.path for page in Reconciler(connections, Manner.DRY_RUN).run() for each in page
        ]
    assert path not in drifted


def test_a_request_of_a_colleague_who_left_is_answered_once(scene: Scene, people: People, path: str) -> None:
    image = scene.shown(path).image.id
    people.tag(COLLEAGUE, image, REQUEST_NAMESPACE, "restage")
    people.leaves(COLLEAGUE, people.team)
    scene.set_avu(path, "note", "other things go on")
    scene.sweep()
    assert scene.avus(path, "omero::request") == []
    assert scene.tags(path, NOTES) == {"other things go on"}
    look_and_write_nothing(scene, path)
    assert "restage" in scene.shown(path).image.texts, "nobody can take it away"
    (told,) = scene.avus(path, "omero::error")
    assert "restage" in told
    assert COLLEAGUE in told
    people.tag(OWNER, image, REQUEST_NAMESPACE, "keep")
    scene.sweep()
    assert scene.avus(path, "omero::request") == ["keep"], "what others ask for goes on"
    people.leads(CHIEF, people.team)
    scene.mark(path)
    scene.sweep()
    assert "restage" not in scene.shown(path).image.texts, "an owner of the group has taken it away"
    assert_agreed(scene, path)


def test_a_value_that_a_colleague_who_left_has_shown_stays_removed(scene: Scene, people: People, path: str) -> None:
    people.tag(COLLEAGUE, scene.shown(path).image.id, NOTES, "mistaken")
    scene.sweep()
    assert scene.avus(path, "note") == ["mistaken"]
    people.leaves(COLLEAGUE, people.team)
    scene.remove_avu(path, "note", "mistaken")
    scene.sweep()
    look_and_write_nothing(scene, path)
    assert scene.avus(path, "note") == []
    people.joins(COLLEAGUE, people.team)
    scene.mark(path)
    scene.sweep()
    assert scene.tags(path, NOTES) == set()
    assert_agreed(scene, path)


def test_images_of_an_owner_who_left_are_kept_up_by_an_owner_of_the_group(
    scene: Scene, people: People, path: str
) -> None:
    people.leaves(OWNER, people.team)
    people.leads(CHIEF, people.team)
    scene.set_avu(path, "note", "written by another")
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast", "keep", "written by another"}
    scene.remove_avu(path, "note", "written by another")
    scene.sweep()
    assert scene.tags(path, NOTES) == set()
    assert_agreed(scene, path)


def test_images_of_an_owner_who_left_a_group_without_owner_are_left_and_told_of_once(
    scene: Scene, people: People, path: str
) -> None:
    scene.set_avu(path, "note", "known")
    scene.sweep()
    people.tag(COLLEAGUE, scene.shown(path).image.id, NOTES, "a colleague's")
    people.leaves(OWNER, people.team)
    scene.set_avu(path, "note", "new")
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    assert scene.avus(path, "note") == ["a colleague's", "known", "new"], "what can be done is done"
    assert scene.avus(path, "omero::request") == ["keep"], "that it cannot be shown is no reason to cancel it"
    look_and_write_nothing(scene, path)
    assert OWNER in str(scene.avus(path, "omero::error"))
    assert scene.avus(path, "note") == ["a colleague's", "known", "new"]
    assert scene.avus(path, "omero::request") == ["keep"]
    people.joins(OWNER, people.team)
    scene.mark(path)
    scene.sweep()
    assert {"keep", "new", "known"} <= scene.shown(path).image.texts
    assert_agreed(scene, path)


def test_an_image_that_was_moved_to_a_group_of_others_is_kept_up_there(scene: Scene, people: People, path: str) -> None:
    scene.set_avu(path, "note", "kept")
    scene.sweep()
    people.leads(CHIEF, people.elsewhere)
    people.leaves(OWNER, people.elsewhere)
    people.move(scene.shown(path).image.id, people.elsewhere)
    scene.mark(path)
    scene.sweep()
    assert scene.avus(path, "note") == ["kept"]
    assert scene.shown(path).image.texts == {"registered", "tier:fast", "kept"}
    assert_agreed(scene, path)


def test_a_group_that_is_renamed_is_known_by_its_new_name(scene: Scene, people: People, path: str) -> None:
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        scene.set_avu(path, "note", "before")
        sweeper.sweep()
        people.rename(people.team, "scene team of another name")
        connections.omero.drop(OWNER, TEAM)  # as OMERO does with sessions that are idle
        scene.set_avu(path, "note", "after")
        sweeper.sweep()
    assert scene.tags(path, NOTES) == {"before", "after"}
    assert scene.avus(path, "omero::error") == []
