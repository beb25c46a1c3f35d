"""The data objects among which it is told what belongs together: those of a collection, and of some below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from irods.column import Column, Criterion, In, Like
from irods.models import Collection, DataObject

from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.gateways.zone.watched import like

PATHS_A_QUERY = 20
"""So many paths, each of up to 1024 characters, go into one condition."""


def paths_in(zone: ZoneConnection, collection: str, is_inner: Callable[[str], bool]) -> dict[int, str]:
    """The paths of the data objects in a collection, and in those below it that are asked for, by their catalog ids.

    Args:
        zone: The zone.
        collection: Its path.
        is_inner: Whether a collection below it is asked for, by its path; those below one that is not are not, either.
    """
    columns = (DataObject.id, Collection.name, DataObject.name)
    found, level = dict[int, str](), [collection]
    while level:
        for condition in _any_of(Collection.name, level):
            object_rows = rows(zone, "listing what is in it", columns, condition)
            found |= {data_id: f"{parent}/{name}" for data_id, parent, name in object_rows if parent in level}
        level = [path for path in _collections_in(zone, level) if is_inner(path)]
    return found


def _collections_in(zone: ZoneConnection, parents: Sequence[str]) -> Iterator[str]:
    columns = (Collection.name, Collection.parent_name)
    for condition in _any_of(Collection.parent_name, parents):
        found = rows(zone, "listing collections", columns, condition)
        yield from sorted(path for path, parent in found if parent in parents and path != parent)


def _any_of(column: Column, paths: Iterable[str]) -> Iterator[Criterion]:
    """Conditions that are true for each of some paths; what a text in a query cannot hold is a pattern of its own."""
    plain, others = list[str](), list[str]()
    for path in paths:
        (plain if like(path) == path else others).append(path)
    yield from (In(column, some) for some in in_batches(plain, PATHS_A_QUERY))
    yield from (Like(column, like(path)) for path in others)
