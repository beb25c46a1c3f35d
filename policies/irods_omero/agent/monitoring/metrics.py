"""Metrics for Prometheus: what the agent has done since its start, and how things stand when they are asked for."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from irods_omero.agent.activity import Activity, ActivityListener
from irods_omero.agent.monitoring.zone_metrics import PREFIX, ZoneCollector, gauge, labelled
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HINDERED, REFUSED
from irods_omero.errors import SettingsError
from irods_omero.settings import Settings, parse_address
from irods_omero.status.beat import CACHE_BYTES, CACHE_MOST_BYTES, IMPORTING

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
        about = "End of the last sweep; before the first one, when the agent was started."
        self._last = Gauge("last_sweep_timestamp_seconds", about, namespace=PREFIX, registry=self._own)
        self._last.set_to_current_time()
        about = "imports.parallel of the configuration: with 1 no sweep ends before its imports."
        Gauge("parallel", about, namespace=PREFIX, registry=self._own).set(settings.imports.parallel)
        self._own.register(_ActivityCollector(activity))
        for kind in (AGAIN, HINDERED, GIVEN_UP):
            self._failures.labels(kind)  # so that it is 0 before the first one
        self.registry.register(self._own)
        self.registry.register(ZoneCollector(settings))
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


class _ActivityCollector(Collector):
    """Shows what the agent is doing at this moment."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    def collect(self) -> Iterator[Metric]:
        number, size, done = Counts({IMPORTING: 0}), Counts({IMPORTING: 0}), Counts({IMPORTING: 0})
        under_way = self._activity.under_way()
        for each in under_way:
            number[each.what] += 1
            size[each.what] += each.size
            done[each.what] += each.done
        yield gauge("under_way", "Imports, and changes of OMERO's copies, that go on.", labelled(number), "what")
        yield gauge("under_way_bytes", "Bytes that they are about.", labelled(size), "what")
        yield gauge("under_way_done_bytes", "Bytes of these that are done.", labelled(done), "what")
        longest = max((each.at - each.since for each in under_way), default=0)
        yield gauge("under_way_oldest_seconds", "For how long the oldest of them has been going on.", [((), longest)])
        events = self._activity.events
        yield gauge("events_behind_rows", "Rows of OMERO's event log not followed yet.", [((), events.behind)])
        about = "When the event log was read last, seconds since 1970; 0 before the first time."
        yield gauge("events_followed_timestamp_seconds", about, [((), events.at)])
        for name, about in (
            (CACHE_BYTES, "Bytes of OMERO's copies, at the last look; 0 where cache.most_bytes is not set."),
            (CACHE_MOST_BYTES, "How many there are to be at most."),
        ):
            yield gauge(name, about, [((), self._activity.cache.get(name, 0))])
