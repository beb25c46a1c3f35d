"""Metrics for Prometheus: what the agent has done since its start, and how things stand when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from irods_omero.agent.activity import Activity, ActivityListener
from irods_omero.agent.monitoring.metric_table import AGENT_GAUGES, COUNTERS, PREFIX, AgentNow, CounterRow
from irods_omero.agent.monitoring.zone_metrics import ZoneCollector
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.errors import SettingsError
from irods_omero.settings import Settings, parse_address

SWEEP_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
IMPORT_BUCKETS = (1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600)
"""Upper ends, in seconds."""


class Metrics(ActivityListener):
    """Counters and histograms of one agent, and gauges that are read from the zone when they are asked for.

    As a context manager it serves them at ``agent.metrics``.
    """

    def __init__(self, settings: Settings, activity: Activity) -> None:
        """``activity`` is what the agent tells of itself."""
        self._settings = settings
        self.registry, self._own = CollectorRegistry(), CollectorRegistry()

        def histogram(name: str, about: str, buckets: Iterable[float]) -> Histogram:
            return Histogram(name, about, namespace=PREFIX, registry=self._own, buckets=tuple(buckets))

        self._counters = [(row, _counter(row, self._own)) for row in COUNTERS]
        self._sweep_seconds = histogram("sweep_seconds", "How long sweeps took.", SWEEP_BUCKETS)
        self._import_seconds = histogram("import_seconds", "How long imports took.", IMPORT_BUCKETS)
        about = "End of the last sweep; before the first one, when the agent was started."
        self._last = Gauge("last_sweep_timestamp_seconds", about, namespace=PREFIX, registry=self._own)
        self._last.set_to_current_time()
        about = "imports.parallel of the configuration: with 1 no sweep ends before its imports."
        Gauge("parallel", about, namespace=PREFIX, registry=self._own).set(settings.imports.parallel)
        self._own.register(_ActivityCollector(activity))
        self.registry.register(self._own)
        self.registry.register(ZoneCollector(settings))
        activity.listeners.append(self)

    def own(self) -> Iterable[Metric]:
        """What the agent knows of itself, without asking the zone."""
        return self._own.collect()

    def on_sweep(self, report: Report, seconds: float) -> None:
        """Count a sweep that came to its end."""
        self._count(lambda row: row.sweep(report))
        self._sweep_seconds.observe(seconds)
        self._last.set_to_current_time()

    def on_trouble(self, error: str) -> None:
        """Count a sweep that was broken off."""
        self._count(lambda row: row.trouble(error))

    def on_import(self, size: int, seconds: float) -> None:
        """Count an import."""
        self._count(lambda row: row.imported(size))
        self._import_seconds.observe(seconds)

    def on_news(self, news: News) -> None:
        """Count failures and refusals."""
        self._count(lambda row: row.news(news))

    def _count(self, amounts: Callable[[CounterRow], Mapping[str, float]]) -> None:
        for row, counter in self._counters:
            for label, amount in amounts(row).items():
                (counter.labels(label) if row.label else counter).inc(amount)

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
        now = AgentNow(self._activity.under_way(), self._activity.events, self._activity.cache)
        yield from (row.read(now) for row in AGENT_GAUGES)


def _counter(row: CounterRow, registry: CollectorRegistry) -> Counter:
    counter = Counter(row.name, row.about, [row.label] if row.label else [], namespace=PREFIX, registry=registry)
    for label in row.shown:
        counter.labels(label)
    return counter
