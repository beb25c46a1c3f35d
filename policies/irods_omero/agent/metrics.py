"""Metrics for Prometheus: what the agent has done since its start, and how things stand when they are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from irods_omero.agent.activity import Activity, ActivityListener
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HINDERED, REFUSED
from irods_omero.errors import PolicyError, SettingsError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.logs import log
from irods_omero.settings import Settings, parse_address
from irods_omero.status.beat import CACHE_BYTES, CACHE_MOST_BYTES
from irods_omero.status.reading import read_status
from irods_omero.status.summary import Status, summarise

PREFIX = "irods_omero"

KEPT_SECONDS = 60.0
"""So long the answer of the zone is good for further questions."""

SWEEP_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
IMPORT_BUCKETS = (1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600)
"""Upper ends, in seconds."""

COUNTED = ("observed", "changed", "imported", "failed", "held", "evicted", "refilled", "hits", "misses")
"""Counts of a report that are numbers of units."""


class Metrics(ActivityListener):
    """Counters and histograms of one agent, and gauges that are read from the zone when they are asked for.

    As a context manager it serves them at ``agent.metrics``.
    """

    def __init__(self, settings: Settings, activity: Activity) -> None:
        """``activity`` is what the agent tells of itself."""
        self._settings = settings
        self.registry, self._own = CollectorRegistry(), CollectorRegistry()

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(name, about, labels, namespace=PREFIX, registry=self._own)

        def histogram(name: str, about: str, buckets: Iterable[float]) -> Histogram:
            return Histogram(name, about, namespace=PREFIX, registry=self._own, buckets=tuple(buckets))

        self._sweeps = counter("sweeps", "Sweeps, by how they ended.", "outcome")
        self._units = counter("units", "Units that sweeps have observed, changed and so on.", "what")
        self._actions = counter("actions", "Writes, by the side that was written to.", "side")
        self._failures = counter("failures", "Failures of units, by what becomes of them.", "kind")
        self._refused = counter("requests_refused", "Requests that were refused.")
        self._bytes = counter("imported_bytes", "Bytes of all imports.")
        self._copies = counter("copy_bytes", "Bytes of OMERO's copies, freed on its disk or refilled.", "what")
        self._sweep_seconds = histogram("sweep_seconds", "How long sweeps took.", SWEEP_BUCKETS)
        self._import_seconds = histogram("import_seconds", "How long imports took.", IMPORT_BUCKETS)
        self._last = Gauge(
            "last_sweep_timestamp_seconds", "End of the last sweep.", namespace=PREFIX, registry=self._own
        )
        about = "Imports, and changes of OMERO's copies, that go on."
        under_way = Gauge("under_way", about, namespace=PREFIX, registry=self._own)
        under_way.set_function(lambda: len(activity.under_way()))
        for name, about in (
            (CACHE_BYTES, "Bytes of OMERO's copies, at the last look; 0 where cache.most_bytes is not set."),
            (CACHE_MOST_BYTES, "How many there are to be at most."),
        ):
            gauge = Gauge(name, about, namespace=PREFIX, registry=self._own)
            gauge.set_function(partial(_of_cache, activity, name))
        for kind in (AGAIN, HINDERED, GIVEN_UP):
            self._failures.labels(kind)  # so that it is 0 before the first one
        self.registry.register(self._own)
        self.registry.register(_ZoneCollector(settings))
        activity.listeners.append(self)

    def own(self) -> Iterable[Metric]:
        """What the agent knows of itself, without asking the zone."""
        return self._own.collect()

    def on_sweep(self, report: Report, seconds: float) -> None:
        """Count a sweep that came to its end."""
        counts = report.as_dict()
        self._sweeps.labels("done").inc()
        self._sweep_seconds.observe(seconds)
        self._last.set_to_current_time()
        for name in COUNTED:
            self._units.labels(name).inc(counts[name])
        for what in ("freed", "refilled"):
            self._copies.labels(what).inc(counts[f"{what}_bytes"])
        for side in ("omero", "zone"):
            self._actions.labels(side).inc(counts[f"{side}_actions"])

    def on_trouble(self, error: str) -> None:
        """Count a sweep that was broken off."""
        self._sweeps.labels("broken off").inc()

    def on_import(self, size: int, seconds: float) -> None:
        """Count an import."""
        self._bytes.inc(size)
        self._import_seconds.observe(seconds)

    def on_news(self, news: News) -> None:
        """Count failures and refusals."""
        if news.kind == REFUSED:
            self._refused.inc()
        elif news.kind in (AGAIN, HINDERED, GIVEN_UP):
            self._failures.labels(news.kind).inc()

    def __enter__(self) -> Metrics:
        """Start serving.

        Raises:
            SettingsError: The address is taken, or none of this machine.
        """
        assert self._settings.agent.metrics is not None
        host, port = parse_address(self._settings.agent.metrics)
        try:
            self._server, self._thread = start_http_server(port, host, self.registry)
        except OSError as error:
            raise SettingsError(f"agent.metrics: cannot listen on {host}:{port}: {error}") from error
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _of_cache(activity: Activity, name: str) -> float:
    return activity.cache.get(name, 0)


class _ZoneCollector(Collector):
    """Reads how things stand, over a connection of its own, at most once in ``KEPT_SECONDS``."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._status: Status | None = None

    def describe(self) -> Iterable[Metric]:
        return []  # nothing is read from the zone while the agent starts

    def collect(self) -> Iterator[Metric]:
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
    yield _gauge("zone_up", "Whether the zone has answered.", [((), status is not None)])
    if status is None:
        return
    marks = [((each.kind, "pending"), each.pending) for each in status.backlog]
    marks += [((each.kind, "taken"), each.taken) for each in status.backlog]
    yield _gauge("marks", "Marks in the zone.", marks, "kind", "state")
    yield _gauge("oldest_mark_seconds", "Age of the oldest mark.", [((), status.oldest_seconds or 0)])
    errors: dict[str, int] = {GIVEN_UP: 0, HINDERED: 0}
    for cause in status.causes:
        errors[cause.kind] = errors.get(cause.kind, 0) + cause.units
    yield _gauge("units_with_errors", "Units that show an error.", [((kind,), n) for kind, n in errors.items()], "kind")
    yield _gauge("removals_held", "Units of which removals wait for a person.", [((), status.held)])
    requests = [((each.word, each.state), each.units) for each in status.requests]
    yield _gauge("requests", "Requests in the zone.", requests, "request", "state")
    yield _gauge("shards_unattended", "Shards that no agent works on.", [((), len(status.unattended))])
    objects = [((each.tier,), each.replicas) for each in status.tiers]
    yield _gauge("tier_objects", "Data objects on a tier, below the watched roots.", objects, "tier")
    yield _gauge("tier_bytes", "Their bytes together.", [((each.tier,), each.size) for each in status.tiers], "tier")


def _gauge(name: str, about: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
    for of_labels, value in values:
        family.add_metric(of_labels, value)
    return family
