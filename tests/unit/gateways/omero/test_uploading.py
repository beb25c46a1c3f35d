"""A file of a terabyte on its way into OMERO: it takes no more memory than a few blocks, and goes on where it broke."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from collections.abc import Callable
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


def no_other(_: OmeroSession) -> OmeroSession:
    """There is no other connection to OMERO."""
    raise UnreachableError("joining", "", "OMERO is down")


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
    session = cast(OmeroSession, SimpleNamespace(call=lambda doing, on, do: do()))
    process = SimpleNamespace(getUploader=lambda index: store)
    digest = uploading.upload(
        uploading.Uploading(session, process, no_other), 0, action, lambda path: nullcontext(BytesIO(content))
    )
    assert (store.size, digest) == (size, hashlib.sha1(content, usedforsecurity=False).hexdigest())


class Breaking(Store):
    """A store whose connection breaks each time that some calls were answered, before the next one, or after it."""

    def __init__(self, every: int, after: bool) -> None:
        super().__init__()
        self.content = bytearray()
        self._every, self._after = every, after
        self._left = every
        self._begun = (b"", 0)
        self.is_closed = False

    def _answer(self, do: Callable[[], None]) -> None:
        self._left -= 1
        if self._left < 0:
            self._left = self._every
            if self._after:
                do()
            raise UnreachableError("uploading", "", "the connection broke")
        do()

    def begin_write(self, block: bytes, offset: int, count: int) -> None:
        self._begun = block, offset

    def end_write(self, _: Any) -> None:
        block, offset = self._begun

        def write() -> None:
            self.content[offset : offset + len(block)] = block

        self._answer(write)

    def close(self) -> None:
        self._answer(lambda: setattr(self, "is_closed", True))


class Joined:
    """A session over one of many connections."""

    def __init__(self, made: list[Joined]) -> None:
        made.append(self)
        self._made = made

    def call(self, doing: str, on: str, do: Callable[[], Any]) -> Any:
        assert self is self._made[-1], "over a connection that broke"
        return do()

    def proxy(self, like: Any, reference: str) -> Any:
        assert reference == str(like)
        return like


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("every", [0, 1, 2, 3])
def test_an_upload_goes_on_over_another_connection_unless_nothing_came_over_it(
    monkeypatch: pytest.MonkeyPatch, every: int, after: bool
) -> None:
    monkeypatch.setattr(uploading, "BLOCK", 100)
    content, store, made = bytes(range(250)) * 3, Breaking(every, after), list[Joined]()
    process, size = SimpleNamespace(getUploader=lambda index: store), len(content)
    action = Import("", "", ("/z/a",), Content(size, "", 0, 0), "alice", parse_target("P/D", ""), (Expected(size, ""),))
    opened = []

    def open_object(path: str) -> Any:
        opened.append(path)
        return nullcontext(BytesIO(content))

    broken = uploading.Uploading(cast(OmeroSession, Joined(made)), process, lambda _: cast(OmeroSession, Joined(made)))
    if every == 0:
        with pytest.raises(UnreachableError, match="the connection broke"):
            uploading.upload(broken, 0, action, open_object)
        assert len(made) == 2
        return
    digest = uploading.upload(broken, 0, action, open_object)
    assert (bytes(store.content), digest) == (content, hashlib.sha1(content, usedforsecurity=False).hexdigest())
    assert (store.is_closed, opened) == (True, ["/z/a"])
    assert len(made) == 1 + 8 // every, "a connection for each time that one broke between nine calls"


def test_what_is_to_be_read_is_asked_for_once_also_when_the_answer_is_lost() -> None:
    """omero-105: OMERO would read it twice, and make two images."""
    made, asked = list[Joined](), list[list[str]]()

    def verify(hashes: list[str]) -> str:
        asked.append(hashes)
        raise UnreachableError("checking", "", "the connection broke")

    process = SimpleNamespace(verifyUpload=verify)
    checked = uploading.Uploading(cast(OmeroSession, Joined(made)), process, lambda _: cast(OmeroSession, Joined(made)))
    with pytest.raises(UnreachableError):
        checked.verify(["a hash"], "/z/a")
    assert (asked, len(made)) == ([["a hash"]], 1)


def test_the_session_is_kept_while_a_call_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """omero-107: it idles out otherwise."""
    monkeypatch.setattr(uploading, "KEEP_ALIVE_SECONDS", 0.01)
    store, pinged = Store(), threading.Event()

    def close() -> None:
        assert pinged.wait(60), "nobody keeps the session"

    monkeypatch.setattr(store, "close", close)
    action = Import("", "", ("/z/a",), Content(0, "", 0, 0), "alice", parse_target("P/D", ""), (Expected(0, ""),))
    session = cast(OmeroSession, SimpleNamespace(call=lambda doing, on, do: do(), ping=pinged.set))
    with uploading.Uploading(session, SimpleNamespace(getUploader=lambda index: store), no_other) as kept:
        uploading.upload(kept, 0, action, lambda path: nullcontext(BytesIO()))


def test_a_terabyte_takes_a_few_blocks_of_memory_and_no_byte_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BLOCK", 32 * uploading.BLOCK)  # fewer calls, each of which costs time
    monkeypatch.setattr(uploading, "hashlib", SimpleNamespace(sha1=Counted))
    store, breaks = Store(), [BREAKS_AT]
    action = Import(
        "", "", ("/z/a",), Content(TERABYTE, "", 0, 0), "alice", parse_target("P/D", ""), (Expected(TERABYTE, ""),)
    )
    session = cast(OmeroSession, SimpleNamespace(call=lambda doing, on, do: do()))
    process = SimpleNamespace(getUploader=lambda index: store)
    tracemalloc.start()
    try:
        digest = uploading.upload(
            uploading.Uploading(session, process, no_other),
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
