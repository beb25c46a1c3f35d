"""Who may do what with data that came through OMERO first, in each kind of group, and what goes wrong on the way."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import omero
import pytest
from irods.access import iRODSAccess

from irods_omero.agent.reconcile import Reconciler
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone import intake_objects
from lab.omero.setup import add_group, add_user
from lab.zone.lab import LabZone
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_beside_an_agent import before_first
from tests.end_to_end.test_omero_first import bring, images_of, objects_below, taking
from tests.pictures import retina, stained_tissue
from tests.scene import Scene
from tests.scene.accounts import GROUP, PASSWORD, USER, ensure_zone_user
from tests.scene.elsewhere import import_elsewhere
from tests.scene.places import AGENT_USER

WRITE_FAILED = -513000
"""``UNIX_FILE_WRITE_ERR``, to which the iRODS server adds the number of the system's error."""

CELLS = "Screening/March/cells.ome.tiff"


def rights_on(scene: Scene, path: str) -> dict[str, str]:
    """Who may do what with a data object, without the agent."""
    entries = scene.admin.acls.get(scene.admin.data_objects.get(path))
    return {each.user_name: each.access_name.replace(" ", "_") for each in entries}


def another_group(scene: Scene, permissions: str) -> tuple[str, int]:
    """A group of OMERO of some kind that the user belongs to; its name and its id."""
    name = f"lab-{permissions.strip('-')}-{uuid4().hex[:6]}"
    group = add_group(scene.root, name, permissions)
    add_user(scene.root, USER, PASSWORD, [group])
    return name, group


def bring_into(scene: Scene, group: int) -> int:
    """The user imports a file into a group that is not the default one; returns the fileset's id."""
    client = scene.omero.client(USER, PASSWORD)
    client.getImplicitContext().put("omero.group", str(group))  # closing a file store takes the group, too
    try:
        return import_elsewhere(client, group, {"cells.ome.tiff": retina(32)}, "Screening", "March")
    finally:
        client.closeSession()


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        pytest.param("rw----", "", id="private"),
        pytest.param("rwr---", "read_object", id="read-only"),
        pytest.param("rwra--", "read_object", id="read-annotate"),
        pytest.param("rwrw--", "modify_object", id="read-write"),
    ],
)
def test_members_may_do_in_irods_what_their_group_may_in_omero(
    new_scene: SceneFactory, permissions: str, may: str
) -> None:
    scene = taking(new_scene)
    name, group = another_group(scene, permissions)
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "groups": [name], "share": True, "make_groups": True}])
    fileset = bring_into(scene, group)
    scene.sweep()
    path = f"{scene.collection}/{CELLS}"
    rights = rights_on(scene, path)
    try:
        assert rights.get(name, "") == may
        assert rights[USER] == "own"
        assert scene.shown(path).values("omero::fileset") == [str(fileset)]
        assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    finally:
        if may:
            scene.admin.groups.remove(name)


def test_what_is_moved_to_another_group_while_it_is_read_is_shown_to_nobody_of_the_first_one(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = taking(new_scene)
    name, group = another_group(scene, "rwr---")
    _, private = another_group(scene, "rw----")
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "groups": ["*"], "share": True, "make_groups": True}])
    fileset = bring_into(scene, group)
    before_first(intake_objects, "compute_checksum", monkeypatch, lambda: move(scene, fileset, private))
    scene.sweep()
    assert objects_below(scene) == {}
    scene.sweep()
    assert set(objects_below(scene)) == {"cells.ome.tiff"}
    assert name not in rights_on(scene, f"{scene.collection}/cells.ome.tiff")


def test_without_an_irods_group_of_that_name_the_image_says_so_and_waits(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    name, group = another_group(scene, "rwr---")
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "groups": [name], "share": True}])
    fileset = bring_into(scene, group)
    scene.sweep()
    (image,) = images_of(scene, fileset)
    assert f"there is no iRODS group {name}" in dict(scene.image(image).pairs)["error"]
    scene.admin.groups.create(name)
    try:
        scene.sweep()
        assert rights_on(scene, f"{scene.collection}/{CELLS}")[name] == "read_object"
    finally:
        scene.admin.groups.remove(name)


def test_a_user_is_not_taken_for_a_group_that_omero_calls_so(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    name, group = another_group(scene, "rwrw--")
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "groups": [name], "share": True, "make_groups": True}])
    ensure_zone_user(scene.admin, name, PASSWORD)
    try:
        (image,) = images_of(scene, bring_into(scene, group))
        scene.sweep()
        assert f"{name} is a user in iRODS" in dict(scene.image(image).pairs)["error"]
        assert objects_below(scene) == {}
    finally:
        scene.admin.users.remove(name)


def test_a_project_called_as_the_agent_does_not_lead_into_its_home(new_scene: SceneFactory) -> None:
    """Users choose the names of projects, and what the agent makes ready in its home is not theirs to touch."""
    scene = taking(new_scene, to="/{zone}/home/{project}/omero-first/{dataset}")
    watched = scene.settings.watch.model_copy(update={"roots": [f"/{scene.zone.zone}/home"]})
    scene.settings = scene.settings.model_copy(update={"watch": watched})
    (image,) = images_of(scene, bring(scene, {"cells.ome.tiff": retina(32)}, AGENT_USER))
    scene.sweep()
    assert "is the agent's own" in dict(scene.image(image).pairs)["error"]


def test_an_owner_whose_name_has_a_quote_and_an_emoji_is_found_by_the_map(new_scene: SceneFactory) -> None:
    """On both sides names may hold what query languages take for something else."""
    scene = taking(new_scene)
    nasty = f"o'hara 🔬 {uuid4().hex[:6]}"
    user = add_user(scene.root, nasty, PASSWORD, [scene.group_id])
    known = scene.settings.omero.model_dump(mode="json")
    scene.settings = scene.with_settings(omero={**known, "users": {USER: nasty, "alice in OMERO": USER}})
    client = scene.omero.client(nasty, PASSWORD)
    try:
        fileset = import_elsewhere(client, scene.group_id, {"cells.ome.tiff": retina(32)}, "Screening", "March")
        scene.sweep()
        path = f"{scene.collection}/{CELLS}"
        assert rights_on(scene, path)[USER] == "own"
        shown = scene.shown(path)
        assert shown.values("omero::fileset") == [str(fileset)]
        assert shown.image.texts == {"registered", "tier:fast"}
    finally:
        client.closeSession()
        clear_of(scene, user)


def clear_of(scene: Scene, user: int) -> None:
    """Delete what a user has imported, whom the clearing of the scene does not know."""
    query = "select f from Fileset f where f.details.owner.id = :id"
    parameters = omero.sys.ParametersI().addId(user)
    filesets = scene.root.getSession().getQueryService().findAllByQuery(query, parameters, {"omero.group": "-1"})
    if filesets:
        request = omero.cmd.Delete2(targetObjects={"Fileset": [each.id.val for each in filesets]})
        scene.root.submit(request, loops=600, ms=100, ctx={"omero.group": str(scene.group_id)}).close(True)


OTHER = "bob"
"""Whom images are given to: a member of the group, with the same name on both sides."""


Followed = tuple[Scene, int, str]


@pytest.fixture
def followed(new_scene: SceneFactory) -> Iterator[Followed]:
    """A scene whose rights follow OMERO, with a fileset and the path of its data object."""
    scene = taking(new_scene, share=True, make_groups=True, follow_rights=True)
    ensure_zone_user(scene.admin, OTHER, PASSWORD)
    add_user(scene.root, OTHER, PASSWORD, [scene.group_id])
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    yield scene, fileset, f"{scene.collection}/{CELLS}"
    give(scene, fileset, USER)


def give(scene: Scene, fileset: int, name: str) -> None:
    """An administrator gives the images of a fileset to another user."""
    user = scene.root.getSession().getAdminService().lookupExperimenter(name).id.val
    request = omero.cmd.Chown2(targetObjects={"Image": images_of(scene, fileset)}, userId=user)
    scene.root.submit(request, loops=600, ms=100, ctx={"omero.group": "-1"}).close(True)


def grant(scene: Scene, path: str, name: str, level: str) -> None:
    """An administrator changes the access control list by hand."""
    scene.admin.acls.set(iRODSAccess(level, path, name, scene.zone.zone), admin=True)


def move(scene: Scene, fileset: int, group: int) -> None:
    """Move the images of a fileset to another group."""
    request = omero.cmd.Chgrp2(targetObjects={"Image": images_of(scene, fileset)}, groupId=group)
    scene.root.submit(request, loops=600, ms=100, ctx={"omero.group": "-1"}).close(True)


def test_rights_follow_the_owner_and_the_group_in_omero(followed: Followed) -> None:
    scene, fileset, path = followed
    guest = f"guest-{uuid4().hex[:6]}"
    ensure_zone_user(scene.admin, guest, PASSWORD)
    grant(scene, path, guest, "read")
    give(scene, fileset, OTHER)
    scene.sweep()
    rights = rights_on(scene, path)
    assert rights[OTHER] == "own"
    assert USER not in rights
    assert rights[guest] == "read_object", "somebody else gave that"
    assert scene.shown(path).image.owner == OTHER
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    with scene.zone.session(OTHER, PASSWORD) as session:
        assert session.data_objects.get(path).size > 0, "the collections are open to the new owner"
    name, group = another_group(scene, "rwrw--")
    add_user(scene.root, OTHER, PASSWORD, [group])
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "groups": [GROUP, name]}])
    move(scene, fileset, group)
    scene.sweep()
    rights = rights_on(scene, path)
    try:
        assert rights[name] == "modify_object"
        assert GROUP not in rights
        assert rights[OTHER] == "own"
        assert rights[guest] == "read_object"
        assert scene.avus(path, "omero::error") == []
    finally:
        scene.admin.groups.remove(name)
        scene.admin.users.remove(guest)


def test_what_people_have_changed_of_the_rights_stays_when_they_follow(followed: Followed) -> None:
    scene, fileset, path = followed
    grant(scene, path, USER, "write")
    give(scene, fileset, OTHER)
    scene.sweep()
    rights = rights_on(scene, path)
    assert rights[USER] == "modify_object"
    assert rights[OTHER] == "own"
    grant(scene, path, OTHER, "read")
    scene.sweep()
    assert rights_on(scene, path)[OTHER] == "read_object", "nothing has changed in OMERO"


def test_rights_stay_until_the_rule_says_that_they_follow(new_scene: SceneFactory) -> None:
    """What the agent gave is written down in any case."""
    scene = taking(new_scene)
    ensure_zone_user(scene.admin, OTHER, PASSWORD)
    add_user(scene.root, OTHER, PASSWORD, [scene.group_id])
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    path = f"{scene.collection}/{CELLS}"
    before = rights_on(scene, path)
    give(scene, fileset, OTHER)
    scene.sweep()
    assert rights_on(scene, path) == before
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "follow_rights": True}])
    reconcile(scene)
    rights = rights_on(scene, path)
    assert rights[OTHER] == "own"
    assert USER not in rights
    give(scene, fileset, USER)


def reconcile(scene: Scene) -> None:
    """Look at everything once."""
    with scene.connections() as connections:
        for _ in Reconciler(connections).run():
            pass


def test_where_the_new_owner_is_nobody_in_irods_nothing_changes_and_both_sides_say_so(followed: Followed) -> None:
    scene, fileset, path = followed
    name = f"stranger-{uuid4().hex[:6]}"
    add_user(scene.root, name, PASSWORD, [scene.group_id])
    before = rights_on(scene, path)
    give(scene, fileset, name)
    scene.sweep()
    assert rights_on(scene, path) == before
    assert f"there is no iRODS user {name}" in scene.avus(path, "omero::error")[0]
    assert f"there is no iRODS user {name}" in dict(scene.shown(path).image.pairs)["error"]
    ensure_zone_user(scene.admin, name, PASSWORD)
    try:
        reconcile(scene)
        assert rights_on(scene, path)[name] == "own"
        assert scene.avus(path, "omero::error") == []
    finally:
        scene.admin.users.remove(name)


def test_where_no_rule_names_the_new_group_nothing_changes_until_one_does(followed: Followed) -> None:
    scene, fileset, path = followed
    before = rights_on(scene, path)
    name, group = another_group(scene, "rwr---")
    move(scene, fileset, group)
    scene.sweep()
    assert rights_on(scene, path) == before
    assert f"omero_first names no place for the group {name}" in scene.avus(path, "omero::error")[0]
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[rule, {**rule, "groups": [name], "share": False}])
    reconcile(scene)
    assert rights_on(scene, path) == {name: level for name, level in before.items() if name != GROUP}
    assert scene.avus(path, "omero::error") == []
    move(scene, fileset, scene.group_id)


@pytest.mark.lab_only("counts all writes of both servers")
def test_when_rights_have_followed_a_quiet_round_writes_nothing(followed: Followed) -> None:
    scene, fileset, _ = followed
    give(scene, fileset, OTHER)
    scene.sweep()
    scene.sweep()
    before = scene.writes()
    scene.sweep()
    assert scene.writes() == before


@pytest.mark.lab_only("fills a resource")
def test_where_irods_is_full_the_image_says_so_and_waits_for_room(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    zone = lab_of(scene)
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    zone.fault("DATA_OBJ_WRITE_AN", 1, "fail", code=WRITE_FAILED - errno.ENOSPC)
    scene.sweep()
    (image,) = images_of(scene, fileset)
    assert "UNIX_FILE_WRITE_ERR" in dict(scene.image(image).pairs)["error"]
    assert "registered" not in scene.image(image).texts
    assert objects_below(scene) == {}
    scene.sweep()
    assert list(objects_below(scene)) == [CELLS]
    assert scene.shown(f"{scene.collection}/{CELLS}").image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("restarts a server")
@pytest.mark.parametrize("side", ["zone", "omero"])
def test_a_server_that_is_restarted_in_the_middle_costs_time_only(new_scene: SceneFactory, side: str) -> None:
    scene = taking(new_scene)
    content = stained_tissue()
    fileset = bring(scene, {"cells.ome.tiff": content})
    restart_within(scene, side)
    for session in (scene.admin, scene.user):
        session.cleanup()  # connections to a server that is gone are not noticed before they are used
    scene.connect_to_omero()
    scene.sweep()
    assert objects_below(scene) == {CELLS: content}
    shown = scene.shown(f"{scene.collection}/{CELLS}")
    assert shown.values("omero::fileset") == [str(fileset)]
    assert shown.image.texts == {"registered", "tier:fast"}


def restart_within(scene: Scene, side: str) -> None:
    """Restart a server while an agent has its bytes in hand."""
    lab: Any = lab_of(scene) if side == "zone" else scene.omero.lab
    with ThreadPoolExecutor(1) as pool, suppress(PolicyError):
        if side == "zone":
            lab.fault("DATA_OBJ_WRITE_AN", 1, "delay", seconds=8)
        else:
            lab.disturb("read", "delay", seconds=8)  # for which a server that is stopped waits
        sweep = pool.submit(scene.sweep)
        under_way = (lambda: is_writing(lab)) if side == "zone" else (lambda: lab.is_delaying("read"))
        try:
            scene.wait_until(under_way, "the agent has bytes in hand")
        finally:
            lab.stop()
            lab.start()
            if side == "omero":
                lab.calm()
        sweep.result()


def is_writing(zone: LabZone) -> bool:
    """Whether somebody has opened a data object for what came through OMERO first."""
    return any(
        each["api"] == "DATA_OBJ_OPEN_AN" and "/omero-first/" in each.get("path", "") for each in zone.requests()
    )


def lab_of(scene: Scene) -> LabZone:
    assert scene.zone.lab is not None
    return scene.zone.lab
