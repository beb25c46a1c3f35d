"""All data objects that this policy may concern, by ranges of catalog ids, so that memory does not grow with the zone.

GenQuery writes no limit into its SQL (``generateSQL`` of the database plugin): a query for what comes after an id is
carried out to its end by the database for each page that is read of it. A range of ids has its own end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from irods.column import Criterion, Like
from irods.models import Collection, DataObject, DataObjectMeta

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import last_data_id, rows
from irods_omero.gateways.zone.watched import NO_PARTS, like

WIDEST = 100 * BATCH
"""One query covers at most this many ids, where few of them are data objects that concern us."""


def pages(zone: ZoneConnection, roots: Sequence[str], attribute: str, after: int = 0) -> Iterator[list[int]]:
    """Catalog ids above ``after``, in ascending order, up to a batch at a time.

    Args:
        zone: The zone.
        roots: Collections whose data objects are listed, at any depth but that of the parts of Zarr hierarchies.
        attribute: Data objects that have an AVU of this attribute are listed wherever they are.
        after: The last id of an earlier, interrupted listing.
    """
    conditions: list[tuple[Criterion, ...]] = [(DataObjectMeta.name == attribute,)]
    for root in roots:
        conditions += [(Like(Collection.name, like(root)),), (Like(Collection.name, f"{like(root)}/%"), NO_PARTS)]
    low, width, last = after, BATCH, last_data_id(zone, "looking for the last data object")
    while low < last:
        ids = {id_ for condition in conditions for id_ in _ids(zone, low, low + width, *condition)}
        yield from in_batches(sorted(ids), BATCH)
        low += width
        if len(ids) <= BATCH // 2:
            width = min(width * 2, WIDEST)
        elif len(ids) > BATCH:
            width //= 2


def _ids(zone: ZoneConnection, low: int, high: int, *conditions: Criterion) -> list[int]:
    within = (DataObject.id > low, DataObject.id <= high)
    return [id_ for (id_,) in rows(zone, "listing data objects", (DataObject.id,), *conditions, *within)]
