"""What users have done in OMERO lately, read from its event log as hints: these filesets are to be observed.

The row of a deleted link has the link's id and nothing of its image. Each image or plate from which an annotation was
taken (``annotation_link_delete_trigger`` of OMERO's database) is noted some seconds later by the search indexer, in a
row with the action ``REINDEX``, so that un-tagging is seen all the same. Where the indexer is down nobody can tell
which images have lost something: then only looking at all of them helps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.log_position import HOLE_SECONDS, Indexer, LogPosition
from irods_omero.gateways.omero.place_kinds import MODELS
from irods_omero.gateways.omero.session import AGENT, OmeroSession

LINKS = {
    "ome.model.annotations.ImageAnnotationLink": "Image",
    "ome.model.annotations.PlateAnnotationLink": "Plate",
}
PLACES = {"ome.model.containers.DatasetImageLink": "Image", "ome.model.screen.ScreenPlateLink": "Plate"}
"""The links by which images and plates are where people find them."""

CONTAINERS = {
    "ome.model.containers.Dataset": (
        "select distinct i.fileset.id from DatasetImageLink l join l.child i where l.parent.id in (:ids)"
    ),
    "ome.model.containers.Project": (
        "select distinct i.fileset.id from ProjectDatasetLink m, DatasetImageLink l join l.child i "
        "where m.child.id = l.parent.id and m.parent.id in (:ids)"
    ),
    "ome.model.containers.ProjectDatasetLink": (
        "select distinct i.fileset.id from ProjectDatasetLink m, DatasetImageLink l join l.child i "
        "where m.child.id = l.parent.id and m.id in (:ids)"
    ),
    "ome.model.screen.Screen": (
        "select distinct i.fileset.id from ScreenPlateLink l, WellSample s join s.image i join s.well w "
        "where w.plate.id = l.child.id and l.parent.id in (:ids)"
    ),
}
"""What images and plates are in, each with the query for what is below: much, where one of these is renamed."""

ANNOTATIONS = tuple(f"ome.model.annotations.{model}" for model in MODELS)
TAG_SET_LINK = "ome.model.annotations.AnnotationAnnotationLink"
IMAGE = "ome.model.core.Image"
PLATE = "ome.model.screen.Plate"
FILESET = "ome.model.fs.Fileset"
KINDS = (*LINKS, *PLACES, *ANNOTATIONS, TAG_SET_LINK, IMAGE, PLATE, FILESET)
REINDEX = "REINDEX"
CHANGED = ("UPDATE", REINDEX)
INSERTED, DELETED = "INSERT", "DELETE"


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
        untold: Whether that was some time ago, and the indexer is silent: nobody can tell from which.
        cursor: Up to this id the log was read without holes, and the indexer has answered.
        newest: Id of the last row that somebody else caused, 0 for none.
        end: Id of the last row that there was.
    """

    filesets: frozenset[int] = frozenset()
    unlinked: bool = False
    untold: bool = False
    cursor: int = 0
    newest: int = 0
    end: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to observe at once."""
        return bool(self.filesets) or self.unlinked


class EventReader:
    """Reads the event log from a cursor on."""

    def __init__(
        self, cursor: int | None = None, clock: Callable[[], float] = time.monotonic, follows_names: bool = False
    ) -> None:
        """Without a cursor reading starts at the end of the log: what was before is for a reconcile.

        With ``follows_names`` what is below a renamed container counts as changed.
        """
        self._kinds = (*KINDS, *CONTAINERS) if follows_names else KINDS
        self._position = None if cursor is None else LogPosition(cursor)
        self._indexer = Indexer()
        self._clock = clock

    def read(self, session: OmeroSession) -> Hints:
        """What happened since the last reading; the agent's own events are left out."""
        end = last_row(session)
        if self._position is None or self._position.highest > end:  # a first start, or a log that was reset
            self._position, self._indexer = LogPosition(end), Indexer()
        rows, now = self._new_rows(session, self._position, end), self._clock()
        answers = [row.id for row in rows if row.action == REINDEX]
        own = set(_own(session, [row.id for row in rows]))
        rows = [row for row in rows if row.id not in own]
        filesets = set(_filesets_of_links(session, rows)) | _filesets_of_annotations(session, rows)
        filesets |= _filesets_of_images(session, rows) | _filesets_of_places(session, rows)
        filesets |= {row.entity for row in rows if row.kind == FILESET} | _filesets_below(session, rows)
        unlinked = _unlinked(session, rows)
        self._indexer.saw(answers, unlinked, now)
        cursor = self._position.cursor
        if self._indexer.since is not None:  # an agent that starts anew has to wait for the answer, too
            cursor = min(cursor, self._indexer.since[0] - 1)
        newest = max((row.id for row in rows), default=0)
        return Hints(frozenset(filesets), bool(unlinked), self._indexer.is_silent(now), cursor, newest, end)

    def _new_rows(self, session: OmeroSession, position: LogPosition, end: int) -> list[LogRow]:
        # Whose rows they are is asked for only of those that matter: for a range it is a scan of all events.
        text = (
            "select l.id, l.entityType, l.entityId, l.action from EventLog l "
            "where l.id >= :first and l.id <= :last order by l.id"
        )
        now, rows = self._clock(), list[LogRow]()
        for first, last in list(position.ranges(end)):
            page = [LogRow(*row) for row in session.rows("reading the event log", text, {"first": first, "last": last})]
            new = position.saw(first, last, (row.id for row in page), now)
            rows += (row for row in page if row.id in new and (row.kind in self._kinds or row.action == REINDEX))
        position.forget(now - HOLE_SECONDS)
        return rows


def last_row(session: OmeroSession) -> int:
    """The id of the last row of the log, 0 for none."""
    ((last,),) = session.rows("reading the event log", "select max(l.id) from EventLog l", {})
    return int(last or 0)


def unanswered_since(session: OmeroSession) -> float | None:
    """Since when the search indexer has not answered to an annotation that was added; None where it owes no answer.

    Returns:
        Seconds since 1970, by the clock of the OMERO server.
    """
    doing, kinds = "asking how far the search indexer is", list(LINKS)
    text = "select max(l.id) from EventLog l where l.action = :action"
    ((answer,),) = session.rows(doing, text, {"action": REINDEX})
    text = "select min(l.id) from EventLog l where l.id > :answer and l.action = :action and l.entityType in (:kinds)"
    ((first,),) = session.rows(doing, text, {"answer": int(answer or 0), "action": INSERTED, "kinds": kinds})
    text = "select e.time from EventLog l join l.event e where l.id = :id"
    times = session.rows(doing, text, {"id": -1 if first is None else first})
    return float(times[0][0]) / 1000 if times else None


def _own(session: OmeroSession, ids: Sequence[int]) -> Iterable[int]:
    """Those of some rows that this project's agents have caused."""
    text = "select l.id from EventLog l join l.event e join e.session s where l.id in (:ids) and s.userAgent = :agent"
    for chunk in in_batches(ids, BATCH):
        yield from (int(row[0]) for row in session.rows("reading the event log", text, {"ids": chunk, "agent": AGENT}))


def _unlinked(session: OmeroSession, log_rows: Sequence[LogRow]) -> list[int]:
    """The rows of annotations that were taken from images and plates, and did not go with these."""
    taken = [row.id for row in log_rows if row.kind in LINKS and row.action == DELETED]
    gone = [row.id for row in log_rows if row.kind in (IMAGE, PLATE) and row.action == DELETED]
    if not taken or not gone:
        return taken
    text = "select l.id, l.event.id from EventLog l where l.id in (:ids)"
    chunks = in_batches([*taken, *gone], BATCH)
    events = dict(row for ids in chunks for row in session.rows("reading the event log", text, {"ids": ids}))
    together = {events.get(row) for row in gone}
    return [row for row in taken if events.get(row) not in together]


def _filesets_of_links(session: OmeroSession, log_rows: Iterable[LogRow]) -> Iterable[int]:
    for kind, parent in LINKS.items():
        links = [row.entity for row in log_rows if row.kind == kind and row.action != DELETED]
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
    put = [row.entity for row in log_rows if row.kind == TAG_SET_LINK and row.action != DELETED]
    text = "select l.child.id from AnnotationAnnotationLink l where l.id in (:ids)"
    return filesets_with(session, [*changed, *_ids(session, text, put)])


def filesets_with(session: OmeroSession, annotations: Sequence[int]) -> set[int]:
    """The filesets whose images or plates carry any of some annotations."""
    of_images = "select distinct i.fileset.id from ImageAnnotationLink l join l.parent i where l.child.id in (:ids)"
    of_plates = (
        "select distinct i.fileset.id from PlateAnnotationLink l, WellSample s join s.image i join s.well w "
        "where w.plate.id = l.parent.id and l.child.id in (:ids)"
    )
    return {*_ids(session, of_images, annotations), *_ids(session, of_plates, annotations)}


def _filesets_of_images(session: OmeroSession, log_rows: Iterable[LogRow]) -> set[int]:
    """Images and plates that were changed themselves, or lost an annotation."""
    changed = {
        kind: [row.entity for row in log_rows if row.kind == kind and row.action in CHANGED] for kind in (IMAGE, PLATE)
    }
    of_images = "select distinct i.fileset.id from Image i where i.id in (:ids)"
    of_plates = "select distinct i.fileset.id from WellSample s join s.image i join s.well w where w.plate.id in (:ids)"
    return {*_ids(session, of_images, changed[IMAGE]), *_ids(session, of_plates, changed[PLATE])}


def _filesets_of_places(session: OmeroSession, log_rows: Iterable[LogRow]) -> set[int]:
    """Images that were put into a dataset, and plates that were put into a screen."""
    put = {
        kind: [row.entity for row in log_rows if PLACES.get(row.kind) == kind and row.action != DELETED]
        for kind in PLACES.values()
    }
    of_images = "select distinct i.fileset.id from DatasetImageLink l join l.child i where l.id in (:ids)"
    of_plates = (
        "select distinct i.fileset.id from ScreenPlateLink l, WellSample s join s.image i join s.well w "
        "where w.plate.id = l.child.id and l.id in (:ids)"
    )
    return {*_ids(session, of_images, put["Image"]), *_ids(session, of_plates, put["Plate"])}


def _filesets_below(session: OmeroSession, log_rows: Iterable[LogRow]) -> set[int]:
    """What is in datasets, projects and screens that were renamed, and in datasets that were put into projects."""
    changed = {
        kind: [row.entity for row in log_rows if row.kind == kind and row.action in (INSERTED, "UPDATE")]
        for kind in CONTAINERS
    }
    filesets = (_ids(session, CONTAINERS[kind], ids) for kind, ids in changed.items())
    return {fileset for of_kind in filesets for fileset in of_kind}


def _ids(session: OmeroSession, text: str, ids: Sequence[int]) -> Iterable[int]:
    for chunk in in_batches(sorted(set(ids)), BATCH):
        yield from (int(row[0]) for row in session.rows("following events", text, {"ids": chunk}) if row[0] is not None)
