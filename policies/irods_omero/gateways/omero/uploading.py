"""The bytes of files on their way into OMERO: read from one side while they are written to the other."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from functools import cache, partial
from typing import Any, BinaryIO, TypeVar

import Ice

from irods_omero.domain.state.actions import Import
from irods_omero.errors import RefusedError, SideError, UnreachableError
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.read_ahead import read_ahead
from irods_omero.logs import log

BLOCK = 4 * 1024 * 1024
"""Bytes in one call: well under the size of a message that servers accept."""

KEEP_ALIVE_SECONDS = 30.0
"""Seconds between two calls that keep a session: it would end while a large file is closed, or the zone is slow."""

Opener = Callable[[str], AbstractContextManager[BinaryIO]]

Rejoin = Callable[[OmeroSession], OmeroSession]
"""Gives a session whose connection broke over another one."""

T = TypeVar("T")


class Uploading:
    """An import whose files are on their way; where the connection to OMERO breaks, it goes on over another one.

    OMERO keeps the session, and in it the import with what is open (omero-106). What has got no answer is asked again:
    a block has its place, and a file may be closed twice. As a context it keeps the session from idling out.

    Attributes:
        session: The session of the owner, over the connection that works.
    """

    def __init__(self, session: OmeroSession, process: Any, rejoin: Rejoin) -> None:
        """``process`` is OMERO's of the import, which was begun in the session."""
        self.session = session
        self._process = process
        self._reference = str(process)
        self._rejoin = rejoin
        self._store: tuple[int, Any] | None = None
        self._is_broken = False
        self._is_over = threading.Event()

    def __enter__(self) -> Uploading:
        threading.Thread(target=self._keep_alive, name="keep-alive", daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._is_over.set()

    def _keep_alive(self) -> None:
        while not self._is_over.wait(KEEP_ALIVE_SECONDS):
            with suppress(SideError):  # whoever uploads sees it, too
                self.session.ping()

    def store(self, index: int) -> Any:
        """Where the bytes of a file go."""
        if self._store is None or self._store[0] != index:
            self._store = index, self._process.getUploader(index)
        return self._store[1]

    def call(self, doing: str, on: str, function: Callable[[], T]) -> T:
        """Call OMERO, and again where the connection breaks, unless nothing was answered since it broke before."""
        while True:
            try:
                answer = self.session.call(doing, on, function)
            except UnreachableError as error:
                if self._is_broken:
                    raise
                self._is_broken = True
                self._reconnect(error)
            else:
                self._is_broken = False
                return answer

    def _reconnect(self, error: UnreachableError) -> None:
        before = self.session
        with suppress(SideError):
            self.session = self._rejoin(before)
        if self.session is before:
            raise error
        log.info("the connection to OMERO broke, and the upload goes on", on=error.on, error=error.cause)
        self._process, self._store = self.session.proxy(self._process, self._reference), None

    def verify(self, hashes: Sequence[str], on: str) -> Any:
        """Have OMERO compare hashes, and read the files; returns the handle of that.

        It is asked once, as it would read them twice (omero-105). Whether it was reached when the connection breaks is
        seen at the next look at the unit, which goes on waiting or begins anew.
        """
        return self.session.call("checking the upload of", on, lambda: self._process.verifyUpload(list(hashes)))

    def close(self) -> None:
        """Leave the import; it does not matter if it is over already."""
        with suppress(Ice.Exception):
            self._process.close()


def upload(uploading: Uploading, index: int, action: Import, open_object: Opener) -> str:
    """Upload one file; returns its SHA-1, when its bytes are those that the catalog speaks of."""
    path = action.paths[index]
    expected = action.expected[index] if action.expected else None
    digest, catalog = hashlib.sha1(usedforsecurity=False), digest_of(expected.checksum if expected else "")

    def update(block: bytes) -> None:
        digest.update(block)
        if catalog is not None:
            catalog.update(block)

    offset, beside = 0, None
    with ExitStack() as opened:
        blocks = opened.enter_context(closing(_blocks(path, open_object)))
        if expected is None or expected.size > BLOCK:  # a small file is not worth threads
            beside = opened.enter_context(ThreadPoolExecutor(1, "digests"))
            blocks = opened.enter_context(closing(read_ahead(blocks)))
        for block in blocks:
            updated = beside.submit(update, block).result if beside else cache(partial(update, block))  # once for all
            uploading.call("uploading", path, _writing(uploading, index, block, offset, updated))
            offset += len(block)
    uploading.call("uploading", path, lambda: uploading.store(index).close())
    if expected is not None and offset != expected.size:
        cause = f"it has {offset} bytes, and {expected.size} by the catalog: look at its replicas with ils -L"
        raise RefusedError("reading", path, cause)
    if expected is not None and catalog is not None and not catalog.is_that_of(expected.checksum):
        raise RefusedError("reading", path, "its bytes do not have the checksum of the catalog: run ichksum -K on it")
    return digest.hexdigest()


def _blocks(path: str, open_object: Opener) -> Generator[bytes, None, None]:
    """The bytes of a data object; where the connection breaks in the middle, it is opened again, and read on."""
    offset = broken_at = -1
    while True:
        try:
            with open_object(path) as stream:
                offset = max(offset, 0)
                if offset:
                    stream.seek(offset)
                while block := stream.read(BLOCK):
                    yield block
                    offset += len(block)
            return
        except UnreachableError:
            if offset <= max(broken_at, 0):
                raise  # nothing came since it broke the last time
            broken_at = offset


def _writing(
    uploading: Uploading, index: int, block: bytes, offset: int, updated: Callable[[], None]
) -> Callable[[], None]:
    """What writes a block, and sees to it that its digests are updated while OMERO has it."""

    def write() -> None:
        store = uploading.store(index)
        writing = store.begin_write(block, offset, len(block))
        updated()
        store.end_write(writing)

    return write
