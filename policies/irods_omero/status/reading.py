"""Reads how things stand from the zone: pages, whose number grows with what waits or fails and not with the zone."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from irods.column import Criterion, In, Like
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta

from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement, read
from irods_omero.domain.state.request_lookup import HOLDING, PASSING
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import intake_root, recall_all
from irods_omero.gateways.zone.mark_batches import find_batches
from irods_omero.gateways.zone.member_lists import MemberReader
from irods_omero.gateways.zone.objects import GOOD, oldest_attached
from irods_omero.gateways.zone.queries import IDS_A_QUERY, first_rows, sums
from irods_omero.gateways.zone.resources import root_names
from irods_omero.gateways.zone.watched import like, patterns_below
from irods_omero.settings import Settings
from irods_omero.status.heartbeat_record import HeartbeatRecord, decode
from irods_omero.status.status_facts import (
    COLLECTION,
    GATHERED,
    ErrorSeen,
    MarkSeen,
    RequestSeen,
    ResourceUse,
    StatusFacts,
)
from irods_omero.vocabulary import PENDING, SHARDS, TAKEN, Names

MOST = 10_000
"""At most this many marks, errors or requests are looked at; of further ones it is only said that there are more."""

DOING = "reading how things stand"


def read_status(settings: Settings, zone: ZoneConnection) -> StatusFacts:
    """What the zone says of how things stand.

    Raises:
        UnreachableError: The zone is down.
        RefusedError: The zone refuses.
    """
    return _Reader(settings, zone).seen()


def read_errors(settings: Settings, zone: ZoneConnection) -> list[ErrorSeen]:
    """What is wrong, on data objects and collections.

    Raises:
        UnreachableError: The zone is down.
        RefusedError: The zone refuses.
    """
    return _Reader(settings, zone).errors()


def read_beats(settings: Settings, zone: ZoneConnection, names: Names) -> dict[str, HeartbeatRecord]:
    """The heartbeats of all agents that keep this zone and this OMERO together, by their shards."""
    texts = recall_all(zone, f"{names.agent}:{settings.omero.name}")
    return {shards: beat for shards, text in texts.items() if (beat := decode(text)) is not None}


class _Reader:
    def __init__(self, settings: Settings, zone: ZoneConnection) -> None:
        self._settings = settings
        self._zone = zone
        self._names = Names(settings.prefix)
        self._cut: set[str] = set()

    def seen(self) -> StatusFacts:
        names, zone = self._names, self._zone
        marks = self._marks()
        return StatusFacts(
            now=time.time(),
            beats=read_beats(self._settings, zone, names),
            marks=marks,
            oldest=self._oldest(marks),
            errors=self.errors(),
            requests=self._requests(),
            holds=self._holds(),
            use=self._use(),
            cut=frozenset(self._cut),
        )

    def _marks(self) -> list[MarkSeen]:
        names = self._names
        columns = (DataObject.id, DataObjectMeta.value, DataObjectMeta.units)
        mark_rows = self._some("marks", columns, DataObjectMeta.name == names.sync)
        both = (DataObjectMeta.name == names.sync, DataObjectMeta.name == names.fileset)
        known = {id_ for (id_,) in self._some("marks", (DataObject.id,), *both)} if mark_rows else set()
        marks = [MarkSeen(id_, state, _number(shard), id_ in known) for id_, state, shard in mark_rows]
        wanted = (Collection.id, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
        batched = (mark for each in find_batches(self._zone, names, range(SHARDS)) for mark in each.marks)
        marks += (MarkSeen(mark.id, TAKEN, mark.shard, known=True) for mark in batched)  # imports are claimed alone
        of_collections = self._some("marks", wanted, In(CollectionMeta.name, [names.sync, names.gather]))
        return marks + [
            MarkSeen(id_, state, _number(shard), collection=True, gathers=name == names.gather)
            for id_, name, state, shard in of_collections
        ]

    def _oldest(self, marks: Iterable[MarkSeen]) -> dict[str, int]:
        """For each kind of mark when the oldest that is pending was posted, where the zone can tell."""
        pending: dict[str, list[int]] = defaultdict(list)
        for mark in marks:
            if mark.state == PENDING:
                pending[mark.kind].append(mark.id)
        oldest = dict[str, int]()
        for kind, ids in pending.items():
            attribute = self._names.gather if kind == GATHERED else self._names.sync
            at = oldest_attached(self._zone, attribute, PENDING, ids, kind in (COLLECTION, GATHERED))
            if at is None:
                break  # a zone that cannot tell is not asked for each kind
            oldest[kind] = at
        return oldest

    def errors(self) -> list[ErrorSeen]:
        columns = (DataObject.id, Collection.name, DataObject.name, DataObjectMeta.value)
        error_rows = self._some("errors", columns, DataObjectMeta.name == self._names.error)
        units, agreed = self._agreements(id_ for id_, *_ in error_rows)
        of_objects = [
            ErrorSeen(f"{parent}/{name}", text, units[id_], agreed.get(units[id_], NOTHING_AGREED))
            for id_, parent, name, text in error_rows
        ]
        of_units = [*of_objects, *self._of_collections()]
        return [*of_units, *self._not_taken_in()] if self._settings.omero_first else of_units

    def _of_collections(self) -> list[ErrorSeen]:
        """Why collections are not imported; an error with a number of attempts is on the unit's data objects, too."""
        columns = (Collection.id, Collection.name, CollectionMeta.value, CollectionMeta.units)
        error_rows = self._some("errors", columns, CollectionMeta.name == self._names.error)
        return [ErrorSeen(path, text, id_) for id_, path, text, units in error_rows if not (units or "").isdecimal()]

    def _not_taken_in(self) -> list[ErrorSeen]:
        """The filesets that came through OMERO first and cannot be taken in: they have no data object to say so."""
        root = intake_root(self._zone, self._settings.omero.name)
        columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
        conditions = (CollectionMeta.name == self._names.agreement, Like(Collection.name, f"{like(root)}/%"))
        errors = list[ErrorSeen]()
        for path, *avu in self._some("errors", columns, *conditions):
            name, (agreement, _) = path.rpartition("/")[2], read([Avu(*avu)])
            if agreement.failure is not None and name.isdecimal():
                errors.append(ErrorSeen(f"Fileset:{name}", agreement.failure.reason, -int(name), agreement))
        return errors

    def _requests(self) -> list[RequestSeen]:
        request_rows = self._asking("requests", PASSING)
        units, agreed = self._agreements(id_ for id_, _ in request_rows)
        seen = {(units[id_], word): agreed.get(units[id_], NOTHING_AGREED) for id_, word in request_rows}
        return [RequestSeen(unit, word, agreement) for (unit, word), agreement in sorted(seen.items())]

    def _asking(self, what: str, words: Sequence[str]) -> list[tuple[Any, ...]]:
        conditions = (DataObjectMeta.name == self._names.request, In(DataObjectMeta.value, words))
        return self._some(what, (DataObject.id, DataObjectMeta.value), *conditions)

    def _holds(self) -> dict[str, int]:
        """How many units each request holds, which each of their data objects has."""
        words: dict[int, set[str]] = defaultdict(set)
        for id_, word in self._asking("requests to hold data", HOLDING):
            words[id_].add(word)
        held, members = set[tuple[str, int]](), MemberReader(self._zone, self._names)
        for chunk in in_batches(sorted(words), IDS_A_QUERY):
            objects = members.read(chunk, [self._names.unit])
            held.update((word, self._unit_of(id_, each.avus)) for id_, each in objects.items() for word in words[id_])
        return Counter(word for word, _ in held)

    def _unit_of(self, id_: int, avus: Iterable[Avu]) -> int:
        """The first data object of the unit that a data object belongs to."""
        firsts = (avu.value for avu in avus if avu.attribute == self._names.unit)
        return min((int(value) for value in firsts if value.isdecimal()), default=id_)

    def _agreements(self, ids: Iterable[int]) -> tuple[dict[int, int], dict[int, Agreement]]:
        """For data objects their units, and what was agreed about units of which these are the first."""
        names, units, agreed = self._names, dict[int, int](), dict[int, Agreement]()
        members = MemberReader(self._zone, names)
        for chunk in in_batches(sorted(set(ids)), IDS_A_QUERY):
            objects = members.read(chunk, [names.agreement, names.unit])
            for id_ in chunk:
                avus = objects[id_].avus if id_ in objects else ()
                units[id_] = self._unit_of(id_, avus)
                agreed[id_] = read(avu for avu in avus if avu.attribute == names.agreement)[0]
        return units, agreed

    def _use(self) -> list[ResourceUse]:
        """What is on each root resource below the watched roots, added up by the catalog."""
        use: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        below = patterns_below(self._settings.watch.roots)
        tops = root_names(self._zone) if below else {}
        for pattern in below:
            conditions = (Like(Collection.name, pattern), DataObject.replica_status == GOOD)
            for resource, replicas, size in sums(
                self._zone, DOING, DataObject.resc_id, DataObject.id, DataObject.size, *conditions
            ):
                top = tops.get(int(resource), str(resource))
                use[top] = (use[top][0] + replicas, use[top][1] + size)
        return [ResourceUse(resource, *counts) for resource, counts in sorted(use.items())]

    def _some(self, what: str, columns: Sequence[Any], *conditions: Criterion) -> list[tuple[Any, ...]]:
        """Rows of a query, as many as are looked at; that there are more is noted."""
        result_rows = first_rows(self._zone, DOING, MOST + 1, columns, *conditions)
        if len(result_rows) > MOST:
            self._cut.add(what)
        return result_rows[:MOST]


def _number(units: str | None) -> int:
    return int(units) if units and units.isdecimal() else -1
