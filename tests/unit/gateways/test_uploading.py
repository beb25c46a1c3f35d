"""A file of a terabyte on its way into OMERO: it takes no more memory than a few blocks, and goes on where it broke."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from contextlib import nullcontext
from io import BytesIO
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from irods_omero.domain.state.actions import Expected, Import
from irods_omero.domain.state.target import parse_target
from irods_omero.domain.state.unit import Content
from irods_omero.errors import UnreachableError
from irods_omero.gateways.omero import uploading
from irods_omero.gateways.omero.session import OmeroSession

TERABYTE = 10**12
BREAKS_AT = 600 * 10**9
FEW_BLOCKS = 8


class Zeros:
    """A stream of zeros that is made as it is read, whose connection breaks once on the way."""

    def __init__(self, breaks: list[int]) -> None:
        self.at = 0
        self.breaks = breaks

    def seek(self, offset: int) -> int:
        self.at = offset
        return offset

    def read(self, count: int) -> bytes:
        if self.breaks and self.at >= self.breaks[0]:
            self.breaks.pop()
            raise UnreachableError("reading", "/z/a", "the connection broke")
        block = bytes(min(count, TERABYTE - self.at))
        self.at += len(block)
        return block


class Store:
    """Where the bytes go: what is written has to begin where the last block ended."""

    def __init__(self) -> None:
        self.size = 0

    def begin_write(self, block: bytes, offset: int, count: int) -> None:
        assert (offset, len(block)) == (self.size, count)
        self.size += count

    def end_write(self, _: Any) -> None:
        pass

    def close(self) -> None:
        pass


class Counted:
    """Stands for a digest, which would take the time that reading a terabyte takes."""

    size = 0

    def __init__(self, **_: bool) -> None:
        Counted.size = 0

    def update(self, block: bytes) -> None:
        Counted.size += len(block)

    def hexdigest(self) -> str:
        return f"{Counted.size}"


class Awaited:
    """Stands for a digest; says when it is at work."""

    at_work = threading.Event()

    def __init__(self, **_: bool) -> None:
        self._hash = hashlib.sha1(usedforsecurity=False)

    def update(self, block: bytes) -> None:
        self._hash.update(block)
        Awaited.at_work.set()

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class Slow(Store):
    """Takes no block before its digest is computed: sending blocks takes longer than that, and nothing waits for it."""

    def begin_write(self, block: bytes, offset: int, count: int) -> None:
        assert Awaited.at_work.wait(60), "nobody computes the digest while the block is sent"
        Awaited.at_work.clear()
        super().begin_write(block, offset, count)


def test_digests_are_computed_while_blocks_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "hashlib", SimpleNamespace(sha1=Awaited))
    content, store = bytes(range(256)) * 40_000, Slow()
    size = len(content)
    assert size > 2 * uploading.BLOCK
    action = Import("", "", ("/z/a",), Content(size, "", 0, 0), "alice", parse_target("P/D", ""), (Expected(size, ""),))
    session = SimpleNamespace(call=lambda doing, on, do: do())
    process = SimpleNamespace(getUploader=lambda index: store)
    digest = uploading.upload(
        cast(OmeroSession, session), process, 0, action, lambda path: nullcontext(BytesIO(content))
    )
    assert (store.size, digest) == (size, hashlib.sha1(content, usedforsecurity=False).hexdigest())


def test_a_terabyte_takes_a_few_blocks_of_memory_and_no_byte_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BLOCK", 32 * uploading.BLOCK)  # fewer calls, each of which costs time
    monkeypatch.setattr(uploading, "hashlib", SimpleNamespace(sha1=Counted))
    store, breaks = Store(), [BREAKS_AT]
    action = Import(
        "", "", ("/z/a",), Content(TERABYTE, "", 0, 0), "alice", parse_target("P/D", ""), (Expected(TERABYTE, ""),)
    )
    session = SimpleNamespace(call=lambda doing, on, do: do())
    process = SimpleNamespace(getUploader=lambda index: store)
    tracemalloc.start()
    try:
        digest = uploading.upload(
            cast(OmeroSession, session),
            process,
            0,
            action,
            lambda path: nullcontext(cast(BinaryIO, Zeros(breaks))),
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (store.size, digest, breaks) == (TERABYTE, f"{TERABYTE}", [])
    assert peak < FEW_BLOCKS * uploading.BLOCK
    print(f"peak {peak / 1e6:.0f} MB")
