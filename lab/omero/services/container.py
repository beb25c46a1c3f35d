"""The container service, of which BlitzGateway needs two operations."""

from __future__ import annotations

from typing import Any

from lab.omero import errors
from lab.omero.loading import Loader
from lab.omero.model import ENTITIES, entity
from lab.omero.servants import Call

IMAGES = (
    "select distinct i from Image i left outer join fetch i.pixels p left outer join fetch p.pixelsType "
    "left outer join fetch p.dimensionOrder left outer join fetch i.details.owner "
    "left outer join fetch i.details.creationEvent"
)


class Container:
    """Loads images with their pixels, and counts the members of collections."""

    def getImages(self, call: Call, name: str, identities: list[int], options: Any) -> list[Any]:
        conditions = {
            "Image": "i.id in (:ids)",
            "Dataset": "i.id in (select l.child.id from DatasetImageLink l where l.parent.id in (:ids))",
        }
        known = entity(name).name
        if known not in conditions:
            raise errors.refused(f"IContainer.getImages for {known}")
        query = f"{IMAGES} where {conditions[known]} order by i.id"
        with call.host.store.reading():
            return Loader(call.host.store, call.caller, query, {"ids": identities}).objects(None, None)

    def getCollectionCount(
        self, call: Call, name: str, field: str, identities: list[int], options: Any
    ) -> dict[int, int]:
        owner = entity(name)
        wanted = field.rsplit("_", 1)[-1]
        if wanted not in owner.collections:
            raise errors.api_usage(f"{owner.java} has no collection {field}")
        known = owner.collections[wanted]
        query = (
            f"select m.{known.inverse}.id, count(m.id) from {ENTITIES[known.target].name} m "
            f"where m.{known.inverse}.id in (:ids) group by m.{known.inverse}.id"
        )
        with call.host.store.reading():
            rows = Loader(call.host.store, call.caller, query, {"ids": identities}).rows(None, None)
        return dict.fromkeys(identities, 0) | {row[0].val: row[1].val for row in rows}
