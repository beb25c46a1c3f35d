"""The bytes of files on their way into OMERO: read from one side while they are written to the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from typing import Any, BinaryIO

from irods_omero.domain.state.actions import Import
from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.ahead import read_ahead
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.omero.session import OmeroSession

BLOCK = 4 * 1024 * 1024
"""Bytes in one call: well under the size of a message that servers accept."""

Opener = Callable[[str], AbstractContextManager[BinaryIO]]


def upload(session: OmeroSession, process: Any, index: int, action: Import, open_object: Opener) -> str:
    """Upload one file; returns its SHA-1, when its bytes are those that the catalog speaks of."""
    path = action.paths[index]
    expected = action.expected[index] if action.expected else None
    digest, catalog = hashlib.sha1(usedforsecurity=False), digest_of(expected.checksum if expected else "")

    def update(block: bytes) -> None:
        digest.update(block)
        if catalog is not None:
            catalog.update(block)

    store = session.call("uploading", path, lambda: process.getUploader(index))
    offset, beside = 0, None
    with ExitStack() as opened:
        blocks = opened.enter_context(closing(_blocks(path, open_object)))
        if expected is None or expected.size > BLOCK:  # a small file is not worth threads
            beside = opened.enter_context(ThreadPoolExecutor(1, "digests"))
            blocks = opened.enter_context(closing(read_ahead(blocks)))
        for block in blocks:
            session.call("uploading", path, _writing(store, block, offset, update, beside))
            offset += len(block)
    session.call("uploading", path, store.close)
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
    store: Any, block: bytes, offset: int, update: Callable[[bytes], None], beside: Executor | None
) -> Callable[[], None]:
    """What writes a block and updates its digests: beside it, or where no thread is for that while OMERO has it."""

    def write() -> None:
        updated = beside.submit(update, block).result if beside else partial(update, block)
        writing = store.begin_write(block, offset, len(block))
        updated()
        store.end_write(writing)

    return write
