"""What the agent is doing: told by its loop and its workers, and handed on to whoever shows it in whatever thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import BinaryIO, NamedTuple, cast

from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.state.actions import Import
from irods_omero.status.heartbeat_record import CACHE_BYTES, CACHE_MOST_BYTES, IMPORTING, UnderWay

Opener = Callable[[str], AbstractContextManager[BinaryIO]]


REFILL = "refill"

TELLING_BYTES = 10**7
"""How fast less than this is brought back says nothing of how long more of it takes."""


class ActivityListener:
    """Somebody who is told; each method must return at once, and none may fail."""

    def on_sweep(self, report: Report, seconds: float) -> None:
        """A sweep has come to its end, after ``seconds``."""

    def on_trouble(self, error: str) -> None:
        """A sweep was broken off."""

    def on_import(self, size: int, seconds: float) -> None:
        """``size`` bytes were imported in ``seconds``."""

    def on_news(self, news: News) -> None:
        """Something that people should be told of happened to a unit."""


class EventLag(NamedTuple):
    """How far OMERO's event log is followed.

    Attributes:
        behind: Rows that were not followed yet when it was read last.
        at: When that was, seconds since 1970; 0 before the first time.
    """

    behind: int = 0
    at: float = 0.0


class Activity:
    """What one agent is doing."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self.listeners: list[ActivityListener] = []
        self._clock = clock
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._under_way: list[_Progress] = []
        self.refill_rate: float | None = None
        """How many bytes a second the last refill that tells something has brought back."""
        self.cache: Mapping[str, int] = {}
        """How many bytes of copies OMERO had at the last look, and is to have at most; empty without a limit."""
        self.events = EventLag()

    def under_way(self) -> tuple[UnderWay, ...]:
        """What goes on that takes long."""
        with self._lock:
            return tuple(each.shown(self._clock()) for each in self._under_way)

    @contextmanager
    def working(self, what: str, path: str, size: int) -> Iterator[Callable[[int], None]]:
        """Note something as long as it lasts; gives what is called with each number of bytes that is done of it.

        Args:
            what: What it is, as people read it.
            path: Logical path of the first data object that it is about.
            size: Bytes that there are to do.
        """
        started = _Progress(what, path, size, self._clock())
        with self._lock:
            self._under_way.append(started)
        try:
            yield started.count
        finally:
            with self._lock:
                self._under_way.remove(started)

    @contextmanager
    def importing(self, action: Import, opener: Opener) -> Iterator[Opener]:
        """Note an import as long as it lasts; gives what opens its data objects, and counts what is read of them."""
        since = self._clock()
        with self.working(IMPORTING, action.paths[0], action.content.size) as count:
            yield lambda path: _counting(opener(path), count)
        seconds = max(self._clock() - since, 0.0)
        self._tell(lambda listener: listener.on_import(action.content.size, seconds))

    @contextmanager
    def refilling(self, path: str, size: int) -> Iterator[Callable[[int], None]]:
        """Note a refill as long as it lasts, and how fast it was; the rest is as in ``working``."""
        since = self._clock()
        with self.working(REFILL, path, size) as count:
            yield count
        seconds = self._clock() - since
        if size >= TELLING_BYTES and seconds > 0:
            self.refill_rate = size / seconds

    def looked_at_cache(self, size: int, most: int) -> None:
        """How many bytes OMERO's copies have, and how many they may have at most."""
        self.cache = {CACHE_BYTES: size, CACHE_MOST_BYTES: most}

    def followed_events(self, behind: int) -> None:
        """OMERO's event log was read, and what it told of was looked at, but for ``behind`` rows."""
        self.events = EventLag(behind, self._clock())

    def swept(self, report: Report, seconds: float) -> None:
        """A sweep has come to its end, after ``seconds``."""
        self._tell(lambda listener: listener.on_sweep(report, seconds))

    def broken_off(self, error: str) -> None:
        """A sweep was broken off."""
        self._tell(lambda listener: listener.on_trouble(error))

    def tell(self, *news: News) -> None:
        """Something happened that people should be told of."""
        for each in news:
            self._tell(partial(_tell_news, each))

    def _tell(self, tell: Callable[[ActivityListener], None]) -> None:
        """Tell all, one after the other: imports go on side by side."""
        with self._telling:
            for listener in self.listeners:
                tell(listener)


def _tell_news(news: News, listener: ActivityListener) -> None:
    listener.on_news(news)


class _Progress:
    def __init__(self, what: str, path: str, size: int, since: float) -> None:
        self._what, self._path, self._size, self._since, self._done = what, path, size, since, 0

    def shown(self, now: float) -> UnderWay:
        # An earlier import may have been read first, to be compared with.
        done = min(self._done, self._size)
        return UnderWay(self._path, self._size, done, int(self._since), int(now), self._what)

    def count(self, size: int) -> None:
        self._done += size


@contextmanager
def _counting(opened: AbstractContextManager[BinaryIO], count: Callable[[int], None]) -> Iterator[BinaryIO]:
    with opened as stream:
        yield cast(BinaryIO, _Counting(stream, count))


class _Counting:
    """A stream that says how much was read."""

    def __init__(self, stream: BinaryIO, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._count(len(block))
        return block

    def seek(self, offset: int) -> int:
        return self._stream.seek(offset)
