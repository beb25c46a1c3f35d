"""How far OMERO's event log was read, and what is still to come: rows that show late, and answers of the indexer.

Ids of the log are given out before a transaction is committed (``EventHandler`` of the OMERO server): one of thousands
of objects becomes visible below rows that were seen long before. As ids have no gaps otherwise, those that are missing
below the highest one are remembered as holes, and looked for again until they are there or too old to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PAGE = 5000
"""At most this many ids are covered by one query: the log of an old server has millions of rows."""

HOLE_SECONDS = 600.0
"""A missing id is looked for this long: no transaction that users wait for takes longer."""

MOST_HOLES = 50_000
"""At most this many missing ids are looked for, the highest: an administrator may have removed old rows of the log."""

INDEXER_SECONDS = 60.0
"""After this time without an answer to an annotation that was taken away the search indexer is taken to be down."""


class LogPosition:
    """How far a log was read, of which rows may become visible below those that were seen.

    Attributes:
        highest: The highest id that was seen, or was the last one when reading began.
    """

    def __init__(self, highest: int) -> None:
        self.highest = highest
        self._holes: dict[int, float] = {}

    @property
    def cursor(self) -> int:
        """Up to this id everything was seen: where a reader who knows nothing else has to begin."""
        return min(self._holes, default=self.highest + 1) - 1

    def ranges(self, end: int) -> Iterator[tuple[int, int]]:
        """The ids to ask for, as first and last of each range: the holes, and what is new up to the end of the log."""
        first = last = None
        for hole in sorted(self._holes):
            if first is None or last is None or hole != last + 1 or hole - first >= PAGE:
                if first is not None and last is not None:
                    yield first, last
                first = hole
            last = hole
        if first is not None and last is not None:
            yield first, last
        for first in range(self.highest + 1, end + 1, PAGE):
            yield first, min(first + PAGE - 1, end)

    def saw(self, first: int, last: int, ids: Iterable[int], now: float) -> set[int]:
        """Take note of which ids of a range are there; returns those that were not seen before."""
        seen = set(ids)
        asked = set(range(first, last + 1))
        known = asked - self._holes.keys() - set(range(self.highest + 1, last + 1))
        for missing in asked - seen - known:
            self._holes.setdefault(missing, now)
        for filled in seen & self._holes.keys():
            del self._holes[filled]
        for lowest in sorted(self._holes)[:-MOST_HOLES]:
            del self._holes[lowest]
        self.highest = max(self.highest, last)
        return seen - known

    def forget(self, before: float) -> None:
        """Give up the holes that were noted before a time."""
        self._holes = {hole: since for hole, since in self._holes.items() if since >= before}


class Indexer:
    """Whether the search indexer has answered to annotations that were taken away.

    Attributes:
        since: The first row that it has not answered to, and when that was seen; None where it owes no answer.
    """

    def __init__(self) -> None:
        self.since: tuple[int, float] | None = None

    def saw(self, answers: Iterable[int], questions: Iterable[int], now: float) -> None:
        """Take note of new rows: those that it has written, and those that it has to answer to."""
        last = max(answers, default=0)
        if self.since is not None and self.since[0] < last:
            self.since = None
        first = min((row for row in questions if row > last), default=None)
        if self.since is None and first is not None:
            self.since = (first, now)

    def is_silent(self, now: float) -> bool:
        """Whether an answer is overdue; it is waited for no longer."""
        if self.since is None or now - self.since[1] < INDEXER_SECONDS:
            return False
        self.since = None
        return True
