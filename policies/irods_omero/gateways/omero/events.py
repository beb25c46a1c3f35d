"""What users have done in OMERO lately, read from its event log as hints: these filesets are to be observed.

Ids of the log are given out before a transaction is committed (``EventHandler`` of the OMERO server): one of thousands
of objects becomes visible below rows that were seen long before. As ids have no gaps otherwise, those that are missing
below the highest one are remembered as holes, and looked for again until they are there or too old to come.

The row of a deleted link has the link's id and nothing of its image. Each image or plate from which an annotation was
taken (``annotation_link_delete_trigger`` of OMERO's database) is noted some seconds later by the search indexer, in a
row with the action ``REINDEX``, so that un-tagging is seen all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import AGENT, OmeroSession

PAGE = 5000
"""At most this many ids are covered by one query: the log of an old server has millions of rows."""

HOLE_SECONDS = 600.0
"""A missing id is looked for this long: no transaction that users wait for takes longer."""

MOST_HOLES = 50_000
"""At most this many missing ids are looked for, the highest: an administrator may have removed old rows of the log."""

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
class LogRow:
    """One row of the event log."""

    id: int
    kind: str
    entity: int
    action: str


@dataclass(frozen=True)
class Hints:
    """What is to be observed.

    Attributes:
        filesets: OMERO ids of filesets of which something changed.
        unlinked: Whether annotations were taken from images, of which rows of the indexer may tell later.
        cursor: Up to this id the log was read without holes.
        newest: Id of the last row that somebody else caused, 0 for none.
    """

    filesets: frozenset[int] = frozenset()
    unlinked: bool = False
    cursor: int = 0
    newest: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to observe."""
        return bool(self.filesets) or self.unlinked


class Position:
    """How far a log was read, of which rows may become visible below those that were seen.

    Attributes:
        highest: The highest id that was seen, or was the last one when reading began.
    """

    def __init__(self, highest: int) -> None:
        self.highest = highest
        self._holes: dict[int, float] = {}

    @property
    def cursor(self) -> int:
        """Up to this id everything was seen: where a reader who knows nothing else has to begin."""
        return min(self._holes, default=self.highest + 1) - 1

    def ranges(self, end: int) -> Iterator[tuple[int, int]]:
        """The ids to ask for, as first and last of each range: the holes, and what is new up to the end of the log."""
        first = last = None
        for hole in sorted(self._holes):
            if first is None or last is None or hole != last + 1 or hole - first >= PAGE:
                if first is not None and last is not None:
                    yield first, last
                first = hole
            last = hole
        if first is not None and last is not None:
            yield first, last
        for first in range(self.highest + 1, end + 1, PAGE):
            yield first, min(first + PAGE - 1, end)

    def saw(self, first: int, last: int, ids: Iterable[int], now: float) -> set[int]:
        """Take note of which ids of a range are there; returns those that were not seen before."""
        seen = set(ids)
        asked = set(range(first, last + 1))
        known = asked - self._holes.keys() - set(range(self.highest + 1, last + 1))
        for missing in asked - seen - known:
            self._holes.setdefault(missing, now)
        for filled in seen & self._holes.keys():
            del self._holes[filled]
        for lowest in sorted(self._holes)[:-MOST_HOLES]:
            del self._holes[lowest]
        self.highest = max(self.highest, last)
        return seen - known

    def forget(self, before: float) -> None:
        """Give up the holes that were noted before a time."""
        self._holes = {hole: since for hole, since in self._holes.items() if since >= before}


class EventReader:
    """Reads the event log from a cursor on."""

    def __init__(self, cursor: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a cursor reading starts at the end of the log: what was before is for a reconcile."""
        self._position = None if cursor is None else Position(cursor)
        self._clock = clock

    def read(self, session: OmeroSession) -> Hints:
        """What happened since the last reading; the agent's own events are left out."""
        end = last_row(session)
        if self._position is None or self._position.highest > end:  # a first start, or a log that was reset
            self._position = Position(end)
        rows = self._new_rows(session, self._position, end)
        filesets = set(_filesets_of_links(session, rows)) | _filesets_of_annotations(session, rows)
        filesets |= _filesets_of_images(session, rows)
        filesets |= {row.entity for row in rows if row.kind == FILESET}
        unlinked = any(row.kind in LINKS and row.action == "DELETE" for row in rows)
        newest = max((row.id for row in rows), default=0)
        return Hints(frozenset(filesets), unlinked, self._position.cursor, newest)

    def _new_rows(self, session: OmeroSession, position: Position, end: int) -> list[LogRow]:
        # Whose rows they are is asked for only of those that matter: for a range it is a scan of all events.
        text = (
            "select l.id, l.entityType, l.entityId, l.action from EventLog l "
            "where l.id >= :first and l.id <= :last order by l.id"
        )
        now, rows = self._clock(), list[LogRow]()
        for first, last in list(position.ranges(end)):
            page = [LogRow(*row) for row in session.rows("reading the event log", text, {"first": first, "last": last})]
            new = position.saw(first, last, (row.id for row in page), now)
            rows += (row for row in page if row.id in new and row.kind in KINDS)
        position.forget(now - HOLE_SECONDS)
        own = set(_own(session, [row.id for row in rows]))
        return [row for row in rows if row.id not in own]


def last_row(session: OmeroSession) -> int:
    """The id of the last row of the log, 0 for none."""
    ((last,),) = session.rows("reading the event log", "select max(l.id) from EventLog l", {})
    return int(last or 0)


def _own(session: OmeroSession, ids: Sequence[int]) -> Iterable[int]:
    """Those of some rows that this project's agents have caused."""
    text = "select l.id from EventLog l join l.event e join e.session s where l.id in (:ids) and s.userAgent = :agent"
    for chunk in in_batches(ids, BATCH):
        yield from (int(row[0]) for row in session.rows("reading the event log", text, {"ids": chunk, "agent": AGENT}))


def _filesets_of_links(session: OmeroSession, log_rows: Iterable[LogRow]) -> Iterable[int]:
    for kind, parent in LINKS.items():
        links = [row.entity for row in log_rows if row.kind == kind and row.action != "DELETE"]
        if parent == "Image":
            text = "select distinct i.fileset.id from ImageAnnotationLink l join l.parent i where l.id in (:ids)"
        else:
            text = (
                "select distinct i.fileset.id from PlateAnnotationLink l, WellSample s join s.image i join s.well w "
                "where w.plate.id = l.parent.id and l.id in (:ids)"
            )
        yield from _ids(session, text, links)


def _filesets_of_annotations(session: OmeroSession, log_rows: Iterable[LogRow]) -> set[int]:
    """Images and plates with annotations that were edited, or with tags that were put into a tag set."""
    changed = [row.entity for row in log_rows if row.kind in ANNOTATIONS and row.action == "UPDATE"]
    put = [row.entity for row in log_rows if row.kind == TAG_SET_LINK and row.action != "DELETE"]
    text = "select l.child.id from AnnotationAnnotationLink l where l.id in (:ids)"
    changed += _ids(session, text, put)
    of_images = "select distinct i.fileset.id from ImageAnnotationLink l join l.parent i where l.child.id in (:ids)"
    of_plates = (
        "select distinct i.fileset.id from PlateAnnotationLink l, WellSample s join s.image i join s.well w "
        "where w.plate.id = l.parent.id and l.child.id in (:ids)"
    )
    return {*_ids(session, of_images, changed), *_ids(session, of_plates, changed)}


def _filesets_of_images(session: OmeroSession, log_rows: Iterable[LogRow]) -> set[int]:
    """Images and plates that were changed themselves, or lost an annotation."""
    changed = {
        kind: [row.entity for row in log_rows if row.kind == kind and row.action in CHANGED] for kind in (IMAGE, PLATE)
    }
    of_images = "select distinct i.fileset.id from Image i where i.id in (:ids)"
    of_plates = "select distinct i.fileset.id from WellSample s join s.image i join s.well w where w.plate.id in (:ids)"
    return {*_ids(session, of_images, changed[IMAGE]), *_ids(session, of_plates, changed[PLATE])}


def _ids(session: OmeroSession, text: str, ids: Sequence[int]) -> Iterable[int]:
    for chunk in in_batches(sorted(set(ids)), BATCH):
        yield from (int(row[0]) for row in session.rows("following events", text, {"ids": chunk}) if row[0] is not None)
