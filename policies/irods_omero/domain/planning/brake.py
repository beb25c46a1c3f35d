"""The brake on mass removals: how many units may lose something in a while, and what becomes of those that are held."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation

WHILE_SECONDS = 3600.0
"""Units that lose something within this time count together, whether one sweep finds them or many."""


class Brake:
    """Counts the units that lose something, over all sweeps of an agent and all its threads.

    Attributes:
        before: How many units were looked at in the sweeps that this one goes on with.
    """

    def __init__(self, limit: float) -> None:
        """``limit`` is how many units may lose something within ``WHILE_SECONDS``."""
        self.before = 0
        self._limit = limit
        self._lost: dict[int, float] = {}
        self._sweeps: list[tuple[float, int]] = []
        self._counting = threading.Lock()

    def takes(self, losing: Collection[int], swept: int, now: float) -> bool:
        """Whether these units are to be held; those that are count, too: what comes after them is of the same kind.

        Args:
            losing: Catalog ids of the units that would lose something now.
            swept: How many units the sweep has looked at: a tenth of them may lose something, and is no reason to hold
                what little is lost in the sweeps after it.
            now: Seconds since 1970.
        """
        swept += self.before
        with self._counting:
            recent = {id_: at for id_, at in self._lost.items() if abs(now - at) < WHILE_SECONDS}
            self._lost = {**recent, **dict.fromkeys(losing, now)}
            self._sweeps = [(at, size) for at, size in self._sweeps if abs(now - at) < WHILE_SECONDS]
            if swept / 10 > self._limit:
                self._sweeps.append((now, swept))
            largest = max((size for _, size in self._sweeps), default=0)
            return bool(losing) and len(self._lost) > max(self._limit, largest / 10)


def released(observation: Observation, restore: bool) -> Agreement:
    """What is agreed about a unit that was held, when a person has decided.

    Args:
        observation: The unit.
        restore: Whether to put back what was removed, and to import anew where images are missing; otherwise what was
            removed on one side is removed on the other, and missing images count as deleted.
    """
    base = replace(observation.base, held=False)
    if restore:  # nothing counts as agreed, so that what either side has is on both
        base = replace(base, attributes=())
    if restore and observation.omero.fileset is None:
        base = replace(base, fileset=None, group=None, content=None)
    return base
