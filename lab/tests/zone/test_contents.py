"""Content goes in and comes out again, by every route that python-irodsclient has."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

import irods.exception as ex
import irods.keywords as kw
import pytest
from irods.message import ET, XML_Parser_Type
from irods.models import Collection, DataObject

from lab.tests.zone.conftest import World

NAMES = [
    "with a space",
    'it\'s "quoted"',
    "50% %s %n _",
    "back\\slash\\",
    "emoji 😀 é 中",
    "<&amp;>;#",
    "line\nbreak",
    "like' or '1'='1",
    "a && b || c",
    ".hidden",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_goes_in_and_comes_out(world: World, name: str) -> None:
    path = world.put(name, b"bytes")
    assert world.read(path) == b"bytes"
    data_object = world.alice.data_objects.get(path)
    assert (data_object.name, data_object.path, data_object.size) == (name, path, 5)
    rows = list(world.alice.query(DataObject.name).filter(Collection.name == world.home))
    assert [row[DataObject.name] for row in rows] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_collection_can_have_any_name(world: World, name: str) -> None:
    path = world.alice.collections.create(world.path(name)).path
    assert path == world.path(name)
    assert [child.name for child in world.alice.collections.get(world.home).subcollections] == [name]


def test_the_other_xml_dialect_takes_what_xml_forbids(world: World) -> None:
    try:
        ET(XML_Parser_Type.QUASI_XML, world.alice.server_version)
        path = world.put("bell \x07 and 'quotes' & <brackets>", b"x")
        assert world.alice.data_objects.get(path).name == "bell \x07 and 'quotes' & <brackets>"
    finally:
        ET(XML_Parser_Type.STANDARD_XML, world.alice.server_version)


def test_an_empty_file_and_a_large_one_are_the_same_afterwards(world: World, tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("large", bytes(range(256)) * 160_000)):
        (tmp_path / name).write_bytes(content)
        world.alice.data_objects.put(str(tmp_path / name), world.path(name), num_threads=2)
        world.alice.data_objects.get(world.path(name), str(tmp_path / f"{name}.back"), num_threads=2)
        assert (tmp_path / f"{name}.back").read_bytes() == content
        replica = world.alice.data_objects.get(world.path(name)).replicas[0]
        assert (replica.size, replica.status) == (len(content), "1")


def test_a_file_can_be_read_and_written_anywhere(world: World) -> None:
    path = world.put("file", b"0123456789")
    with world.alice.data_objects.open(path, "r+") as stream:
        stream.seek(4)
        assert stream.read(2) == b"45"
        stream.seek(4)
        stream.write(b"xx")
    with world.alice.data_objects.open(path, "a") as stream:
        stream.write(b"!")
    assert world.read(path) == b"0123xx6789!"
    assert world.alice.data_objects.get(path).size == 11


def test_many_zeros_are_content_like_any_other(world: World) -> None:
    """They take no room on the disk where nothing was before, and overwrite what was."""
    zeros, path = bytes(2_000_000), world.put("zeros", b"")
    with world.alice.data_objects.open(path, "w") as stream:
        for block in (zeros, b"end", zeros):
            stream.write(block)
    assert world.read(path) == zeros + b"end" + zeros
    with world.alice.data_objects.open(path, "r+") as stream:
        stream.write(b"x" * 1_500_000)
        stream.seek(0)
        stream.write(zeros)
    assert world.read(path) == zeros + b"end" + zeros


def test_a_put_over_something_needs_the_force_flag(world: World, tmp_path: Path) -> None:
    path = world.put("file", b"old")
    (tmp_path / "new").write_bytes(b"newer")
    with pytest.raises(ex.OVERWRITE_WITHOUT_FORCE_FLAG):
        world.alice.data_objects.put(str(tmp_path / "new"), path, **{kw.FORCE_FLAG_KW: None})
    world.alice.data_objects.put(str(tmp_path / "new"), path, **{kw.FORCE_FLAG_KW: ""})
    assert world.read(path) == b"newer"


def test_what_is_not_there_is_said_to_be_not_there(world: World) -> None:
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        world.alice.data_objects.open(world.path("nothing"), "r")
    with pytest.raises(ex.DataObjectDoesNotExist):
        world.alice.data_objects.get(world.path("nothing"))
    with pytest.raises(ex.CollectionDoesNotExist):
        world.alice.collections.get(world.path("nowhere"))
    with pytest.raises(ex.CAT_UNKNOWN_COLLECTION):
        world.alice.data_objects.open(world.path("nowhere/file"), "w")
    assert not world.alice.data_objects.exists(world.path("nothing"))


def test_a_checksum_is_that_of_the_bytes(world: World) -> None:
    path = world.put("file", b"bytes")
    expected = "sha2:" + b64encode(hashlib.sha256(b"bytes").digest()).decode()
    assert world.alice.data_objects.get(path).replicas[0].checksum is None
    assert world.alice.data_objects.chksum(path) == expected
    assert world.alice.data_objects.get(path).replicas[0].checksum == expected
    registered = world.put("registered", b"bytes", **{kw.REG_CHKSUM_KW: ""})
    assert world.alice.data_objects.get(registered).checksum == expected


def test_new_content_has_no_old_checksum(world: World) -> None:
    path = world.put("file", b"bytes", **{kw.REG_CHKSUM_KW: ""})
    world.put("file", b"other")
    assert not world.alice.data_objects.get(path).checksum


def test_copy_move_truncate_and_touch_do_what_they_say(world: World) -> None:
    path = world.put("file", b"0123456789")
    world.alice.data_objects.copy(path, world.path("copy"))
    world.alice.data_objects.truncate(world.path("copy"), 4)
    world.alice.data_objects.move(path, world.path("moved"))
    assert world.read(world.path("copy")) == b"0123"
    assert world.read(world.path("moved")) == b"0123456789"
    assert not world.alice.data_objects.exists(path)
    world.alice.data_objects.touch(world.path("moved"), seconds_since_epoch=1_000_000_000)
    assert world.alice.data_objects.get(world.path("moved")).modify_time.timestamp() == 1_000_000_000


def test_a_replica_is_cut_and_the_client_is_sent_where_it_is(world: World) -> None:
    path = world.put("file", b"0123456789")
    assert world.alice.data_objects.replica_truncate(path, 3)["resource_hierarchy"] == "fast"
    with world.alice.data_objects.open(path, "r", allow_redirect=True) as stream:
        assert stream.read() == b"012"
    with world.alice.data_objects.open(world.path("new"), "w", allow_redirect=True) as stream:
        stream.write(b"x")
    assert world.read(world.path("new")) == b"x"


def test_a_moved_object_keeps_its_id_its_avus_and_its_content(world: World) -> None:
    path = world.put("file", b"bytes")
    id_ = world.alice.data_objects.get(path).id
    world.alice.data_objects.get(path).metadata.add("a", "v")
    world.alice.collections.create(world.path("sub"))
    world.alice.data_objects.move(path, world.path("sub/other name"))
    data_object = world.alice.data_objects.get(world.path("sub/other name"))
    assert (data_object.id, data_object.metadata.get_one("a").value) == (id_, "v")
    assert world.read(data_object.path) == b"bytes"


def test_a_collection_moves_with_all_that_is_below(world: World) -> None:
    world.alice.collections.create(world.path("one/two"))
    world.put("one/two/file", b"bytes")
    world.alice.collections.move(world.path("one"), world.path("uno"))
    assert world.read(world.path("uno/two/file")) == b"bytes"
    assert not world.alice.collections.exists(world.path("one"))
    assert world.alice.data_objects.get(world.path("uno/two/file")).replicas[0].path.endswith("uno/two/file")


def test_names_cannot_be_taken_twice(world: World) -> None:
    world.alice.collections.create(world.path("taken"))
    file = world.put("file")
    with pytest.raises(ex.CAT_NAME_EXISTS_AS_COLLECTION):
        world.alice.data_objects.open(world.path("taken"), "w")
    with pytest.raises(ex.CAT_NAME_EXISTS_AS_DATAOBJ):
        world.alice.collections.create(file)
    with pytest.raises(ex.CAT_NAME_EXISTS_AS_DATAOBJ):
        world.alice.data_objects.move(world.put("another"), file)
    with pytest.raises(ex.CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME):
        world.alice.collections.create(world.path("taken"), recurse=False)


def test_what_is_removed_goes_to_the_trash_and_from_there_for_good(world: World) -> None:
    path = world.put("file", b"bytes")
    file = world.alice.data_objects.get(path).replicas[0].path
    world.alice.data_objects.unlink(path)
    trashed = path.replace("/home/alice/", "/trash/home/alice/")
    assert world.read(trashed) == b"bytes"
    assert not Path(file).exists()
    world.alice.data_objects.unlink(trashed)
    assert not world.alice.data_objects.exists(trashed)
    world.put("file", b"again")
    world.alice.data_objects.unlink(path, force=True)
    assert not Path(file).exists()
    assert not world.alice.data_objects.exists(path)


def test_collections_are_removed_into_the_trash_or_for_good(world: World) -> None:
    world.alice.collections.create(world.path("one/two"))
    world.put("one/two/file")
    with pytest.raises(ex.CAT_COLLECTION_NOT_EMPTY):
        world.alice.collections.remove(world.path("one"), recurse=False)
    world.alice.collections.remove(world.path("one"))
    trashed = world.path("one").replace("/home/alice/", "/trash/home/alice/")
    assert world.read(f"{trashed}/two/file") == b"content"
    world.alice.collections.remove(trashed, force=True)
    assert not world.alice.collections.exists(trashed)


def test_a_file_is_registered_where_it_is_and_unregistered(world: World, tmp_path: Path) -> None:
    file = tmp_path / "in place"
    file.write_bytes(b"bytes")
    path = "/tempZone/home/rods/registered"
    world.rods.data_objects.register(str(file), path)
    assert world.read(path, world.rods) == b"bytes"
    assert world.rods.data_objects.get(path).replicas[0].path == str(file)
    world.rods.data_objects.unregister(path)
    assert file.exists()
    assert not world.rods.data_objects.exists(path)
    with pytest.raises(KeyError, match="-129000"):  # PATH_REG_NOT_ALLOWED, which the client does not know
        world.alice.data_objects.register(str(file), world.path("mine"))


def test_avus_come_with_the_content(world: World) -> None:
    path = world.put("file", b"x", metadataIncluded="a;1;;b;2;units")
    avus = {(avu.name, avu.value, avu.units) for avu in world.alice.data_objects.get(path).metadata.items()}
    assert {("a", "1", None), ("b", "2", "units")} <= avus
