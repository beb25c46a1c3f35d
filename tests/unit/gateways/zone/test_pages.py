"""What is read a batch at a time is read completely, once, and in order, however much there is of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from irods_omero.gateways.batches import BATCH
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import NEWEST, Mark, find_marks
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.gateways.zone.watched import members
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings
from irods_omero.vocabulary import PENDING, SHARDS, TAKEN, Names, shard_of
from lab.zone import BulkObject, LabZone

NAMES = Names()
ALL = frozenset(range(SHARDS))
MANY = 2 * BATCH + 300
HOME = f"/{LabZone.name}/home/{LabZone.admin}"


@pytest.fixture(scope="module")
def zone() -> Iterator[LabZone]:
    with LabZone(tiering=False) as started:
        yield started


@pytest.fixture(scope="module")
def connection(zone: LabZone) -> Iterator[ZoneConnection]:
    settings = ZoneSettings(name=zone.name, host=zone.host, port=zone.port, user=zone.admin)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(ZONE_PASSWORD_VARIABLE, zone.password)
        with ZoneConnection(settings) as made:
            yield made


@pytest.fixture(scope="module")
def marked(zone: LabZone) -> range:
    """Objects of which each third has a mark that was taken, and is marked anew."""
    ids = register(zone, "marked", MANY)
    zone.bulk_annotate({id_: [(NAMES.sync, state, str(shard_of(id_))) for state in states(id_)] for id_ in ids})
    return ids


def states(id_: int) -> list[str]:
    return [PENDING, TAKEN] if id_ % 3 == 0 else [PENDING]


def register(zone: LabZone, name: str, count: int) -> range:
    with zone.session(password=zone.password) as session:
        session.collections.create(f"{HOME}/{name}")
    return zone.bulk_register(f"{HOME}/{name}", [BulkObject(f"{number:05}") for number in range(count)], zone.admin)


def test_every_mark_is_found_once_with_all_its_states(connection: ZoneConnection, marked: range) -> None:
    marks = [mark for mark in find_marks(connection, NAMES, ALL) if mark.id in marked]  # other tests mark others
    expected = [
        Mark(id_, f"{HOME}/marked/{place:05}", shard_of(id_), frozenset(states(id_)))
        for place, id_ in enumerate(marked)
    ]
    assert sorted(marks, key=lambda mark: mark.id) == expected
    ids = [mark.id for mark in marks]
    newest = ids.index(marked[0])
    assert 0 < newest <= NEWEST
    assert ids == [*marked[: -newest - 1 : -1], *marked[:-newest]], "who has come last is seen at first"


def test_marks_of_some_shards_are_found_among_many(connection: ZoneConnection, marked: range) -> None:
    ours = frozenset(range(40))
    ids = [mark.id for mark in find_marks(connection, NAMES, ours) if mark.id in marked]
    assert sorted(ids) == [id_ for id_ in marked if shard_of(id_) in ours]


@pytest.mark.usefixtures("marked")
def test_looking_for_marks_ends_although_objects_keep_arriving(zone: LabZone, connection: ZoneConnection) -> None:
    before = len(list(find_marks(connection, NAMES, ALL)))
    number = 0
    for mark in find_marks(connection, NAMES, ALL):
        number += 1
        if number % BATCH == 0:
            new = register(zone, f"arrived {mark.id}", 1)
            zone.bulk_annotate({id_: [(NAMES.sync, PENDING, str(shard_of(id_)))] for id_ in new})
    assert number == before
    assert len(list(find_marks(connection, NAMES, ALL))) > number


def test_listing_goes_over_gaps_and_crowds_of_ids(zone: LabZone, connection: ZoneConnection) -> None:
    register(zone, "elsewhere", 3 * MANY)
    roots = [f"{HOME}/crowd", f"{HOME}/one", f"{HOME}/one more"]
    ids = [*register(zone, "one", 1), *register(zone, "crowd", MANY), *register(zone, "one more", 1)]
    listed = list(pages(connection, roots, NAMES.agreement))
    assert [id_ for page in listed for id_ in page] == sorted(ids)
    assert max(map(len, listed)) <= BATCH
    rest = pages(connection, roots, NAMES.agreement, after=sorted(ids)[BATCH])
    assert [id_ for page in rest for id_ in page] == sorted(ids)[BATCH + 1 :]


def test_what_all_data_objects_of_a_unit_carry_is_read_once(zone: LabZone, connection: ZoneConnection) -> None:
    """Of a unit of ten thousand: a page for 200 data objects instead of eight."""
    ids = register(zone, "unit", 120)
    same = [(NAMES.image, str(number), "omero") for number in range(9)]
    zone.bulk_annotate({id_: [*same, (NAMES.unit, str(ids[0]), "directory")] for id_ in ids})
    differing = {0: (NAMES.request, "keep", ""), 3: ("mapped::stain", "DAPI", ""), 7: (NAMES.image, "10", "omero")}
    zone.bulk_annotate({ids[place]: [avu] for place, avu in differing.items()})
    attributes = [NAMES.image, NAMES.unit, NAMES.request, "mapped::*"]
    objects = read_objects(connection, ids, attributes, of_one_unit=True)
    assert objects == read_objects(connection, ids, attributes)
    assert [len(objects[ids[place]].avus) for place in (0, 1, 3, 7)] == [11, 10, 11, 11]
    pages_read = list[int]()
    for of_one_unit in (False, True):
        before = len(zone.requests())
        read_objects(connection, ids[8:], attributes[:3], of_one_unit)
        pages_read.append(len(zone.requests()) - before)
    assert pages_read[1] == 2 < pages_read[0]


def test_members_of_a_large_collection_are_all_found(zone: LabZone, connection: ZoneConnection) -> None:
    ids = [*register(zone, "large", MANY), *register(zone, "large/below", 1), *register(zone, "large/below that", 501)]
    ids += register(zone, "large", 3)
    member_ids, after = list[int](), 0
    while not member_ids or after:
        page = members(connection, f"{HOME}/large", after, 500)
        assert len(page.ids) <= 500
        member_ids, after = member_ids + page.ids, page.last
    assert member_ids == sorted(ids)
    assert members(connection, f"{HOME}/large/below").ids == ids[MANY : MANY + 1]
