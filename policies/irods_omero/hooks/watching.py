"""Decides whether a path is watched, and of which directory; remembers what this connection saw of paths that later
events leave out."""

from time import monotonic

from irods_omero.hooks import catalog
from irods_omero.vocabulary import DIRECTORY, SELF, is_part_of_zarr, zarr_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from irods_omero.hooks.event import HookEvent

MOST = 10000
"""How many entries each memory holds before the oldest go: a connection may live for days."""

UNWATCHED = ""

RULE_SECONDS = 60
"""How long what collections say of their files is believed, in seconds: what changes meanwhile costs marks, and loses
none."""


class Memory(object):
    """What this connection saw; one server process serves one connection."""

    def __init__(self) -> None:
        self.registered = {}  # type: Dict[str, str]
        """Data objects whose content is still to come, with their paths if these are watched."""
        self.moved = {}  # type: Dict[str, str]
        """Data objects and collections that were changed in a transaction which is not over."""
        self.collections = {}  # type: Dict[str, str]
        """Paths of collections that were asked for."""
        self.directories = {}  # type: Dict[str, tuple[str, float]]
        """For paths of collections the directory that their files are of, or nothing, and until when that counts."""

    def forget_places(self) -> None:
        """Collections may have other paths now, or say something else."""
        self.collections.clear()
        self.directories.clear()


memory = Memory()


def remember(entries: "Dict[str, Any]", key: str, value: "Any") -> None:
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


def directory_of(event: "HookEvent", path: str) -> str:
    """The collection that is one unit with all that it holds, a data object of this path among it; empty for none.

    It is empty, too, where the client may not see what collections say. Nobody may rely on it: it may have changed.
    """
    collection = parent(path)
    directory, until = memory.directories.get(collection, ("", 0.0))
    if monotonic() >= until:
        directory = nearest_directory(event, collection)
        remember(memory.directories, collection, (directory, monotonic() + RULE_SECONDS))
    return "" if zarr_of(path) else directory


def has_no_mark(path: str) -> None:
    """Keep in mind that this client cannot mark the directory of a data object."""
    remember(memory.directories, parent(path), ("", monotonic() + RULE_SECONDS))


def nearest_directory(event: "HookEvent", collection: str) -> str:
    """The directory that a collection is, or lies in: one read of what it and those above it say."""
    if not catalog.is_quotable(collection):
        return ""
    said = {}  # type: Dict[str, list[tuple[str, str]]]
    for path, kind, units in catalog.said_above(event.callback, collection, event.settings.names.import_):
        said.setdefault(path, []).append((kind, units))
    nearest = max((path for path in said if (collection + "/").startswith(path + "/")), key=len, default="")
    if said.get(nearest) == [(DIRECTORY, SELF)]:
        return nearest
    below = collection[len(nearest) + 1 :].partition("/")[0]
    return nearest + "/" + below if said.get(nearest) == [(DIRECTORY, "")] and below else ""
