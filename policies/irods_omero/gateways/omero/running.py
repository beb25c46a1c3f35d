"""Imports that OMERO is at work on: waiting for them, and finding those again whose agent was killed meanwhile.

The server needs nobody for the second half of an import: it keeps the session open that began it, and in it the command
that reads the files. Whoever joins that session can go on waiting.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from omero.rtypes import unwrap

from irods_omero.errors import ContentError, RefusedError, SideError, StalledError
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.session import OmeroSession, is_broken

PATIENCE = 7 * 24 * 3600.0
"""Seconds after which an import is given up that has not come one step further: the first of its steps, in which all
metadata are read and saved, takes days for the largest filesets."""

DOING = "importing"


def wait_for_import(session: OmeroSession, handle: Any, on: str) -> None:
    """Wait until OMERO has made the images, for days if need be.

    Raises:
        ContentError: OMERO can make no images of the files.
        StalledError: It has shown no progress in a week, and was cancelled.
        UnreachableError: The server went away; what it is at goes on, if it is still there.
    """
    try:
        session.wait(DOING, on, handle, PATIENCE)
    except StalledError:
        raise
    except RefusedError as error:
        raise ContentError(error.doing, error.on, error.cause) from error


def wait_for_earlier(people: People, fileset: int, owner: int, group: int, on: str) -> bool:
    """Wait for an import that another agent began, if OMERO is at work on it.

    Args:
        people: Gives sessions.
        fileset: OMERO id of its fileset, which has no images.
        owner: OMERO id of its owner.
        group: OMERO id of its group.
        on: Logical path of its first data object, for messages.

    Returns:
        Whether there was something to wait for: False where the upload was broken off, or the server has forgotten it.

    Raises:
        ContentError, StalledError, UnreachableError: As for ``wait_for_import``.
    """
    service = people.service()
    if not _is_uploaded(service, fileset):
        return False
    try:
        session = people.join(_session_of(people.acting_as(owner, group), fileset), owner)
    except SideError as error:
        if is_broken(error):
            raise  # it says nothing of the session, in which OMERO may be at work
        service.ping()
        return False  # the session is over, and with it what was done in it
    try:
        handle = _handle_of(session, fileset)
        if handle is None:
            return False
        try:
            wait_for_import(session, handle, on)
        except RefusedError:
            session.kill()
            raise
        session.kill()  # nobody else is in it
    finally:
        session.close()
    return True


def _is_uploaded(service: OmeroSession, fileset: int) -> bool:
    """Whether all files were uploaded and checked, so that the server has begun to read them."""
    text = "select j.status.value from FilesetJobLink l, UploadJob j where l.child.id = j.id and l.parent.id = :id"
    rows = service.rows("asking how far an import is", text, {"id": fileset})
    return ["Finished"] in rows


def _session_of(session: OmeroSession, fileset: int) -> str:
    """The uuid of the session in which a fileset was made; users may see those of their own."""
    text = "select f.details.creationEvent.session.uuid from Fileset f where f.id = :id"
    ((uuid,),) = session.rows("asking who began an import", text, {"id": fileset}) or [[""]]
    return str(uuid)


def _handle_of(session: OmeroSession, fileset: int) -> Any:
    """The handle of a fileset's import, None if it was not begun in this session or is over and forgotten."""
    doing, on = "looking for the import of", f"Fileset:{fileset}"
    repository = session.call(doing, on, session.client.getManagedRepository)
    own = session.client.getSessionId()
    for process in session.call(doing, on, repository.listImports):
        if process.ice_getIdentity().category != own:
            continue  # those of other sessions are out of reach
        with suppress(SideError):  # most of them are over, and no longer there
            handle = session.call(doing, on, process.getHandle)
            if handle is None:
                continue
            request = session.call(doing, on, handle.getRequest)
            if unwrap(request.activity.parent.id) == fileset:
                return handle
    session.ping()
    return None
