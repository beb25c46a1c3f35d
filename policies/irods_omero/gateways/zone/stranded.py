"""Data objects that storage tiering has given up: flagged as scheduled, with no movement in the queue.

Storage tiering leaves them alone for good (zone-57), until they are used, or a movement is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from irods.models import Collection, DataObject, DataObjectMeta

from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.avus import set_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.movement import queued_movements
from irods_omero.gateways.zone.queries import rows
from irods_omero.vocabulary import ACCESS_TIME

SCHEDULED = "irods::storage_tiering::migration_scheduled"
"""The units of an access time as long as a movement is queued."""


class Stranded(NamedTuple):
    """A data object that storage tiering has given up.

    Attributes:
        path: Logical path.
        data_id: Catalog id.
        accessed: Its access time, as it is written.
    """

    path: str
    data_id: int
    accessed: str


def stranded_below(zone: ZoneConnection, roots: Iterable[str]) -> list[Stranded]:
    """Those below some collections, in the order of their paths."""
    beginnings = tuple(f"{root.rstrip('/')}/" for root in roots)
    return [one for one in stranded(zone) if one.path.startswith(beginnings)]


def stranded(zone: ZoneConnection, data_id: int | None = None) -> list[Stranded]:
    """All of them, in the order of their paths; or this one, if it is.

    Looked for twice: a movement may begin or end between the readings of flags and queue.
    """
    candidates = _not_queued(zone, data_id)
    return sorted(candidates & _not_queued(zone, data_id)) if candidates else []


def _not_queued(zone: ZoneConnection, data_id: int | None) -> set[Stranded]:
    columns = (DataObject.id, Collection.name, DataObject.name, DataObjectMeta.value)
    conditions = [DataObjectMeta.name == ACCESS_TIME, DataObjectMeta.units == SCHEDULED]
    if data_id is not None:
        conditions.append(DataObject.id == data_id)
    flagged = rows(zone, "looking for what storage tiering has scheduled", columns, *conditions)
    queued = queued_movements(zone) if flagged else {}
    candidates = {Stranded(f"{parent}/{name}", id_, accessed) for id_, parent, name, accessed in flagged}
    return {one for one in candidates if one.path not in queued}


def take_up_again(zone: ZoneConnection, data_object: Stranded) -> None:
    """Take the flag away, so that storage tiering looks at the data object again."""
    set_avu(zone, data_object.path, Avu(ACCESS_TIME, data_object.accessed))
