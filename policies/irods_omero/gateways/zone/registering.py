"""Registers files of OMERO's repository where they are, and has the catalog forget them: no byte is written or removed.

All of it is about data objects in the agent's own collection, where nobody else has rights.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import irods.keywords as kw
from irods.column import Like
from irods.exception import UNIX_FILE_OPEN_ERR
from irods.models import Collection, DataObject, Resource

from irods_omero.domain.rules.omero_first.in_place import Storage
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.gateways.zone.watched import like

REGISTERING = "registering"


def storages(zone: ZoneConnection) -> dict[str, Storage]:
    """The resources of the zone, by name."""
    columns = (Resource.name, Resource.type, Resource.parent, Resource.vault_path)
    listed = rows(zone, "reading resources", columns)
    return {str(name): Storage(str(kind), str(parent or ""), str(vault or "")) for name, kind, parent, vault in listed}


def files_in(zone: ZoneConnection, collections: Iterable[str]) -> dict[str, str]:
    """For the data objects directly in some collections the file of a replica, as its host sees it."""
    columns, files = (Collection.name, DataObject.name, DataObject.path), dict[str, str]()
    for collection in collections:
        listed = rows(zone, "looking for files", columns, Like(Collection.name, like(collection)))
        files.update({f"{above}/{name}": str(file) for above, name, file in listed if above == collection})
    return files


def register(zone: ZoneConnection, path: str, file: str, size: int, resource: str) -> None:
    """Make a file a data object.

    Args:
        zone: The zone.
        path: Logical path, where nothing is.
        file: The file, as the host of the resource sees it.
        size: Bytes that it has to have.
        resource: Name of the resource.

    Raises:
        UnreachableError: The zone is down or the connection broke.
        RefusedError: The zone refuses it, for instance as it sees no such file; or it is another one.
    """
    options = {kw.DEST_RESC_NAME_KW: resource}
    columns = (DataObject.path, DataObject.size)
    collection, _, name = path.rpartition("/")

    def make(session: Any) -> None:
        session.data_objects.register(file, path, **options)

    refusal = None
    try:
        zone.call(REGISTERING, path, make)
    except RefusedError as error:  # it may have been done before the connection broke
        refusal = error
    seen = rows(zone, "looking for files", columns, Collection.name == collection, DataObject.name == name)
    if refusal is not None and [str(there) for there, _ in seen] != [file]:
        raise refusal
    if [(str(there), int(bytes_)) for there, bytes_ in seen] != [(file, size)]:
        raise RefusedError(REGISTERING, path, f"{file} has not the {size} bytes there that OMERO knows of")


def forget(zone: ZoneConnection, path: str) -> None:
    """Take a data object out of the catalog, and leave its file."""
    zone.call("unregistering", path, lambda session: session.data_objects.unregister(path, **{kw.FORCE_FLAG_KW: ""}))


def remove(zone: ZoneConnection, path: str) -> None:
    """Remove a data object that was not written to its end."""
    zone.call("removing", path, lambda session: session.data_objects.unlink(path, force=True))


def may_be_written(zone: ZoneConnection, path: str) -> bool:
    """Whether the iRODS server may write the file of a data object: it is opened, and nothing is written."""

    def look(session: Any) -> bool:
        with suppress(UNIX_FILE_OPEN_ERR):
            session.data_objects.open(path, "r+", allow_redirect=False).close()
            return True
        return False

    return zone.call("looking whether it may be written", path, look)
