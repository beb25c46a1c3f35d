"""How many writes each server was asked for, by the lab's own logs; a real server keeps no such count."""

from __future__ import annotations

import json
from typing import Any

from tests.scene.places import OmeroPlace, ZonePlace

ZONE_WRITES = {
    "ATOMIC_APPLY_METADATA_OPERATIONS_APN",
    "COLL_CREATE_AN",
    "DATA_OBJ_CREATE_AN",
    "DATA_OBJ_RENAME_AN",
    "DATA_OBJ_UNLINK_AN",
    "DATA_OBJ_WRITE_AN",
    "EXEC_MY_RULE_AN",
    "MOD_ACCESS_CONTROL_AN",
    "MOD_AVU_METADATA_AN",
}


def written_in_zone(zone: ZonePlace) -> int:
    """How many requests that write the zone has served."""
    if zone.lab is None:
        raise NotImplementedError("writes are counted in the lab only")
    return sum(request["api"] in ZONE_WRITES for request in zone.lab.requests())


def written_in_omero(omero_server: OmeroPlace) -> int:
    """How many operations that write OMERO has served."""
    if omero_server.lab is None:
        raise NotImplementedError("writes are counted in the lab only")
    return len(omero_server.lab.writes())


def operations_in_omero(omero_server: OmeroPlace) -> list[str]:
    """The operations that OMERO has served, without those by which a session is made and kept."""
    if omero_server.lab is None:
        raise NotImplementedError("operations are counted in the lab only")
    return [request.operation for request in omero_server.lab.requests() if request.service != "session"]


def written_by_hooks(zone: ZonePlace, path: str) -> list[str]:
    """The attributes of the AVUs that hooks have written into the catalog for a path."""
    if zone.lab is None:
        raise NotImplementedError("writes are counted in the lab only")
    written = (_written(request) for request in zone.lab.requests() if request["by"] == "hook")
    return [attribute for on, attribute in written if on == path]


def _written(request: dict[str, Any]) -> tuple[str, str]:
    """The path and the attribute of one write of a hook, by either of the calls that there are."""
    if "document" in request:
        document = json.loads(request["document"])
        return document["entity_name"], document["operations"][0]["attribute"]
    return request["arguments"][1], request["arguments"][2]
