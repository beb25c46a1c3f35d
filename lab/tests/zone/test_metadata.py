"""AVUs: plain and atomic, on all kinds of objects, with the peculiarities of a real catalog."""

from __future__ import annotations

import random
import string
from typing import Any

import irods.exception as ex
import irods.keywords as kw
import pytest
from irods.meta import AVUOperation, iRODSMeta
from irods.models import Collection, DataObject, Resource, User

from lab.tests.zone.conftest import World


def avus(world: World, path: str, attribute: str = "a") -> list[tuple[str, str, str | None]]:
    metadata = world.rods.metadata.get(DataObject, path)
    return sorted((avu.name, avu.value, avu.units) for avu in metadata if avu.name.startswith(attribute))


def atomic(*operations: tuple[str, str, str]) -> list[Any]:
    return [AVUOperation(operation=what, avu=iRODSMeta(name, value)) for what, name, value in operations]


def test_avus_are_added_set_changed_and_removed(world: World) -> None:
    path = world.put("file")
    plain = world.alice.metadata
    plain.add(DataObject, path, iRODSMeta("a", "1"))
    plain.add(DataObject, path, iRODSMeta("a", "2", "units"))
    assert avus(world, path) == [("a", "1", None), ("a", "2", "units")]
    plain.set(DataObject, path, iRODSMeta("a", "3"))
    assert avus(world, path) == [("a", "3", None)]
    plain.remove(DataObject, path, iRODSMeta("a", "3"))
    assert avus(world, path) == []


def test_an_avu_is_not_added_twice_and_one_that_is_not_there_is_not_removed(world: World) -> None:
    path = world.put("file")
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", "1"))
    with pytest.raises(ex.CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME):
        world.alice.metadata.add(DataObject, path, iRODSMeta("a", "1"))
    with pytest.raises(ex.CAT_SUCCESS_BUT_WITH_NO_INFO):
        world.alice.metadata.remove(DataObject, path, iRODSMeta("a", "2"))


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "😀 é 中", "<&>", "a\nb", " leading", "x" * 2700])
def test_an_avu_can_hold_any_text(world: World, text: str) -> None:
    path = world.put("file")
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", text, text[:250]))
    assert avus(world, path) == [("a", text, text[:250])]
    world.alice.metadata.remove(DataObject, path, iRODSMeta("a", text, text[:250]))
    assert avus(world, path) == []


def test_a_removal_takes_no_pattern(world: World) -> None:
    path = world.put("file")
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", "xyz"))
    with pytest.raises(ex.CAT_SUCCESS_BUT_WITH_NO_INFO):
        world.alice.metadata.remove(DataObject, path, iRODSMeta("a", "x%"))
    assert avus(world, path) == [("a", "xyz", None)]


def test_atomic_operations_happen_all_or_none(world: World) -> None:
    path = world.put("file")
    operations = atomic(("add", "a", "1"), ("add", "a", "1"), ("remove", "a", "nothing"), ("add", "a", "2"))
    world.alice.metadata.apply_atomic_operations(DataObject, path, *operations)
    assert avus(world, path) == [("a", "1", None), ("a", "2", None)]
    broken = [*atomic(("remove", "a", "1"), ("add", "a", "3")), AVUOperation(operation="add", avu=iRODSMeta("a", ""))]
    with pytest.raises(ex.SYS_INVALID_INPUT_PARAM):
        world.alice.metadata.apply_atomic_operations(DataObject, path, *broken)
    assert avus(world, path) == [("a", "1", None), ("a", "2", None)]


def test_atomic_removal_misses_a_row_that_set_has_made_equal_to_an_older_one(world: World) -> None:
    older, path = world.put("older"), world.put("file")
    value = world.home
    world.alice.metadata.add(DataObject, older, iRODSMeta("a", value))
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", value + " before"))
    world.alice.metadata.set(DataObject, path, iRODSMeta("a", value))
    world.alice.metadata.apply_atomic_operations(DataObject, path, *atomic(("remove", "a", value)))
    assert avus(world, path) == [("a", value, None)]
    world.alice.metadata.remove(DataObject, path, iRODSMeta("a", value))
    assert avus(world, path) == []
    assert avus(world, older) == [("a", value, None)]


def test_only_who_may_write_leaves_avus(world: World) -> None:
    path = world.put("file")
    for session in (world.bob, world.rods):
        with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
            session.metadata.add(DataObject, path, iRODSMeta("a", "1"))
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        world.rods.metadata.apply_atomic_operations(DataObject, path, *atomic(("add", "a", "1")))
    with pytest.raises(ex.SYS_INVALID_INPUT_PARAM):
        world.bob.metadata.apply_atomic_operations(DataObject, path, *atomic(("add", "a", "1")))
    world.rods.metadata.add(DataObject, path, iRODSMeta("a", "1"), **{kw.ADMIN_KW: ""})
    world.rods.metadata(admin=True).apply_atomic_operations(DataObject, path, *atomic(("add", "a", "2")))
    world.rods.metadata(admin=False)
    with pytest.raises(ex.CAT_INSUFFICIENT_PRIVILEGE_LEVEL):
        world.bob.metadata.add(DataObject, path, iRODSMeta("a", "3"), **{kw.ADMIN_KW: ""})
    assert avus(world, path) == [("a", "1", None), ("a", "2", None)]


def test_collections_resources_and_users_have_avus_too(world: World) -> None:
    world.alice.metadata.add(Collection, world.home, iRODSMeta("a", "1"))
    assert world.alice.collections.get(world.home).metadata.get_one("a").value == "1"
    for model, name in ((Resource, "fast"), (User, "bob")):
        with pytest.raises(ex.CAT_INSUFFICIENT_PRIVILEGE_LEVEL):
            world.alice.metadata.add(model, name, iRODSMeta("a", "1"))
        world.rods.metadata.add(model, name, iRODSMeta("a", "1"))
        assert [avu.value for avu in world.rods.metadata.get(model, name) if avu.name == "a"] == ["1"]
        world.rods.metadata.remove(model, name, iRODSMeta("a", "1"))


def test_avus_are_copied(world: World) -> None:
    source, target = world.put("source"), world.put("target")
    world.alice.metadata.remove(DataObject, target, world.alice.metadata.get(DataObject, target)[0])
    world.alice.metadata.add(DataObject, source, iRODSMeta("a", "1", "u"))
    world.alice.metadata.copy(DataObject, DataObject, source, target)
    assert avus(world, target) == [("a", "1", "u")]


def test_avus_of_what_is_not_there_are_refused(world: World) -> None:
    with pytest.raises(ex.CAT_UNKNOWN_FILE):
        world.alice.metadata.add(DataObject, world.path("nothing"), iRODSMeta("a", "1"))
    with pytest.raises(ex.CAT_UNKNOWN_COLLECTION):
        world.alice.metadata.add(Collection, world.path("nowhere"), iRODSMeta("a", "1"))
    with pytest.raises(ex.SYS_INVALID_INPUT_PARAM):
        world.alice.metadata.apply_atomic_operations(DataObject, world.path("nothing"), *atomic(("add", "a", "1")))


def test_an_avu_that_the_tables_of_a_real_zone_cannot_hold_is_refused(world: World) -> None:
    path = world.put("file")
    incompressible = "".join(random.Random(1).choices(string.printable[:90], k=2700))
    for value, units in (("x" * 2701, None), ("x", "u" * 251), (incompressible, None)):
        with pytest.raises(ex.CAT_SQL_ERR):
            world.alice.metadata.add(DataObject, path, iRODSMeta("a", value, units))
        with pytest.raises(ex.CAT_SQL_ERR):
            world.alice.metadata.set(DataObject, path, iRODSMeta("irods::access_time", value, units))
    with pytest.raises(ex.iRODSException):
        world.alice.metadata.apply_atomic_operations(DataObject, path, *atomic(("add", "a", "x" * 2701)))
    assert avus(world, path) == []


def test_avus_go_with_their_object(world: World) -> None:
    path = world.put("file")
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", world.home))
    world.alice.data_objects.unlink(path, force=True)
    world.put("file")
    assert avus(world, path) == []
