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

LONGEST = MAXIMUM_BYTES - 10
"""The index of a PostgreSQL catalog takes a little less than the column."""


@dataclass(frozen=True)
class UnderWay:
    """An import that goes on.

    Attributes:
        path: Logical path of the first data object.
        size: Bytes of all data objects.
        done: Bytes that were sent to OMERO.
        since: When it began, seconds since 1970.
        at: When it had come so far.
    """

    path: str
    size: int
    done: int
    since: int
    at: int


@dataclass(frozen=True)
class Beat:
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
        importing: The imports that go on.
        copies: Since its start, of how many units OMERO's copies were removed and brought back, and how many bytes.
    """

    at: int
    started: int
    host: str = ""
    version: str = ""
    swept: int = 0
    seconds: float = 0.0
    report: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    importing: tuple[UnderWay, ...] = ()
    copies: Mapping[str, int] = field(default_factory=dict)


def encode(beat: Beat) -> str:
    """The heartbeat as JSON that fits into an AVU; of many imports the last are left out."""
    imports = tuple(replace(each, path=printable(each.path, PATH_BYTES)) for each in beat.importing)
    while True:
        short = replace(beat, trouble=printable(beat.trouble, TROUBLE_BYTES), importing=imports)
        text = json.dumps(asdict(short), separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) <= LONGEST or not imports:
            return text
        imports = imports[:-1]


def decode(text: str) -> Beat | None:
    """The heartbeat of an AVU; None where it is none that this version can read."""
    try:
        fields: dict[str, Any] = json.loads(text)
        importing = tuple(UnderWay(**each) for each in fields.pop("importing"))
        beat = Beat(**fields, importing=importing)
        return replace(beat, at=int(beat.at), started=int(beat.started), swept=int(beat.swept))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
