"""Sees where data objects are change: replicas made and removed, objects and collections renamed, moved and deleted.

Storage tiering's movements come by here as by anything else, and end with its group AVU, which `metadata` sees. The
last replica of an object takes its AVUs with it, so that a deletion posts its mark on the collection. What is renamed,
moved or thrown away bears its own mark, and the collection that it was in bears another: what is left there may belong
together otherwise now.

A rename is not committed when its database event fires: a mark written then would commit half of it, or roll it back.
It is remembered, and looked at when the rename, removal or rule that made it is over. A rename by a microservice inside
another call waits for the next of these on its connection; what it moves after a put bears the mark of the put anyway.
"""

from irods_omero.hooks import arguments, catalog, marking, watching
from irods_omero.hooks.adapter import hook, state
from irods_omero.hooks.content import INTERMEDIATE, NOT_COMMITTED
from irods_omero.hooks.watching import memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from irods_omero.hooks.event import HookEvent

FILE_PATH = "filePath"
CHANGES_THAT_MATTER = frozenset((FILE_PATH, "dataSize", "replStatus", "rescId", "rescHier", "rescName"))
"""A checksum by itself is none: it says what the content is, which has not changed."""


@hook
def pep_database_reg_replica_post(event: "HookEvent") -> None:
    """A file was registered as a replica; a replica whose bytes are still to come is seen when they are there."""
    info = event.args[4]
    path = str(info.objPath)
    if watching.is_watched(event, path) and int(info.replStatus) != INTERMEDIATE:
        marking.post(event, catalog.DATA_OBJECT, path, arguments.identifier(info.dataId))


@hook
def pep_database_unreg_replica_post(event: "HookEvent") -> None:
    """A replica is gone, by trim or unregistering or with the whole object."""
    info, why = event.args[3], event.args[4]
    path = str(info.objPath)
    if not watching.is_watched(event, path):
        return
    data_id = arguments.identifier(info.dataId)
    if not arguments.has(why, "forceFlag") and catalog.path_of_object(event.callback, data_id):
        marking.post(event, catalog.DATA_OBJECT, path, data_id)
    else:
        marking.post(event, catalog.COLLECTION, watching.parent(path), arguments.identifier(info.collId))


@hook
def pep_database_mod_data_obj_meta_post(event: "HookEvent") -> None:
    """What the catalog says of a replica was changed: by truncation, a checksum, an administrator, or a rename."""
    info, changes = event.args[3], event.args[4]
    path = str(info.objPath)
    if not watching.is_watched(event, path):
        return
    changed = CHANGES_THAT_MATTER.intersection(str(changes.key[index]) for index in range(int(changes.len)))
    is_rename = memory.moved and changed == {FILE_PATH}
    if changed and not is_rename:
        data_id = arguments.identifier(info.dataId)
        if int(info.flags) & NOT_COMMITTED:
            watching.remember(memory.moved, data_id, path)
        else:
            marking.post(event, catalog.DATA_OBJECT, path, data_id)


@hook
def pep_database_del_coll_post(event: "HookEvent") -> None:
    """A collection is gone, and with it the marks of what was deleted in it."""
    parent = watching.parent(str(event.args[3].collName))
    if watching.is_watched(event, parent):
        marking.post(event, catalog.COLLECTION, parent, catalog.id_of(event.callback, catalog.COLLECTION, parent))


@hook
def pep_database_rename_object_post(event: "HookEvent") -> None:
    """A data object or a collection gets another name."""
    remember_move(event)


@hook
def pep_database_move_object_post(event: "HookEvent") -> None:
    """A data object or a collection goes into another collection, which may be the trash."""
    remember_move(event)


@hook
def pep_api_data_obj_rename_post(event: "HookEvent") -> None:
    """A rename is over."""
    if memory.moved:
        names = event.args[2]
        observe_moves(event, (str(names.srcDataObjInp.objPath), str(names.destDataObjInp.objPath)))


@hook
def pep_api_data_obj_unlink_post(event: "HookEvent") -> None:
    """A data object is in the trash, unless it was deleted at once."""
    if memory.moved:
        observe_moves(event, (str(event.args[2].objPath),))


@hook
def pep_api_rm_coll_post(event: "HookEvent") -> None:
    """A collection is in the trash, unless it was deleted at once."""
    if memory.moved:
        observe_moves(event, (str(event.args[2].collName),))


@hook
def pep_api_exec_my_rule_post(event: "HookEvent") -> None:
    """A rule is over, whose microservices may have renamed things."""
    observe_moves(event, ())


@hook
def pep_api_exec_rule_expression_post(event: "HookEvent") -> None:
    """A rule of the delay queue is over."""
    observe_moves(event, ())


@hook
def pep_api_bulk_data_obj_reg_post(event: "HookEvent") -> None:
    """Data objects that were registered in one transaction are there."""
    observe_moves(event, ())


@hook
def pep_api_struct_file_ext_and_reg_post(event: "HookEvent") -> None:
    """An archive was unpacked, and what was in it registered in one transaction."""
    observe_moves(event, ())


def remember_move(event: "HookEvent") -> None:
    """Keep the id of what moves until that is committed; what was known of collections' paths no longer counts."""
    memory.forget_places()
    watching.remember(memory.moved, arguments.identifier(event.args[3]), watching.UNWATCHED)


def observe_moves(event: "HookEvent", named: "Sequence[str]") -> None:
    """Mark what has moved into a watched collection or out of one, and the collection that it was in.

    `named` are the paths that the client gave, first the one that it was moved away from.
    """
    moved = list(memory.moved)
    memory.moved.clear()
    from_watched = any(watching.is_watched(event, path) for path in named)
    if named and not from_watched:
        return
    for identifier in moved:
        try:
            observe_move(event, identifier, from_watched)
        except RuntimeError as failure:
            state.report(event.callback, "looking at what moved: {}".format(failure))
    if named:
        observe_loss(event, named[0])


def observe_move(event: "HookEvent", identifier: str, from_watched: bool) -> None:
    """Mark a data object or collection that is watched now, or was before, or is one that the agent knows."""
    kind = catalog.DATA_OBJECT
    path = catalog.path_of_object(event.callback, identifier)
    if path is None:
        kind = catalog.COLLECTION
        path = catalog.path_of_collection(event.callback, identifier)
    if path is None:
        return
    if from_watched or watching.is_watched(event, path) or is_known(event, kind, identifier):
        marking.post(event, kind, path, identifier)


def observe_loss(event: "HookEvent", source: str) -> None:
    """Mark the collection that something was in which has another name now."""
    if watching.is_watched(event, source):
        collection = watching.parent(source)
        identifier = catalog.id_of(event.callback, catalog.COLLECTION, collection)
        if identifier:
            marking.post_as(event, event.settings.names.gather, catalog.COLLECTION, collection, identifier)


def is_known(event: "HookEvent", kind: str, identifier: str) -> bool:
    """Whether a data object or collection bears attributes of this policy."""
    return bool(catalog.own_attributes(event.callback, kind, identifier, event.settings.names.prefix))
