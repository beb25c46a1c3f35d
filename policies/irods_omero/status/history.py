"""What happened to a unit, in the order of time: one pure function from what both servers still know of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement
from irods_omero.domain.state.recorded_event import CHANGE, IMPORT_EVENT, PAIRS, PLACE, TAG, RecordedEvent
from irods_omero.domain.state.texts import timestamp
from irods_omero.domain.state.views import DataObject
from irods_omero.vocabulary import (
    ACCESS_TIME,
    AGENT_PROGRAM,
    REGISTERED,
    REQUEST_NAMESPACE,
    SUPERSEDED,
    TIER_NAMESPACE,
    TIER_TAG_PREFIX,
    Names,
)

ZONE, OMERO, AGREED = "iRODS", "OMERO", "agreement"

UNKNOWABLE = (
    "AVUs, tags and key-value pairs that were removed, and by whom",
    "movements before the last one: a replica tells when it was last written, by a client or by storage tiering",
    "since when an AVU has been there (before iRODS 5.0.90), so requests by AVU are missing",
)
"""What neither server keeps."""


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        at: When, seconds since 1970, by the clock of the server that says so.
        side: Which one: ``iRODS``, ``OMERO``, or the ``agreement`` of both.
        kind: One word for programs.
        what: What happened, for people.
        by: Login name of who did it, or of whom it was done for; empty where nobody knows.
        agent: Whether an agent of this project did it.
        subject: The data object's path, ``Image:12``, ``Plate:3`` or ``Fileset:4``.
    """

    at: int
    side: str
    kind: str
    what: str
    by: str = ""
    agent: bool = False
    subject: str = ""


@dataclass(frozen=True)
class Past:
    """What was read about a unit.

    Attributes:
        objects: Its data objects; empty where they are gone.
        created: When each was created, by its catalog id, seconds since 1970.
        asked: When AVUs that ask for something were set, by catalog id and word, as far as the zone tells.
        agreement: What was agreed last.
        recorded: What OMERO has written down.
    """

    objects: Sequence[DataObject] = ()
    created: Mapping[int, int] = field(default_factory=dict)
    asked: Mapping[tuple[int, str], int] = field(default_factory=dict)
    agreement: Agreement = NOTHING_AGREED
    recorded: Sequence[RecordedEvent] = ()


@dataclass(frozen=True)
class History:
    """What happened to a unit.

    Attributes:
        path: Logical path of the first data object; empty where it is gone.
        data_id: Its catalog id.
        events: Oldest first.
        unknown: What cannot be told, in words.
    """

    path: str
    data_id: int
    events: tuple[Event, ...]
    unknown: tuple[str, ...] = UNKNOWABLE

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times as seconds and as texts."""
        return {**asdict(self), "events": [{"time": timestamp(each.at), **asdict(each)} for each in self.events]}


def history_of(past: Past, names: Names) -> list[Event]:
    """All events of a unit, oldest first; what happened to many images at once is one event."""
    first = past.objects[0].path if past.objects else ""
    events = [*_stored(past, names), *_agreed(past.agreement, first), *_in_omero(past.recorded)]
    return sorted((each for each in events if each.at > 0), key=lambda each: each.at)


def _stored(past: Past, names: Names) -> Iterator[Event]:
    for each in past.objects:
        created = past.created.get(each.data_id, 0)
        yield Event(created, ZONE, "stored", "stored in iRODS", each.owner, subject=each.path)
        for replica in each.replicas:
            if replica.modified > created:
                state = "" if replica.good else ", stale now"
                what = f"replica {replica.number} on {replica.resource} last written, by a client or by tiering{state}"
                yield Event(replica.modified, ZONE, "written", what, subject=each.path)
        for avu in sorted(each.avus):
            if avu.attribute == names.request:
                at = past.asked.get((each.data_id, avu.value), 0)
                yield Event(at, ZONE, "request", f"request {avu.value}, as an AVU", avu.units, subject=each.path)
            elif avu.attribute == ACCESS_TIME and avu.value.isdecimal():
                yield Event(int(avu.value), ZONE, "used", "last used, as storage tiering sees it", subject=each.path)


def _agreed(agreement: Agreement, path: str) -> Iterator[Event]:
    if agreement.request:
        what = f"request {agreement.request} accepted, and pending since then"
        yield Event(agreement.asked, AGREED, "accepted", what, AGENT_PROGRAM, True, path)
    if agreement.moves:
        what = f"movement queued with storage tiering, attempt {agreement.moves}"
        yield Event(agreement.queued, AGREED, "queued", what, AGENT_PROGRAM, True, path)
    if agreement.evicted is not None:
        what = f"OMERO's copy of its files removed {agreement.evicted}"
        yield Event(agreement.evicted.at, AGREED, "evicted", what, AGENT_PROGRAM, True, path)
    for doing, failure in (("import", agreement.failure), ("changing OMERO's copy", agreement.copy_failure)):
        if failure is not None:
            what = f"{doing} failed, attempt {failure.attempts}: {failure.reason}"
            yield Event(failure.at, AGREED, "failed", what, AGENT_PROGRAM, True, path)


def _in_omero(recorded: Iterable[RecordedEvent]) -> Iterator[Event]:
    subjects: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    images: dict[int, list[str]] = defaultdict(list)
    for each in recorded:
        if each.kind != IMPORT_EVENT:
            images[each.fileset].append(each.subject)
    for each in sorted(recorded, key=lambda each: (each.at, _number(each.subject))):
        key = each.at, each.kind, each.user, each.agent, each.text, each.namespace, each.fileset
        if each.subject not in subjects[key]:
            subjects[key].append(each.subject)
    for (at, kind, user, agent, text, namespace, fileset), concerned in subjects.items():
        shown = sorted(set(images[fileset]), key=_number) if kind == IMPORT_EVENT and images[fileset] else concerned
        word, what = _told(kind, text, namespace)
        yield Event(at, OMERO, word, f"{what} {_some(shown)}".strip(), user, agent, concerned[0])


def _told(kind: str, text: str, namespace: str) -> tuple[str, str]:
    """One word for programs, and words for people that the subject is put behind."""
    if kind != TAG:
        return {
            IMPORT_EVENT: (IMPORT_EVENT, "imported as"),
            PAIRS: (PAIRS, f"key-value pairs ({text or 'without a namespace'}) last written on"),
            PLACE: (PLACE, f"put into {text!r}:"),
            CHANGE: (CHANGE, "changed (its name, group, lock or the like):"),
        }[kind]
    if namespace == REQUEST_NAMESPACE:
        return "request", f"request {text}, as a tag on"
    if namespace == TIER_NAMESPACE and text.startswith(TIER_TAG_PREFIX):
        return "tier", f"seen on tier {text.removeprefix(TIER_TAG_PREFIX)}:"
    if namespace == TIER_NAMESPACE and text in (REGISTERED, SUPERSEDED):
        return text, f"{text}:"
    return TAG, f"tagged {text!r}:"


def _number(subject: str) -> tuple[str, int]:
    kind, _, id_ = subject.partition(":")
    return kind, int(id_)


def _some(subjects: Sequence[str]) -> str:
    others = len(subjects) - 1
    return subjects[0] + (f" and {others} other{'s' * (others > 1)}" if others else "")
