"""The files of a unit in OMERO's repository, by its database and on disk, and those in vaults that may be linked to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

COPY = "copy"
ABSENT = "absent"
LINK = "link"
OTHER = "other"

FINGERPRINT_DIGITS = 16
"""Hexadecimal digits of a digest that nobody has a reason to forge."""


@dataclass(frozen=True)
class OnDisk:
    """What is at the place of a managed file.

    Attributes:
        state: ``COPY``: a regular file of its own, of the size that the database has. ``ABSENT``: nothing at all.
            ``LINK``: a symbolic link that an agent has made, into a vault. ``OTHER``: anything else, which nobody but
            whoever made it may touch.
        readable: Whether OMERO reads bytes of the right number there.
        what: In words, where it is ``OTHER``.
        target: Where it leads to, if it is a symbolic link.
        leftover: Whether there is something beside it under the name that files are brought back under, from an agent
            that was killed.
        aside: Whether there is something under the name that files are removed under, which may be all that there is.
        used: When it was read last, as far as the file system says so, seconds since 1970. Who reads it changes nothing
            about what it is.
        written: When it was written, or got its name, by the same clock.
    """

    state: str
    readable: bool
    what: str = ""
    target: str = ""
    leftover: bool = False
    aside: bool = False
    used: float = field(default=0.0, compare=False)
    written: float = field(default=0.0, compare=False)

    @property
    def is_tidy(self) -> bool:
        """Whether nothing lies beside it."""
        return not (self.leftover or self.aside)


NOT_LOOKED_AT = OnDisk(OTHER, readable=False, what="not looked at")


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
    disk: OnDisk = NOT_LOOKED_AT


class VaultFile(NamedTuple):
    """The file of a replica in its vault, as OMERO's host sees it.

    Attributes:
        data_id: Catalog id of its data object.
        number: Number of the replica.
        root: The directory of the vault.
        path: Where it is.
        why_not: Why a link to it might be wrong one day, for people; empty where it leads to this file or to nothing
            for as long as there is one.
    """

    data_id: int
    number: int
    root: str
    path: str
    why_not: str = ""


def is_managed_file(path: str, files: Iterable[ManagedFile]) -> bool:
    """Whether the file of a replica is one of these itself, registered where OMERO has it, and no copy.

    Hosts may see the repository at different places: below it the path is the same. No vault has such a path, which
    begins with OMERO's user and the time of the import, unless somebody makes it so: then a copy is kept that might go.
    """
    return any(ends_with(path, file.path) for file in files)


def ends_with(path: str, own: str) -> bool:
    """Whether a path ends with that of a file below the repository, which may be seen at different places."""
    parts, ours = [part for part in path.split("/") if part not in ("", ".")], own.split("/")
    return bool(own) and parts[-len(ours) :] == ours


def fingerprint(files: Iterable[ManagedFile]) -> str:
    """A short digest of what OMERO's database says of the bytes of some files."""
    return short_digest(sorted((file.id, file.size, file.digest) for file in files))


def short_digest(facts: object) -> str:
    """One of plain values, by which others are told from them."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:FINGERPRINT_DIGITS]


@dataclass(frozen=True)
class CopyAction:
    """What is to be done in OMERO's repository about the files of a unit."""

    files: tuple[ManagedFile, ...]

    @property
    def size(self) -> int:
        """Bytes on OMERO's disk that it concerns."""
        return sum(file.size for file in self.files if file.disk.state == COPY)


class Evict(CopyAction):
    """Remove OMERO's copies: iRODS was seen to have the same bytes."""

    @property
    def size(self) -> int:
        """Bytes that are removed."""
        return sum(file.size for file in self.files if file.disk.state == COPY or file.disk.aside)


class Verify(CopyAction):
    """Read what iRODS has of the files and compare it with OMERO's hashes, so that their copies may be removed."""


class Share(CopyAction):
    """Have OMERO's copies share the blocks of what iRODS has on the same file system: they stay as they are."""


class Link(CopyAction):
    """Have a link lead from OMERO's place to the file in the vault, in place of what is there or of nothing."""

    @property
    def size(self) -> int:
        """Bytes that are compared."""
        return sum(file.size for file in self.files)


class Refill(CopyAction):
    """Bring back those files that are not there, or of which there is a link that is right no more."""

    @property
    def size(self) -> int:
        """Bytes that are written."""
        return sum(file.size for file in self.files if file.disk.state in {ABSENT, LINK})


class Clear(CopyAction):
    """Clear up beside the files what an agent that was killed has left: nothing is read from iRODS."""

    @property
    def size(self) -> int:
        """None."""
        return 0
