"""The agent's heartbeat: once a minute it says in the zone what it is doing, whatever keeps its loop busy."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from irods_omero.agent.activity import Activity, ActivityListener
from irods_omero.agent.report import Report
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import recall, remember
from irods_omero.logs import log
from irods_omero.settings import Settings
from irods_omero.status.heartbeat_record import SECONDS, HeartbeatRecord, decode, encode
from irods_omero.vocabulary import Names

COPIES = ("evicted", "refilled", "hits", "misses", "freed_bytes", "refilled_bytes")
"""Counts of reports that are added up."""


class Heartbeat(ActivityListener):
    """Writes one AVU on the home collection of the agent's account, at most once a minute.

    As a context manager it does so in a thread of its own, with a connection of its own that is open only meanwhile:
    an import may last for hours. The first one comes after the first sweep.
    """

    def __init__(self, settings: Settings, activity: Activity, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._settings = settings
        self._attribute = f"{Names(settings.prefix).agent}:{settings.omero.name}:{settings.agent.shards}"
        self._activity = activity
        self._clock = clock
        now = int(clock())
        self._state = HeartbeatRecord(now, now, socket.gethostname(), version("irods-omero-policies"))
        self._last: float | None = None
        self._spoke = 0.0
        self._swept, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        activity.listeners.append(self)

    def on_sweep(self, report: Report, seconds: float) -> None:
        """Take note of a sweep that came to its end."""
        counts = {name: count for name, count in report.as_dict().items() if count}
        before = self._state.copies
        self._state = replace(
            self._state,
            swept=int(self._clock()),
            seconds=round(seconds, 3),
            report=counts,
            copies={name: total for name in COPIES if (total := before.get(name, 0) + counts.get(name, 0))},
            trouble="",
        )
        self._swept.set()

    def on_trouble(self, error: str) -> None:
        """Take note of a sweep that was broken off."""
        self._state = replace(self._state, trouble=error)
        self._swept.set()

    def beat(self) -> bool:
        """Write a heartbeat, unless the last one, of this agent or of the one before it, is less than a minute old.

        Returns:
            Whether it was written; the zone may be down, too.
        """
        try:
            with ZoneConnection(self._settings.zone, attempts=1) as zone:
                now = self._clock()
                there = [beat for text in recall(zone, self._attribute) if (beat := decode(text)) is not None]
                last = self._last if self._last is not None else max((beat.at for beat in there), default=0)
                if 0 <= now - last < SECONDS:
                    self._last = last
                    return False
                beside = next((beat.host for beat in there if self._is_beside(beat)), "")
                copies = {**self._state.copies, **self._activity.cache}
                under_way = self._activity.under_way()
                beat = replace(self._state, at=int(now), under_way=under_way, copies=copies, beside=beside)
                remember(zone, self._attribute, encode(beat))
                self._last = self._spoke = now
                return True
        except PolicyError as error:
            log.info("no heartbeat", error=str(error))
            return False

    def _is_beside(self, beat: HeartbeatRecord) -> bool:
        """Whether a heartbeat is of another agent that works on the same shards, and not of the one before this."""
        return not beat.is_of(self._state) and beat.at > max(self._state.started, self._spoke)

    def _run(self) -> None:
        self._swept.wait(SECONDS)
        while not self._stopped.is_set():
            try:
                self.beat()
            except Exception:
                log.exception("no heartbeat")
            self._stopped.wait(SECONDS)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopped.set()
        self._swept.set()
        self._thread.join(timeout=5)  # the zone may not answer
