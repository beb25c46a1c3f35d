"""What was read for the status, as plain values: facts only, which the summary judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement
from irods_omero.status.heartbeat_record import HeartbeatRecord

NEW, KNOWN, COLLECTION, GATHERED = "to be imported", "with images", "collection", "files to gather"
"""What marks are about, as people read it."""


@dataclass(frozen=True)
class MarkSeen:
    """One mark.

    Attributes:
        id: Catalog id of what is marked.
        state: ``pending`` or ``taken``.
        shard: -1 for something that no hook wrote.
        known: Whether it has images already.
        collection: Whether it is on a collection.
        gathers: Whether it asks which files of the collection belong together.
    """

    id: int
    state: str
    shard: int
    known: bool = False
    collection: bool = False
    gathers: bool = False

    @property
    def kind(self) -> str:
        """What it is about."""
        if self.collection:
            return GATHERED if self.gathers else COLLECTION
        return KNOWN if self.known else NEW


@dataclass(frozen=True)
class ErrorSeen:
    """One error on a data object, on a collection, or on a fileset that cannot be taken in.

    Attributes:
        path: Logical path, or ``Fileset:ID``.
        text: What is wrong.
        unit: Catalog id of the first data object of its unit, or of the collection; of a fileset its own, below zero.
        agreement: What was agreed about the unit.
    """

    path: str
    text: str
    unit: int
    agreement: Agreement = NOTHING_AGREED


@dataclass(frozen=True)
class RequestSeen:
    """One request on a data object.

    Attributes:
        unit: Catalog id of the first data object of its unit.
        word: The request.
        agreement: What was agreed about the unit.
    """

    unit: int
    word: str
    agreement: Agreement = NOTHING_AGREED


@dataclass(frozen=True)
class ResourceUse:
    """The good replicas on one root resource: their number, and their bytes together."""

    resource: str
    replicas: int
    size: int


@dataclass(frozen=True)
class OmeroLag:
    """How far OMERO's event log was followed.

    Attributes:
        unreachable: Why OMERO could not be asked; empty if it could.
        end: Id of the last row of its event log.
        cursors: For the shards of each agent the last row up to which it was followed.
    """

    unreachable: str = ""
    end: int = 0
    cursors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StatusFacts:
    """All that the status rests on.

    Attributes:
        now: Seconds since 1970.
        beats: The heartbeats, by the shards that the agents work on.
        marks: What is marked.
        oldest: For each kind of mark when the oldest that is pending was posted, seconds since 1970; nothing where the
            zone cannot tell.
        errors: What is wrong, on data objects and on filesets that cannot be taken in.
        requests: The requests that move data.
        holds: For each request that holds data how many units are held by it.
        use: What is on the resources, below the watched roots.
        omero: The event log, None where it was not looked at.
        cut: What there is more of than was read.
    """

    now: float
    beats: Mapping[str, HeartbeatRecord] = field(default_factory=dict)
    marks: Sequence[MarkSeen] = ()
    oldest: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[ErrorSeen] = ()
    requests: Sequence[RequestSeen] = ()
    holds: Mapping[str, int] = field(default_factory=dict)
    use: Sequence[ResourceUse] = ()
    omero: OmeroLag | None = None
    cut: frozenset[str] = frozenset()
