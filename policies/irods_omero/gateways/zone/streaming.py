"""The bytes of data objects, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO, cast

import irods.keywords as kw

from irods_omero.errors import RefusedError, SideError
from irods_omero.gateways.zone.connection import ZoneConnection, in_our_words

DOING = "reading its bytes"

BLOCK = 4 * 1024 * 1024
"""Bytes in one call, where nobody asks for fewer."""


@contextmanager
def open_object(zone: ZoneConnection, path: str, replica: int | None = None) -> Iterator[BinaryIO]:
    """Open a data object for reading, with the rights of an administrator, and without counting as an access.

    The iRODS server leaves out the check of permissions when an administrator gives the admin keyword
    (``checkCondInputAccess`` of its database plugin).

    Storage tiering takes each closing for a user's access: it would restage the data object, and open a connection of
    its own for that, which takes ten times as long as everything else. It leaves out a replica that is closed without
    updating its status (``apply_access_time_policy`` of the plugin), as the streams of a parallel transfer are.

    Args:
        zone: The zone.
        path: Logical path.
        replica: Number of the replica to read; by default the zone chooses one.

    Raises:
        UnreachableError: The zone is down or the connection broke.
        RefusedError: The zone answered with an error.
    """
    stream = zone.call("opening", path, lambda session: _open(session, path, replica))
    try:
        yield cast(BinaryIO, _ZoneStream(stream, path))
    except BaseException:
        with suppress(SideError):  # what is told is what came first
            zone.call("closing", path, lambda _: _close(stream.raw))
        raise
    zone.call("closing", path, lambda _: _close(stream.raw))


def blocks_of(zone: ZoneConnection, path: str, replica: int | None = None) -> Iterator[bytes]:
    """The bytes of a data object in large blocks; see ``open_object``."""
    with open_object(zone, path, replica) as stream:
        while block := stream.read(BLOCK):
            yield block


def can_be_read(zone: ZoneConnection, path: str) -> bool:
    """Whether the zone gives away the first byte of a data object.

    Raises:
        UnreachableError: The zone is down or the connection broke.
    """
    try:
        with open_object(zone, path) as stream:
            stream.read(1)
    except RefusedError:
        return False
    return True


def _open(session: Any, path: str, replica: int | None) -> Any:
    options = {kw.ADMIN_KW: ""}
    if replica is not None:
        options[kw.REPL_NUM_KW] = str(replica)
    return session.data_objects.open(path, "r", finalize_on_close=False, allow_redirect=False, **options)


def _close(raw: RawIOBase) -> None:
    if not raw.closed:  # the client would close it a second time, and give its connection back twice
        raw.close()


class _ZoneStream:
    """Reads, and says in this project's words what went wrong.

    The stream that the client gives is for reading and writing: it asks for its place before each reading and before it
    is closed, at one call each. For a small file that would be most of the calls.
    """

    def __init__(self, stream: Any, path: str) -> None:
        with in_our_words(DOING, path):
            self._stream = BufferedReader(stream.raw)
        self._path = path
        self._is_at_end = False

    def read(self, size: int = -1) -> bytes:
        if self._is_at_end:
            return b""
        with in_our_words(DOING, self._path):
            block = self._stream.read(size)
        self._is_at_end = size < 0 or len(block) < size
        return block

    def seek(self, offset: int) -> int:
        self._is_at_end = False
        with in_our_words(DOING, self._path):
            return self._stream.seek(offset)
