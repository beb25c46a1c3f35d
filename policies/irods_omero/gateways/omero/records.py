"""What OMERO tells of the past of filesets: its creation and update events, and what its event log has of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from irods_omero.domain.state.noted import CHANGE, IMPORT, PAIRS, PLACE, TAG, Noted
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import AGENT, OmeroSession

DOING = "reading what has happened"


def noted(session: OmeroSession, filesets: Sequence[int]) -> list[Noted]:
    """All that OMERO still knows of the past of some filesets, in no order; nothing of those that are gone.

    What was taken away, and the links of what was deleted, it does not know any more (omero-30).
    """
    records = list(_imports(session, filesets))
    for kind, below in (("Image", _images(session, filesets)), ("Plate", _plates(session, filesets))):
        for ids in in_batches(sorted(below), BATCH):
            rows = [*_tags(session, kind, ids), *_pairs(session, kind, ids), *_places(session, kind, ids)]
            rows += _changes(session, kind, ids)
            records += (_noted(what, kind, row, below) for what, row in rows)
    return records


def _imports(session: OmeroSession, filesets: Sequence[int]) -> Iterator[Noted]:
    text = (
        "select f.id, v.time, x.omeName, s.userAgent from Fileset f join f.details.creationEvent v "
        "join v.experimenter x join v.session s where f.id in (:ids)"
    )
    for ids in in_batches(filesets, BATCH):
        for row in session.rows(DOING, text, {"ids": ids}):
            yield _noted(IMPORT, "Fileset", [*row, "", ""], {row[0]: row[0]})


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


Rows = Iterable[tuple[str, Sequence[Any]]]


def _tags(session: OmeroSession, kind: str, ids: list[int]) -> Rows:
    text = (
        f"select l.parent.id, v.time, x.omeName, s.userAgent, t.textValue, t.ns from {kind}AnnotationLink l "
        "join l.details.creationEvent v join v.experimenter x join v.session s, TagAnnotation t "
        "where l.child.id = t.id and l.parent.id in (:ids)"
    )
    return ((TAG, row) for row in session.rows(DOING, text, {"ids": ids}))


def _pairs(session: OmeroSession, kind: str, ids: list[int]) -> Rows:
    """When pairs were written last: changing only them has no row in the event log, but an event (omero-60)."""
    text = (
        f"select l.parent.id, v.time, x.omeName, s.userAgent, a.ns, a.ns from {kind}AnnotationLink l, MapAnnotation a "
        "join a.details.updateEvent v join v.experimenter x join v.session s "
        "where l.child.id = a.id and l.parent.id in (:ids)"
    )
    return ((PAIRS, row) for row in session.rows(DOING, text, {"ids": ids}))


def _places(session: OmeroSession, kind: str, ids: list[int]) -> Rows:
    if kind == "Image":
        text = (
            "select l.child.id, v.time, x.omeName, s.userAgent, p.name, p.name from DatasetImageLink l "
            "join l.parent p join l.details.creationEvent v join v.experimenter x join v.session s "
            "where l.child.id in (:ids)"
        )
    else:
        text = (
            "select l.child.id, v.time, x.omeName, s.userAgent, p.name, p.name from ScreenPlateLink l "
            "join l.parent p join l.details.creationEvent v join v.experimenter x join v.session s "
            "where l.child.id in (:ids)"
        )
    return ((PLACE, row) for row in session.rows(DOING, text, {"ids": ids}))


def _changes(session: OmeroSession, kind: str, ids: list[int]) -> Rows:
    """Changes of images and plates themselves: a name, the lock, the group. What changed the log does not say."""
    text = (
        "select l.entityId, v.time, x.omeName, s.userAgent, l.action, l.action from EventLog l join l.event v "
        "join v.experimenter x join v.session s "
        "where l.entityType = :kind and l.entityId in (:ids) and l.action = :action"
    )
    java = {"Image": "ome.model.core.Image", "Plate": "ome.model.screen.Plate"}[kind]
    rows = session.rows(DOING, text, {"kind": java, "ids": ids, "action": "UPDATE"})
    return ((CHANGE, [*row[:4], "", ""]) for row in rows)


def _noted(what: str, kind: str, row: Sequence[Any], below: dict[int, int]) -> Noted:
    id_, time, user, agent, text, namespace = row
    return Noted(
        kind=what,
        at=int((time or 0) // 1000),
        subject=f"{kind}:{id_}",
        user=user or "",
        agent=agent == AGENT,
        text=text or "",
        namespace=(namespace or "") if what == TAG else "",
        fileset=below[id_],
    )
