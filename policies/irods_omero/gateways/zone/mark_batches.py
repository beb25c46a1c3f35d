"""Batches of marks claimed together: a few AVUs on the agent's home collection instead of one on each object."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from irods.models import Collection, CollectionMeta

from irods_omero.domain.state.directories.compression import compress_json, decompress_json
from irods_omero.domain.state.texts import MAXIMUM_BYTES
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.avus import add_avu, remove_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import home_of
from irods_omero.gateways.zone.marks import Mark
from irods_omero.gateways.zone.queries import rows
from irods_omero.logs import log
from irods_omero.settings import parse_shards
from irods_omero.vocabulary import Names

LONGEST = MAXIMUM_BYTES - 100
"""The index of a PostgreSQL catalog takes a little less than the column."""


class MarkBatch(NamedTuple):
    """Marks that an agent has claimed together.

    Attributes:
        avu: What says so, on the home collection of the agents' account; its units are the shards of that agent.
        marks: They are of data objects.
    """

    avu: Avu
    marks: tuple[Mark, ...]


def write_batches(zone: ZoneConnection, names: Names, shards: str, marks: Sequence[Mark]) -> list[Avu]:
    """Write down that marks are claimed, before any of them is removed from its object.

    Args:
        zone: The zone.
        names: The attributes.
        shards: Those of the agent, as the configuration has them.
        marks: Of data objects.

    Returns:
        The batches.

    Raises:
        RefusedError: The zone lets the agents' account write nothing on its home collection.
    """
    batches = [Avu(names.taken, text, shards) for text in texts_of(marks)]
    for each in batches:
        add_avu(zone, home_of(zone), each, collection=True)
    return batches


def remove_batch(zone: ZoneConnection, avu: Avu) -> None:
    """Note that all of a batch is done.

    Raises:
        RefusedError: The zone lets the agents' account remove nothing from its home collection.
    """
    remove_avu(zone, home_of(zone), avu, collection=True)


def find_batches(zone: ZoneConnection, names: Names, shards: Container[int]) -> list[MarkBatch]:
    """The batches that agents have left who worked on any of these shards."""
    columns, conditions = (CollectionMeta.value, CollectionMeta.units), (Collection.name == home_of(zone),)
    avus = rows(zone, "looking for marks that were claimed", columns, CollectionMeta.name == names.taken, *conditions)
    return list(_readable((Avu(names.taken, text, units or "") for text, units in sorted(avus, key=str)), shards))


def _readable(avus: Iterable[Avu], shards: Container[int]) -> Iterator[MarkBatch]:
    for avu in avus:
        try:
            if any(shard in shards for shard in parse_shards(avu.units)):
                yield MarkBatch(avu, marks_of(avu.value))
        except ValueError as error:
            log.warning("a batch of claimed marks cannot be read; reconcile looks at its units", error=str(error))


def texts_of(marks: Sequence[Mark]) -> list[str]:
    """Marks as texts that each fit into an AVU: compressed, as names in one collection are mostly alike."""
    text = compress_json([[mark.id, mark.shard, mark.path] for mark in marks])
    if len(text) <= LONGEST:
        return [text]
    middle = len(marks) // 2
    return texts_of(marks[:middle]) + texts_of(marks[middle:])


def marks_of(text: str) -> tuple[Mark, ...]:
    """The marks of such a text.

    Raises:
        ValueError: It is none that this version can read.
    """
    try:
        entries = decompress_json(text)
        return tuple(Mark(int(id_), str(path), int(shard), frozenset(), batched=True) for id_, shard, path in entries)
    except TypeError as error:
        raise ValueError(str(error)) from error
