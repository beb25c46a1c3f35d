"""Sweeps: each a round through what the hooks have marked and what OMERO's event log hints at."""

from __future__ import annotations

import time
from collections.abc import Callable

from policies.agent.cursor import load_cursor, save_cursor
from policies.agent.following import data_ids
from policies.agent.report import Report
from policies.agent.round import Round
from policies.agent.sides import Sides
from policies.gateways.omero.events import WINDOW, EventReader, Hints
from policies.gateways.zone.marks import find_marks


class Sweeper:
    """Sweeps the zone, one round at each call."""

    def __init__(self, sides: Sides, clock: Callable[[], float] = time.time) -> None:
        self._sides = sides
        self._clock = clock
        self._events: EventReader | None = None
        self._saved = 0

    def sweep(self) -> Report:
        """One round.

        Raises:
            UnreachableError: A side is down; nothing is lost, the next round goes on.
            RefusedError: A side refuses what concerns all units, for instance the log-in.
        """
        work = Round(self._sides, self._clock)
        hints = self._read_events()
        work.marked(find_marks(self._sides.zone, self._sides.names, self._sides.shards))
        work.hinted(sorted(data_ids(self._sides, hints)))
        self._remember(hints)
        work.imports()
        return work.report

    def drain(self) -> Report:
        """Sweep until no import is left for later; returns what all these sweeps did together.

        Raises:
            UnreachableError: A side is down; nothing is lost, the next round goes on.
            RefusedError: A side refuses what concerns all units, for instance the log-in.
        """
        last = done = self.sweep()
        while last.postponed and last.looked:  # where none of the marks can be taken, trying again is of no use
            last = self.sweep()
            done = done.followed_by(last)
        return done

    def _read_events(self) -> Hints:
        if self._events is None:
            cursor = load_cursor(self._sides)
            self._events, self._saved = EventReader(cursor), cursor or 0
        return self._events.read(self._sides.omero.service())

    def _remember(self, hints: Hints) -> None:
        """Save the cursor when something was followed, at the first start, when it has moved on by a lot, or back.

        It moves back when the log was reset: a cursor beyond the end would leave out what happens while no agent runs.
        """
        is_far = not 0 <= hints.cursor - self._saved <= WINDOW * 10
        if hints.newest > self._saved or not self._saved or is_far:
            save_cursor(self._sides, hints.cursor)
            self._saved = hints.cursor
