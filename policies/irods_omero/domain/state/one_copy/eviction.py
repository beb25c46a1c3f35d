"""The record of an eviction: since when OMERO has no copy of a unit's files, why, and which replicas have the bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from irods_omero.domain.state.decoding import number_of, text_of
from irods_omero.domain.state.one_copy.managed_files import ManagedFile, is_managed_file
from irods_omero.domain.state.views import DataObject, Replica

TIER, ROOM, MOVE = "tier", "room", "move"

REASONS = {
    TIER: "as its tier was offline",
    ROOM: "to make room",
    MOVE: "as it was moved to iRODS",
}
"""Why copies go, as people read it."""

MOST_REPLICAS = 5
"""At most this many replicas are remembered; the catalog knows all."""


class Relied(NamedTuple):
    """A replica that has the bytes: its root resource, and its number."""

    resource: str
    number: int

    def __str__(self) -> str:
        return f"replica {self.number} on {self.resource}"


class Eviction(NamedTuple):
    """That OMERO is to have no copies.

    Attributes:
        at: Since when, seconds since 1970.
        why: ``TIER`` where their tier was offline: they come back with it. ``ROOM`` where OMERO's disk had too many,
            and ``MOVE`` where a rule has moved them to iRODS: they stay away until somebody asks for them.
        replicas: Those whose bytes were known to be the same then; none where nobody wrote them down.
    """

    at: int
    why: str = TIER
    replicas: tuple[Relied, ...] = ()

    @property
    def until_asked(self) -> bool:
        """Whether copies stay away although their tier can be read."""
        return self.why != TIER

    def __str__(self) -> str:
        have = "has" if len(self.replicas) == 1 else "have"
        return REASONS[self.why] + (f": {', '.join(map(str, self.replicas))} {have} it" if self.replicas else "")

    def encoded(self) -> list[Any]:
        """As a list that JSON can hold."""
        return [self.at, self.why, [list(each) for each in self.replicas]]

    @staticmethod
    def decoded(value: Any) -> Eviction:
        """The inverse of ``encoded``; of earlier versions it is known only whether they have made room."""
        at, why, *replicas = value
        if isinstance(why, bool):
            why = ROOM if why else TIER
        if why not in REASONS:
            raise ValueError(f"nothing is removed because of {why!r}")
        known = (Relied(text_of(resource), number_of(number)) for resource, number in (replicas or [[]])[0])
        return Eviction(number_of(at), why, tuple(known)[:MOST_REPLICAS])


def replicas_beside(data_object: DataObject, files: Iterable[ManagedFile]) -> tuple[Replica, ...]:
    """The good replicas that have the checksum of their data object in a file of their own, beside OMERO's."""
    content, files = data_object.content(), tuple(files)
    return tuple(
        replica
        for replica in data_object.good_replicas()
        if content is not None and replica.checksum == content.checksum and not is_managed_file(replica.file, files)
    )


def relied_on(objects: Iterable[DataObject], files: Iterable[ManagedFile]) -> tuple[Relied, ...]:
    """The replicas that have the bytes when OMERO's files are gone, those of several at the same places once."""
    files = tuple(files)
    replicas = {
        Relied(replica.resource, replica.number) for each in objects for replica in replicas_beside(each, files)
    }
    return tuple(sorted(replicas))[:MOST_REPLICAS]
