"""What there is at a facility, where, since when, and what comes next: tables, from what was read of both servers.

One description of each table, and of what is wrong, serves the page, JSON, CSV and the terminal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from irods_omero.domain.state.counts import ImageCount, Outlook, TierCount
from irods_omero.domain.state.texts import timestamp
from irods_omero.settings import Settings
from irods_omero.status.summary import Status, TierUse

Cell = str | int

Row = tuple[Cell, ...]
"""One value for each column of a table."""

TEXT, NUMBER, BYTES = "text", "number", "bytes"

IN_IRODS = "bytes in iRODS"
"""The one size in the summary, and a column."""

NOTES = (
    "Images are counted by the tier in their tags in OMERO, for all zones that have images there. Replicas and bytes "
    "in iRODS are those of good replicas below the watched roots of this zone.",
    "An image's month is that of its import; months are by the clock of OMERO's database.",
    "Only the last movement of an image is known: since when it has been on its present tier. Images that were brought "
    "in there and never moved are included; an image that was moved to another OMERO group counts from then on, "
    "when it was tagged again.",
    "What will move next is what nobody has used for the time that is set on the resource. A query of your own on the "
    "resource may exclude some of it, as the one of this project excludes what people ask to keep. Tiers that preserve "
    "replicas are left out, as what was already copied from there cannot be told from what was not. Flagged objects "
    "count once for each good replica.",
)
"""What the figures mean, and what nobody knows."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its key in JSON and CSV, its heading, and whether it holds text, numbers or bytes."""

    key: str
    heading: str
    kind: str = TEXT


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        key: Its key in JSON, and the name of its CSV file.
        title: For people.
        columns: Texts first, then numbers.
        rows: In the order in which they are shown.
        empty: What is said where there are no rows.
        unread: Whether nobody could be asked: it has no rows, which means nothing.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = "Nothing to show."
    unread: bool = False

    def records(self) -> list[dict[str, Cell]]:
        """The rows, each by the keys of the columns."""
        return [dict(zip((column.key for column in self.columns), row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Facility:
    """What was read.

    Attributes:
        now: Seconds since 1970.
        zone: Name of the zone.
        server: Name of the OMERO server.
        status: How things stand.
        outlook: What will move next.
        images: Images by group, tier and month of import.
        since: Images by tier, and by the month since when they are there.
        unreachable: Why OMERO could not be asked; empty if it could.
    """

    now: float
    zone: str
    server: str
    status: Status
    outlook: Outlook = field(default_factory=Outlook)
    images: Sequence[ImageCount] = ()
    since: Sequence[TierCount] = ()
    unreachable: str = ""


IMAGES = (Column("images", "images", NUMBER), Column("filesets", "filesets", NUMBER), Column("bytes", "size", BYTES))
GROUP, TIER = Column("group", "OMERO group"), Column("tier", "tier")
MONTH = Column("month", "month")


def tables(facility: Facility, settings: Settings) -> tuple[Table, ...]:
    """All tables, in the order in which they are shown."""
    since = tuple((each.month, each.tier, each.images) for each in sorted(facility.since, key=lambda each: each.month))
    return (
        _tiers(facility),
        _added(facility, "groups", "Images by group and tier", GROUP, TIER),
        _added(facility, "arrivals", "Arrivals by month", MONTH, TIER),
        _of_omero(facility, "since", "Images by month of arrival on their tier", (MONTH, TIER, IMAGES[0]), since),
        _next(facility, settings),
        _waiting(facility.status),
        _requests(facility.status),
        _causes(facility.status),
        _added(facility, "images", "Images by group, tier and month", GROUP, TIER, MONTH),
    )


def _of_omero(facility: Facility, key: str, title: str, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Table:
    if facility.unreachable:
        return Table(key, title, columns, (), _unasked(facility), unread=True)
    return Table(key, title, columns, rows, "No image carries the tag of a tier.")


def _unasked(facility: Facility) -> str:
    return f"OMERO cannot be asked: {facility.unreachable}"


def _added(facility: Facility, key: str, title: str, *by: Column) -> Table:
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in facility.images:
        cell, counts = tuple(getattr(each, column.key) for column in by), (each.images, each.filesets, each.size)
        sums[cell] = [one + other for one, other in zip(sums[cell], counts, strict=True)]
    return _of_omero(facility, key, title, (*by, *IMAGES), tuple((*cell, *sums[cell]) for cell in sorted(sums)))


def _tiers(facility: Facility) -> Table:
    """One row for each tier, whatever its resources."""
    images: dict[str, int] = defaultdict(int)
    for each in facility.images:
        images[each.tier] += each.images
    used: dict[str, list[TierUse]] = defaultdict(list)
    for use in facility.status.tiers:
        used[use.tier].append(use)
    counted = () if facility.unreachable else (Column("images", "images in OMERO", NUMBER),)
    columns = (
        TIER,
        Column("resource", "resource"),
        *counted,
        Column("replicas", "good replicas in iRODS", NUMBER),
        Column("bytes", IN_IRODS, BYTES),
    )
    rows: tuple[Row, ...] = tuple(
        (
            tier,
            ", ".join(each.resource for each in used[tier]),
            *(images[tier] for _ in counted),
            sum(each.replicas for each in used[tier]),
            sum(each.size for each in used[tier]),
        )
        for tier in [*used, *sorted(images.keys() - used.keys())]
    )
    return Table("tiers", "Tiers", columns, rows, "There is nothing below the watched roots.")


def _next(facility: Facility, settings: Settings) -> Table:
    outlook = facility.outlook
    flagged = "flagged by storage tiering: queued, or given up"
    rows: list[Row] = [("", "", flagged, outlook.scheduled, outlook.scheduled_size)]
    for each in outlook.due:
        look = settings.tiers.get(each.resource)
        when = f"unused for long enough in {each.days} days" if each.days else "unused for long enough now"
        tier = look.name if look and look.name else each.resource
        rows.append((tier, each.resource, when, each.replicas, each.size))
    columns = (
        TIER,
        Column("resource", "resource"),
        Column("when", "when"),
        Column("replicas", "replicas", NUMBER),
        Column("bytes", "size", BYTES),
    )
    empty = "Nothing, by the times that are set on the resources."
    return Table("next", "What storage tiering will move next", columns, tuple(row for row in rows if row[3]), empty)


def _waiting(status: Status) -> Table:
    rows = tuple((each.kind, each.pending, each.taken) for each in status.backlog)
    columns = (
        Column("what", "what"),
        Column("pending", "wait for the agent", NUMBER),
        Column("taken", "are being worked on", NUMBER),
    )
    return Table("waiting", "What the agent will do next", columns, rows, "Nothing waits for the agent.")


def _requests(status: Status) -> Table:
    rows = tuple(
        (each.word, each.state, timestamp(each.since) if each.since else "", each.units) for each in status.requests
    )
    columns = (
        Column("request", "request"),
        Column("state", "state"),
        Column("oldest", "oldest since"),
        Column("units", "units", NUMBER),
    )
    return Table("requests", "Requests that wait, and units held by one", columns, rows, "Nobody asks for anything.")


def _causes(status: Status) -> Table:
    rows = tuple((each.kind, each.text, each.example, each.units) for each in status.causes)
    columns = (
        Column("kind", "kind"),
        Column("cause", "cause"),
        Column("example", "for example"),
        Column("units", "units", NUMBER),
    )
    return Table("errors", "Errors by cause", columns, rows, "Nothing is wrong with any unit.")


def summary_of(facility: Facility) -> dict[str, int]:
    """The few numbers above all tables; those that nobody could be asked for are left out."""
    status = facility.status
    images = {} if facility.unreachable else {"images": sum(each.images for each in facility.images)}
    return images | {
        IN_IRODS: sum(each.size for each in status.tiers),
        "with errors": sum(each.units for each in status.causes),
        "held": status.held,
    }


def problems_of(facility: Facility) -> Iterator[str]:
    """What an administrator has to do something about, or to know when reading the figures."""
    yield from facility.status.problems
    if facility.unreachable:
        yield _unasked(facility)
    if facility.status.cut:
        yield f"there are more {', '.join(facility.status.cut)} than were counted"


def as_dict(facility: Facility, settings: Settings) -> dict[str, Any]:
    """For JSON: each table by its key, without those that nobody could be asked for, and what is wrong."""
    return {
        "time": timestamp(facility.now),
        "zone": facility.zone,
        "server": facility.server,
        "omero_unreachable": facility.unreachable,
        "problems": list(problems_of(facility)),
        "more_than_counted": list(facility.status.cut),
        "notes": list(NOTES),
        "summary": summary_of(facility),
        **{table.key: table.records() for table in tables(facility, settings) if not table.unread},
    }
