"""Decides whether a path is watched, and remembers what this connection saw of paths that later events leave out."""

from irods_omero.hooks import catalog
from irods_omero.vocabulary import is_part_of_zarr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional

    from irods_omero.hooks.event import HookEvent

MOST = 10000
"""How many entries each memory holds before the oldest go: a connection may live for days."""

UNWATCHED = ""


class Memory(object):
    """What this connection saw; one server process serves one connection."""

    def __init__(self) -> None:
        self.registered = {}  # type: Dict[str, str]
        """Data objects whose content is still to come, with their paths if these are watched."""
        self.moved = {}  # type: Dict[str, str]
        """Data objects and collections that were changed in a transaction which is not over."""
        self.collections = {}  # type: Dict[str, str]
        """Paths of collections that were asked for."""


memory = Memory()


def remember(entries: "Dict[str, str]", key: str, value: str) -> None:
    """Keep an entry, and forget the oldest of too many."""
    if len(entries) >= MOST:
        del entries[next(iter(entries))]
    entries[key] = value


def is_watched(event: "HookEvent", path: str) -> bool:
    """Whether what happens to a data object or collection of this path may matter."""
    return is_below(event, path) and not is_part_of_zarr(path)


def is_below(event: "HookEvent", path: str) -> bool:
    """Whether a data object or collection of this path is under a watched root, or one itself; trash never is."""
    settings = event.settings
    return (path.startswith(settings.below) and not path.startswith(settings.trash)) or path in settings.roots


def parent(path: str) -> str:
    """The collection that a path is in."""
    return path.rpartition("/")[0]


def path_by_ids(event: "HookEvent", data_id: str, collection_id: str, name: str) -> "Optional[str]":
    """The path of a watched data object that an event names by ids: one read per collection and connection.

    A collection may have been moved since by another connection, so the path of an object that seems watched is read
    again: the mark must go to this object and to no other.
    """
    collection = memory.collections.get(collection_id)
    if collection is None:
        collection = catalog.path_of_collection(event.callback, collection_id) or UNWATCHED
        remember(memory.collections, collection_id, collection)
    if collection and not is_watched(event, collection + "/" + name):
        return None
    path = catalog.path_of_object(event.callback, data_id)
    return path if path and is_watched(event, path) else None
