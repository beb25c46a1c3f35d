"""Calls on collections, and renaming and removing of data objects, with the trash."""

from typing import TYPE_CHECKING, Any

from lab.zone import replicas as opening
from lab.zone import vault, wire
from lab.zone.api.contents import CopyInput
from lab.zone.api.descriptors import read_object_input
from lab.zone.api.movements import UNREGISTER
from lab.zone.api.registry import Reply, Request, api, show_with_output
from lab.zone.catalog import collections, replicas, resources
from lab.zone.errors import ZoneError
from lab.zone.structs import (
    CharArray,
    CollectionInput,
    CollOprStat,
    DataObjectInput,
    ModAccessControlInp,
    name,
    parent,
    parents,
)

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_RENAME_COLLECTION = 12


class CollectionRequest(CollectionInput):
    """A collection to work on."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.body)
        self.out: CollOprStat | None = None


@api(681, "coll_create", CollectionRequest)
def coll_create(agent: "Agent", inp: CollectionRequest) -> Reply:
    """Make a collection, and with the keyword all above it; one that is there is fine then."""
    inp.keywords["translatedPath"] = ""
    recursive = "recursiveOpr" in inp.keywords
    if collections.find(agent.store, inp.path):
        if recursive:
            return Reply()
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", inp.path)
    missing = [inp.path]
    if recursive:
        missing += [above for above in parents(inp.path) if collections.find(agent.store, above) is None]
    for path in reversed(missing):
        agent.objects.register_collection(path)  # no keyword gives rights (zone-78)
    return Reply()


@api(679, "rm_coll", CollectionRequest, show_with_output)
def rm_coll(agent: "Agent", inp: CollectionRequest) -> Reply:
    """Remove a collection: into the trash, or with the force flag for good."""
    inp.keywords["translatedPath"] = ""
    if collections.find(agent.store, inp.path) is None:
        raise ZoneError("CAT_UNKNOWN_COLLECTION", inp.path)
    if inp.path in _kept(agent):
        raise ZoneError("CANT_RM_NON_EMPTY_HOME_COLL", inp.path)
    keywords = inp.keywords
    if "recursiveOpr" not in keywords:
        agent.objects.delete_collection(inp.path)
    elif "forceFlag" in keywords or _in_trash(agent, inp.path) or inp.operation == UNREGISTER:
        _remove_tree(agent, inp, inp.path)
    else:
        _trash_collection(agent, inp.path)
    inp.out = CollOprStat(filesCnt=1, totalFileCnt=1, bytesWritten=0, lastObjPath=CharArray(inp.path))
    fields: list[tuple[str, str | int]] = [
        ("filesCnt", 0),
        ("totalFileCnt", 0),
        ("bytesWritten", 0),
        ("lastObjPath", ""),
    ]
    return Reply(0, wire.pack("CollOprStat_PI", fields))


def _kept(agent: "Agent") -> tuple[str, ...]:
    zone = agent.zone
    return ("/", f"/{zone}", f"/{zone}/home", f"/{zone}/trash", f"/{zone}/trash/home")


def _in_trash(agent: "Agent", path: str) -> bool:
    return path.startswith(f"/{agent.zone}/trash/")


def _remove_tree(agent: "Agent", inp: CollectionRequest, path: str) -> None:
    """Remove what is in a collection, collections first, then the collection; a user's trash itself stays."""
    above = collections.need(agent.store, path)
    for child in collections.children(agent.store, path):
        _remove_tree(agent, inp, child.path)
    for data_name in replicas.in_collection(agent.store, above.id):
        _unlink(agent, f"{path}/{data_name}", dict(inp.keywords), inp.operation == UNREGISTER)
    if parent(path) != f"/{agent.zone}/trash/home":
        agent.objects.delete_collection(path, _is_by_administrator(inp.keywords))


def _trash_path(agent: "Agent", path: str) -> str:
    """Where something goes in the trash: the same place below the client's trash, under a free name."""
    zone, parts = agent.zone, path.split("/")[2:]
    if parts[:2] == ["home", agent.client.name]:
        parts = parts[2:]
    target, number = f"/{zone}/trash/home/{agent.client.name}/{'/'.join(parts)}", 0
    free = target
    while collections.find(agent.store, free) or replicas.of_path(agent.store, free):
        number += 1
        free = f"{target}.{number}"
    return free


def _make_missing(agent: "Agent", path: str) -> None:
    missing = [above for above in (path, *parents(path)) if collections.find(agent.store, above) is None]
    for above in reversed(missing):
        agent.objects.register_collection(above)


def _trash_collection(agent: "Agent", path: str) -> None:
    target = _trash_path(agent, path)
    _make_missing(agent, parent(target))
    _relocate_collection(agent, path, target)


def _relocate_collection(agent: "Agent", old: str, new: str) -> None:
    """Give a collection another path, and the files of its data objects with it."""
    collection = collections.need(agent.store, old)
    if new.startswith(old + "/"):
        raise ZoneError("SAME_SRC_DEST_PATHS_ERR", new)
    if parent(old) == parent(new):
        agent.objects.rename(collection.id, old, new, True)
    else:
        agent.objects.move(collection.id, old, new, True)
    for below in reversed(collections.below(agent.store, new)):
        for data_name in replicas.in_collection(agent.store, below.id):
            _follow(agent, f"{below.path}/{data_name}")


def _follow(agent: "Agent", path: str) -> None:
    """Move the files of a data object's replicas to where its new path says."""
    for replica in replicas.need(agent.store, path):
        resource = resources.by_id(agent.store, replica.resc_id)
        new = replica.data_path
        if not agent.settings.random_paths and vault.holds(resource.vault, replica.data_path):
            new = vault.free_path(resource.vault, path)
            vault.move(replica.data_path, new)
        agent.objects.modify(path, {"data_path": new}, {"filePath": new}, replica)


@api(627, "data_obj_rename", CopyInput)
def data_obj_rename(agent: "Agent", inp: CopyInput) -> Reply:
    """Give a collection or data object another path."""
    old, new = inp.source.path, inp.target.path
    if old == new:
        raise ZoneError("SAME_SRC_DEST_PATHS_ERR", old)
    if inp.source.operation == _RENAME_COLLECTION or collections.find(agent.store, old):
        _relocate_collection(agent, old, new)
    else:
        _relocate_object(agent, old, new)
    return Reply()


def _relocate_object(agent: "Agent", old: str, new: str) -> None:
    object_replicas = replicas.of_path(agent.store, old) or agent.refuse_missing(old)
    opening.refuse_locked(object_replicas)
    if parent(old) == parent(new):
        agent.objects.rename(object_replicas[0].data_id, old, new, False)
    else:
        agent.objects.move(object_replicas[0].data_id, old, new, False)
        if name(old) != name(new):
            agent.objects.rename(object_replicas[0].data_id, f"{parent(new)}/{name(old)}", new, False)
    _follow(agent, new)


@api(615, "data_obj_unlink", read_object_input)
def data_obj_unlink(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Remove a data object: into the trash, or with the force flag for good."""
    object_replicas = replicas.of_path(agent.store, inp.path) or agent.refuse_missing(inp.path)
    inp.keywords["translatedPath"] = ""
    inp.keywords["resc_hier"] = resources.hierarchy(agent.store, object_replicas[0].resc_id)
    opening.refuse_locked(object_replicas)
    unregister = inp.operation == UNREGISTER
    if unregister or "forceFlag" in inp.keywords or _in_trash(agent, inp.path):
        _unlink(agent, inp.path, inp.keywords, unregister)
        return Reply()
    target = _trash_path(agent, inp.path)
    _make_missing(agent, parent(target))
    _relocate_object(agent, inp.path, target)
    return Reply()


def _is_by_administrator(keywords: dict[str, str]) -> bool:
    return "irodsAdmin" in keywords or "irodsAdminRmTrash" in keywords


def _unlink(agent: "Agent", path: str, keywords: dict[str, str], unregister: bool) -> None:
    admin = _is_by_administrator(keywords)
    shown = {key: value for key, value in keywords.items() if key not in ("resc_hier", "translatedPath")}
    for replica in replicas.need(agent.store, path):
        agent.objects.unregister(replica, path, shown, admin=admin)
        if not unregister:
            vault.remove(replica.data_path, resources.by_id(agent.store, replica.resc_id).vault)


class AccessInput:
    """A change of permissions."""

    def __init__(self, request: Request) -> None:
        body = request.body
        self.recursive = bool(body.number("recursiveFlag"))
        self.level, self.user, self.zone, self.path = (
            body.get(tag) for tag in ("accessLevel", "userName", "zone", "path")
        )

    def shown(self) -> Any:
        """The input as hooks see it."""
        texts = {"accessLevel": self.level, "userName": self.user, "zone": self.zone, "path": self.path}
        return ModAccessControlInp(
            recursiveFlag=int(self.recursive), **{field: CharArray(text) for field, text in texts.items()}
        )


@api(707, "mod_access_control", AccessInput)
def mod_access_control(agent: "Agent", inp: AccessInput) -> Reply:
    """Change permissions."""
    agent.objects.set_access(inp.path, inp.level, (inp.user, inp.zone), inp.recursive)
    return Reply()
