"""Calls that change where the replicas of a data object are: replicate, trim, move, register, unlink."""

from pathlib import Path
from typing import TYPE_CHECKING

from lab.zone import replicas as opening
from lab.zone import selection, vault
from lab.zone.api.contents import transfer_reply, transferred
from lab.zone.api.descriptors import read_object_input
from lab.zone.api.registry import Reply, Request, api, show_with_output
from lab.zone.catalog import access, replicas, resources
from lab.zone.catalog.replicas import GOOD, INTERMEDIATE, STALE, WRITE_LOCKED, Replica
from lab.zone.catalog.resources import Resource
from lab.zone.errors import ZoneError, unsupported
from lab.zone.structs import CondInput, DataObjectInput, TransferStat

if TYPE_CHECKING:
    from lab.zone.agent import Agent

UNREGISTER = 26
_DEFAULT_COPIES = 2


class MoveInput(DataObjectInput):
    """A data object whose content is moved; the answer says how much."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.body)
        self.out: TransferStat | None = None


@api(695, "data_obj_repl", MoveInput, show_with_output)
def data_obj_repl(agent: "Agent", inp: MoveInput) -> Reply:
    """Make a replica on another resource, or bring a stale one there up to date."""
    object_replicas = replicas.of_path(agent.store, inp.path) or agent.refuse_missing(inp.path)
    agent.check_access(object_replicas[0].data_id, access.WRITE, "irodsAdmin" in inp.keywords, inp.path)
    opening.refuse_locked(object_replicas)
    if "all" in inp.keywords and "updateRepl" in inp.keywords:
        for replica in object_replicas:
            if replica.data_is_dirty == STALE:
                current = replicas.need(agent.store, inp.path)
                _replicate(agent, inp, current, resources.by_id(agent.store, replica.resc_id))
        return transfer_reply(0)
    target = _destination(agent, object_replicas, inp.keywords)
    size = _replicate(agent, inp, object_replicas, target)
    inp.out = transferred(size)
    return transfer_reply(size)


def _destination(agent: "Agent", object_replicas: list[Replica], keywords: CondInput) -> Resource:
    wanted = keywords.get("destRescName") or keywords.get("defRescName") or selection.DEFAULT_RESOURCE
    if "updateRepl" in keywords and "destRescName" not in keywords:
        stale = [replica for replica in object_replicas if replica.data_is_dirty == STALE]
        if stale:
            return resources.by_id(agent.store, stale[0].resc_id)
    root = resources.need(agent.store, wanted)
    leaves = {leaf.id for leaf in resources.leaves(agent.store, root)}
    for replica in object_replicas:
        if replica.resc_id in leaves:
            return resources.by_id(agent.store, replica.resc_id)
    return selection.leaf(agent.store, root)


def _replicate(agent: "Agent", inp: MoveInput, object_replicas: list[Replica], target: Resource) -> int:
    existing = next((replica for replica in object_replicas if replica.resc_id == target.id), None)
    if existing and existing.data_is_dirty == GOOD:
        raise ZoneError("SYS_COPY_ALREADY_IN_RESC", f"{inp.path} has a good replica on {target.name}")
    wanted = CondInput({key: value for key, value in inp.keywords.items() if key in ("rescName", "replNum")})
    source = selection.chosen(agent.store, object_replicas, wanted)
    if source.data_is_dirty != GOOD:
        raise ZoneError("SYS_REPLICA_INACCESSIBLE", "no good replica to copy")
    inp.keywords.pop("all", None)
    inp.keywords["resc_hier"] = resources.hierarchy(agent.store, source.resc_id)
    inp.keywords["dest_resc_hier"] = resources.hierarchy(agent.store, target.id)
    locked = [(replica, _locked(replica, existing)) for replica in object_replicas]
    agent.objects.finalize(locked)
    originals = {replica.data_repl_num: replica for replica in object_replicas}
    here = _registered(agent, inp.path, source, existing, target)
    vault.copy(source.data_path, here.data_path)
    done = here.copy(
        data_is_dirty=GOOD,
        data_status="",
        data_size=vault.size(here.data_path),
        data_checksum=vault.checksum(here.data_path) if source.data_checksum else "",
    )
    rest = [(after, originals[after.data_repl_num]) for _, after in locked if after.data_repl_num != here.data_repl_num]
    agent.objects.finalize([(here, done), *rest], to_now=True)
    return done.data_size


def _locked(replica: Replica, written: Replica | None) -> Replica:
    status = INTERMEDIATE if replica is written else WRITE_LOCKED
    return replica.copy(data_is_dirty=status, data_status=f'{{"original_status":"{replica.data_is_dirty}"}}')


def _registered(agent: "Agent", path: str, source: Replica, existing: Replica | None, target: Resource) -> Replica:
    """The row of the replica that is to be written, with its lock."""
    if existing:
        return _locked(existing, existing)
    new = source.copy(
        resc_id=target.id,
        data_path=agent.file_for(target.vault, path),
        data_is_dirty=INTERMEDIATE,
        data_status="{}",
    )
    shown = source.copy(data_is_dirty=WRITE_LOCKED, data_status=f'{{"original_status":"{source.data_is_dirty}"}}')
    keywords = {"dataSize": "0", "registerAsIntermediate": "", "bypass_logical_locking": ""}
    return agent.objects.register_replica(shown, new, path, keywords)


@api(632, "data_obj_trim", read_object_input)
def data_obj_trim(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Take replicas away until the given number is left; 1 if any was taken."""
    if "rescName" in inp.keywords and "replNum" in inp.keywords:
        raise ZoneError("USER_INCOMPATIBLE_PARAMS", "a resource or a replica number, not both")
    object_replicas = replicas.of_path(agent.store, inp.path) or agent.refuse_missing(inp.path)
    admin = "irodsAdmin" in inp.keywords
    agent.check_access(object_replicas[0].data_id, access.DELETE, admin, inp.path)
    chosen = _to_trim(agent, object_replicas, inp.keywords)
    unregister = UNREGISTER in (inp.operation, int(inp.keywords.get("oprType") or 0))
    for replica in chosen:
        if "dryrun" not in inp.keywords:
            agent.objects.unregister(replica, inp.path, inp.keywords, admin=admin)
            if not unregister:
                vault.remove(replica.data_path, resources.by_id(agent.store, replica.resc_id).vault)
    return Reply(1 if chosen else 0)


def _to_trim(agent: "Agent", object_replicas: list[Replica], keywords: CondInput) -> list[Replica]:
    keep = int(keywords.get("copies") or _DEFAULT_COPIES)
    if keep <= 0:
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"copies must be positive: {keep}")
    if len(object_replicas) <= keep:
        return []
    good = sum(replica.data_is_dirty == GOOD for replica in object_replicas)
    if "replNum" in keywords:
        return _numbered(object_replicas, keywords["replNum"], good)
    opening.refuse_locked(object_replicas)
    chosen: list[Replica] = []
    for status in (STALE, GOOD):
        for replica in object_replicas:
            if len(object_replicas) - len(chosen) <= keep:
                return chosen
            if replica.data_is_dirty != status or (status == GOOD and good <= 1):
                continue
            root = resources.root(resources.hierarchy(agent.store, replica.resc_id))
            if keywords.get("rescName", root) == root:
                chosen.append(replica)
                good -= status == GOOD
    return chosen


def _numbered(object_replicas: list[Replica], number: str, good: int) -> list[Replica]:
    named = [replica for replica in object_replicas if str(replica.data_repl_num) == number]
    if not named:
        raise ZoneError("SYS_REPLICA_DOES_NOT_EXIST", "target replica does not exist")
    opening.refuse_locked(named)
    if good <= 1 and named[0].data_is_dirty == GOOD:
        raise ZoneError("USER_INCOMPATIBLE_PARAMS", "cannot remove the last good replica")
    return named


@api(697, "data_obj_phymv", MoveInput, show_with_output)
def data_obj_phymv(agent: "Agent", inp: MoveInput) -> Reply:
    """Move a replica to another resource; its number and times stay."""
    object_replicas = replicas.of_path(agent.store, inp.path) or agent.refuse_missing(inp.path)
    admin = "irodsAdmin" in inp.keywords
    agent.check_access(object_replicas[0].data_id, access.WRITE, admin, inp.path)
    opening.refuse_locked(object_replicas)
    source_only = CondInput({key: value for key, value in inp.keywords.items() if key in ("rescName", "replNum")})
    source = selection.chosen(agent.store, object_replicas, source_only)
    target = selection.leaf(agent.store, resources.need(agent.store, inp.keywords.get("destRescName", "")))
    if any(replica.resc_id == target.id for replica in object_replicas):
        raise ZoneError("SYS_COPY_ALREADY_IN_RESC", f"{inp.path} has a replica on {target.name}")
    locked = [(replica, _locked(replica, None)) for replica in object_replicas]
    agent.objects.finalize(locked)
    here = _registered(agent, inp.path, source, None, target)
    vault.copy(source.data_path, here.data_path)
    agent.objects.unregister(source, inp.path, inp.keywords, admin=admin, level=access.WRITE)
    vault.remove(source.data_path, resources.by_id(agent.store, source.resc_id).vault)
    done = source.copy(resc_id=target.id, data_path=here.data_path, data_repl_num=here.data_repl_num)
    rest = [(after, before) for before, after in locked if before is not source]
    agent.objects.finalize([(here, done), *rest])
    inp.out = transferred(done.data_size)
    return transfer_reply(done.data_size)


@api(630, "phy_path_reg", read_object_input)
def phy_path_reg(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Register a file, or all below a folder, where it is."""
    if not agent.client.is_administrator:
        raise ZoneError("PATH_REG_NOT_ALLOWED", "only administrators may register paths")
    file = Path(inp.keywords.get("filePath", ""))
    resource = selection.target(agent.store, inp.keywords)
    if "collection" in inp.keywords:
        _register_folder(agent, inp, file, inp.path, resource)
    elif "regRepl" in inp.keywords:
        _register_replica(agent, inp, file, resource)
    else:
        _register_file(agent, inp, file, inp.path, resource)
    inp.keywords["resc_hier"] = resources.hierarchy(agent.store, resource.id)
    return Reply()


def _register_file(agent: "Agent", inp: DataObjectInput, file: Path, path: str, resource: Resource) -> None:
    if not file.is_file():
        raise ZoneError("UNIX_FILE_STAT_ERR", str(file))
    above = agent.collection_above(path)
    owner = (agent.client.name, agent.client.zone)
    replica = replicas.fresh(path, above.id, resource.id, owner).copy(
        data_path=str(file),
        data_size=vault.size(str(file)),
        data_is_dirty=GOOD,
        data_type_name=inp.keywords.get("dataType") or "generic",
        data_checksum=vault.checksum(str(file)) if "regChksum" in inp.keywords else inp.keywords.get("chksum", ""),
    )
    agent.objects.register(replica, path)


def _register_replica(agent: "Agent", inp: DataObjectInput, file: Path, resource: Resource) -> None:
    source = replicas.need(agent.store, inp.path)[0]
    size = vault.size(str(file))
    checksum = vault.checksum(str(file)) if source.data_checksum or "regChksum" in inp.keywords else ""
    if source.data_checksum and checksum != source.data_checksum:
        raise unsupported("registering other bytes as a replica: those that are there become stale (zone-106)")
    new = source.copy(resc_id=resource.id, data_path=str(file), data_size=size, data_checksum=checksum)
    agent.objects.register_replica(source, new, inp.path, inp.keywords)


def _register_folder(agent: "Agent", inp: DataObjectInput, folder: Path, path: str, resource: Resource) -> None:
    if not folder.is_dir():
        raise ZoneError("UNIX_FILE_STAT_ERR", str(folder))
    if agent.store.row("select 1 from r_coll_main where coll_name = ?", path) is None:
        agent.objects.register_collection(path)
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            _register_folder(agent, inp, entry, f"{path}/{entry.name}", resource)
        else:
            _register_file(agent, inp, entry, f"{path}/{entry.name}", resource)
