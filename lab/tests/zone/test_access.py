"""Permissions, users, groups, passwords and resources: truly enforced."""

from __future__ import annotations

from typing import Any

import irods.exception as ex
import pytest
from irods.access import iRODSAccess
from irods.message import GeneralAdminRequest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from lab.tests.zone.commands import call
from lab.tests.zone.conftest import World
from lab.zone.setup import add_group, add_user


def allow(world: World, level: str, path: str, user: str = "bob", **options: Any) -> None:
    world.alice.acls.set(iRODSAccess(level, path, user), **options)


def test_nobody_reads_or_writes_without_permission(world: World) -> None:
    path = world.put("file")
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        world.bob.data_objects.open(path, "r")
    allow(world, "read", world.home)
    allow(world, "read", path)
    assert world.read(path, world.bob) == b"content"
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.data_objects.open(path, "r+")
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.data_objects.open(world.path("new"), "w")
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.data_objects.unlink(path, force=True)


def test_what_is_in_a_collection_of_others_is_not_seen_but_may_be_written_to(world: World) -> None:
    """zone-40, zone-41."""
    path = world.put("file")
    allow(world, "write", path)
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        world.bob.data_objects.open(path, "r")
    assert not world.bob.data_objects.exists(path)
    data_id, named = world.rods.data_objects.get(path).id, DataObject.name == "file"
    by_name = world.bob.query(DataObject.id).filter(named, DataObject.owner_name == "alice")
    assert data_id in {row[DataObject.id] for row in by_name}
    by_path = world.bob.query(DataObject.id, Collection.name).filter(named, DataObject.owner_name == "alice")
    assert data_id not in {row[DataObject.id] for row in by_path}
    world.bob.metadata.add(DataObject, path, iRODSMeta("a", "v"))
    allow(world, "read", world.home)
    assert world.read(path, world.bob) == b"content"


def test_write_permission_lets_write_but_not_remove(world: World) -> None:
    path = world.put("file")
    allow(world, "read", world.home)
    allow(world, "write", path)
    with world.bob.data_objects.open(path, "r+") as stream:
        stream.write(b"C")
    assert world.read(path) == b"Content"
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.data_objects.unlink(path, force=True)
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.acls.set(iRODSAccess("own", path, "bob"))
    allow(world, "null", path)
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        world.bob.data_objects.open(path, "r")


def test_permissions_are_inherited_and_set_recursively(world: World) -> None:
    old = world.put("old")
    allow(world, "read", world.home, recursive=True)
    assert world.read(old, world.bob) == b"content"
    allow(world, "inherit", world.home, user="")
    new = world.put("new")
    world.alice.collections.create(world.path("sub"))
    assert world.read(new, world.bob) == b"content"
    assert world.bob.collections.get(world.path("sub")).inheritance
    levels = {(acl.user_name, acl.access_name) for acl in world.alice.acls.get(world.alice.data_objects.get(new))}
    assert levels == {("alice", "own"), ("bob", "read_object")}


def test_a_group_gives_its_permissions_to_its_members(world: World) -> None:
    add_group(world.rods, "team", ["bob"])
    path = world.put("file")
    allow(world, "read", world.home, user="team")
    allow(world, "read", path, user="team")
    assert world.read(path, world.bob) == b"content"
    world.rods.groups.removemember("team", "bob")
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        world.bob.data_objects.open(path, "r")


def test_an_administrator_sets_permissions_by_saying_so(world: World) -> None:
    path = world.put("file")
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.rods.acls.set(iRODSAccess("read", path, "rods"))
    world.rods.acls.set(iRODSAccess("read", path, "rods"), admin=True)
    assert world.read(path, world.rods) == b"content"
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.bob.acls.set(iRODSAccess("read", path, "bob"), admin=True)


def test_a_wrong_password_or_an_unknown_user_is_not_let_in(world: World) -> None:
    for user, password in (("alice", "wrong"), ("nobody", "nobody")):
        session = world.zone.session(user, password)
        with pytest.raises((ex.CAT_INVALID_AUTHENTICATION, ex.CAT_INVALID_USER)):
            session.collections.exists("/tempZone")


def test_passwords_are_changed_by_the_user_and_by_administrators(world: World) -> None:
    add_user(world.rods, "carol", "first password")
    with world.zone.session("carol", "first password") as carol:
        carol.users.modify_password("first password", "second password")
    with world.zone.session("carol", "second password") as carol:
        assert carol.collections.exists("/tempZone/home/carol")
    add_user(world.rods, "carol", "third & <last>")
    with world.zone.session("carol", "third & <last>") as carol:
        assert carol.collections.exists("/tempZone/home/carol")


def test_users_have_a_home_and_are_removed(world: World) -> None:
    add_user(world.rods, "dave")
    assert world.rods.collections.exists("/tempZone/home/dave")
    with world.zone.session("dave") as dave:
        dave.collections.create("/tempZone/home/dave/own")
        dave.collections.remove("/tempZone/home/dave/own", force=True)
    world.rods.users.remove("dave")
    assert not world.rods.collections.exists("/tempZone/home/dave")
    with pytest.raises(ex.UserDoesNotExist):
        world.rods.users.get("dave")


def test_administration_is_for_administrators(world: World) -> None:
    with pytest.raises(ex.CAT_INSUFFICIENT_PRIVILEGE_LEVEL):
        world.alice.users.create("eve", "rodsuser")
    with pytest.raises(ex.CAT_INSUFFICIENT_PRIVILEGE_LEVEL):
        world.alice.resources.create("mine", "unixfilesystem", "localhost", "/tmp/mine")
    with pytest.raises(ex.CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME):
        world.rods.users.create("alice", "rodsuser")


def test_what_the_lab_has_not_is_refused_by_name(world: World) -> None:
    with pytest.raises(ex.SYS_NOT_SUPPORTED, match="general_admin add zone"):
        world.rods.zones.create("otherZone", "remote")
    with pytest.raises(ex.SYS_NOT_SUPPORTED, match="resources of type"):
        world.rods.resources.create("bucket", "s3", "localhost", "/bucket")
    with pytest.raises(ex.SYS_NOT_SUPPORTED, match="ticket_admin"):
        call(world.rods, 723, GeneralAdminRequest("create"))
    with pytest.raises(ex.SYS_UNMATCHED_API_NUM):
        call(world.rods, 4242, GeneralAdminRequest())
    assert world.rods.collections.exists("/tempZone")


def test_a_client_that_asks_about_encryption_is_told_that_there_is_none(world: World) -> None:
    asking = {"client_server_negotiation": "request_server_negotiation"}
    with world.zone.session("alice", client_server_policy="CS_NEG_REFUSE", **asking) as alice:
        assert alice.collections.exists("/tempZone/home/alice")
    with pytest.raises(ex.NetworkException):
        world.zone.session("alice", client_server_policy="CS_NEG_REQUIRE", **asking).collections.exists("/")


def test_the_homes_of_others_are_closed_and_the_top_is_open(world: World) -> None:
    for path in ("/", "/tempZone", "/tempZone/home"):
        assert world.bob.collections.exists(path)
    assert not world.bob.collections.exists("/tempZone/home/alice")
    seen = {row[Collection.name] for row in world.bob.query(Collection.name)}
    assert "/tempZone/home" in seen
    assert not {"/tempZone/home/alice", world.home} & seen


@pytest.mark.parametrize("name", ["two words", "o'hara", "🔬"])
def test_names_that_no_user_and_no_group_can_have_are_refused(world: World, name: str) -> None:
    """zone-94."""
    with pytest.raises(ex.USER_INVALID_USERNAME_FORMAT):
        world.rods.groups.create(name)
    with pytest.raises(ex.USER_INVALID_USERNAME_FORMAT):
        world.rods.users.create(name, "rodsuser")
