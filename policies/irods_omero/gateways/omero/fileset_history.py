"""What OMERO tells of the past of filesets: its creation and update events, and what its event log has of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from irods_omero.domain.state.recorded_event import CHANGE, IMPORT_EVENT, PAIRS, PLACE, TAG, RecordedEvent
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import AGENT, TAG_OF_LINK, OmeroSession, Values

DOING = "reading what has happened"

PLACED_BY = {"Image": "DatasetImageLink", "Plate": "ScreenPlateLink"}
JAVA = {"Image": "ome.model.core.Image", "Plate": "ome.model.screen.Plate"}
"""What the event log calls them."""


def recorded(session: OmeroSession, filesets: Sequence[int]) -> list[RecordedEvent]:
    """All that OMERO still knows of the past of some filesets, in no order; nothing of those that are gone.

    What was taken away, and the links of what was deleted, it does not know any more (omero-30).
    """
    records = list(_imports(session, filesets))
    for kind, below in (("Image", _images(session, filesets)), ("Plate", _plates(session, filesets))):
        for ids in in_batches(sorted(below), BATCH):
            records += (_noted(what, kind, row, below) for what, row in _rows(session, kind, ids))
    return records


def _imports(session: OmeroSession, filesets: Sequence[int]) -> Iterator[RecordedEvent]:
    text = (
        "select f.id, v.time, x.omeName, s.userAgent from Fileset f join f.details.creationEvent v "
        "join v.experimenter x join v.session s where f.id in (:ids)"
    )
    for ids in in_batches(filesets, BATCH):
        for row in session.rows(DOING, text, {"ids": ids}):
            yield _noted(IMPORT_EVENT, "Fileset", row, {row[0]: row[0]})


def _images(session: OmeroSession, filesets: Sequence[int]) -> dict[int, int]:
    text = "select i.id, i.fileset.id from Image i where i.fileset.id in (:ids)"
    return _pairs_of_ids(session, text, filesets)


def _plates(session: OmeroSession, filesets: Sequence[int]) -> dict[int, int]:
    text = (
        "select distinct p.id, i.fileset.id from WellSample s join s.image i join s.well w join w.plate p "
        "where i.fileset.id in (:ids)"
    )
    return _pairs_of_ids(session, text, filesets)


def _pairs_of_ids(session: OmeroSession, text: str, filesets: Sequence[int]) -> dict[int, int]:
    chunks = in_batches(filesets, BATCH)
    return {int(id_): int(fileset) for ids in chunks for id_, fileset in session.rows(DOING, text, {"ids": ids})}


def _rows(session: OmeroSession, kind: str, ids: list[int]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Of images or plates what was noted, each with id, time, user, program, and what there is of text and namespace.

    When pairs were written last the event log does not say, but their update event (omero-60). What changed in an
    image or a plate itself, as its name, the lock or the group, nothing says.
    """
    texts = {
        TAG: f"select l.parent.id, v.time, x.omeName, s.userAgent, t.textValue, t.ns from {kind}AnnotationLink l "
        "join l.details.creationEvent v join v.experimenter x join v.session s, TagAnnotation t "
        f"where {TAG_OF_LINK} and l.parent.id in (:ids)",
        PAIRS: f"select l.parent.id, v.time, x.omeName, s.userAgent, a.ns from {kind}AnnotationLink l, MapAnnotation a "
        "join a.details.updateEvent v join v.experimenter x join v.session s "
        "where l.child.id = a.id and l.parent.id in (:ids)",
        PLACE: f"select l.child.id, v.time, x.omeName, s.userAgent, p.name from {PLACED_BY[kind]} l "
        "join l.parent p join l.details.creationEvent v join v.experimenter x join v.session s "
        "where l.child.id in (:ids)",
        CHANGE: "select l.entityId, v.time, x.omeName, s.userAgent from EventLog l join l.event v "
        "join v.experimenter x join v.session s "
        "where l.entityType = :kind and l.entityId in (:ids) and l.action = :action",
    }
    for what, text in texts.items():
        of_log: Values = {"kind": JAVA[kind], "action": "UPDATE"} if what == CHANGE else {}
        for row in session.rows(DOING, text, {"ids": ids, **of_log}):
            yield what, row


def _noted(what: str, kind: str, row: Sequence[Any], below: dict[int, int]) -> RecordedEvent:
    id_, time, user, agent, text, namespace = (*row, "", "")[:6]
    return RecordedEvent(
        kind=what,
        at=int((time or 0) // 1000),
        subject=f"{kind}:{id_}",
        user=user or "",
        agent=agent == AGENT,
        text=text or "",
        namespace=namespace or "",
        fileset=below[id_],
    )
