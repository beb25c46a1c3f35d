"""A fileset that somebody imported into OMERO by another client, as far as it matters for taking it into iRODS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MAY_READ = "read"
MAY_WRITE = "write"


class SourceFile(NamedTuple):
    """One file of a fileset.

    Attributes:
        id: OMERO id of the original file.
        client_path: Where it was on the importer's machine, with slashes.
        size: Bytes.
        digest: Its hash in hexadecimal digits, as OMERO has it.
        digest_kind: The name of the algorithm in OMERO.
        path: Where it is below the repository that it is in.
        repository: UUID of that repository, empty for none.
    """

    id: int
    client_path: str
    size: int
    digest: str
    digest_kind: str
    path: str = ""
    repository: str = ""


class Fact(NamedTuple):
    """What OMERO knows of the images.

    Attributes:
        name: What it is, such as ``objective``.
        value: Its value.
        units: Of the value, empty for none.
    """

    name: str
    value: str
    units: str = ""


@dataclass(frozen=True)
class Source:
    """What OMERO says about a fileset that is to be taken in.

    Attributes:
        fileset: OMERO id.
        owner: Login name of the OMERO user who owns it.
        owner_id: OMERO id of that user.
        group: Name of its group.
        group_id: OMERO id of its group.
        members_may: What members of the group may do with it: ``read``, ``write``, or empty for nothing.
        imported: When it was imported, seconds since 1970.
        completed: When the last of its images was made, seconds since 1970; 0 while there is none.
        files: Its files, the one that Bio-Formats opens first.
        image: Id of its first image.
        names: What it is in, and called: ``project``, ``dataset``, ``screen``, ``plate``, ``name``, where known.
        acquired: When the first image was acquired, seconds since 1970; None where nobody knows.
        tags: For namespaces the texts of the tags on its images.
        pairs: For keys the values of the pairs on its images.
        facts: What else is known of the first image.
    """

    fileset: int
    owner: str
    owner_id: int
    group: str
    group_id: int
    members_may: str
    imported: float
    completed: float
    files: tuple[SourceFile, ...]
    image: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    acquired: float | None = None
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)
