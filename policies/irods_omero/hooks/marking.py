"""Posts the mark "look at this" on a data object or a collection: one AVU, written with the rights of the client.

The mark is looked for first, because adding it twice costs lines of SQL errors in the server log; an object that this
connection has just registered cannot have one. An administrator who writes by ticket or with the admin flag has no
rights on the object itself: then the mark is written in administrator mode, which the server grants to nobody else.
Where an ordinary client has no right to write AVUs (it wrote by a ticket), there is no mark but a line in the server
log with the id; nothing is lost, since reconcile looks at every object whether marked or not. Where a client may write
an AVU on an object but not see it, as it has no rights on the collection, nobody can say its id: the mark has a shard
that may be another's, whose agent passes it on.

Of the files of a directory that is one unit its collection bears the mark, and they bear none: while thousands of them
arrive there is one, until the agent has taken it. That it is still there is read for each of them, as nothing else can
tell: a file that has come just after the agent had looked must leave another one. Who may not write on the collection
marks the file.
"""

from irods_omero.hooks import arguments, catalog, watching
from irods_omero.vocabulary import PENDING, shard_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Tuple

    from irods_omero.hooks.event import HookEvent

ALREADY_THERE = "[iRods__Error__Code:-809000]"
NOT_ALLOWED = "[iRods__Error__Code:-818000]"
SOME_SHARD = 0
ENTITY_TYPES = {catalog.DATA_OBJECT: "data_object", catalog.COLLECTION: "collection"}


class Pen(object):
    """How this connection writes marks, and whether it is writing one now."""

    def __init__(self) -> None:
        self.is_writing = False
        self.as_administrator = False


pen = Pen()


class Unmarked(RuntimeError):  # noqa: N818 - a state, not a mistake
    """A mark could not be posted; what it was for waits for the next reconcile."""


def post(event: "HookEvent", kind: str, path: str, identifier: "Optional[str]") -> None:
    """Post the mark, unless it is there already or the agent did this itself; without an id for what is not seen."""
    if kind != catalog.DATA_OBJECT or not is_on_directory(event, path):
        post_as(event, event.settings.names.sync, kind, path, identifier)


def post_as(event: "HookEvent", attribute: str, kind: str, path: str, identifier: "Optional[str]") -> None:
    """Post a mark of another name, as `post` does."""
    if event.is_by_agent():
        return
    if identifier and catalog.is_pending(event.callback, kind, identifier, attribute):
        return
    write(event, attribute, kind, path, identifier)


def post_on_new(event: "HookEvent", path: str, data_id: str) -> None:
    """Post the mark on a data object that this connection has just registered: without looking first."""
    if not event.is_by_agent() and not is_on_directory(event, path):
        write(event, event.settings.names.sync, catalog.DATA_OBJECT, path, data_id)


def is_on_directory(event: "HookEvent", path: str) -> bool:
    """Have the directory of a data object bear the mark; false if it is in none, or the client may not do that."""
    if event.is_by_agent():
        return False
    try:
        directory = watching.directory_of(event, path)
        if directory and not catalog.is_pending_at(event.callback, directory, event.settings.names.sync):
            identifier = catalog.id_of(event.callback, catalog.COLLECTION, directory)
            write(event, event.settings.names.sync, catalog.COLLECTION, directory, identifier)
    except RuntimeError:
        watching.has_no_mark(path)
        return False
    return bool(directory)


def write(event: "HookEvent", attribute: str, kind: str, path: str, identifier: "Optional[str]") -> None:
    """Write the mark by the cheapest call that the client's rights allow."""
    shard = shard_of(int(identifier)) if identifier else SOME_SHARD
    mark = (attribute, PENDING, str(shard))
    pen.is_writing = True
    try:
        if pen.as_administrator or not write_as_client(event, kind, path, mark):
            pen.as_administrator = True
            write_as_administrator(event.callback, kind, path, mark)
    except RuntimeError as failure:
        named = identifier or path
        reason = "no mark on {} {}, which waits for reconcile: {}".format(ENTITY_TYPES[kind], named, failure)
        raise Unmarked(reason) from None
    finally:
        pen.is_writing = False


def write_as_client(event: "HookEvent", kind: str, path: str, mark: "Tuple[str, str, str]") -> bool:
    """Write the mark with the client's own rights; false if these do not do, but those of an administrator would."""
    try:
        event.callback.msiModAVUMetadata(kind, path, "add", *mark)
    except RuntimeError as failure:
        if ALREADY_THERE in str(failure):
            return True
        if NOT_ALLOWED in str(failure) and event.is_by_administrator():
            return False
        raise
    return True


def write_as_administrator(callback: "Any", kind: str, path: str, mark: "Tuple[str, str, str]") -> None:
    """Write the mark with the admin flag; the server, too, checks that the client is an administrator."""
    operation = {"operation": "add", "attribute": mark[0], "value": mark[1], "units": mark[2]}
    request = {"entity_name": path, "entity_type": ENTITY_TYPES[kind], "operations": [operation], "admin_mode": True}
    callback.msi_atomic_apply_metadata_operations(arguments.encoded(request), "")
