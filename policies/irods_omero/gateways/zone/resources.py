"""Which root resource each resource of the zone lies below, and which hold what is in a collection."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from functools import cached_property

from irods.column import In, Like
from irods.models import Collection, DataObject, Resource

from irods_omero.domain.state.views import PartsOn
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import GOOD
from irods_omero.gateways.zone.queries import rows, sums
from irods_omero.gateways.zone.watched import Members, members, patterns_below


def root_names(zone: ZoneConnection) -> dict[int, str]:
    """The name of the root resource for the id of each resource.

    Raises:
        UnreachableError: The zone is down.
    """
    columns = (Resource.id, Resource.name, Resource.parent)
    resources = rows(zone, "reading resources", columns)
    listed = {str(id_): (str(name), str(parent or "")) for id_, name, parent in resources}
    return {int(id_): _root(id_, listed) for id_ in listed}


class RootResources:
    """The root resource of each resource, read when it is first needed."""

    def __init__(self, zone: ZoneConnection) -> None:
        self._zone = zone

    @cached_property
    def names(self) -> dict[int, str]:
        """The name of the root resource for the id of each resource."""
        return root_names(self._zone)

    def below(self, roots: Several[str]) -> list[int]:
        """The ids of the resources at and below some root resources."""
        return sorted(id_ for id_, root in self.names.items() if root in roots)


def vault_paths(zone: ZoneConnection) -> dict[str, str]:
    """The vault of each resource that has one, as its host sees it.

    Raises:
        UnreachableError: The zone is down.
    """
    columns = (Resource.name, Resource.vault_path)
    return {str(name): str(path) for name, path in rows(zone, "reading resources", columns) if path}


def root_of(zone: ZoneConnection, name: str) -> str:
    """The name of the root resource that a resource lies below, or is; empty where there is no such resource."""
    ids = rows(zone, "looking for the resource", (Resource.id, Resource.parent), Resource.name == name)
    return next((root_names(zone)[int(id_)] if parent else name for id_, parent in ids), "")


def parts_below(zone: ZoneConnection, collection: str, resources: RootResources) -> tuple[PartsOn, ...]:
    """What root resources have of what is in a collection and below it, added up by the catalog.

    What is in a collection whose name differs only where this one's has what a pattern takes for any sign counts, too.

    Args:
        zone: The zone.
        collection: Logical path.
        resources: The resources of the zone.
    """
    objects, sizes = dict[str, int](), dict[str, int]()
    for pattern in patterns_below([collection]):
        conditions = (Like(Collection.name, pattern), DataObject.replica_status == GOOD)
        for id_, count, size in sums(
            zone, "reading resources", DataObject.resc_id, DataObject.id, DataObject.size, *conditions
        ):
            root = resources.names.get(int(id_), str(id_))
            objects[root], sizes[root] = objects.get(root, 0) + count, sizes.get(root, 0) + size
    return tuple(PartsOn(root, objects[root], sizes[root]) for root in sorted(objects))


def parts_on(zone: ZoneConnection, collection: str, ids: Sequence[int], after: int, count: int) -> Members:
    """The first data objects in a collection and below it, above a catalog id, that have good replicas on resources.

    Args:
        zone: The zone.
        collection: Logical path.
        ids: Of the resources.
        after: Catalog id.
        count: How many at most.
    """
    conditions = (In(DataObject.resc_id, ids), DataObject.replica_status == GOOD)
    return members(zone, collection, after, count, conditions)


def _root(id_: str, listed: Mapping[str, tuple[str, str]]) -> str:
    name, parent = listed[id_]
    return _root(parent, listed) if parent in listed and parent != id_ else name
