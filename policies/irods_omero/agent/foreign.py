"""Finds what is in OMERO's repository in place of the files of our units, and that nobody but its maker may touch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.agent.room import units_with_copies
from irods_omero.domain.rules.one_copy import foreign_files
from irods_omero.domain.state.managed_files import ManagedFile


class Foreign(NamedTuple):
    """A file of OMERO's that is none of its own.

    Attributes:
        path: Logical path of the data object that its unit begins with.
        file: What is there.
    """

    path: str
    file: ManagedFile


class ForeignFound(NamedTuple):
    """What was found.

    Attributes:
        files: The files.
        units: How many units with copies were looked at.
        is_all: Whether these are all.
    """

    files: tuple[Foreign, ...]
    units: int
    is_all: bool


def find_foreign(
    connections: Connections, seconds: float, clock: Callable[[], float] = time.time
) -> ForeignFound | None:
    """Look at the files of as many units as there is time for; nothing is read but what directories say.

    Returns:
        None where OMERO's repository cannot be looked into.

    Raises:
        UnreachableError: A side is down.
    """
    observer = Observer(connections, clock)
    if observer.repository is None:
        return None
    files, units, until = list[Foreign](), 0, time.monotonic() + seconds
    for page in units_with_copies(connections, observer, observer.repository, clock):
        units += len(page)
        files += (Foreign(each.zone.first.path, file) for each in page for file in foreign_files(each))
        if time.monotonic() > until:
            return ForeignFound(tuple(files), units, is_all=False)
    return ForeignFound(tuple(files), units, is_all=True)
