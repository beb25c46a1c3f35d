"""Calls that open, read, write and close data objects."""

import json
import os
from typing import TYPE_CHECKING, Any

from lab.zone import replicas as opening
from lab.zone import selection, vault, wire
from lab.zone.api.registry import JsonInput, Reply, Request, api, json_reply, show_with_output, text_reply
from lab.zone.catalog import replicas, resources
from lab.zone.errors import ZoneError
from lab.zone.replicas import OpenReplica
from lab.zone.settings import HOST
from lab.zone.structs import BytesBuf, DataObjectInput, DescriptorInput

if TYPE_CHECKING:
    from lab.zone.agent import Agent


def read_object_input(request: Request) -> DataObjectInput:
    """The input of a call on a data object."""
    return DataObjectInput(request.body)


def _read_descriptor_input(request: Request) -> DescriptorInput:
    inp = DescriptorInput(request.body)
    inp.data = request.bs
    return inp


class ReplicaOpenInput(DataObjectInput):
    """The input of replica_open, which answers with a description of the descriptor."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.body)
        self.out: BytesBuf | None = None


@api(602, "data_obj_open", read_object_input)
def data_obj_open(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Open a data object; the answer is the descriptor."""
    return Reply(agent.give_descriptor(opening.open_object(agent, inp)))


@api(601, "data_obj_create", read_object_input)
def data_obj_create(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Make a data object and open it; the answer is the descriptor."""
    inp.flags = os.O_CREAT | os.O_RDWR | os.O_TRUNC
    if replicas.of_path(agent.store, inp.path) and "forceFlag" not in inp.keywords:
        raise ZoneError("OVERWRITE_WITHOUT_FORCE_FLAG", inp.path)
    return Reply(agent.give_descriptor(opening.open_object(agent, inp)))


@api(20003, "replica_open", ReplicaOpenInput, show_with_output)
def replica_open(agent: "Agent", inp: ReplicaOpenInput) -> Reply:
    """Open a data object; the answer is the descriptor and what it is of."""
    opened = opening.open_object(agent, inp)
    descriptor = agent.give_descriptor(opened)
    document = _described(opened)
    inp.out = BytesBuf(json.dumps(document).encode())
    return json_reply(document, descriptor)


@api(20000, "get_file_descriptor_info", JsonInput, show_with_output)
def get_file_descriptor_info(agent: "Agent", inp: JsonInput) -> Reply:
    """What a descriptor is of."""
    return json_reply(_described(agent.descriptor(int(inp.document["fd"]))))


def _described(opened: OpenReplica) -> dict[str, Any]:
    replica = opened.replica
    return {
        "replica_token": opened.token,
        "in_use": True,
        "open_type": int(opened.open_type),
        "replica_status": replica.data_is_dirty,
        "data_object_info": {
            "object_path": opened.path,
            "data_id": replica.data_id,
            "collection_id": replica.coll_id,
            "resource_name": opened.resource,
            "resource_hierarchy": opened.hierarchy,
            "resource_id": replica.resc_id,
            "replica_number": replica.data_repl_num,
            "replica_status": replica.data_is_dirty,
            "data_size": replica.data_size,
            "file_path": replica.data_path,
            "checksum": replica.data_checksum,
        },
    }


@api(10220, "get_resource_info_for_operation", read_object_input)
def get_resource_info_for_operation(agent: "Agent", inp: DataObjectInput) -> Reply:
    """Where a call would go: to this server always, and to which resource."""
    object_replicas = replicas.of_path(agent.store, inp.path)
    if object_replicas:
        resource = selection.chosen(agent.store, object_replicas, inp.keywords).resc_id
    elif inp.keywords.get("getResourceInfoOpType") == "CREATE":
        resource = selection.target(agent.store, inp.keywords).id
    else:
        agent.refuse_missing(inp.path)
    return text_reply(json.dumps({"host": HOST, "resource_hierarchy": resources.hierarchy(agent.store, resource)}))


@api(673, "data_obj_close", _read_descriptor_input)
def data_obj_close(agent: "Agent", inp: DescriptorInput) -> Reply:
    """Close a descriptor."""
    opened = agent.take_descriptor(inp.descriptor)
    opening.close(agent, opened, inp.keywords)
    return Reply()


@api(20004, "replica_close", JsonInput)
def replica_close(agent: "Agent", inp: JsonInput) -> Reply:
    """Close a descriptor, with or without saying what became of the replica."""
    opened = agent.take_descriptor(int(inp.document["fd"]))
    opening.close(agent, opened, finalizes=bool(inp.document.get("update_status", True)))
    return Reply()


@api(674, "data_obj_lseek", _read_descriptor_input)
def data_obj_lseek(agent: "Agent", inp: DescriptorInput) -> Reply:
    """Go to a place in a file."""
    try:
        offset = os.lseek(agent.descriptor(inp.descriptor).file, inp.offset, inp.whence)
    except OSError as error:
        raise ZoneError("SYS_INVALID_INPUT_PARAM", str(error)) from error
    return Reply(0, wire.pack("fileLseekOut_PI", [("offset", offset)]))


@api(675, "data_obj_read", _read_descriptor_input)
def data_obj_read(agent: "Agent", inp: DescriptorInput) -> Reply:
    """Read bytes."""
    data = os.read(agent.descriptor(inp.descriptor).file, inp.length)
    return Reply(len(data), "", data)


@api(676, "data_obj_write", _read_descriptor_input)
def data_obj_write(agent: "Agent", inp: DescriptorInput) -> Reply:
    """Write bytes."""
    opened = agent.descriptor(inp.descriptor)
    if not opened.writes:
        raise ZoneError("BAD_INPUT_DESC_INDEX", "opened for reading")
    vault.write(opened.file, inp.data)
    opened.wrote = True
    return Reply(len(inp.data))
