"""Tries the hooks: puts a data object below a watched root as the root's owner would, and looks for its mark."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from irods.exception import CollectionDoesNotExist, NetworkException, PycommandsException, iRODSException
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, DataObjectMeta

from irods_omero.doctor.facts.records import ProbeFacts, RootFacts
from irods_omero.gateways.zone.connection import describe
from irods_omero.gateways.zone.sign_in import open_session
from irods_omero.settings import ZoneSettings
from irods_omero.vocabulary import OFF, Names

PROGRAM = "irods-omero-doctor"
"""Not the agent's: what the agent does is no business of the hooks."""

COLLECTION = ".irods-omero-doctor"
"""It stays, empty: removing a collection marks its parent, and the agent would look at all that the parent holds."""

TRIES = 3
"""An agent that is at work may have taken and cleared the mark before it was looked for."""


def probe(zone: ZoneSettings, names: Names, root: RootFacts) -> ProbeFacts:
    """Put, look, and remove.

    The service account acts on behalf of the root's owner, who has the right to; hooks act with the client's rights,
    so that this is what users meet.
    """
    try:
        with _session(zone, root) as session:
            return _try(session, names, root.path)
    except (PycommandsException, iRODSException, NetworkException, OSError) as error:
        return ProbeFacts(root.path, broken=describe(error))


def _session(zone: ZoneSettings, root: RootFacts) -> Any:
    return open_session(zone, client_user=root.owner, client_zone=root.owner_zone, application_name=PROGRAM)


def _try(session: Any, names: Names, root: str) -> ProbeFacts:
    collection = f"{root}/{COLLECTION}"
    _make_collection(session, names, collection)
    path = f"{collection}/{time.time_ns()}"
    marked, clock = False, 0.0
    try:
        for _ in range(TRIES):
            if marked:
                break
            before = time.time()
            with session.data_objects.open(path, "w") as stream:
                stream.write(b"irods-omero doctor\n")
            clock, marked = _observe(session, names, collection, path, before)
    finally:
        with suppress(PycommandsException, iRODSException):
            session.data_objects.unlink(path, force=True)
    return ProbeFacts(root, marked=marked, clock=clock)


def _make_collection(session: Any, names: Names, collection: str) -> None:
    """A collection in which nothing is ever imported."""
    try:
        session.collections.get(collection)
    except CollectionDoesNotExist:
        session.collections.create(collection)
        session.metadata.set(Collection, collection, iRODSMeta(names.import_, OFF))


def _observe(session: Any, names: Names, collection: str, path: str, before: float) -> tuple[float, bool]:
    """By how much the zone's clock is ahead, and whether the data object is marked."""
    name = path.rpartition("/")[2]
    here = (Collection.name == collection, DataObject.name == name)
    marks = session.query(DataObjectMeta.value).filter(*here, DataObjectMeta.name == names.sync)
    marked = any(True for _ in marks.get_results())
    after = time.time()
    row = session.query(DataObject.modify_time).filter(*here).one()
    return _ahead(row[DataObject.modify_time].timestamp(), before, after), marked


def _ahead(stamp: float, before: float, after: float) -> float:
    """How far a time in whole seconds lies outside the interval in which it was taken."""
    return max(stamp - after, 0.0) or min(stamp + 1 - before, 0.0)
