"""Metrics of how things stand in the zone, which is asked for them now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from irods_omero.agent.monitoring.metric_table import ZONE_GAUGES, ZONE_UP
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.logs import log
from irods_omero.settings import Settings
from irods_omero.status.reading import read_status
from irods_omero.status.summary import Status, summarise

KEPT_SECONDS = 60.0
"""How long an answer of the zone is used for further questions, in seconds."""


class ZoneCollector(Collector):
    """Reads how things stand, over a connection of its own, at most once in ``KEPT_SECONDS``."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._status: Status | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing: the zone is not read while the agent starts."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics, of a zone that is read anew when it was read some time ago."""
        with self._lock:
            if self._clock() - self._read_at >= KEPT_SECONDS:
                self._status = self._look()
                self._read_at = self._clock()
        yield from families(self._status)

    def _look(self) -> Status | None:
        try:
            with ZoneConnection(self._settings.zone, attempts=1) as zone:
                return summarise(read_status(self._settings, zone), self._settings)
        except PolicyError as error:
            log.info("no metrics of the zone", error=str(error))
            return None


def families(status: Status | None) -> Iterator[Metric]:
    """How things stand as gauges; without a status nothing but that the zone did not answer."""
    yield ZONE_UP.read(status)
    yield from (row.read(status) for row in ZONE_GAUGES if status is not None)
