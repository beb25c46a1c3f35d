"""GenQuery answers as a real zone does: conditions, options, pages, and only what the client may see."""

from __future__ import annotations

import irods.exception as ex
import pytest
from irods.column import Between, Criterion, In, Like, NotLike
from irods.meta import iRODSMeta
from irods.models import (
    Collection,
    DataAccess,
    DataObject,
    DataObjectMeta,
    Group,
    Resource,
    ResourceMeta,
    TicketQuery,
    User,
    Zone,
)

from lab.tests.zone.conftest import World
from lab.zone import BulkObject

NAME, SIZE = DataObject.name, DataObject.size


def names(world: World, *conditions: object) -> list[str]:
    query = world.alice.query(NAME).filter(Collection.name == world.home, *conditions)
    return [row[NAME] for row in query]


def test_conditions_select_rows(world: World) -> None:
    for name, size in (("a", 1), ("b", 22), ("c%", 333), ("C_", 4444)):
        world.put(name, b"x" * size)
    assert names(world) == ["C_", "a", "b", "c%"]
    assert names(world, NAME == "a") == ["a"]
    assert names(world, NAME != "a") == ["C_", "b", "c%"]
    assert names(world, SIZE > 21, SIZE < 334) == ["b", "c%"]
    assert names(world, Between(SIZE, (1, 22))) == ["a", "b"]
    assert names(world, In(NAME, ["a", "c%", "nothing"])) == ["a", "c%"]
    assert names(world, Like(NAME, "c%")) == ["c%"]
    assert names(world, NotLike(NAME, "%\\%")) == ["C_", "a", "b"]
    assert names(world, Criterion("like", NAME, "C\\_")) == ["C_"]
    assert names(world, Criterion("n>", SIZE, "300")) == ["C_", "c%"]
    assert names(world, Criterion("begin_of", NAME, "abc")) == ["a"]
    assert names(world, Criterion("like 'a' || =", NAME, "b")) == ["a", "b"]


def test_case_can_be_ignored(world: World) -> None:
    world.put("Mixed")
    query = world.alice.query(NAME, case_sensitive=False).filter(Collection.name == world.home, NAME == "mIXED")
    assert [row[NAME] for row in query] == ["Mixed"]


def test_rows_are_counted_summed_and_ordered(world: World) -> None:
    for name, size in (("a", 3), ("b", 1), ("c", 2)):
        world.put(name, b"x" * size)
    here = Collection.name == world.home
    assert world.alice.query().count(DataObject.id).filter(here).one()[DataObject.id] == 3
    assert world.alice.query().sum(SIZE).filter(here).one()[SIZE] == 6
    assert world.alice.query().max(SIZE).filter(here).one()[SIZE] == 3
    assert world.alice.query().min(SIZE).filter(here).one()[SIZE] == 1
    assert [row[SIZE] for row in world.alice.query(SIZE).filter(here).order_by(SIZE)] == [1, 2, 3]
    assert [row[SIZE] for row in world.alice.query(SIZE).filter(here).order_by(SIZE, order="desc")] == [3, 2, 1]
    assert world.alice.query().count(DataObject.id).filter(Collection.name == "/nowhere").one()[DataObject.id] == 0


def test_more_rows_come_in_pages(world: World) -> None:
    world.zone.bulk_register(world.home, [BulkObject(f"{number:04}") for number in range(1203)], owner="alice")
    query = world.alice.query(NAME).filter(Collection.name == world.home)
    assert [len(batch) for batch in query.get_batches()] == [500, 500, 203]
    assert [row[NAME] for row in query] == [f"{number:04}" for number in range(1203)]
    assert len(query.limit(100).all()) == 100
    assert [row[NAME] for row in query.offset(1200)] == ["1200", "1201", "1202"]
    assert query.first()[NAME] == "0000"


def test_several_conditions_on_avus_are_about_several_avus(world: World) -> None:
    for name, values in (("both", ("1", "2")), ("one", ("1",)), ("other", ("2",))):
        path = world.put(name)
        for value in values:
            world.alice.metadata.add(DataObject, path, iRODSMeta(f"attribute {value}", value))
    attribute, value = DataObjectMeta.name, DataObjectMeta.value
    first = (attribute == "attribute 1", value == "1")
    assert names(world, *first) == ["both", "one"]
    assert names(world, *first, attribute == "attribute 2", value == "2") == ["both"]


def test_a_user_sees_what_he_may_read(world: World) -> None:
    path = world.put("secret")
    assert not list(world.bob.query(DataObject.id).filter(Collection.name == world.home))
    assert not world.bob.collections.exists(world.home)
    assert len(list(world.rods.query(DataObject.id).filter(Collection.name == world.home))) == 1
    assert world.alice.data_objects.exists(path)


def test_tables_are_linked_by_what_is_asked(world: World) -> None:
    path = world.put("file")
    rows = list(
        world.rods.query(DataObject.resc_hier, Resource.name, User.name, DataAccess.name).filter(
            Collection.name == world.home, NAME == "file"
        )
    )
    assert [(r[DataObject.resc_hier], r[Resource.name], r[User.name], r[DataAccess.name]) for r in rows] == [
        ("fast", "fast", "alice", "own")
    ]
    tiers = world.rods.query(Resource.name, ResourceMeta.units).filter(
        ResourceMeta.name == "irods::storage_tiering::group"
    )
    assert {row[Resource.name]: row[ResourceMeta.units] for row in tiers} == {"fast": "0", "archive": "1"}
    members = world.rods.query(User.name).filter(Group.name == "public")
    assert {"alice", "bob", "rods"} <= {row[User.name] for row in members}
    assert world.rods.query(Zone.name).one()[Zone.name] == "tempZone"
    assert world.rods.data_objects.exists(path)


def test_what_the_lab_has_not_is_refused(world: World) -> None:
    with pytest.raises(ex.CAT_UNKNOWN_TABLE):
        world.rods.query(TicketQuery.Ticket.string).all()
    with pytest.raises(ex.CAT_FAILED_TO_LINK_TABLES):
        world.rods.query(Zone.name, DataObject.name).all()
    with pytest.raises(ex.CAT_INVALID_ARGUMENT):
        world.rods.query(NAME).filter(Criterion("= drop", NAME, "x")).all()
