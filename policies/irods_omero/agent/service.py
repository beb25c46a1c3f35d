"""Sweeps again and again until told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from irods_omero.agent.connections import Connections
from irods_omero.agent.monitoring.heartbeat import Heartbeat
from irods_omero.agent.monitoring.metrics import Metrics
from irods_omero.agent.monitoring.webhooks import Webhooks
from irods_omero.agent.report import Report
from irods_omero.agent.sweep import Sweeper
from irods_omero.agent.workers import Workers
from irods_omero.errors import IdentityError, PolicyError, SettingsError
from irods_omero.logs import log

LONGEST_PAUSE = 60.0
"""Seconds between two attempts to reach a side that is down."""


def run(connections: Connections, stop: threading.Event, swept: Callable[[Report], None]) -> None:
    """Sweep until ``stop`` is set, without a pause while there is a backlog.

    Whatever breaks a sweep off, a side that is down for instance, the next one comes after a pause, longer each time up
    to a minute.

    Raises:
        SettingsError: The configuration cannot be used: a password file is gone.
        IdentityError: OMERO is another one than the zone knows, or an earlier state of it.
    """
    settings, activity = connections.settings, connections.activity
    with ExitStack() as told:
        if settings.agent.metrics is not None:
            told.enter_context(Metrics(settings, activity))
        if settings.notify.webhooks:
            told.enter_context(Webhooks(settings, activity))
        told.enter_context(Heartbeat(settings, activity))
        workers = told.enter_context(Workers(connections))
        _run(connections, workers, stop, swept)


def run_once(connections: Connections) -> Report:
    """Sweep until no import is left for later; returns what all these sweeps did together.

    Raises:
        UnreachableError: A side is down; nothing is lost, the next one goes on.
        RefusedError: A side refuses what concerns all units, for instance the log-in.
    """
    heartbeat = Heartbeat(connections.settings, connections.activity)
    begun = time.monotonic()
    try:
        report = Sweeper(connections).drain()
        connections.activity.swept(report, time.monotonic() - begun)
    except PolicyError as error:
        connections.activity.broken_off(str(error))
        raise
    finally:
        heartbeat.beat()
    return report


def _run(connections: Connections, workers: Workers, stop: threading.Event, swept: Callable[[Report], None]) -> None:
    sweeper, pause = Sweeper(connections, workers=workers), connections.settings.agent.interval_seconds
    interval = pause
    while not stop.is_set():
        try:
            begun = time.monotonic()
            report = sweeper.sweep()
            seconds = time.monotonic() - begun
            connections.activity.swept(report, seconds)
            swept(report)
            pause = 0.0 if sweeper.has_more(report) else pause_after(report, seconds, interval)
        except (SettingsError, IdentityError):
            raise
        except Exception as error:
            pause = min(max(pause, interval) * 2, LONGEST_PAUSE)
            unforeseen = not isinstance(error, PolicyError)
            connections.activity.broken_off(str(error))
            log.error("sweep broken off", error=str(error), next_in_seconds=round(pause, 1), exc_info=unforeseen)
            connections.start_anew()
            sweeper = Sweeper(connections, workers=workers)  # what is being imported goes on
        workers.pause(stop, pause)


def pause_after(report: Report, seconds: float, interval: float) -> float:
    """For how long to pause after a sweep: not at all where others have waited for longer than that already.

    Args:
        report: What it did. One that changed nothing took long for slow servers only, which need the pause.
        seconds: How long it took.
        interval: The pause, as configured.
    """
    return 0.0 if report.changed and seconds > interval else interval


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set: the sweep under way is finished first."""
    stop = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        log.info("stopping after this sweep", signal=signal.Signals(number).name)
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop
