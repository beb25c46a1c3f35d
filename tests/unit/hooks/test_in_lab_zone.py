"""The same core.py in a zone, with the real client: what users do leaves marks, and what they may not do is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from irods.access import iRODSAccess
from irods.exception import CAT_NO_ACCESS_PERMISSION
from irods.keywords import ADMIN_KW
from irods.meta import AVUOperation, iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta
from irods.session import iRODSSession

from lab.zone import LabZone
from lab.zone.setup import add_user

PROJECT = Path(__file__).parents[3]
ROOT = "/tempZone/home/alice/watched"
HOSTILE = ["it's", '"quoted"', "50%_done", "back\\slash", "new\nline", "\U0001f52c", "a and b = 'c' || d", " spaces "]


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabZone]:
    policy = tmp_path_factory.mktemp("policy") / "policy.json"
    policy.write_text(
        json.dumps({"watch": {"roots": [ROOT]}, "zone": {"name": "tempZone", "user": "omero-agent"}}), encoding="utf-8"
    )
    with LabZone(core=PROJECT, resources=("slow",), environment={"IRODS_OMERO_POLICY": str(policy)}) as running:
        with running.session() as session:
            for user in ("alice", "bob"):
                add_user(session, user)
            add_user(session, "omero-agent", kind="rodsadmin")
        with running.session("alice") as session:
            session.collections.create(ROOT)
        yield running


@pytest.fixture
def alice(zone: LabZone) -> Iterator[iRODSSession]:
    with zone.session("alice") as session:
        yield session


@pytest.fixture
def rods(zone: LabZone) -> Iterator[iRODSSession]:
    with zone.session() as session:
        yield session


@pytest.fixture
def place(alice: iRODSSession, request: pytest.FixtureRequest) -> str:
    """A watched collection for one test."""
    path = f"{ROOT}/{request.node.name}"
    alice.collections.create(path)
    return path


def marks(rods: iRODSSession, below: str = ROOT) -> dict[str, str]:
    """The marks on what is in a collection and on that itself: path and shard."""
    shards = {}
    objects = rods.query(Collection.name, DataObject.name, DataObject.id, DataObjectMeta.units)
    for row in objects.filter(DataObjectMeta.name == "omero::sync", DataObjectMeta.value == "pending"):
        assert row[DataObjectMeta.units] == str(row[DataObject.id] % 64)
        shards[f"{row[Collection.name]}/{row[DataObject.name]}"] = row[DataObjectMeta.units]
    collections = rods.query(Collection.name, Collection.id, CollectionMeta.units)
    for row in collections.filter(CollectionMeta.name == "omero::sync", CollectionMeta.value == "pending"):
        assert row[CollectionMeta.units] == str(row[Collection.id] % 64)
        shards[row[Collection.name]] = row[CollectionMeta.units]
    return {path: shard for path, shard in shards.items() if path == below or path.startswith(below + "/")}


def put(session: iRODSSession, path: str) -> None:
    with session.data_objects.open(path, "w") as stream:
        stream.write(b"image")


def clear(rods: iRODSSession, path: str) -> None:
    """Take a mark away, as the agent does."""
    thing: Any = rods.collections if rods.collections.exists(path) else rods.data_objects
    for avu in thing.get(path).metadata.get_all("omero::sync"):
        thing.get(path).metadata.remove(avu, **{ADMIN_KW: ""})


@pytest.mark.parametrize("name", HOSTILE)
def test_an_arrival_of_any_name_is_marked_and_its_overwriting_and_renaming_again(
    alice: iRODSSession, rods: iRODSSession, zone: LabZone, name: str
) -> None:
    collection = f"{ROOT}/{name} collection"
    path, renamed = f"{collection}/{name}", f"{collection}/{name} renamed"
    alice.collections.create(collection)
    put(alice, path)
    assert list(marks(rods, collection)) == [path]
    clear(rods, path)
    put(alice, path)
    assert list(marks(rods, collection)) == [path]
    clear(rods, path)
    alice.data_objects.move(path, renamed)
    assert list(marks(rods, collection)) == [renamed]
    clear(rods, renamed)
    alice.data_objects.get(renamed).metadata.add("omero::request", "keep")
    assert list(marks(rods, collection)) == [renamed]
    alice.data_objects.unlink(renamed, force=True)
    assert list(marks(rods, collection)) == [collection]


def test_a_deletion_into_the_trash_leaves_the_mark_on_the_object(
    alice: iRODSSession, rods: iRODSSession, place: str
) -> None:
    put(alice, f"{place}/image")
    clear(rods, f"{place}/image")
    alice.data_objects.unlink(f"{place}/image")
    assert marks(rods, place) == {}
    assert len(marks(rods, "/tempZone/trash/home/alice")) == 1


def test_a_collection_that_is_renamed_or_deleted_is_marked_itself(
    alice: iRODSSession, rods: iRODSSession, place: str
) -> None:
    alice.collections.create(f"{place}/sub")
    put(alice, f"{place}/sub/image")
    clear(rods, f"{place}/sub/image")
    alice.collections.move(f"{place}/sub", f"{place}/renamed")
    assert list(marks(rods, place)) == [f"{place}/renamed"]
    alice.collections.remove(f"{place}/renamed", force=True)
    assert list(marks(rods, place)) == [place]


def test_another_replica_and_its_trim_are_marked(alice: iRODSSession, rods: iRODSSession, place: str) -> None:
    path = f"{place}/image"
    put(alice, path)
    clear(rods, path)
    alice.data_objects.replicate(path, resource="slow")
    assert list(marks(rods, place)) == [path]
    clear(rods, path)
    alice.data_objects.trim(path, replNum=0, copies=1)
    assert list(marks(rods, place)) == [path]


def test_an_administrator_marks_what_is_not_his(rods: iRODSSession, alice: iRODSSession, place: str) -> None:
    path = f"{place}/image"
    put(alice, path)
    clear(rods, path)
    rods.data_objects.replicate(path, resource="slow", **{ADMIN_KW: ""})
    assert list(marks(rods, place)) == [path]


def test_a_writer_who_does_not_own_the_object_leaves_the_mark(
    zone: LabZone, alice: iRODSSession, rods: iRODSSession, place: str
) -> None:
    path = f"{place}/image"
    put(alice, path)
    clear(rods, path)
    for name in ("/tempZone/home/alice", ROOT, place):
        alice.acls.set(iRODSAccess("read", name, "bob"))
    alice.acls.set(iRODSAccess("write", path, "bob"))
    with zone.session("bob") as bob:
        put(bob, path)
    assert list(marks(rods, place)) == [path]


def test_what_a_user_may_write_on_but_not_see_is_marked_without_a_word(
    zone: LabZone, alice: iRODSSession, rods: iRODSSession, place: str
) -> None:
    path = f"{place}/it's unseen"
    put(alice, path)
    clear(rods, path)
    alice.acls.set(iRODSAccess("write", path, "bob"))
    with zone.session("bob") as bob:
        assert not bob.data_objects.exists(path)
        bob.metadata.add(DataObject, path, iRODSMeta("omero::request", "keep"))
    assert [avu.value for avu in rods.metadata.get(DataObject, path) if avu.name == "omero::sync"] == ["pending"]
    assert [one for one in zone.requests() if one["user"] == "bob" and one.get("said")] == []
    clear(rods, path)


def test_only_the_agents_own_program_is_the_agent(
    zone: LabZone, alice: iRODSSession, rods: iRODSSession, place: str
) -> None:
    for path in ("/tempZone/home/alice", ROOT):
        alice.acls.set(iRODSAccess("read", path, "omero-agent"))
    alice.acls.set(iRODSAccess("own", place, "omero-agent"))
    for program in ("irods-omero", "iput"):
        with zone.session("omero-agent", application_name=program) as session:
            put(session, f"{place}/{program}")
    assert list(marks(rods, place)) == [f"{place}/iput"]


def test_users_are_told_what_they_cannot_write(alice: iRODSSession, rods: iRODSSession, place: str) -> None:
    path = f"{place}/image"
    put(alice, path)
    image = alice.data_objects.get(path)
    with pytest.raises(CAT_NO_ACCESS_PERMISSION):
        image.metadata.add("omero::fileset", "7", "server")
    with pytest.raises(CAT_NO_ACCESS_PERMISSION):
        image.metadata.set("omero::request", "burn")
    with pytest.raises(CAT_NO_ACCESS_PERMISSION):
        image.metadata.apply_atomic_operations(AVUOperation("add", iRODSMeta("omero::unit", "1")))
    with pytest.raises(CAT_NO_ACCESS_PERMISSION):
        image.metadata.remove("omero::sync", "pending", str(image.id % 64))
    image.metadata.set("omero::request", "archive")
    assert image.metadata.get_one("omero::request").value == "archive"
    assert list(marks(rods, place)) == [path]


def test_a_put_elsewhere_makes_the_hooks_write_nothing(zone: LabZone, alice: iRODSSession) -> None:
    before = len([one for one in zone.requests() if one["by"] == "hook"])
    put(alice, "/tempZone/home/alice/elsewhere")
    put(alice, "/tempZone/home/alice/elsewhere")
    assert len([one for one in zone.requests() if one["by"] == "hook"]) == before


def test_a_put_makes_the_hooks_write_once(zone: LabZone, alice: iRODSSession, place: str) -> None:
    put(alice, f"{place}/image")
    written = [one for one in zone.requests() if one["by"] == "hook" and f"{place}/image" in one.get("arguments", ())]
    assert [one["api"] for one in written] == ["msiModAVUMetadata"]


def test_the_hooks_had_nothing_to_complain_about(zone: LabZone) -> None:
    assert "irods-omero:" not in zone.server_log()
