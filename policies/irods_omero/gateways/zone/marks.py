"""The outbox that the hooks leave in the catalog: finding, claiming, acknowledging and releasing marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from irods.column import Criterion, In, Like
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta

from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import BATCH
from irods_omero.gateways.zone.avus import add_avu, remove_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import first_rows, rows
from irods_omero.gateways.zone.watched import like
from irods_omero.logs import log
from irods_omero.vocabulary import PENDING, SHARDS, TAKEN, Names, shard_of

LOOKING = "looking for marks"

NEWEST = 100
"""Marks on at most this many of the newest data objects come first."""


@dataclass(frozen=True)
class Mark:
    """ "Look at this", as found on a data object or a collection.

    Attributes:
        id: Catalog id.
        path: Logical path.
        shard: Units of the mark.
        states: ``pending``, ``taken``, or both.
        collection: Whether it is on a collection.
        gather: Whether it says to look which files of the collection belong together, and not at all that it holds.
        batched: Whether a batch says that it is taken, so that the object itself need not.
    """

    id: int
    path: str
    shard: int
    states: frozenset[str]
    collection: bool = False
    gather: bool = False
    batched: bool = False


def find_marks(zone: ZoneConnection, names: Names, shards: frozenset[int]) -> Iterator[Mark]:
    """The marks of these shards: on collections, on the newest data objects (the last one first), on all others by id.

    They are read a batch at a time, so that memory does not grow with the backlog, and who has just put something is
    seen before it is worked off. What is marked after the first batches were read, on objects newer than all others, is
    left for the next time: there is an end to it however fast objects arrive.
    """
    avus = _of_collections(zone, names)
    for attribute in (names.sync, names.gather):
        own = [row[1:] for row in avus if row[0] == attribute]
        yield from _marks(own, shards, collection=True, gather=attribute == names.gather)
    page, is_last = _page(zone, names, shards, BATCH)
    newest, _ = (page, True) if is_last else _page(zone, names, shards, NEWEST, newest=True)
    first = list(_marks(newest, shards, collection=False))[: -NEWEST - 1 : -1]
    yield from first
    known, last = {mark.id for mark in first}, newest[-1][0] if newest else 0
    while True:
        yield from (mark for mark in _marks(page, shards, collection=False) if mark.id not in known)
        if is_last:
            break
        page, is_last = _page(zone, names, shards, BATCH, DataObject.id > page[-1][0], DataObject.id <= last)


def _page(
    zone: ZoneConnection, names: Names, shards: frozenset[int], size: int, *within: Criterion, newest: bool = False
) -> tuple[list[tuple[int, str, str, str]], bool]:
    """Marks on data objects in the order of their ids, the lowest or the highest, and whether these are all."""
    columns = (DataObject.id, Collection.name, DataObject.name, DataObjectMeta.value, DataObjectMeta.units)
    conditions = [DataObjectMeta.name == names.sync, *within]
    if len(shards) < SHARDS:
        conditions.append(In(DataObjectMeta.units, sorted(shards)))
    page = first_rows(zone, LOOKING, size, columns, *conditions, descending=newest)
    are_all = len(page) < size
    if not are_all and page[0][0] != page[-1][0]:
        page = [row for row in page if row[0] != page[-1][0]]  # there may be more about the last object
    return sorted((data_id, f"{parent}/{name}", state, units) for data_id, parent, name, state, units in page), are_all


def _of_collections(zone: ZoneConnection, names: Names) -> list[tuple[str, int, str, str, str]]:
    columns = (CollectionMeta.name, Collection.id, Collection.name, CollectionMeta.value, CollectionMeta.units)
    page = rows(zone, LOOKING, columns, In(CollectionMeta.name, [names.sync, names.gather]))
    return sorted((attribute, id_, path, state, units) for attribute, id_, path, state, units in page)


def is_marked_collection(zone: ZoneConnection, names: Names, path: str) -> bool:
    """Whether a collection has a mark."""
    return any((attribute, marked) == (names.sync, path) for attribute, _, marked, _, _ in _of_collections(zone, names))


def _marks(
    page: Iterable[tuple[int, str, str, str]], shards: frozenset[int], collection: bool, gather: bool = False
) -> Iterator[Mark]:
    states: dict[tuple[int, str, int], set[str]] = {}
    for id_, path, state, units in page:
        if _shard(units) in shards:
            states.setdefault((id_, path, _shard(units)), set()).add(state)
    return (Mark(*key, frozenset(of_one), collection, gather) for key, of_one in states.items())


def claim(zone: ZoneConnection, names: Names, mark: Mark) -> bool:
    """Note that the mark is being worked on, before looking: a change from now on leaves a new mark.

    Returns:
        Whether there is anything to work on: False when the marked object was renamed or removed since it was found,
        which has left a mark of its own.
    """
    try:
        if TAKEN not in mark.states and not mark.batched:
            add_avu(zone, mark.path, _avu(names, TAKEN, mark), mark.collection)
        if PENDING in mark.states:
            remove_avu(zone, mark.path, _avu(names, PENDING, mark), mark.collection)
    except RefusedError as error:
        log.info("mark is gone", path=mark.path, cause=error.cause)
        return False
    return True


def ack(zone: ZoneConnection, names: Names, mark: Mark) -> None:
    """Note that the work is done; where a batch says that it is taken, that one is removed when all of it is done."""
    if mark.batched:
        return
    try:
        remove_avu(zone, mark.path, _avu(names, TAKEN, mark), mark.collection)
    except RefusedError as error:
        log.info("mark is gone", path=mark.path, cause=error.cause)


def release(zone: ZoneConnection, names: Names, mark: Mark) -> None:
    """Leave a claimed mark for a later sweep."""
    try:
        add_avu(zone, mark.path, _avu(names, PENDING, mark), mark.collection)
    except RefusedError as error:
        log.info("mark is gone", path=mark.path, cause=error.cause)
    else:
        ack(zone, names, mark)


def post(zone: ZoneConnection, names: Names, data_id: int, path: str) -> None:
    """Mark a data object, as a hook would."""
    add_avu(zone, path, Avu(names.sync, PENDING, str(shard_of(data_id))))


def drop(zone: ZoneConnection, names: Names, mark: Mark) -> None:
    """Take a mark away whatever its state: another one stands for it."""
    for state in sorted(mark.states):
        try:
            remove_avu(zone, mark.path, _avu(names, state, mark), mark.collection)
        except RefusedError as error:
            log.info("mark is gone", path=mark.path, cause=error.cause)


def post_to_gather(zone: ZoneConnection, names: Names, paths: Iterable[str]) -> dict[str, Mark]:
    """Mark collections, to be looked at for which of their files belong together.

    Returns:
        The marks by path, without those of collections that are gone.
    """
    posted, columns = dict[str, Mark](), (Collection.id, Collection.name)
    for path in sorted(paths):
        collections = rows(zone, "looking for", columns, Like(Collection.name, like(path)))
        for mark in (
            Mark(id_, path, shard_of(id_), frozenset({PENDING}), collection=True, gather=True)
            for id_, name in collections
            if name == path
        ):
            try:
                add_avu(zone, path, _avu(names, PENDING, mark), collection=True)
            except RefusedError as error:
                log.info("collection is gone", path=path, cause=error.cause)
            else:
                posted[path] = mark
    return posted


def _avu(names: Names, state: str, mark: Mark) -> Avu:
    return Avu(names.gather if mark.gather else names.sync, state, str(mark.shard))


def _shard(units: str) -> int:
    """The shard that the units of a mark name; -1 for something that no hook wrote."""
    return int(units) if units and units.isdecimal() else -1
