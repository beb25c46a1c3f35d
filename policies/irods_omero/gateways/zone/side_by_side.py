"""Calls to the zone about different objects, over several connections at the same time.

A real zone gives each connection a process of its own, which waits for the catalog most of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from irods_omero.gateways.zone.connection import ZoneConnection

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """A connection and up to ``zone.connections`` - 1 others beside it, made when there is work for them."""

    def __init__(self, first: ZoneConnection) -> None:
        self._all = [first]

    def each(self, items: Iterable[T], work: Callable[[ZoneConnection, T], R]) -> list[R]:
        """Work on all items, on several at the same time; all is done when it returns.

        Args:
            items: No two of them about the same thing: nothing is said of which comes first.
            work: Works on one, by the calls of one connection, one after the other. It shares nothing with the others.

        Returns:
            What came of them, in the order of the items.

        Raises:
            Exception: That of the first of the items that has raised any; what had not begun is left.
        """
        todo = list(items)
        number = min(self._all[0].settings.connections, len(todo))
        if number <= 1:
            return [work(self._all[0], item) for item in todo]
        while len(self._all) < number:
            self._all.append(ZoneConnection(self._all[0].settings))
        free: SimpleQueue[ZoneConnection] = SimpleQueue()
        for zone in self._all[:number]:
            free.put(zone)

        def one(item: T) -> R:
            zone = free.get()
            try:
                return work(zone, item)
            finally:
                free.put(zone)

        with ThreadPoolExecutor(number, thread_name_prefix="zone") as threads:
            return list(threads.map(one, todo))

    def close(self) -> None:
        """Leave the zone; the next call connects again."""
        for zone in self._all:
            zone.close()
