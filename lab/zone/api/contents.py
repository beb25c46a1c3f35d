"""Calls that move or check whole contents: put, get, copy, checksum, truncate, touch, object stat."""

import json
import os
from typing import TYPE_CHECKING, Any

from lab.zone import replicas as opening
from lab.zone import selection, stat, vault, wire
from lab.zone.api.descriptors import read_object_input
from lab.zone.api.registry import JsonInput, Reply, Request, api, show_with_output, text_reply
from lab.zone.catalog import access, collections, replicas, resources
from lab.zone.catalog.store import now, stamp
from lab.zone.errors import ZoneError, unsupported
from lab.zone.replicas import OpenReplica
from lab.zone.structs import (
    BulkOprInp,
    BytesBuf,
    CharArray,
    CondInput,
    DataObjCopyInp,
    DataObjectInput,
    GenQueryOut,
    PortalOprOut,
    TransferStat,
)

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_LARGEST_IN_ONE = 32 * 1024 * 1024
_NAME_COLUMN, _OFFSET_COLUMN = 403, 999998
_COLUMNS = 50
"""Number of columns of a table that a client sends (zone-97)."""


class ContentInput(DataObjectInput):
    """A data object and its content."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.body)
        self.content = request.bs
        self.out: PortalOprOut | None = None


def _show_put(inp: ContentInput) -> list[Any]:
    return [inp.shown(), BytesBuf(inp.content), inp.out]


def _show_get(inp: ContentInput) -> list[Any]:
    return [inp.shown(), inp.out, BytesBuf(inp.content)]


@api(606, "data_obj_put", ContentInput, _show_put)
def data_obj_put(agent: "Agent", inp: ContentInput) -> Reply:
    """Write a whole data object, its content in the message."""
    if "dataIncluded" not in inp.keywords:
        raise unsupported("puts with the content on other connections")
    if replicas.of_path(agent.store, inp.path) and "forceFlag" not in inp.keywords:
        raise ZoneError("OVERWRITE_WITHOUT_FORCE_FLAG", inp.path)
    inp.flags = os.O_CREAT | os.O_RDWR | os.O_TRUNC
    opened = opening.open_object(agent, inp)
    _write(opened, inp.content)
    opening.close(agent, opened)
    return Reply()


@api(608, "data_obj_get", ContentInput, _show_get)
def data_obj_get(agent: "Agent", inp: ContentInput) -> Reply:
    """Read a whole data object into the message."""
    inp.flags = os.O_RDONLY
    opened = opening.open_object(agent, inp)
    if opened.replica.data_size > _LARGEST_IN_ONE:
        opening.close(agent, opened)
        raise unsupported("gets with the content on other connections")
    inp.content = os.read(opened.file, opened.replica.data_size)
    opening.close(agent, opened)
    ports = wire.pack("PortList_PI", [("portNum", 0), ("cookie", 0), ("sock", 0), ("windowSize", 0), ("hostAddr", "")])
    fields: list[tuple[str, str | int]] = [("status", 0), ("l1descInx", 0), ("numThreads", 0), ("chksum", "")]
    inp.out = PortalOprOut(status=0, l1descInx=0, numThreads=0, chksum=CharArray(""))
    return Reply(0, wire.pack("PortalOprOut_PI", fields, ports), inp.content)


def _write(opened: OpenReplica, content: bytes) -> None:
    vault.write(opened.file, content)
    opened.wrote = True


class CopyInput:
    """Two data objects: where from, where to."""

    def __init__(self, request: Request) -> None:
        source, target = request.body.all("DataObjInp_PI")
        self.source = DataObjectInput(source)
        self.target = DataObjectInput(target)
        self.path = self.target.path
        self.keywords = self.target.keywords
        self.out: TransferStat | None = None

    def shown(self) -> DataObjCopyInp:
        """The input as hooks see it now."""
        return DataObjCopyInp(srcDataObjInp=self.source.shown(), destDataObjInp=self.target.shown())


def transferred(size: int) -> TransferStat:
    """How much was moved, in the fields that the rule engine shows."""
    return TransferStat(len=0, offset=size)


def transfer_reply(size: int) -> Reply:
    """The answer of a call that moved bytes."""
    return Reply(0, wire.pack("TransferStat_PI", [("numThreads", 0), ("flags", 0), ("bytesWritten", size)]))


@api(696, "data_obj_copy", CopyInput, show_with_output)
def data_obj_copy(agent: "Agent", inp: CopyInput) -> Reply:
    """Copy a data object."""
    if inp.source.path == inp.target.path:
        raise ZoneError("SAME_SRC_DEST_PATHS_ERR", inp.source.path)
    if replicas.of_path(agent.store, inp.target.path) and "forceFlag" not in inp.keywords:
        raise ZoneError("OVERWRITE_WITHOUT_FORCE_FLAG", inp.target.path)
    inp.source.flags = os.O_RDONLY
    source = opening.open_object(agent, inp.source)
    try:
        inp.target.flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        target = opening.open_object(agent, inp.target)
        vault.copy(source.replica.data_path, target.replica.data_path)
        target.wrote = True
        opening.close(agent, target)
    finally:
        opening.close(agent, source)
    size = vault.size(target.replica.data_path)
    inp.out = transferred(size)
    return transfer_reply(size)


class TextOutput(DataObjectInput):
    """A data object of which something is wanted that is a text."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.body)
        self.out: str | None = None


@api(629, "data_obj_chksum", TextOutput, show_with_output)
def data_obj_chksum(agent: "Agent", inp: TextOutput) -> Reply:
    """Give the checksum of a data object; compute, verify or renew it as the keywords say."""
    object_replicas = replicas.of_path(agent.store, inp.path) or agent.refuse_missing(inp.path)
    agent.check_access(object_replicas[0].data_id, access.READ, "irodsAdmin" in inp.keywords, inp.path)
    if "ChksumAll" not in inp.keywords:
        object_replicas = [selection.chosen(agent.store, object_replicas, inp.keywords)]
    inp.keywords["resc_hier"] = resources.hierarchy(agent.store, object_replicas[0].resc_id)
    if "verifyChksum" in inp.keywords:
        for replica in object_replicas:
            if replica.data_checksum and vault.checksum(replica.data_path) != replica.data_checksum:
                raise ZoneError("CHECK_VERIFICATION_RESULTS", f"replica {replica.data_repl_num}")
        return Reply()
    for replica in object_replicas:
        if not replica.data_checksum or "forceChksum" in inp.keywords:
            checksum = vault.checksum(replica.data_path)
            agent.objects.modify(inp.path, {"data_checksum": checksum}, {"chksum": checksum}, replica)
    inp.out = replicas.need(agent.store, inp.path)[0].data_checksum
    for replica in replicas.need(agent.store, inp.path):
        if replica.data_repl_num == object_replicas[0].data_repl_num:
            inp.out = replica.data_checksum
    return text_reply(inp.out)


@api(652, "data_obj_truncate", read_object_input)
def data_obj_truncate(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Cut a data object to a size."""
    inp.flags = os.O_WRONLY
    opened = opening.open_object(agent, inp)
    os.ftruncate(opened.file, inp.size)
    opened.wrote = True
    opening.close(agent, opened)
    return Reply()


@api(802, "replica_truncate", TextOutput, show_with_output)
def replica_truncate(agent: "Agent", inp: TextOutput) -> Reply:
    """Cut a data object to a size; the answer says which replica was cut."""
    data_obj_truncate(agent, inp)
    object_replicas = replicas.need(agent.store, inp.path)
    replica = next(one for one in object_replicas if one.data_is_dirty == replicas.GOOD)
    where = {"resource_hierarchy": inp.keywords["resc_hier"], "replica_number": replica.data_repl_num, "message": ""}
    inp.out = json.dumps(where)
    return text_reply(inp.out)


@api(20007, "touch", JsonInput)
def touch(agent: "Agent", inp: JsonInput) -> Reply:
    """Set when something was last changed; make an empty data object if it is not there."""
    path, options = str(inp.document["logical_path"]), dict(inp.document.get("options", {}))
    time = _touch_time(agent, options)
    collection = collections.find(agent.store, path)
    if collection:
        agent.check_access(collection.id, access.WRITE, False, path)
        collections.touch(agent.store, path, time)
        return Reply()
    if not replicas.of_path(agent.store, path):
        if options.get("no_create"):
            return Reply()
        _create_empty(agent, path, str(options.get("leaf_resource_name", "")))
    object_replicas = replicas.need(agent.store, path)
    agent.check_access(object_replicas[0].data_id, access.WRITE, False, path)
    keywords = CondInput()
    if "replica_number" in options:
        keywords["replNum"] = str(options["replica_number"])
    if options.get("leaf_resource_name"):
        resource = resources.need(agent.store, str(options["leaf_resource_name"]))
        keywords["resc_hier"] = resources.hierarchy(agent.store, resource.id)
    replica = selection.chosen(agent.store, object_replicas, keywords)
    agent.objects.modify(path, {"modify_ts": time}, {"dataModify": time}, replica)
    return Reply()


def _touch_time(agent: "Agent", options: dict[str, Any]) -> str:
    if "seconds_since_epoch" in options:
        return stamp(int(options["seconds_since_epoch"]))
    if "reference" not in options:
        return now()
    reference = str(options["reference"])
    collection = collections.find(agent.store, reference)
    return collection.modified if collection else replicas.need(agent.store, reference)[0].modify_ts


def _create_empty(agent: "Agent", path: str, resource: str) -> None:
    inp = DataObjectInput(wire.Element("DataObjInp_PI", children=[wire.Element("objPath", path)]))
    if resource:
        leaf_resource = resources.need(agent.store, resource)
        inp.keywords["resc_hier"] = resources.hierarchy(agent.store, leaf_resource.id)
    opening.close(agent, opening.create_object(agent, inp))


@api(633, "obj_stat", read_object_input)
def obj_stat(agent: "Agent", inp: DataObjectInput) -> Reply:
    """What is at a path: 1 for a data object, 2 for a collection."""
    kind, status = stat.of_path(agent, inp.path)
    return Reply(kind, wire.pack("RodsObjStat_PI", status.items()))


class BulkInput:
    """Many small data objects in one message: their names, and where the content of each ends."""

    def __init__(self, request: Request) -> None:
        body = request.body
        self.path = body.get("objPath")
        self.keywords = CondInput(body.pairs())
        self.content = request.bs
        sent = body.sub("GenQueryOut_PI").all("SqlResult_PI")
        if len(sent) < _COLUMNS:
            raise ZoneError("SYS_PACK_INSTRUCT_FORMAT_ERR", f"{len(sent)} of {_COLUMNS} columns")
        columns = {column.number("attriInx"): [value.text for value in column.all("value")] for column in sent}
        self.paths = columns.get(_NAME_COLUMN, [])
        self.ends = [int(value) for value in columns.get(_OFFSET_COLUMN, [])]

    def shown(self) -> BulkOprInp:
        """The input as hooks see it now."""
        rows = GenQueryOut(rowCnt=len(self.paths), attriCnt=3, continueInx=-1)
        return BulkOprInp(objPath=CharArray(self.path), attriArray=rows, condInput=self.keywords.shown())


@api(689, "bulk_data_obj_put", BulkInput, lambda inp: [inp.shown(), BytesBuf(inp.content)])
def bulk_data_obj_put(agent: "Agent", inp: BulkInput) -> Reply:
    """Write many small data objects."""
    start = 0
    for path, end in zip(inp.paths, inp.ends, strict=True):
        one = DataObjectInput(wire.Element("DataObjInp_PI", children=[wire.Element("objPath", path)]))
        one.flags = os.O_CREAT | os.O_RDWR | os.O_TRUNC
        one.keywords.update(inp.keywords)
        opened = opening.open_object(agent, one)
        _write(opened, inp.content[start:end])
        opening.close(agent, opened)
        start = end
    return Reply()
