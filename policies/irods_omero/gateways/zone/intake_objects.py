"""Writes data objects for what came through OMERO first: in a collection of the agent's own, from where they are moved.

Whatever is there was left by this agent: nobody else has rights on it, so that what was broken off is taken up again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import irods.keywords as kw
from irods.access import iRODSAccess
from irods.column import Like
from irods.models import Collection, CollectionMeta, User

from irods_omero.domain.state.actions import Relocate
from irods_omero.domain.state.omero_first.rights import Grant, grants_on
from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection, in_our_words
from irods_omero.gateways.zone.objects import FEW, by_folder, objects_in
from irods_omero.gateways.zone.queries import rows
from irods_omero.gateways.zone.watched import is_collection, like

AS_ADMIN = {kw.ADMIN_KW: ""}

GROUP_TYPE = "rodsgroup"

WRITING = "writing"

LEVELS = {"read": "read_object", "write": "modify_object", "own": "own"}


def collections_in(zone: ZoneConnection, collection: str) -> list[str]:
    """The collections directly in a collection; none if it is not there."""
    columns, condition = (Collection.name, Collection.parent_name), Like(Collection.parent_name, like(collection))
    return sorted(
        path for path, parent in rows(zone, "listing collections", columns, condition) if parent == collection
    )


def make_collection(zone: ZoneConnection, path: str) -> None:
    """Make a collection and all above it; those that are there stay as they are."""
    zone.call("making the collection", path, lambda session: session.collections.create(path, recurse=True))


def make_place(zone: ZoneConnection, path: str) -> None:
    """Make a collection that belongs to others, with the right to put something there.

    An administrator has no rights on what belongs to others until he gives them to himself: the iRODS server makes no
    collection for him otherwise, whatever keyword he gives. What was given stays.
    """
    account, above = zone.settings.user, path
    while above.count("/") > 1 and not is_collection(zone, above):
        above = above.rpartition("/")[0]
    grant(zone, above, account, "own")
    make_collection(zone, path)
    if above != path:
        grant(zone, path, account, "own")


def make_places(zone: ZoneConnection, folders: Iterable[str], owner: str, grants: Iterable[Grant]) -> None:
    """Make collections for data of an owner, with the rights on those that the agent has made."""
    folders, grants = sorted(folders), tuple(grants)
    for folder in folders:
        make_place(zone, folder)
    for folder in made_by(zone, zone.settings.user, folders):
        for name, level in grants_on(folder, zone.zone, owner, grants):
            grant(zone, folder, name, level)


def relocate(zone: ZoneConnection, action: Relocate) -> None:
    """Give a data object another path; the agent takes the right to do so, as an administrator has no other way."""
    if action.grants is not None:
        make_places(zone, [action.new.rpartition("/")[0]], action.owner, action.grants)
    if exists(zone, action.new):  # the client would move it into a collection of that name
        raise RefusedError("moving", action.path, f"there is something at {action.new}")
    grant(zone, action.path, zone.settings.user, "own")
    move_object(zone, action.path, action.new)


def collection_avus(zone: ZoneConnection, collection: str) -> frozenset[Avu]:
    """The AVUs of a collection."""
    columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    avu_rows = rows(zone, "reading AVUs", columns, Like(Collection.name, like(collection)))
    return frozenset(Avu(name, value, units or "") for path, name, value, units in avu_rows if path == collection)


def avus_below(zone: ZoneConnection, collection: str) -> dict[str, set[Avu]]:
    """The AVUs of the collections directly in a collection, by their paths, as far as they have any."""
    columns = (Collection.name, Collection.parent_name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    avus: dict[str, set[Avu]] = defaultdict(set)
    avu_rows = rows(zone, "reading AVUs", columns, Like(Collection.parent_name, like(collection)))
    for path, parent, name, value, units in avu_rows:
        if parent == collection:
            avus[path].add(Avu(name, value, units or ""))
    return avus


def exists(zone: ZoneConnection, path: str) -> bool:
    """Whether there is a data object or a collection at a path."""

    def look(session: Any) -> bool:
        return bool(session.data_objects.exists(path) or session.collections.exists(path))

    return zone.call("looking for", path, look)


def is_taken(zone: ZoneConnection, paths: Sequence[str]) -> bool:
    """Whether there is a data object or a collection at any of some paths."""
    for folder, inside in by_folder(paths).items():
        if not is_collection(zone, folder):
            continue
        if len(inside) > FEW:
            if not {*objects_in(zone, folder), *collections_in(zone, folder)}.isdisjoint(inside):
                return True
        elif any(exists(zone, path) for path in inside):
            return True
    return False


def made_by(zone: ZoneConnection, user: str, folders: Iterable[str]) -> list[str]:
    """Those of some collections, and of all above them, that a user has made."""
    above = {folder.rsplit("/", depth)[0] for folder in folders for depth in range(folder.count("/"))} - {""}
    columns = (Collection.name, Collection.owner_name)
    owners = [row for path in above for row in rows(zone, "reading owners", columns, Like(Collection.name, like(path)))]
    return sorted({path for path, owner in owners if owner == user and path in above})


def write_object(zone: ZoneConnection, path: str, blocks: Iterable[bytes], resource: str) -> None:
    """Write a data object, new or over what was broken off.

    Args:
        zone: The zone.
        path: Logical path.
        blocks: Its bytes; what raises there passes through.
        resource: Name of the resource, empty for the zone's default.

    Raises:
        UnreachableError: The zone is down or the connection broke.
        RefusedError: The zone refuses to write, for instance as a resource is full.
    """
    options = {kw.DEST_RESC_NAME_KW: resource} if resource else {}
    stream = zone.call(
        WRITING, path, lambda session: session.data_objects.open(path, "w", allow_redirect=False, **options)
    )
    try:
        for block in blocks:
            _write(stream, block, path)
    except BaseException:
        # Closing would say that it is complete. However the server leaves it, nothing says that it was verified.
        zone.close()
        raise
    zone.call(WRITING, path, lambda _: stream.close())


def _write(stream: Any, block: bytes, path: str) -> None:
    with in_our_words(WRITING, path):
        stream.write(block)


def compute_checksum(zone: ZoneConnection, path: str) -> str:
    """Have the zone read a data object and register its checksum; returns it."""
    return zone.call("computing the checksum of", path, lambda session: str(session.data_objects.chksum(path)))


def set_owner(zone: ZoneConnection, path: str, user: str) -> None:
    """Make a user the owner of a data object, as the catalog shows it; this gives no rights."""
    # The server looks for the admin keyword among the changes; options of python-irodsclient are somewhere else.
    change = {"dataOwner": user, "dataOwnerZone": zone.zone, **AS_ADMIN}
    target = {"objPath": path}

    def modify(session: Any) -> None:
        session.data_objects.modDataObjMeta(target, dict(change))

    zone.call(f"making {user} the owner of", path, modify)


def grant(zone: ZoneConnection, path: str, name: str, level: str) -> None:
    """Let a user or group ``read``, ``write`` or ``own`` a data object or collection."""
    access = iRODSAccess(LEVELS[level], path, name, zone.zone)
    zone.call(f"letting {name} {level}", path, lambda session: session.acls.set(access, admin=True))


def move_object(zone: ZoneConnection, path: str, new: str) -> None:
    """Give a data object another path."""
    zone.call("moving", path, lambda session: session.data_objects.move(path, new))


def remove_collection(zone: ZoneConnection, path: str) -> None:
    """Remove a collection that holds nothing of use, with all that is in it."""
    zone.call("removing", path, lambda session: session.collections.remove(path, recurse=True, force=True))


def kind_of_user(zone: ZoneConnection, name: str) -> str:
    """The type of a user or group of this zone, empty if there is none of this name."""
    conditions = (User.name == name, User.zone == zone.zone)
    types = rows(zone, "looking for the user", (User.type,), *conditions)
    return str(types[0][0]) if types else ""


def make_group(zone: ZoneConnection, name: str) -> None:
    """Make a group without members."""
    zone.call("making the group", name, lambda session: session.groups.create(name))
