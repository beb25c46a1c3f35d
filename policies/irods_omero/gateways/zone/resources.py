"""Which root resource each resource of the zone lies below, and which hold what is in a collection."""

from __future__ import annotations

from collections.abc import Mapping

from irods.column import Like
from irods.models import Collection, DataObject, Resource

from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import GOOD
from irods_omero.gateways.zone.queries import rows, sums
from irods_omero.gateways.zone.watched import patterns_below


def root_names(zone: ZoneConnection) -> dict[int, str]:
    """The name of the root resource for the id of each resource.

    Raises:
        UnreachableError: The zone is down.
    """
    columns = (Resource.id, Resource.name, Resource.parent)
    resources = rows(zone, "reading resources", columns)
    listed = {str(id_): (str(name), str(parent or "")) for id_, name, parent in resources}
    return {int(id_): _root(id_, listed) for id_ in listed}


def resources_below(zone: ZoneConnection, collection: str, tops: Mapping[int, str]) -> tuple[str, ...]:
    """The root resources that have good replicas of what is in a collection and below it, added up by the catalog.

    Those of a collection whose name differs only where this one's has what a pattern takes for any sign count, too.

    Args:
        zone: The zone.
        collection: Logical path.
        tops: The name of the root resource for the id of each resource.
    """
    ids = set[int]()
    for pattern in patterns_below([collection]):
        conditions = (Like(Collection.name, pattern), DataObject.replica_status == GOOD)
        counts = sums(zone, "reading resources", DataObject.resc_id, DataObject.id, DataObject.size, *conditions)
        ids.update(int(resource) for resource, _, _ in counts)
    return tuple(sorted(tops.get(id_, str(id_)) for id_ in ids))


def _root(id_: str, listed: Mapping[str, tuple[str, str]]) -> str:
    name, parent = listed[id_]
    return _root(parent, listed) if parent in listed and parent != id_ else name
