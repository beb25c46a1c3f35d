"""GenQuery1: pages, distinct rows, conditions on text, and what users see."""

from __future__ import annotations

import time
from typing import Any

import pytest
from irods.access import iRODSAccess
from irods.api_number import api_number
from irods.column import Criterion, In, Like
from irods.exception import CAT_NO_ROWS_FOUND
from irods.message import GenQueryResponse, iRODSMessage
from irods.meta import AVUOperation, iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta, Resource, RuleExec, User

from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import oldest_attached
from irods_omero.gateways.zone.queries import first_rows, last_data_id, sums
from tests.conformance.zone import BOB, FAST, MEDIUM, SLOW, Zone
from tests.scene.scene import knows_times_of_avus

MANY = 600
"""More than two pages: a server gives 256 rows in one answer."""


def add_many(zone: Zone, path: str, count: int) -> None:
    """Give a data object the AVUs of an attribute with the values 0, 1, 2..."""
    operations = [AVUOperation(operation="add", avu=iRODSMeta("number", str(number))) for number in range(count)]
    zone.alice.metadata.apply_atomic_operations(DataObject, path, *operations)


def asked(session: Any, column: Any, *conditions: Any) -> list[Any]:
    """The values of one column."""
    return [row[column] for row in session.query(column).filter(*conditions).get_results()]


def test_an_answer_of_several_pages_is_given_whole(zone: Zone) -> None:
    """zone-44: 256 rows a page."""
    path = zone.put("file")
    add_many(zone, path, MANY)
    data_id = zone.alice.data_objects.get(path).id
    values = asked(zone.alice, DataObjectMeta.value, DataObject.id == data_id, DataObjectMeta.name == "number")
    assert sorted(map(int, values)) == list(range(MANY))


def answer(zone: Zone, query: Any) -> iRODSMessage:
    """What the zone answers to a query, before the client makes rows of it."""
    with zone.alice.pool.get_connection() as connection:
        connection.send(iRODSMessage("RODS_API_REQ", msg=query._message(), int_info=api_number["GEN_QUERY_AN"]))
        return connection.recv()


def test_an_answer_has_fifty_columns_and_room_for_each_value_as_clients_in_c_take_for_granted(zone: Zone) -> None:
    """zone-108."""
    zone.put("größer")
    query = zone.alice.query(DataObject.id, DataObject.name).filter(Collection.name == zone.collection)
    columns = answer(zone, query).get_main_message(GenQueryResponse).SqlResult_PI
    assert len(columns) == 50
    assert all(column.reslen > len(column.value[0].encode()) for column in columns[:2])
    assert {column.reslen for column in columns[2:]} == {0}


def test_that_there_are_no_rows_is_told_without_a_text_that_clients_would_show(zone: Zone) -> None:
    """zone-108."""
    with pytest.raises(CAT_NO_ROWS_FOUND) as raised:
        answer(zone, zone.alice.query(DataObject.id).filter(Collection.name == zone.collection))
    assert not raised.value.server_msg.error


def test_a_query_can_be_left_in_the_middle(zone: Zone) -> None:
    """A connection has room for 50 open queries; the client closes what it does not read to the end."""
    path = zone.put("file")
    add_many(zone, path, MANY)
    query = zone.alice.query(DataObjectMeta.value).filter(
        Collection.name == zone.collection, DataObjectMeta.name == "number"
    )
    for _ in range(60):
        page = query.execute()
        assert page.continue_index > 0
        query.continue_index(page.continue_index).close()
    assert len(list(query.get_results())) == MANY


def test_a_server_does_not_know_that_there_are_no_more_rows_than_were_asked_for(zone: Zone) -> None:
    """zone-109."""
    add_many(zone, zone.put("file"), 3)
    query = zone.alice.query(DataObjectMeta.value).filter(
        Collection.name == zone.collection, DataObjectMeta.name == "number"
    )
    more = {count: query.limit(count).execute().continue_index for count in (2, 3, 4)}
    assert (more[2] > 0, more[3] > 0, more[4]) == (True, True, 0)
    rest = query.limit(3).continue_index(more[3])
    assert len(rest.execute()) == 0
    query.limit(2).continue_index(more[2]).close()


def test_rows_are_distinct(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone: one row for a data object, whatever the number of its replicas."""
    path = zone.put("file")
    for resource in (MEDIUM, SLOW):
        zone.alice.data_objects.replicate(path, resource)
    here = Collection.name == zone.collection
    assert asked(zone.alice, DataObject.name, here) == ["file"]
    assert sorted(asked(zone.alice, DataObject.replica_number, here)) == [0, 1, 2]


def test_the_catalog_counts_and_adds_up(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-84: one row for each resource."""
    paths = [zone.put("a"), zone.put("b")]
    zone.alice.data_objects.replicate(paths[0], MEDIUM)
    sizes = {path: zone.alice.data_objects.get(path).size for path in paths}
    ids = {str(row[Resource.id]): row[Resource.name] for row in zone.rods.query(Resource.id, Resource.name)}
    here = (Collection.name == zone.collection, DataObject.replica_status == "1")
    totals = sums(agent_zone, "adding up", DataObject.resc_id, DataObject.id, DataObject.size, *here)
    assert {ids[str(resource)]: (count, size) for resource, count, size in totals} == {
        FAST: (2, sum(sizes.values())),
        MEDIUM: (1, sizes[paths[0]]),
    }


def test_what_was_not_used_since_a_time_is_added_up(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-88: values are compared as texts, and units are empty, not null, where there are none."""
    ages = {"old": ("1000000000", ""), "new": ("1900000000", ""), "flagged": ("1000000000", "flag")}
    size = 0
    for name, (time_used, units) in ages.items():
        path = zone.put(name)
        zone.alice.metadata.add(DataObject, path, iRODSMeta("used", time_used, units))
        size = zone.alice.data_objects.get(path).size if name == "old" else size
    here = (Collection.name == zone.collection, DataObject.replica_status == "1", DataObjectMeta.name == "used")
    before = (*here, DataObjectMeta.value < "1800000000", DataObjectMeta.units != "flag")
    columns = (DataObject.resc_id, DataObject.id, DataObject.size)
    assert [row[1:] for row in sums(agent_zone, "adding up", *columns, *before)] == [(1, size)]
    flagged = sums(agent_zone, "adding up", *columns, *here, DataObjectMeta.units == "flag")
    assert [row[1] for row in flagged] == [1]


def test_what_has_two_attributes_is_found_by_two_conditions(zone: Zone) -> None:
    """zone-84."""
    both, one = zone.put("both"), zone.put("one")
    for path, attribute in ((both, "first"), (both, "second"), (one, "first")):
        zone.alice.metadata.add(DataObject, path, iRODSMeta(attribute, "value"))
    conditions = (DataObjectMeta.name == "first", DataObjectMeta.name == "second")
    assert asked(zone.alice, DataObject.id, *conditions) == [zone.alice.data_objects.get(both).id]


@pytest.mark.parametrize("of_collections", [False, True])
def test_since_when_the_first_of_some_avus_is_there_is_known(
    zone: Zone, agent_zone: ZoneConnection, of_collections: bool
) -> None:
    """zone-85, zone-44."""
    before, attribute, path = int(time.time()), f"since {zone.collection}", zone.put("a")
    kind, where = (Collection, zone.collection) if of_collections else (DataObject, path)
    entity = zone.alice.collections.get(where) if of_collections else zone.alice.data_objects.get(where)
    zone.alice.metadata.add(kind, where, iRODSMeta(attribute, "value"))
    at = oldest_attached(agent_zone, attribute, "value", [1, entity.id], of_collections)
    if not knows_times_of_avus(zone.rods):
        assert at is None
        pytest.skip("this zone does not know since when an AVU is on an object (zone-79)")
    assert at is not None
    assert before - 1 <= at <= time.time() + 1
    assert oldest_attached(agent_zone, attribute, "other", [entity.id], of_collections) is None
    assert oldest_attached(agent_zone, attribute, "value", [1], of_collections) is None


def test_ids_of_many_objects_fit_into_one_condition(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/queries.py: 200 ids a query."""
    ids = [zone.alice.data_objects.get(zone.put(name)).id for name in ("a", "b", "c")]
    padded = [*range(10**9, 10**9 + 197), *ids]
    assert sorted(asked(zone.alice, DataObject.id, In(DataObject.id, padded))) == sorted(ids)


def test_no_rows_are_an_empty_answer(zone: Zone) -> None:
    assert asked(zone.alice, DataObject.id, Collection.name == zone.path("nowhere")) == []
    assert asked(zone.alice, DataObject.id, In(DataObject.id, [10**9])) == []


def test_numbers_and_times_come_as_such(zone: Zone) -> None:
    path = zone.put("file", b"12345")
    zone.alice.data_objects.touch(path, seconds_since_epoch=1_000_000_000)
    columns = (DataObject.id, DataObject.size, DataObject.replica_number, DataObject.replica_status)
    times = (DataObject.modify_time, DataObject.resc_hier, DataObject.owner_name)
    row = zone.rods.query(*columns, *times).filter(Collection.name == zone.collection).one()
    assert [type(row[column]) for column in columns] == [int, int, int, str]
    assert row[DataObject.modify_time].timestamp() == 1_000_000_000
    assert (row[DataObject.resc_hier], row[DataObject.owner_name], row[DataObject.size]) == (FAST, "alice", 5)


def test_an_avu_without_units_has_empty_ones(zone: Zone) -> None:
    zone.alice.metadata.add(DataObject, zone.put("file"), iRODSMeta("a", "v"))
    about = (Collection.name == zone.collection, DataObjectMeta.name == "a")
    row = zone.alice.query(DataObjectMeta.value, DataObjectMeta.units).filter(*about).one()
    assert not row[DataObjectMeta.units]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{}/a%", {"a", "a_b", "axb"}),
        ("{}/a_b", {"a_b", "axb"}),
        ("{}/a\\_b", {"a_b"}),
        ("{}/A%", {"A"}),
        ("{}/%", {"a", "A", "a_b", "axb"}),
    ],
)
def test_like_takes_percent_and_underscore_for_others(zone: Zone, pattern: str, expected: set[str]) -> None:
    """policies/irods_omero/gateways/zone/watched.py: any one character stands for them."""
    for name in ("a", "A", "a_b", "axb"):
        zone.alice.collections.create(zone.path(name))
    paths = asked(zone.alice, Collection.name, Like(Collection.name, pattern.format(zone.collection)))
    assert {path.rpartition("/")[2] for path in paths} == expected


@pytest.mark.parametrize("name", ["100% _", "back\\slash", "emoji 😀 中", '"double"', "<&>", "a && b"])
def test_a_condition_on_text_is_about_that_text(zone: Zone, name: str) -> None:
    zone.alice.collections.create(zone.path(name))
    path = zone.put(f"{name}/{name}")
    zone.alice.metadata.add(DataObject, path, iRODSMeta(name, name))
    assert asked(zone.alice, DataObject.name, Collection.name == zone.path(name)) == [name]
    about = (Collection.name == zone.path(name), DataObject.name == name, DataObjectMeta.name == name)
    assert asked(zone.alice, DataObjectMeta.value, *about) == [name]


def test_rows_come_in_the_order_that_was_asked_for(zone: Zone, agent_zone: ZoneConnection) -> None:
    """policies/irods_omero/gateways/zone/queries.py: as many as are wanted, and the rest is given up."""
    ids = [zone.alice.data_objects.get(zone.put(f"{number:02}")).id for number in (3, 1, 2, 0)]
    here = Collection.name == zone.collection
    columns = (DataObject.id, DataObject.name)
    listed = first_rows(agent_zone, "", 2, columns, here, DataObject.id > ids[0], DataObject.id <= ids[3])
    assert listed == [(ids[1], "01"), (ids[2], "02")]


def test_an_ordered_query_can_be_left_in_the_middle(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.put("file")
    add_many(zone, path, MANY)
    about = (Collection.name == zone.collection, DataObjectMeta.name == "number")
    for _ in range(60):
        assert len(first_rows(agent_zone, "", 10, (DataObjectMeta.value,), *about)) == 10


def test_the_greatest_id_is_found_and_of_nothing_none(zone: Zone, agent_zone: ZoneConnection) -> None:
    """policies/irods_omero/gateways/zone/queries.py: ``max`` in GenQuery."""
    here = Collection.name == zone.collection
    assert last_data_id(agent_zone, "", here) == 0
    ids = [zone.alice.data_objects.get(zone.put(name)).id for name in ("a", "b")]
    assert last_data_id(agent_zone, "", here) == max(ids)
    assert last_data_id(agent_zone, "") >= max(ids)


def test_users_see_what_they_may_read_and_administrators_everything(zone: Zone) -> None:
    zone.put("file")
    here = Collection.name == zone.collection
    assert asked(zone.alice, DataObject.name, here) == asked(zone.rods, DataObject.name, here) == ["file"]
    assert asked(zone.bob, DataObject.name, here) == []


def test_a_query_without_conditions_lists_all(zone: Zone) -> None:
    """policies/irods_omero/doctor: resources, and the delay queue, with or without something in it."""
    assert {FAST, MEDIUM, SLOW} <= set(asked(zone.rods, Resource.name))
    columns = (RuleExec.id, RuleExec.name, RuleExec.time, RuleExec.last_exe_time)
    list(zone.rods.query(*columns).get_results())


def test_an_accounts_type_and_a_collections_owner_are_said(zone: Zone) -> None:
    """policies/irods_omero/doctor."""
    mine = (User.name == "alice", User.zone == zone.place.zone)
    assert asked(zone.rods, User.type, *mine) == ["rodsuser"]
    columns = (Collection.owner_name, Collection.owner_zone)
    row = zone.rods.query(*columns).filter(Collection.name == zone.collection).one()
    assert (row[Collection.owner_name], row[Collection.owner_zone]) == ("alice", zone.place.zone)


def test_what_a_collection_and_those_above_it_say_is_found_by_one_condition(zone: Zone) -> None:
    """zone-110: policies/irods_omero/hooks/catalog.py. What a user may not see is left out."""
    inner = f"{zone.collection}/a b/c"
    zone.alice.collections.create(inner)
    for path in (zone.collection, inner):
        zone.alice.metadata.add(Collection, path, iRODSMeta("conformance::above", "v"))
    zone.alice.acls.set(iRODSAccess("read", zone.collection, BOB))
    conditions = (Criterion("parent_of", Collection.name, f"{inner}"), CollectionMeta.name == "conformance::above")
    assert sorted(asked(zone.alice, Collection.name, *conditions)) == [zone.collection, inner]
    assert asked(zone.bob, Collection.name, *conditions) == [zone.collection]


def test_collections_are_found_by_their_avus(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/watched.py: all watched collections in one query."""
    zone.alice.metadata.add(Collection, zone.collection, iRODSMeta("conformance::a", "v", "u"))
    zone.alice.metadata.add(Collection, zone.collection, iRODSMeta("conformance::b", "w"))
    columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    query = zone.rods.query(*columns).filter(In(CollectionMeta.name, ["conformance::a", "conformance::b"]))
    collections = [[row[column] or "" for column in columns] for row in query]
    assert [row[1:] for row in sorted(collections) if row[0] == zone.collection] == [
        ["conformance::a", "v", "u"],
        ["conformance::b", "w", ""],
    ]
