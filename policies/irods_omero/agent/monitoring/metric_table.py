"""The metrics that are shown to Prometheus, in tables: name, help, labels, and how the values are computed.

Counters follow what the agent tells of itself; gauges are read off what it is doing, and off how things stand in the
zone. What takes time, or is so from the start, is in ``metrics.py``: two histograms and two gauges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from prometheus_client.core import GaugeMetricFamily

from irods_omero.agent.activity import EventLag
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HINDERED, REFUSED
from irods_omero.status.heartbeat_record import CACHE_BYTES, CACHE_MOST_BYTES, IMPORTING, UnderWay
from irods_omero.status.summary import Status

PREFIX = "irods_omero"

Labelled = tuple[tuple[str, ...], float]
"""Values of the labels of a metric, and the value that it has with them."""

Values = Iterable[Labelled]

T = TypeVar("T")

UNITS = ("observed", "changed", "imported", "failed", "held", "evicted", "refilled", "hits", "misses")
"""Counts of a report that are numbers of units."""

FAILURES = (AGAIN, HINDERED, GIVEN_UP)

CAUSES_SHOWN, CAUSE_LENGTH = 10, 120
"""Causes that have a value of their own, and characters of each: every text is a series that Prometheus keeps."""

AT_WORK, CANNOT_SWEEP, SILENT = "at work", "cannot sweep", "silent"


def _nothing(_: object) -> Mapping[str, float]:
    return {}


@dataclass(frozen=True)
class CounterRow:
    """A counter, and by how much what happens raises it: for each value of its label, or for "" if it has none.

    Attributes:
        name: Without the prefix.
        about: What Prometheus shows as help.
        label: Name of its label, empty for none.
        sweep: By how much a sweep raises it that came to its end.
        trouble: By how much a sweep does that was broken off, for its error.
        imported: By how much an import does, for its bytes.
        news: By how much something does that people are told of.
        shown: Values of its label that are 0 before anything has happened.
    """

    name: str
    about: str
    label: str = ""
    sweep: Callable[[Report], Mapping[str, float]] = _nothing
    trouble: Callable[[str], Mapping[str, float]] = _nothing
    imported: Callable[[int], Mapping[str, float]] = _nothing
    news: Callable[[News], Mapping[str, float]] = _nothing
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class GaugeRow(Generic[T]):
    """A gauge, and how it is read off something.

    Attributes:
        name: Without the prefix.
        about: What Prometheus shows as help.
        values: Its values, each with those of its labels; a number if it has none.
        labels: Names of its labels.
    """

    name: str
    about: str
    values: Callable[[T], Values | float]
    labels: tuple[str, ...] = ()

    def read(self, of: T) -> GaugeMetricFamily:
        """The gauge with its values."""
        values = self.values(of)
        family = GaugeMetricFamily(f"{PREFIX}_{self.name}", self.about, labels=self.labels)
        for of_labels, value in [((), values)] if isinstance(values, (int, float)) else values:
            family.add_metric(of_labels, value)
        return family


class AgentNow(NamedTuple):
    """What the agent is doing at this moment.

    Attributes:
        under_way: What goes on that takes long.
        events: How far OMERO's event log is followed.
        cache: How many bytes of copies OMERO has, and is to have at most; empty without a limit.
    """

    under_way: tuple[UnderWay, ...]
    events: EventLag
    cache: Mapping[str, int]


COUNTERS = (
    CounterRow(
        "sweeps", "Sweeps, by how they ended.", "outcome", lambda _: {"done": 1}, trouble=lambda _: {"broken off": 1}
    ),
    CounterRow(
        "units",
        "Units that sweeps have observed, changed and so on.",
        "what",
        lambda report: {name: getattr(report, name) for name in UNITS},
    ),
    CounterRow(
        "actions",
        "Writes, by the side that was written to.",
        "side",
        lambda report: {"omero": report.omero_actions, "zone": report.zone_actions},
    ),
    CounterRow(
        "failures",
        "Failures of units, by what becomes of them.",
        "kind",
        news=lambda news: {news.kind: 1} if news.kind in FAILURES else {},
        shown=FAILURES,
    ),
    CounterRow(
        "requests_refused", "Requests that were refused.", news=lambda news: {"": 1} if news.kind == REFUSED else {}
    ),
    CounterRow("imported_bytes", "Bytes of all imports.", imported=lambda size: {"": size}),
    CounterRow(
        "copy_bytes",
        "Bytes of OMERO's copies, freed on its disk or refilled.",
        "what",
        lambda report: {"freed": report.freed_bytes, "refilled": report.refilled_bytes},
    ),
)


def _sums(pairs: Values, *there: str) -> Values:
    """The values with the same labels added up; those of ``there`` are 0 where there are none."""
    sums: dict[tuple[str, ...], float] = {(label,): 0 for label in there}
    for labels, value in pairs:
        sums[labels] = sums.get(labels, 0) + value
    return sums.items()


def _under_way(number: Callable[[UnderWay], int]) -> Callable[[AgentNow], Values]:
    return lambda now: _sums((((each.what,), number(each)) for each in now.under_way), IMPORTING)


AGENT_GAUGES: tuple[GaugeRow[AgentNow], ...] = (
    GaugeRow("under_way", "Imports, and changes of OMERO's copies, that go on.", _under_way(lambda _: 1), ("what",)),
    GaugeRow("under_way_bytes", "Bytes that they are about.", _under_way(lambda each: each.size), ("what",)),
    GaugeRow("under_way_done_bytes", "Bytes of these that are done.", _under_way(lambda each: each.done), ("what",)),
    GaugeRow(
        "under_way_oldest_seconds",
        "For how long the oldest of them has been going on.",
        lambda now: max((each.at - each.since for each in now.under_way), default=0),
    ),
    GaugeRow("events_behind_rows", "Rows of OMERO's event log not followed yet.", lambda now: now.events.behind),
    GaugeRow(
        "events_followed_timestamp_seconds",
        "When the event log was read last, seconds since 1970; 0 before the first time.",
        lambda now: now.events.at,
    ),
    GaugeRow(
        CACHE_BYTES,
        "Bytes of OMERO's copies, at the last look; 0 where cache.most_bytes is not set.",
        lambda now: now.cache.get(CACHE_BYTES, 0),
    ),
    GaugeRow(CACHE_MOST_BYTES, "How many there are to be at most.", lambda now: now.cache.get(CACHE_MOST_BYTES, 0)),
)


def _states(status: Status) -> Iterator[Labelled]:
    for agent in status.agents:
        yield (SILENT if not agent.speaks else CANNOT_SWEEP if agent.beat.trouble else AT_WORK,), 1


ZONE_GAUGES: tuple[GaugeRow[Status], ...] = (
    GaugeRow(
        "marks",
        "Marks in the zone.",
        lambda status: [
            *(((each.kind, "pending"), each.pending) for each in status.backlog),
            *(((each.kind, "taken"), each.taken) for each in status.backlog),
        ],
        ("kind", "state"),
    ),
    GaugeRow(
        "oldest_mark_seconds",
        "Age of the oldest pending mark, where the zone knows it.",
        lambda status: [
            ((each.kind,), each.oldest_seconds) for each in status.backlog if each.oldest_seconds is not None
        ],
        ("kind",),
    ),
    GaugeRow(
        "units_with_errors",
        "Units that show an error.",
        lambda status: _sums((((cause.kind,), cause.units) for cause in status.causes), GIVEN_UP, HINDERED),
        ("kind",),
    ),
    GaugeRow(
        "cause_units",
        "Units that show an error, for the most frequent causes.",
        # No two values of a gauge may have the same labels, and causes may begin alike.
        lambda status: _sums(
            ((cause.kind, cause.text[:CAUSE_LENGTH]), cause.units) for cause in status.causes[:CAUSES_SHOWN]
        ),
        ("kind", "cause"),
    ),
    GaugeRow("removals_held", "Units of which removals wait for a person.", lambda status: status.held),
    GaugeRow(
        "requests",
        "Requests in the zone.",
        lambda status: [((each.word, each.state), each.units) for each in status.requests],
        ("request", "state"),
    ),
    GaugeRow(
        "oldest_request_seconds",
        "Age of the oldest request.",
        lambda status: [((each.word, each.state), status.now - each.since) for each in status.requests if each.since],
        ("request", "state"),
    ),
    GaugeRow(
        "agent_last_sweep_timestamp_seconds",
        "End of the last sweep of each agent, as it says in the zone.",
        lambda status: [((each.shards,), each.beat.swept) for each in status.agents if each.beat.swept],
        ("shards",),
    ),
    GaugeRow(
        "agents",
        "Agents, by what they say in the zone.",
        lambda status: _sums(_states(status), AT_WORK, CANNOT_SWEEP, SILENT),
        ("state",),
    ),
    GaugeRow(
        "shards_overlapping",
        "Shards that two agents work on.",
        lambda status: len({shard for each in status.overlaps for shard in each.shards}),
    ),
    GaugeRow("shards_unattended", "Shards that no agent works on.", lambda status: len(status.unattended)),
    GaugeRow(
        "tier_objects",
        "Data objects on a tier, below the watched roots.",
        lambda status: [((each.tier,), each.replicas) for each in status.tiers],
        ("tier",),
    ),
    GaugeRow(
        "tier_bytes",
        "Their bytes together.",
        lambda status: [((each.tier,), each.size) for each in status.tiers],
        ("tier",),
    ),
)
"""What is read off how things stand, where the zone has answered."""

ZONE_UP: GaugeRow[Status | None] = GaugeRow(
    "zone_up", "Whether the zone has answered.", lambda status: status is not None
)
