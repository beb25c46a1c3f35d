"""From what changed in OMERO to the data objects that are to be looked at."""

from __future__ import annotations

from policies.agent.sides import Sides
from policies.domain.unit import parse_import_key
from policies.gateways.omero.events import Hints
from policies.gateways.omero.reading import client_paths
from policies.gateways.zone.reading import ids_with


def data_ids(sides: Sides, hints: Hints) -> set[int]:
    """Catalog ids of the data objects that hints are about.

    A fileset names its data object in its client paths. One that was deleted is looked for by its id in the zone. When
    a tag was taken from some image, all units with a pending request are looked at without waiting for the indexer's
    row, which says from which: taking a request away is urgent.
    """
    if not hints:
        return set()
    paths = client_paths(sides.omero.service(), hints.filesets)
    keys = [parse_import_key(path) for path in paths.values()]
    found = {key.data_id for key in keys if key is not None and key.zone == sides.settings.zone.name}
    gone = sorted(str(fileset) for fileset in hints.filesets - set(paths))
    if gone:
        found |= ids_with(sides.zone, sides.names.fileset, gone)
    if hints.unlinked:
        found |= ids_with(sides.zone, sides.names.request)
    return found
