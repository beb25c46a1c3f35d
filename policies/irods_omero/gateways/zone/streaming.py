"""The bytes of data objects, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import irods.keywords as kw

from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.zone.connection import BROKEN, REFUSALS, ZoneConnection, describe

DOING = "reading its bytes"


@contextmanager
def open_object(zone: ZoneConnection, path: str) -> Iterator[BinaryIO]:
    """Open a data object for reading, with the rights of an administrator.

    The iRODS server leaves out the check of permissions when an administrator gives the admin keyword
    (``checkCondInputAccess`` of its database plugin).

    Raises:
        UnreachableError: The zone is down or the connection broke.
        RefusedError: The zone answered with an error.
    """
    stream = zone.call("opening", path, lambda session: _open(session, path))
    try:
        yield cast(BinaryIO, _Reader(stream, path))
    finally:
        zone.call("closing", path, lambda _: stream.close())


def _open(session: Any, path: str) -> Any:
    return session.data_objects.open(path, "r", allow_redirect=False, **{kw.ADMIN_KW: ""})


class _Reader:
    """Reads, and says in this project's words what went wrong."""

    def __init__(self, stream: Any, path: str) -> None:
        self._stream = stream
        self._path = path

    def read(self, size: int = -1) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except BROKEN as error:
            raise UnreachableError(DOING, self._path, describe(error)) from error
        except REFUSALS as error:
            raise RefusedError(DOING, self._path, describe(error)) from error
