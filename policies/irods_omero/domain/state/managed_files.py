"""The files of a unit in OMERO's managed repository, as the database speaks of them and as they are on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

COPY = "copy"
ABSENT = "absent"
OTHER = "other"


class OnDisk(NamedTuple):
    """What is at the place of a managed file.

    Attributes:
        state: ``COPY``: a regular file of its own, of the size that the database has. ``ABSENT``: nothing at all.
            ``OTHER``: anything else, which nobody but whoever made it may touch.
        readable: Whether OMERO reads bytes of the right number there.
        what: In words, where it is ``OTHER``.
        leftover: Whether there is something under the name that this policy works with, from an agent that was killed.
    """

    state: str
    readable: bool
    what: str = ""
    leftover: bool = False


@dataclass(frozen=True)
class ManagedFile:
    """A file of a fileset.

    Attributes:
        id: OMERO id of the OriginalFile.
        path: Below the root of the repository.
        size: Bytes, by the database.
        digest: Its hash, by the database; empty for none.
        kind: The name of the hash's algorithm.
        modified: Its modification time by the database, milliseconds since 1970; None for none.
        client_path: The path that it was imported with.
        disk: What is there.
    """

    id: int
    path: str
    size: int
    digest: str
    kind: str
    modified: int | None
    client_path: str
    disk: OnDisk


@dataclass(frozen=True)
class Evict:
    """Remove OMERO's copies of a unit's files: iRODS was seen to have the same bytes."""

    files: tuple[ManagedFile, ...]

    @property
    def size(self) -> int:
        """Bytes on OMERO's disk that this concerns."""
        return sum(file.size for file in self.files if file.disk.state == COPY)


@dataclass(frozen=True)
class Verify(Evict):
    """Read what iRODS has of the files and compare it with OMERO's hashes, so that their copies may be removed."""


@dataclass(frozen=True)
class Refill(Evict):
    """Bring back into the repository those files that are not there."""

    @property
    def size(self) -> int:
        """Bytes that are to be written."""
        return sum(file.size for file in self.files if file.disk.state == ABSENT)


CopyAction = Evict | Verify | Refill
