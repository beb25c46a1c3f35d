"""What the catalog says about data objects: one page of replicas, one of AVUs, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from irods.column import In, Like
from irods.exception import CollectionDoesNotExist, DataObjectDoesNotExist
from irods.models import Collection, DataObject, DataObjectMeta, Resource

from irods_omero.domain.state.policy import STAR
from irods_omero.domain.state.views import Avu, Replica
from irods_omero.domain.state.views import DataObject as ObjectView
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import IDS_A_QUERY, counts, rows
from irods_omero.gateways.zone.watched import like, user_of
from irods_omero.logs import log

GOOD = "1"

ATTACHED_A_QUERY = 50
"""GenQuery2 gives at most 256 rows: this many ids, each of which may carry several requests."""

FEW = 10
"""At most this many data objects of one collection are looked for one by one; for more of them it is listed."""

REPLICA_COLUMNS = (
    DataObject.id,
    Collection.name,
    DataObject.name,
    DataObject.owner_name,
    DataObject.owner_zone,
    DataObject.replica_number,
    DataObject.resc_hier,
    DataObject.replica_status,
    DataObject.size,
    DataObject.checksum,
    DataObject.modify_time,
    DataObject.path,
)


def read_objects(
    zone: ZoneConnection, ids: Iterable[int], attributes: Sequence[str], of_one_unit: bool = False
) -> dict[int, ObjectView]:
    """The data objects with these catalog ids; those that are gone are left out.

    Args:
        zone: The zone.
        ids: Catalog ids.
        attributes: The AVU attributes to read.
        of_one_unit: Whether most of them carry the same AVUs: those that all carry are then read once for 200.
    """
    objects: dict[int, ObjectView] = {}
    alike: dict[frozenset[Avu], frozenset[Avu]] = {}  # what ten thousand carry alike takes memory once
    for chunk in in_batches(sorted(set(ids)), IDS_A_QUERY):
        replicas = rows(zone, "reading replicas", REPLICA_COLUMNS, In(DataObject.id, chunk))
        shared = _carried_by_all(zone, chunk, attributes, len(replicas)) if replicas and of_one_unit else NOT_SHARED
        others = [each for each in attributes if each not in shared.whole]
        avus = read_avus(zone, chunk, others) if replicas and others else {}
        avus = {row[0]: avus.get(row[0], frozenset()) | shared.avus for row in replicas} if shared.avus else avus
        objects.update(_views(replicas, {data_id: alike.setdefault(own, own) for data_id, own in avus.items()}))
    return objects


class _Shared(NamedTuple):
    """What some data objects carry alike.

    Attributes:
        avus: The AVUs that each of them carries.
        whole: Attributes of which none of them carries another AVU.
    """

    avus: frozenset[Avu]
    whole: frozenset[str]


NOT_SHARED = _Shared(frozenset(), frozenset())


def _carried_by_all(zone: ZoneConnection, ids: Sequence[int], attributes: Sequence[str], replicas: int) -> _Shared:
    """What all of some data objects carry of some attributes; it is counted for each of their replicas."""
    named = [attribute for attribute in attributes if not attribute.endswith(STAR)]
    by, avus, partly = (DataObjectMeta.name, DataObjectMeta.value, DataObjectMeta.units), set[Avu](), set[str]()
    of_these = (In(DataObject.id, ids), In(DataObjectMeta.name, named))
    for (name, value, units), count in counts(zone, "counting AVUs", by, DataObject.id, *of_these):
        if count == replicas:
            avus.add(Avu(name, value, units or ""))
        else:
            partly.add(name)
    return _Shared(frozenset(avus), frozenset(named) - partly)


def read_avus(zone: ZoneConnection, ids: Sequence[int], attributes: Sequence[str]) -> dict[int, frozenset[Avu]]:
    """The AVUs of these data objects that have one of the attributes, or start as one that ends with a star does."""
    columns = (DataObject.id, DataObjectMeta.name, DataObjectMeta.value, DataObjectMeta.units)
    avus: dict[int, set[Avu]] = defaultdict(set)
    starts = tuple(attribute[:-1] for attribute in attributes if attribute.endswith(STAR))
    whole = [attribute for attribute in attributes if not attribute.endswith(STAR)]
    named = [In(DataObjectMeta.name, whole)] if whole else []
    for condition in (*named, *(Like(DataObjectMeta.name, f"{like(s)}%") for s in starts)):
        for data_id, name, value, units in rows(zone, "reading AVUs", columns, In(DataObject.id, ids), condition):
            if name in whole or name.startswith(starts):
                avus[data_id].add(Avu(name, value, units or ""))
    return {data_id: frozenset(own) for data_id, own in avus.items()}


def id_of(zone: ZoneConnection, path: str) -> int:
    """The catalog id of the data object at a logical path.

    Raises:
        RefusedError: There is no such data object.
    """

    def look(session: Any) -> int:
        try:
            return int(session.data_objects.get(path).id)
        except (DataObjectDoesNotExist, CollectionDoesNotExist) as error:
            why = "there is no such data object"
            if session.collections.exists(path):
                why = "it is a collection: name a data object, of a directory any of its files"
            raise RefusedError("looking for", path, why) from error

    return zone.call("looking for", path, look)


def ids_of(zone: ZoneConnection, paths: Sequence[str]) -> list[int]:
    """The catalog ids of the data objects at some logical paths, in their order.

    Raises:
        RefusedError: At one of them there is none.
    """
    known: dict[str, int] = {}
    for folder, inside in by_folder(paths).items():
        if len(inside) > FEW:
            known |= objects_in(zone, folder)
    return [known[path] if path in known else id_of(zone, path) for path in paths]


def objects_in(zone: ZoneConnection, collection: str) -> dict[str, int]:
    """The data objects directly in a collection: for each logical path the catalog id."""
    columns = (Collection.name, DataObject.name, DataObject.id)
    listed = rows(zone, "listing data objects", columns, Like(Collection.name, like(collection)))
    return {f"{folder}/{name}": data_id for folder, name, data_id in listed if folder == collection}


def by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """Logical paths, for each collection that some of them are in."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.rpartition("/")[0]].append(path)
    return folders


def ids_with(zone: ZoneConnection, attribute: str, values: Sequence[str] = ()) -> set[int]:
    """Catalog ids of the data objects that have an AVU of this attribute, with one of the values if any are given."""
    conditions = [DataObjectMeta.name == attribute]
    if values:
        conditions.append(In(DataObjectMeta.value, values))
    return {data_id for (data_id,) in rows(zone, f"looking for {attribute}", (DataObject.id,), *conditions)}


def attached_at(zone: ZoneConnection, ids: Iterable[int], attribute: str) -> dict[tuple[int, str], int]:
    """When AVUs of an attribute were put on data objects, for each catalog id and value, in seconds since 1970.

    GenQuery knows only since when a triple has been on anything at all; GenQuery2 knows more after iRODS 5.0.2.
    Where it is not to be had nothing is returned for the rest.
    """
    times: dict[tuple[int, str], int] = {}
    for chunk in in_batches(sorted(set(ids)), ATTACHED_A_QUERY):
        listed = ", ".join(f"'{data_id}'" for data_id in chunk)
        text = (
            "select DATA_ID, META_DATA_ATTR_VALUE, META_DATA_ATTACHED_CREATE_TIME "
            f"where META_DATA_ATTR_NAME = '{attribute}' and DATA_ID in ({listed})"
        )
        time_rows = _newer(zone, "reading when it was asked", text)
        if time_rows is None:
            log.info("which request came last is unknown: the zone does not answer GenQuery2")
            return times
        times.update({(int(data_id), value): int(time) for data_id, value, time in time_rows})
    return times


def attached_to(zone: ZoneConnection, collection: str, attribute: str) -> dict[str, int]:
    """When AVUs of an attribute were put on a collection, for each value, as ``attached_at`` does."""
    text = (
        "select META_COLL_ATTR_VALUE, META_COLL_ATTACHED_CREATE_TIME "
        f"where META_COLL_ATTR_NAME = '{attribute}' and COLL_NAME = '{collection.replace(chr(39), chr(39) * 2)}'"
    )
    return {value: int(time) for value, time in _newer(zone, "reading when it was asked", text) or ()}


def oldest_attached(
    zone: ZoneConnection, attribute: str, value: str, ids: Sequence[int], of_collections: bool = False
) -> int | None:
    """When the oldest AVU of an attribute and value was put on any of some objects, in seconds since 1970.

    None where there is none, or where the zone cannot tell (see ``attached_at``).
    """
    kind, times = "COLL" if of_collections else "DATA", list[int]()
    for chunk in in_batches(sorted(ids), IDS_A_QUERY):
        listed = ", ".join(f"'{id_}'" for id_ in chunk)
        text = (
            f"select min(META_{kind}_ATTACHED_CREATE_TIME) where META_{kind}_ATTR_NAME = '{attribute}' and "
            f"META_{kind}_ATTR_VALUE = '{value}' and {kind}_ID in ({listed})"
        )
        time_rows = _newer(zone, f"reading since when {attribute} is there", text)
        if time_rows is None:
            return None
        times += (int(time) for (time,) in time_rows if time)
    return min(times, default=None)


def _newer(zone: ZoneConnection, doing: str, text: str) -> list[list[str]] | None:
    """The rows of a query in GenQuery2, None where that is not to be had: one refusal may have passed by."""
    for _ in range(2):
        with suppress(RefusedError):
            return zone.call(doing, "", lambda session: list(session.genquery2(text)))
    return None


def file_of(zone: ZoneConnection, data_object: ObjectView, replica: Replica) -> tuple[str, str]:
    """Where the file of a replica is on its server, and the vault of its resource there.

    Raises:
        RefusedError: There is no such replica any more.
    """
    doing, columns = "looking for its file", (DataObject.path, Resource.vault_path)
    this = (DataObject.id == data_object.data_id, DataObject.replica_number == replica.number)
    for file, vault in rows(zone, doing, columns, *this):
        return str(file), str(vault)
    raise RefusedError(doing, data_object.path, f"it has no replica {replica.number} any more")


def existing(zone: ZoneConnection, ids: Iterable[int]) -> set[int]:
    """Those of the catalog ids that data objects have."""
    there: set[int] = set()
    for chunk in in_batches(sorted(set(ids)), IDS_A_QUERY):
        there |= {data_id for (data_id,) in rows(zone, "looking for ids", (DataObject.id,), In(DataObject.id, chunk))}
    return there


def _views(replica_rows: list[tuple[Any, ...]], avus: dict[int, frozenset[Avu]]) -> dict[int, ObjectView]:
    grouped: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in replica_rows:
        grouped[row[0]].append(row)
    return {data_id: _view(data_id, group, avus.get(data_id, frozenset())) for data_id, group in grouped.items()}


def _view(data_id: int, group: list[tuple[Any, ...]], avus: frozenset[Avu]) -> ObjectView:
    _, collection, name, owner, zone = group[0][:5]
    return ObjectView(
        data_id=data_id,
        path=f"{collection}/{name}",
        owner=user_of(owner, zone, collection),
        replicas=tuple(sorted((_replica(row) for row in group), key=lambda replica: replica.number)),
        avus=avus,
        asked_at=tuple((avu, 0) for avu in sorted(avus)),
    )


def _replica(row: tuple[Any, ...]) -> Replica:
    number, hierarchy, status, size, checksum, modified, file = row[5:]
    return Replica(
        number=number,
        resource=hierarchy.partition(";")[0],
        good=status == GOOD,
        size=size,
        checksum=checksum or "",
        modified=int(modified.timestamp()),
        file=file or "",
        storage=hierarchy.rpartition(";")[2],
    )
