"""Several AVU operations in one call."""

from typing import TYPE_CHECKING

from lab.zone.api.registry import JsonInput, Reply, api, json_reply, show_with_output
from lab.zone.database import atomically
from lab.zone.structs import BytesBuf

if TYPE_CHECKING:
    from lab.zone.agent import Agent


@api(20002, "atomic_apply_metadata_operations", JsonInput, show_with_output)
def atomic_apply_metadata_operations(agent: "Agent", inp: JsonInput) -> Reply:
    """Do all of them or none."""
    atomically.apply(agent, inp.document)
    inp.out = BytesBuf(b"{}\0")
    return json_reply({})
