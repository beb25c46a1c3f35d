"""Which data objects are imported together, and the key by which their fileset is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from irods_omero.vocabulary import FILE, UNIT_KIND_TABLE, shard_of

MAXIMUM_CHECKSUM = 250
"""What is longer is no checksum: SHA-512 takes 95 characters."""

DIGEST_DIGITS = 32
"""The number of hexadecimal digits that stand for several checksums: what was agreed has to fit into one AVU."""

REPLICA_DIGITS = 12
"""The number of hexadecimal digits that stand for several replica numbers: JSON readers take such numbers exactly."""

COLLECTIONS_KEPT = 2
"""Number of collections above the files of a unit whose names OMERO is told: it keeps at most three itself."""

OF_SEVERAL = tuple(kind.name for kind in UNIT_KIND_TABLE if kind.of_several)
BY_AGENT = tuple(kind.name for kind in UNIT_KIND_TABLE if kind.by_agent)
"""The names of the kinds of units that can have several data objects, and of those that the agent makes."""

SUBSTITUTES = str.maketrans(
    {**dict(zip('"*:<>?\\|', "'x;[]%!!", strict=True)), **dict.fromkeys(map(chr, range(32)), "_")}
)
"""What OMERO writes in the names of files for characters that some file system does not take."""


@dataclass(frozen=True, order=True)
class Unit:
    """What is imported at once and becomes one OMERO fileset.

    Attributes:
        data_id: Catalog id of the first data object, the one that Bio-Formats opens.
        kind: Name of its kind.
    """

    data_id: int
    kind: str = FILE

    @property
    def is_of_several(self) -> bool:
        """Whether it can have several data objects."""
        return self.kind in OF_SEVERAL

    @property
    def is_by_agent(self) -> bool:
        """Whether the agent has made it."""
        return self.kind in BY_AGENT

    @property
    def shard(self) -> int:
        """The stable number by which several agents share the work."""
        return shard_of(self.data_id)


@dataclass(frozen=True)
class Content:
    """What tells one content of a data object, or of a unit of several, from another without reading it.

    The modification time belongs to one replica: replication sets a new one (``finalize_destination_replica`` of
    the iRODS server sets the time to now), so that times are compared only between replicas of the same number. Moving
    a data object to another collection, or touching it, sets a new time too: only reading can tell then.

    Attributes:
        size: Bytes, of all objects.
        checksum: As the catalog has it, or empty where none was computed; of several objects one over all of them.
        replica: Number of the replica that was looked at; of several objects a number that stands for theirs.
        modified: Its modification time, seconds since 1970; of several objects the latest.
    """

    size: int
    checksum: str
    replica: int
    modified: int

    def same_as(self, earlier: Content) -> bool:
        """Whether nothing says that the content has changed since ``earlier``."""
        if not self.may_be(earlier):
            return False
        if self._is_comparable(earlier):
            return True
        return self.replica != earlier.replica or self.modified == earlier.modified

    def may_be(self, earlier: Content) -> bool:
        """Whether it can be the same content: at most its time says otherwise."""
        return self.size == earlier.size and not (self._is_comparable(earlier) and self.checksum != earlier.checksum)

    def _is_comparable(self, earlier: Content) -> bool:
        """Whether both have checksums of the same kind."""
        return bool(self.checksum and earlier.checksum) and _scheme(self.checksum) == _scheme(earlier.checksum)

    def encoded(self) -> list[int | str]:
        """As a list that JSON can hold."""
        return [self.size, self.checksum, self.replica, self.modified]

    @staticmethod
    def decoded(value: object) -> Content:
        """The inverse of ``encoded``; raises ValueError for anything else."""
        match value:
            case [int(size), str(checksum), int(replica), int(modified)] if len(checksum) <= MAXIMUM_CHECKSUM:
                return Content(size, checksum, replica, modified)
        raise ValueError(f"not a content: {value!r}")


def _scheme(checksum: str) -> str:
    """The algorithm, which differs between replicas when a zone changes its default; MD5 sums name none."""
    return checksum.partition(":")[0] if ":" in checksum else ""


def together(contents: Sequence[Content]) -> Content:
    """The content of a unit, from those of its data objects, which have to come in an order that does not change.

    The checksum begins as theirs do, so that it is compared with those of the same algorithm only.
    """
    if len(contents) == 1:
        return contents[0]
    schemes = {_scheme(content.checksum) if content.checksum else None for content in contents}
    numbers = _digest(str(content.replica) for content in contents)
    checksum = ""
    if len(schemes) == 1 and (scheme := schemes.pop()) is not None:
        checksum = f"{scheme}:" * bool(scheme) + _digest(content.checksum for content in contents)
    return Content(
        size=sum(content.size for content in contents),
        checksum=checksum,
        replica=int(numbers[:REPLICA_DIGITS], 16),
        modified=max(content.modified for content in contents),
    )


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:DIGEST_DIGITS]


def zone_prefix(zone: str) -> str:
    """The start of the client paths of every fileset that was imported from a zone, by its name in keys."""
    return f"irods/{zone}/"


def import_prefix(zone: str, data_id: int) -> str:
    """The start of the client paths of every fileset that was ever imported for a data object."""
    return f"{zone_prefix(zone)}{data_id}/"


def size_prefix(zone: str, data_id: int, size: int) -> str:
    """The start of the client paths of every fileset of a data object's contents of this size."""
    return f"{import_prefix(zone, data_id)}{size}-"


def import_key(zone: str, data_id: int, content: Content) -> str:
    """The start of the client paths of one content's fileset: an import that was cut off is found again by it.

    OMERO stores ``FilesetEntry.clientPath`` as it was given, before the first byte is uploaded.
    """
    return f"{size_prefix(zone, data_id, content.size)}{content.replica}-{content.modified}/"


def entry_paths(key: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The client paths of a fileset's files: as they lie below the deepest collection that holds all of them.

    Files refer to each other by name, and two of the same name may come from different collections. Where there are
    several, that collection and the one above keep their names: some formats name plates by them.
    """
    shared = 0
    for parts in zip(*(path.split("/")[:-1] for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    start = max(shared - COLLECTIONS_KEPT, min(shared, 1)) if len(paths) > 1 else shared
    return tuple(key + "/".join(path.split("/")[start:]) for path in paths)


def same_in_omero(paths: Sequence[str]) -> tuple[str, str] | None:
    """Two of these logical paths that would be one file in OMERO, None if no two of them would."""
    known: dict[str, str] = {}
    for path in paths:
        other = known.setdefault(path.translate(SUBSTITUTES), path)
        if other is not path:
            return other, path
    return None


class ImportKey(NamedTuple):
    """The data object that a client path names: the first of its unit, and the zone by its name in keys."""

    zone: str
    data_id: int


def parse_import_key(client_path: str) -> ImportKey | None:
    """The data object for which a fileset was imported, None if it was not imported by this policy."""
    match client_path.split("/"):
        case ["irods", zone, data_id, _, _, *_] if data_id.isdecimal():
            return ImportKey(zone, int(data_id))
    return None
