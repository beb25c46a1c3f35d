"""What users have done in OMERO lately, read from its event log as hints: these filesets are to be looked at.

Ids of the log are given out before a transaction is committed (``EventHandler`` of the OMERO server), so that a row
may become visible after a later one. Each reading therefore starts a window before the last id that was seen, and
leaves out the rows of the window that it has met.

The row of a deleted link has the link's id and nothing of its image. Each image or plate from which an annotation was
taken (``annotation_link_delete_trigger`` of OMERO's database) is noted some seconds later by the search indexer, in a
row with the action ``REINDEX``, so that un-tagging is found all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import AGENT, OmeroSession, Values

WINDOW = 1000
"""So many ids before the last one are read again."""

PAGE = 5000
"""So many ids are covered by one query: the log of an old server has millions of rows."""

LINKS = {
    "ome.model.annotations.ImageAnnotationLink": "Image",
    "ome.model.annotations.PlateAnnotationLink": "Plate",
}
ANNOTATIONS = ("ome.model.annotations.MapAnnotation", "ome.model.annotations.TagAnnotation")
TAG_SET_LINK = "ome.model.annotations.AnnotationAnnotationLink"
IMAGE = "ome.model.core.Image"
PLATE = "ome.model.screen.Plate"
FILESET = "ome.model.fs.Fileset"
KINDS = (*LINKS, *ANNOTATIONS, TAG_SET_LINK, IMAGE, PLATE, FILESET)
CHANGED = ("UPDATE", "REINDEX")


@dataclass(frozen=True)
class Event:
    """One row of the event log."""

    id: int
    kind: str
    entity: int
    action: str


@dataclass(frozen=True)
class Hints:
    """What is to be looked at.

    Attributes:
        filesets: OMERO ids of filesets of which something changed.
        unlinked: Whether annotations were taken from images, of which rows of the indexer may tell later.
        cursor: The last id that was read.
        newest: Id of the last row that somebody else caused, 0 for none.
    """

    filesets: frozenset[int] = frozenset()
    unlinked: bool = False
    cursor: int = 0
    newest: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.filesets) or self.unlinked


class EventReader:
    """Reads the event log from a cursor on."""

    def __init__(self, cursor: int | None = None, window: int = WINDOW) -> None:
        """Without a cursor reading starts at the end of the log: what was before is for a reconcile."""
        self.cursor = cursor
        self._window = window
        self._met: set[int] = set()

    def read(self, session: OmeroSession) -> Hints:
        """What happened since the last reading; the agent's own events are left out."""
        end = self._end(session)
        if self.cursor is None or self.cursor > end:  # a first start, or a log that was reset
            self.cursor = end
            self._met.clear()
        events = self._new_events(session, end)
        self.cursor = max(end, self.cursor)
        self._met = {id_ for id_ in self._met if id_ > self.cursor - self._window}
        filesets = set(_filesets_of_links(session, events)) | _filesets_of_annotations(session, events)
        filesets |= _filesets_of_images(session, events)
        filesets |= {event.entity for event in events if event.kind == FILESET}
        unlinked = any(event.kind in LINKS and event.action == "DELETE" for event in events)
        newest = max((event.id for event in events), default=0)
        return Hints(frozenset(filesets), unlinked, self.cursor, newest)

    def _end(self, session: OmeroSession) -> int:
        rows = session.rows("reading the event log", "select max(l.id) from EventLog l", {})
        return int(rows[0][0] or 0) if rows else 0

    def _new_events(self, session: OmeroSession, end: int) -> list[Event]:
        text = (
            "select l.id, l.entityType, l.entityId, l.action from EventLog l join l.event e "
            "join e.session s where l.id > :low and l.id <= :high and l.entityType in (:kinds) "
            "and (s.userAgent is null or s.userAgent <> :agent) order by l.id"
        )
        found: list[Event] = []
        assert self.cursor is not None
        for low in range(max(0, self.cursor - self._window), end, PAGE):
            page: Values = {"low": low, "high": min(low + PAGE, end), "kinds": list(KINDS), "agent": AGENT}
            for id_, kind, entity, action in session.rows("reading the event log", text, page):
                if id_ not in self._met:
                    self._met.add(id_)
                    found.append(Event(id_, kind, entity, action))
        return found


def _filesets_of_links(session: OmeroSession, events: Iterable[Event]) -> Iterable[int]:
    for kind, parent in LINKS.items():
        links = [event.entity for event in events if event.kind == kind and event.action != "DELETE"]
        if parent == "Image":
            text = "select distinct i.fileset.id from ImageAnnotationLink l join l.parent i where l.id in (:ids)"
        else:
            text = (
                "select distinct i.fileset.id from PlateAnnotationLink l, WellSample s join s.image i join s.well w "
                "where w.plate.id = l.parent.id and l.id in (:ids)"
            )
        yield from _ids(session, text, links)


def _filesets_of_annotations(session: OmeroSession, events: Iterable[Event]) -> set[int]:
    """Images and plates with annotations that were edited, or with tags that were put into a tag set."""
    changed = [event.entity for event in events if event.kind in ANNOTATIONS and event.action == "UPDATE"]
    put = [event.entity for event in events if event.kind == TAG_SET_LINK and event.action != "DELETE"]
    text = "select l.child.id from AnnotationAnnotationLink l where l.id in (:ids)"
    changed += _ids(session, text, put)
    of_images = "select distinct i.fileset.id from ImageAnnotationLink l join l.parent i where l.child.id in (:ids)"
    of_plates = (
        "select distinct i.fileset.id from PlateAnnotationLink l, WellSample s join s.image i join s.well w "
        "where w.plate.id = l.parent.id and l.child.id in (:ids)"
    )
    return {*_ids(session, of_images, changed), *_ids(session, of_plates, changed)}


def _filesets_of_images(session: OmeroSession, events: Iterable[Event]) -> set[int]:
    """Images and plates that were changed themselves, or lost an annotation."""
    changed = {kind: [e.entity for e in events if e.kind == kind and e.action in CHANGED] for kind in (IMAGE, PLATE)}
    of_images = "select distinct i.fileset.id from Image i where i.id in (:ids)"
    of_plates = "select distinct i.fileset.id from WellSample s join s.image i join s.well w where w.plate.id in (:ids)"
    return {*_ids(session, of_images, changed[IMAGE]), *_ids(session, of_plates, changed[PLATE])}


def _ids(session: OmeroSession, text: str, ids: Sequence[int]) -> Iterable[int]:
    for chunk in in_batches(sorted(set(ids)), BATCH):
        yield from (int(row[0]) for row in session.rows("following events", text, {"ids": chunk}) if row[0] is not None)
