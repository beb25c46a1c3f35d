"""Reads from one side while the other one is being written to."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")

DEPTH = 2
"""At most this many items wait to be taken: memory does not grow with the number of items."""

POLL_SECONDS = 0.1
"""How often a reader whose queue is full looks whether anybody still wants its items, in seconds."""


class _End(Generic[T]):
    """The end of the items, and what broke them off."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def read_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """The same items, made in a thread of their own, a few of them ahead of whoever takes them.

    What making them raises is raised here, in its turn. When nobody wants the rest, the thread ends after the item that
    it is at, and closes what makes them.
    """
    waiting: Queue[T | _End[T]] = Queue(DEPTH)
    unwanted = threading.Event()

    def offer(item: T | _End[T]) -> None:
        while not unwanted.is_set():
            with suppress(Full):
                waiting.put(item, timeout=POLL_SECONDS)
                return

    def read() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                offer(item)
                if unwanted.is_set():
                    break
            if isinstance(items, Generator):
                items.close()
        except BaseException as raised:
            error = raised
        offer(_End(error))

    reader = threading.Thread(target=read, name="read-ahead", daemon=True)
    reader.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        with suppress(Empty):
            waiting.get_nowait()
        reader.join()
