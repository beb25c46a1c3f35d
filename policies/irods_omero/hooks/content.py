"""Sees content arrive: by every route that opens, writes and closes, and by registration of files that exist."""

from irods_omero.hooks import arguments, catalog, marking, watching
from irods_omero.hooks.adapter import hook
from irods_omero.hooks.watching import memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from irods_omero.hooks.event import HookEvent

GOOD = "1"
INTERMEDIATE = 2
NOT_COMMITTED = 1
"""The flag of a DataObjInfo whose transaction the caller of the database operation ends."""

PLACE = ("data_is_dirty", "resc_id", "data_path")


@hook
def pep_database_reg_data_obj_post(event: "HookEvent") -> None:
    """A data object has a name: with its content if a file was registered, otherwise the content is still to come."""
    info = event.args[3]
    path = str(info.objPath)
    watched = watching.is_watched(event, path)
    data_id = arguments.identifier(info.dataId)
    if int(info.replStatus) == INTERMEDIATE:
        watching.remember(memory.registered, data_id, path if watched else watching.UNWATCHED)
    elif watched and int(info.flags) & NOT_COMMITTED:
        watching.remember(memory.moved, data_id, path)
    elif watched:
        marking.post_on_new(event, path, data_id)


@hook
def pep_database_data_object_finalize_post(event: "HookEvent") -> None:
    """A transfer was opened, closed or given up, or a replica was made: which of these, the states of replicas say."""
    replicas = arguments.decoded(event.args[3]).get("replicas")
    if not replicas:  # seen once, of whatever call: nothing is said of any replica
        return
    now = replicas[0]["after"]
    data_id = arguments.identifier(now["data_id"])
    new = memory.registered.pop(data_id, None)
    if new == watching.UNWATCHED or not any(has_arrived(replica) or has_settled(replica) for replica in replicas):
        return
    if new:
        marking.post_on_new(event, new, data_id)
        return
    path = watching.path_by_ids(event, data_id, arguments.identifier(now["coll_id"]), now["data_name"])
    if path:
        marking.post(event, catalog.DATA_OBJECT, path, data_id)


def has_arrived(replica: "Any") -> bool:
    """Whether new content was written to a replica, and completely."""
    return "file_modified" in replica and replica["after"]["data_is_dirty"] == GOOD


def has_settled(replica: "Any") -> bool:
    """Whether a replica that was made, repaired or moved is good now, which it is not after an opening or a failure."""
    before, after = replica["before"], replica["after"]
    return after["data_is_dirty"] == GOOD and any(before[column] != after[column] for column in PLACE)
