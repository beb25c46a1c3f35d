"""Which root resource each resource of the zone lies below."""

from __future__ import annotations

from collections.abc import Mapping

from irods.models import Resource

from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows


def root_names(zone: ZoneConnection) -> dict[int, str]:
    """The name of the root resource for the id of each resource.

    Raises:
        UnreachableError: The zone is down.
    """
    columns = (Resource.id, Resource.name, Resource.parent)
    resources = rows(zone, "reading resources", columns)
    listed = {str(id_): (str(name), str(parent or "")) for id_, name, parent in resources}
    return {int(id_): _root(id_, listed) for id_ in listed}


def _root(id_: str, listed: Mapping[str, tuple[str, str]]) -> str:
    name, parent = listed[id_]
    return _root(parent, listed) if parent in listed and parent != id_ else name
