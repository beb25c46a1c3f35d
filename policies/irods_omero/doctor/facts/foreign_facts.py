"""Observes what is in OMERO's repository in place of the files of units: what others have put there, and lost links."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.agent.one_copy.cache_trimming import units_with_copies
from irods_omero.doctor.facts.records import ForeignFacts, ForeignKind
from irods_omero.domain.rules.one_copy.copy_decision import foreign_files
from irods_omero.domain.rules.one_copy.links import lost_links
from irods_omero.domain.state.one_copy.managed_files import LINK, ManagedFile
from irods_omero.errors import PolicyError
from irods_omero.settings import Settings

SECONDS = 30.0
"""How long the doctor looks at most, in seconds."""

LOST = "a link that an agent has made, and leads to no file of the right size"


class Foreign(NamedTuple):
    """A file of OMERO's that is none of its own, or a link of an agent that leads nowhere.

    Attributes:
        path: Logical path of the data object that its unit begins with.
        file: What is there.
    """

    path: str
    file: ManagedFile


class ForeignFiles(NamedTuple):
    """The files of others among those of the units that were looked at.

    Attributes:
        files: The files.
        units: How many units with copies were looked at.
        is_all: Whether these are all.
    """

    files: tuple[Foreign, ...]
    units: int
    is_all: bool


def observe_foreign(settings: Settings) -> ForeignFacts | None:
    """What is there, by kind; None where that cannot be seen, of which others tell."""
    try:
        with Connections(settings) as connections:
            foreign = find_foreign(connections, SECONDS)
    except PolicyError:
        return None
    return kinds_of(foreign) if foreign else None


def kinds_of(foreign: ForeignFiles) -> ForeignFacts:
    """The files of others by kind: those of which one number or another is said are of one kind."""
    kinds = [(re.sub(r"\d+", "N", _what(each.file)), each.file.disk.readable) for each in foreign.files]
    examples = dict(zip(reversed(kinds), reversed(foreign.files), strict=True))
    return ForeignFacts(
        units=foreign.units,
        is_all=foreign.is_all,
        kinds=tuple(
            ForeignKind(
                _what(example.file),
                count,
                example.path,
                example.file.path,
                is_readable,
                example.file.disk.state == LINK,
            )
            for (kind, is_readable), count in sorted(Counter(kinds).items())
            for example in [examples[kind, is_readable]]
        ),
    )


def _what(file: ManagedFile) -> str:
    return LOST if file.disk.state == LINK else file.disk.what


def find_foreign(connections: Connections, seconds: float) -> ForeignFiles | None:
    """Look at the files of as many units as there is time for; nothing is read but what directories say.

    Returns:
        None where OMERO's repository cannot be looked into.

    Raises:
        UnreachableError: A side is down.
    """
    observer = Observer(connections, time.time)
    if observer.repository is None:
        return None
    files, units, until = list[Foreign](), 0, time.monotonic() + seconds
    for page in units_with_copies(connections, observer, observer.repository, time.time):
        units += len(page)
        files += (
            Foreign(each.zone.first.path, file) for each in page for file in (*foreign_files(each), *lost_links(each))
        )
        if time.monotonic() > until:
            return ForeignFiles(tuple(files), units, is_all=False)
    return ForeignFiles(tuple(files), units, is_all=True)
