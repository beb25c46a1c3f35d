"""An open replica: locked in the catalog when it is opened for writing, finalized there when it is closed."""

import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.zone import selection, vault
from lab.zone.catalog import access, metadata, replicas, resources
from lab.zone.catalog.metadata import Avu
from lab.zone.catalog.replicas import GOOD, INTERMEDIATE, STALE, WRITE_LOCKED, Replica
from lab.zone.catalog.store import now
from lab.zone.errors import ZoneError
from lab.zone.structs import CondInput, DataObjectInput

if TYPE_CHECKING:
    from lab.zone.agent import Agent

CREATE, OPEN_READ, OPEN_WRITE = "1", "2", "3"


@dataclass
class OpenReplica:
    """A replica behind a descriptor."""

    path: str
    replica: Replica
    file: int
    keywords: CondInput
    open_type: str
    resource: str
    hierarchy: str
    token: str = ""
    joined: bool = False
    wrote: bool = False
    siblings: list[tuple[Replica, Replica]] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether the descriptor is for writing."""
        return self.open_type != OPEN_READ


def open_object(agent: "Agent", inp: DataObjectInput) -> OpenReplica:
    """Open a data object as the flags say; make it if they say so and it is not there."""
    object_replicas = replicas.of_path(agent.store, inp.path)
    writing = bool(inp.flags & (os.O_WRONLY | os.O_RDWR))
    if not object_replicas:
        if not (writing and inp.flags & os.O_CREAT):
            agent.refuse_missing(inp.path)
        return create_object(agent, inp)
    data_id, admin = object_replicas[0].data_id, "irodsAdmin" in inp.keywords
    if not (writing or admin or access.sees(agent.store, agent.client, data_id, object_replicas[0].coll_id)):
        agent.refuse_missing(inp.path)
    agent.check_access(data_id, access.WRITE if writing else access.READ, admin, inp.path)
    replica = selection.chosen(agent.store, object_replicas, inp.keywords, writing)
    opened = _opened(agent, inp, replica, OPEN_WRITE if writing else OPEN_READ, inp.flags)
    if writing:
        if inp.keywords.get("replicaToken"):
            _join(agent, opened)
        else:
            _lock(agent, opened, object_replicas)
            if inp.flags & os.O_TRUNC:
                _truncated(agent, opened)
    return opened


def create_object(agent: "Agent", inp: DataObjectInput) -> OpenReplica:
    """Make a data object with one replica, in the catalog and in a vault."""
    resource = selection.target(agent.store, inp.keywords)
    above = agent.collection_above(inp.path)
    hierarchy = resources.hierarchy(agent.store, resource.id)
    inp.keywords["resc_hier"] = inp.keywords["selected_hierarchy"] = hierarchy
    inp.keywords.update(selObjType="dataObj", openType=CREATE)
    owner = (agent.client.name, agent.client.zone)
    replica = replicas.fresh(inp.path, above.id, resource.id, owner).copy(
        data_path=agent.file_for(resource.vault, inp.path),
        data_type_name=inp.keywords.get("dataType") or "generic",
        data_mode=str(inp.mode),
    )
    replica = agent.objects.register(replica, inp.path)
    vault.create(replica.data_path)
    opened = _opened(agent, inp, replica, CREATE, os.O_RDWR)
    opened.siblings = [(replica, replica)]
    opened.wrote = True
    _give_token(agent, opened)
    return opened


def _opened(agent: "Agent", inp: DataObjectInput, replica: Replica, open_type: str, flags: int) -> OpenReplica:
    hierarchy = resources.hierarchy(agent.store, replica.resc_id)
    inp.keywords["resc_hier"] = inp.keywords["selected_hierarchy"] = hierarchy
    file = vault.open_file(
        replica.data_path,
        flags & (os.O_WRONLY | os.O_RDWR | os.O_APPEND),
        resources.by_id(agent.store, replica.resc_id).vault,
    )
    resource = hierarchy.split(";")[-1]
    return OpenReplica(inp.path, replica, file, inp.keywords, open_type, resource, hierarchy)


def _lock(agent: "Agent", opened: OpenReplica, object_replicas: list[Replica]) -> None:
    """Tell everybody that a replica is being written: it is intermediate, the others are write-locked."""
    refuse_locked(object_replicas)
    this = opened.replica
    others = [replica for replica in object_replicas if replica is not this]
    locked = []
    for replica in (this, *others):
        status = INTERMEDIATE if replica is this else WRITE_LOCKED
        note = f'{{"original_status":"{replica.data_is_dirty}"}}'
        locked.append((replica, replica.copy(data_is_dirty=status, data_status=note)))
    agent.objects.finalize(locked)
    opened.siblings = locked
    opened.replica = locked[0][1]
    opened.keywords["openType"] = OPEN_WRITE
    _give_token(agent, opened)


def refuse_locked(object_replicas: list[Replica]) -> None:
    """Refuse a data object that somebody is writing."""
    states = {replica.data_is_dirty for replica in object_replicas}
    if WRITE_LOCKED in states:
        raise ZoneError("LOCKED_DATA_OBJECT_ACCESS", "the data object is locked")
    if INTERMEDIATE in states:
        raise ZoneError("INTERMEDIATE_REPLICA_ACCESS", "the data object is being written")


def _truncated(agent: "Agent", opened: OpenReplica) -> None:
    os.ftruncate(opened.file, 0)
    opened.wrote = True
    empty = opened.replica.copy(data_size=0, modify_ts=now())
    original = opened.siblings[0][0]
    agent.objects.finalize([(original, empty), *opened.siblings[1:]])
    opened.replica = empty


def _give_token(agent: "Agent", opened: OpenReplica) -> None:
    opened.token = secrets.token_hex(16)
    agent.store.write(
        "insert into replica_token values (?, ?, ?)", opened.token, opened.replica.data_id, opened.replica.data_repl_num
    )


def _join(agent: "Agent", opened: OpenReplica) -> None:
    """Open a replica that another connection has open for writing, with the token that it was given."""
    token = opened.keywords["replicaToken"]
    known = agent.store.row("select data_id, repl_num from replica_token where token = ?", token)
    if known != (opened.replica.data_id, opened.replica.data_repl_num):
        raise ZoneError("SYS_INVALID_INPUT_PARAM", "no such replica token")
    opened.token, opened.joined = token, True


def close(agent: "Agent", opened: OpenReplica, keywords: CondInput | None = None, finalizes: bool = True) -> None:
    """Close a descriptor; the one that locked the replica says what became of it."""
    os.close(opened.file)
    if not opened.writes or opened.joined or not finalizes:
        return
    keywords = CondInput({**opened.keywords, **(keywords or {})})
    agent.store.write("delete from replica_token where token = ?", opened.token)
    if opened.wrote:
        _finalize(agent, opened, keywords)
    else:
        agent.objects.finalize([(locked, original) for original, locked in opened.siblings])
    _include_metadata(agent, opened, keywords)


def _finalize(agent: "Agent", opened: OpenReplica, keywords: CondInput) -> None:
    original = opened.siblings[0][0]
    checksum = ""
    if "regChksum" in keywords or "verifyChksum" in keywords:
        checksum = vault.checksum(original.data_path)
        claimed = keywords.get("regChksum") or keywords.get("verifyChksum")
        if claimed and claimed != checksum:
            _unfinished(agent, opened)
            raise ZoneError("USER_CHKSUM_MISMATCH", f"{claimed} is not {checksum}")
    size = vault.size(original.data_path)
    after = original.copy(data_size=size, data_is_dirty=GOOD, data_status="", data_checksum=checksum)
    others = [(locked, before.copy(data_is_dirty=STALE)) for before, locked in opened.siblings[1:]]
    modified = {**keywords, "chksum": checksum, "dataSize": str(original.data_size), "openType": opened.open_type}
    agent.objects.finalize([(original, after), *others], modified, to_now=True)


def _unfinished(agent: "Agent", opened: OpenReplica) -> None:
    """Leave a replica stale that was not written as it should."""
    broken = opened.replica.copy(
        data_is_dirty=STALE, data_status="", data_size=vault.size(opened.replica.data_path), modify_ts=now()
    )
    others = [(locked, before) for before, locked in opened.siblings[1:]]
    agent.objects.finalize([(opened.replica, broken), *others])


def abandon(agent: "Agent", opened: OpenReplica) -> None:
    """What is left when the client is gone before it closed: a stale replica, unlocked."""
    os.close(opened.file)
    if opened.writes and not opened.joined:
        agent.store.write("delete from replica_token where token = ?", opened.token)
        _unfinished(agent, opened)


def _include_metadata(agent: "Agent", opened: OpenReplica, keywords: CondInput) -> None:
    """Add the AVUs that came with the content; no enforcement point sees them."""
    parts = keywords.get("metadataIncluded", "").split(";")
    with agent.store.transaction():
        for place in range(0, len(parts) - 2, 3):
            metadata.add(agent.store, opened.replica.data_id, Avu(*parts[place : place + 3]))
