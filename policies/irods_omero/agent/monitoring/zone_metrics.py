"""Metrics of how things stand in the zone, which is asked for them now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from irods_omero.domain.rules.causes import GIVEN_UP, HINDERED
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.logs import log
from irods_omero.settings import Settings
from irods_omero.status.reading import read_status
from irods_omero.status.summary import Status, summarise

PREFIX = "irods_omero"

KEPT_SECONDS = 60.0
"""So long the answer of the zone is good for further questions."""

CAUSES_SHOWN, CAUSE_LENGTH = 10, 120
"""Causes that have a value of their own, and characters of each: every text is a series that Prometheus keeps."""

AT_WORK, CANNOT_SWEEP, SILENT = "at work", "cannot sweep", "silent"


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
    yield gauge("zone_up", "Whether the zone has answered.", [((), status is not None)])
    if status is None:
        return
    marks = [((each.kind, "pending"), each.pending) for each in status.backlog]
    marks += [((each.kind, "taken"), each.taken) for each in status.backlog]
    yield gauge("marks", "Marks in the zone.", marks, "kind", "state")
    ages = [((each.kind,), each.oldest_seconds) for each in status.backlog if each.oldest_seconds is not None]
    yield gauge("oldest_mark_seconds", "Age of the oldest pending mark, where the zone knows it.", ages, "kind")
    errors: dict[str, int] = {GIVEN_UP: 0, HINDERED: 0}
    for cause in status.causes:
        errors[cause.kind] = errors.get(cause.kind, 0) + cause.units
    yield gauge("units_with_errors", "Units that show an error.", [((kind,), n) for kind, n in errors.items()], "kind")
    by_cause: dict[tuple[str, ...], int] = {}
    for cause in status.causes[:CAUSES_SHOWN]:
        labels = (cause.kind, cause.text[:CAUSE_LENGTH])  # no two values of a gauge may have the same
        by_cause[labels] = by_cause.get(labels, 0) + cause.units
    about = "Units that show an error, for the most frequent causes."
    yield gauge("cause_units", about, by_cause.items(), "kind", "cause")
    yield gauge("removals_held", "Units of which removals wait for a person.", [((), status.held)])
    requests = [((each.word, each.state), each.units) for each in status.requests]
    yield gauge("requests", "Requests in the zone.", requests, "request", "state")
    waiting = [((each.word, each.state), status.now - each.since) for each in status.requests if each.since]
    yield gauge("oldest_request_seconds", "Age of the oldest request.", waiting, "request", "state")
    swept = [((each.shards,), each.beat.swept) for each in status.agents if each.beat.swept]
    about = "End of the last sweep of each agent, as it says in the zone."
    yield gauge("agent_last_sweep_timestamp_seconds", about, swept, "shards")
    yield gauge("agents", "Agents, by what they say in the zone.", labelled(_states(status)), "state")
    overlap = {shard for each in status.overlaps for shard in each.shards}
    yield gauge("shards_overlapping", "Shards that two agents work on.", [((), len(overlap))])
    yield gauge("shards_unattended", "Shards that no agent works on.", [((), len(status.unattended))])
    objects = [((each.tier,), each.replicas) for each in status.tiers]
    yield gauge("tier_objects", "Data objects on a tier, below the watched roots.", objects, "tier")
    yield gauge("tier_bytes", "Their bytes together.", [((each.tier,), each.size) for each in status.tiers], "tier")


def _states(status: Status) -> dict[str, int]:
    states = {AT_WORK: 0, CANNOT_SWEEP: 0, SILENT: 0}
    for agent in status.agents:
        states[SILENT if not agent.speaks else CANNOT_SWEEP if agent.beat.trouble else AT_WORK] += 1
    return states


def labelled(values: Mapping[str, float]) -> list[tuple[tuple[str], float]]:
    """The values of a gauge with one label, by that of the label."""
    return [((label,), value) for label, value in values.items()]


def gauge(name: str, about: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> GaugeMetricFamily:
    """A gauge with its values, each with those of its labels."""
    family = GaugeMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
    for of_labels, value in values:
        family.add_metric(of_labels, value)
    return family
