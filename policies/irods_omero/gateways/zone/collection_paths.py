"""The data objects that are grouped together: those in a collection, and in some collections below it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from irods.column import Column, Criterion, In, Like
from irods.models import Collection, CollectionMeta, DataObject

from irods_omero.domain.state.policy import STAR
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.gateways.zone.watched import like

LONGEST_LIST = 2000
"""Characters of paths in one condition: a longer text meets the limit on the SQL of a query."""

_PLAIN = re.compile(r"[\w./ -]+", re.ASCII)


def paths_in(zone: ZoneConnection, collection: str, is_inner: Callable[[str], bool]) -> dict[int, str]:
    """The paths of the data objects in a collection, and in those below it that are asked for, by their catalog ids.

    Args:
        zone: The zone.
        collection: Its path.
        is_inner: Whether a collection below it is asked for, by its path; those below one that is not are not, either.
    """
    columns = (DataObject.id, Collection.name, DataObject.name)
    paths, level = dict[int, str](), [collection]
    while level:
        for condition in _any_of(Collection.name, level):
            object_rows = rows(zone, "listing what is in it", columns, condition)
            paths |= {data_id: f"{parent}/{name}" for data_id, parent, name in object_rows if parent in level}
        level = [path for path in _collections_in(zone, level) if is_inner(path)]
    return paths


def avus_of(zone: ZoneConnection, collections: Iterable[str], attributes: Sequence[str]) -> dict[str, frozenset[Avu]]:
    """The AVUs of some collections that have one of the attributes, or start as one that ends with a star does."""
    paths, avus = sorted(collections), defaultdict[str, set[Avu]](set)
    starts = tuple(attribute[:-1] for attribute in attributes if attribute.endswith(STAR))
    whole = [attribute for attribute in attributes if not attribute.endswith(STAR)]
    columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    named = (In(CollectionMeta.name, whole), *(Like(CollectionMeta.name, f"{like(start)}%") for start in starts))
    for condition in _any_of(Collection.name, paths):
        for of_name in named:
            for path, name, value, units in rows(zone, "reading AVUs", columns, condition, of_name):
                if path in paths and (name in whole or name.startswith(starts)):
                    avus[path].add(Avu(name, value, units or ""))
    return {path: frozenset(own) for path, own in avus.items()}


def collections_carrying(zone: ZoneConnection, attribute: str) -> set[str]:
    """The collections that have an AVU of an attribute."""
    path_rows = rows(zone, f"looking for {attribute}", (Collection.name,), CollectionMeta.name == attribute)
    return {path for (path,) in path_rows}


def collections_with(zone: ZoneConnection, collections: Iterable[str], names: Sequence[str]) -> set[str]:
    """Those of some collections that hold a data object of one of these names."""
    paths, of_name = set(collections), In(DataObject.name, list(names))
    answers = (
        rows(zone, "looking for what speaks for a hierarchy", (Collection.name,), condition, of_name)
        for condition in _any_of(Collection.name, sorted(paths))
    )
    return {path for listed in answers for (path,) in listed} & paths


def _collections_in(zone: ZoneConnection, parents: Sequence[str]) -> Iterator[str]:
    columns = (Collection.name, Collection.parent_name)
    for condition in _any_of(Collection.parent_name, parents):
        listed = rows(zone, "listing collections", columns, condition)
        yield from sorted(path for path, parent in listed if parent in parents and path != parent)


def _any_of(column: Column, paths: Iterable[str]) -> Iterator[Criterion]:
    """Conditions that are true for each of some paths; what may not be part of a list is a pattern of its own."""
    listed, length = list[str](), 0
    for path in paths:
        if not _PLAIN.fullmatch(path):
            yield Like(column, like(path))
            continue
        if listed and length + len(path) > LONGEST_LIST:
            yield In(column, listed)
            listed, length = [], 0
        listed, length = [*listed, path], length + len(path)
    if listed:
        yield In(column, listed)
