"""All filesets that were imported from a zone, in pages by id, so that memory does not grow with the server."""

from __future__ import annotations

from collections.abc import Iterator

from policies.domain.unit import parse_import_key, zone_prefix
from policies.gateways.batches import BATCH
from policies.gateways.omero.session import OmeroSession, Values

PAGE = 5 * BATCH
"""So many fileset ids are covered by one query."""


def fileset_pages(session: OmeroSession, zone: str) -> Iterator[dict[int, int]]:
    """For each fileset that was imported from the zone the catalog id of its data object, in pages."""
    rows = session.rows("listing filesets", "select max(f.id) from Fileset f", {})
    last = int(rows[0][0] or 0) if rows else 0
    text = (
        "select e.fileset.id, e.clientPath from FilesetEntry e where e.fileset.id > :low and e.fileset.id <= :high "
        "and e.clientPath like :pattern"
    )
    for low in range(0, last, PAGE):
        values: Values = {"low": low, "high": low + PAGE, "pattern": zone_prefix(zone) + "%"}
        keys = ((row[0], parse_import_key(row[1])) for row in session.rows("listing filesets", text, values))
        page = {int(fileset): key.data_id for fileset, key in keys if key is not None and key.zone == zone}
        if page:
            yield page
