"""The access times of replicas, which iRODS 5 has beside those of data objects."""

from __future__ import annotations

from typing import Any

from irods.models import DataObject

from irods_omero.gateways.zone.avus import AS_ADMIN
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows

DIGITS = 11
"""Of a time in the catalog."""


def bring_forward(zone: ZoneConnection, data_id: int, path: str, number: int, used: int) -> None:
    """Give a replica a later access time, if it is later than the one that it has (zone-107).

    Args:
        zone: The zone.
        data_id: Catalog id of its data object.
        path: Logical path of that.
        number: Its number.
        used: The time, seconds since 1970.

    Raises:
        RefusedError: The zone has no access times of replicas, or changes none.
    """
    this = (DataObject.id == data_id, DataObject.replica_number == number)
    known = rows(zone, "reading access times", (DataObject.replica_number, DataObject.access_time), *this)
    if not any(time is None or time.timestamp() < used for _, time in known):
        return
    change = {"dataAccessTime": f"{used:0{DIGITS}}", **AS_ADMIN}

    def modify(session: Any) -> None:
        session.data_objects.modDataObjMeta({"objPath": path, "replNum": number}, dict(change))

    zone.call("setting the access time of a replica of", path, modify)
