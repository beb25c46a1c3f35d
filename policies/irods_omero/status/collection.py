"""What a collection says of what arrives in it, and how far the agent has followed it: the zone alone knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from irods_omero.domain.state.views import ImportRule
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import is_marked_collection
from irods_omero.gateways.zone.walk_positions import BEGINNING, positions
from irods_omero.gateways.zone.watched import is_collection, read_watched
from irods_omero.vocabulary import Names


@dataclass(frozen=True)
class DirectoryState:
    """The directory that a unit is, or is to be, of.

    Attributes:
        path: The collection.
        unit: Catalog id of the first of its files, None while they are no unit.
        rule: Why, or what it waits for.
    """

    path: str
    unit: int | None
    rule: str

    def __str__(self) -> str:
        """For people."""
        return f"of the directory {self.path}: {self.rule}"


@dataclass(frozen=True)
class CollectionState:
    """What a collection says, and how far the agent has followed it.

    Attributes:
        path: Its path.
        rule: What holds for what arrives in it, None where nothing is imported.
        trouble: Why nobody can tell what it means, empty if everybody can.
        marked: Whether the agent is to look at all that it holds.
        walked: At how many data objects it has looked.
        directory: The directory that it is or lies in, if it is watched for such units.
    """

    path: str
    rule: ImportRule | None
    trouble: str
    marked: bool
    walked: int
    directory: DirectoryState | None = None


def look_at_collection(
    zone: ZoneConnection, names: Names, path: str, look_at_directory: Callable[[str], DirectoryState]
) -> CollectionState | None:
    """What a collection says; None if there is no collection of this path.

    Args:
        zone: The zone.
        names: The names of its AVUs.
        path: Logical path.
        look_at_directory: Gives the state of a directory by its path, where the collection is or lies in one.

    Raises:
        UnreachableError: The zone is down.
    """
    if not is_collection(zone, path):
        return None
    watched = read_watched(zone, names)
    directory = watched.directory_of(f"{path}/any")
    return CollectionState(
        path=path,
        rule=watched.rule_for(f"{path}/"),
        trouble=watched.trouble(path),
        marked=is_marked_collection(zone, names, path),
        walked=positions(zone, names).get(path, BEGINNING).count,
        directory=look_at_directory(directory) if directory else None,
    )
