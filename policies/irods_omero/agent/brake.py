"""The brake on mass removals: what an agent remembers of them, over all its sweeps and threads."""

from __future__ import annotations

import threading
from collections.abc import Collection

from irods_omero.domain.planning.mass_removals import RecentRemovals


class Brake:
    """Counts the units that lose something.

    Attributes:
        before: How many units were looked at in the sweeps that this one goes on with.
    """

    def __init__(self, limit: float) -> None:
        """``limit`` is how many units may lose something in a while."""
        self.before = 0
        self._removals = RecentRemovals(limit)
        self._counting = threading.Lock()

    def must_hold(self, losing: Collection[int], swept: int, now: float) -> bool:
        """Whether these units are to be held, after ``swept`` ones were looked at; they count in any case."""
        with self._counting:
            self._removals = self._removals.and_those(losing, self.before + swept, now)
            return bool(losing) and self._removals.are_too_many
