"""Access control lists of data objects: read for many at once, and changed one entry at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from irods.access import iRODSAccess
from irods.column import In, Like
from irods.models import Collection, CollectionAccess, DataAccess, DataObject, User

from irods_omero.domain.state.actions import SetRight
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.intake_objects import LEVELS, grant, kind_of_user, made_by, make_group
from irods_omero.gateways.zone.queries import IDS_A_QUERY, rows
from irods_omero.gateways.zone.watched import like

WORDS = {word: level for level, word in LEVELS.items()}
"""The levels that the agent gives, by the words of the catalog."""


def read_rights(zone: ZoneConnection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """For each of some data objects who has which level: those of users of other zones have ``#`` and the zone."""
    columns = (DataObject.id, DataAccess.name, DataAccess.user_id)
    rights: dict[int, dict[int, str]] = defaultdict(dict)
    for chunk in in_batches(sorted(set(ids)), IDS_A_QUERY):
        for data_id, access, user in rows(zone, "reading rights", columns, In(DataObject.id, chunk)):
            word = access.replace(" ", "_")  # as older servers have it
            rights[data_id][user] = WORDS.get(word, word)
    names = _names(zone, {user for entries in rights.values() for user in entries})
    return {
        data_id: {names[user]: level for user, level in entries.items() if user in names}
        for data_id, entries in rights.items()
    }


def _names(zone: ZoneConnection, ids: Iterable[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for chunk in in_batches(sorted(ids), IDS_A_QUERY):
        users = rows(zone, "reading the names of users", (User.id, User.name, User.zone), In(User.id, chunk))
        names |= {id_: name if of_zone == zone.zone else f"{name}#{of_zone}" for id_, name, of_zone in users}
    return names


def set_right(zone: ZoneConnection, action: SetRight) -> None:
    """Do what the action says; collections come first, as nobody sees what lies in one that is closed to him."""
    name, level = action.grant
    if action.is_new_group and not kind_of_user(zone, name):
        make_group(zone, name)
    if action.opens:
        _open(zone, action.path.rpartition("/")[0], name)
    if not level:
        access = iRODSAccess("null", action.path, name, zone.zone)
        zone.call(f"taking the rights of {name}", action.path, lambda session: session.acls.set(access, admin=True))
        return
    grant(zone, action.path, name, level)


def _open(zone: ZoneConnection, collection: str, name: str) -> None:
    """Let a user or group look into a collection and those above, as far as the agent made them and nobody may yet."""
    columns = (Collection.name, CollectionAccess.user_id)
    for folder in made_by(zone, zone.settings.user, [collection]):
        entries = rows(zone, "reading rights", columns, Like(Collection.name, like(folder)))
        ids = {user for path, user in entries if path == folder}
        if name not in _names(zone, ids).values():
            grant(zone, folder, name, "read")
