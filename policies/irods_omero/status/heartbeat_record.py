"""What an agent says of itself once a minute: one AVU on the home collection of its account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from irods_omero.domain.state.texts import MAXIMUM_BYTES, printable

SECONDS = 60
"""At most once in this time a heartbeat is written."""

TROUBLE_BYTES = 300
PATH_BYTES = 1000

CACHE_BYTES, CACHE_MOST_BYTES = "cache_bytes", "cache_most_bytes"
"""In what is said of OMERO's copies: how many bytes there are, and are to be at most."""

IMPORTING = "import"
"""What goes on that takes long, as people read it; others are named by whoever does them."""

LONGEST = MAXIMUM_BYTES - 10
"""The index of a PostgreSQL catalog takes a little less than the column."""


@dataclass(frozen=True)
class UnderWay:
    """Something that goes on and takes long.

    Attributes:
        path: Logical path of the first data object.
        size: Bytes of all data objects.
        done: Bytes that are done of these: of an import those that were sent to OMERO.
        since: When it began, seconds since 1970.
        at: When it had come so far.
        what: What it is.
    """

    path: str
    size: int
    done: int
    since: int
    at: int
    what: str = IMPORTING


@dataclass(frozen=True)
class HeartbeatRecord:
    """What an agent says of itself.

    Attributes:
        at: When it says so, seconds since 1970.
        started: When it was started.
        host: The machine that it runs on.
        version: Its version.
        swept: The end of its last sweep; 0 before the first one.
        seconds: How long that took.
        report: What that sweep did, without what did not happen.
        trouble: Why the last sweep was broken off; empty if it was not.
        under_way: What goes on that takes long.
        copies: Since its start, of how many units OMERO's copies were removed and brought back, and how many bytes; and
            how many bytes there are, and are to be at most.
        beside: The machine of another agent that says the same of itself, for the same shards; empty if there is none.
    """

    at: int
    started: int
    host: str = ""
    version: str = ""
    swept: int = 0
    seconds: float = 0.0
    report: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    under_way: tuple[UnderWay, ...] = ()
    copies: Mapping[str, int] = field(default_factory=dict)
    beside: str = ""

    def is_of(self, other: HeartbeatRecord) -> bool:
        """Whether both are of one process."""
        return (self.host, self.started) == (other.host, other.started)


def encode(beat: HeartbeatRecord) -> str:
    """The heartbeat as JSON that fits into an AVU; of many things under way the last are left out."""
    under_way = tuple(replace(each, path=printable(each.path, PATH_BYTES)) for each in beat.under_way)
    while True:
        short = replace(beat, trouble=printable(beat.trouble, TROUBLE_BYTES), under_way=under_way)
        text = json.dumps(asdict(short), separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) <= LONGEST or not under_way:
            return text
        under_way = under_way[:-1]


def decode(text: str) -> HeartbeatRecord | None:
    """The heartbeat of an AVU; None where it is none that this version can read."""
    try:
        fields: dict[str, Any] = json.loads(text)
        under_way = tuple(UnderWay(**each) for each in fields.pop("under_way"))
        beat = HeartbeatRecord(**fields, under_way=under_way)
        return replace(beat, at=int(beat.at), started=int(beat.started), swept=int(beat.swept))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
