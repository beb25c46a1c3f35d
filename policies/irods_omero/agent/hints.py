"""Follows OMERO's event log: which data objects its rows are about, and how far this agent has read it."""

from __future__ import annotations

from irods_omero.agent.connections import Connections
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.omero.events import Hints
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.zone.home import recall, remember
from irods_omero.gateways.zone.objects import ids_with
from irods_omero.gateways.zone.queries import IDS_A_QUERY


def data_ids(connections: Connections, hints: Hints) -> set[int]:
    """Catalog ids of the data objects that hints are about.

    A fileset names its data object in its client paths. One that was deleted is looked for by its id in the zone. When
    a tag was taken from some image, all units with a pending request are looked at without waiting for the indexer's
    row, which says from which: taking a request away is urgent.
    """
    if not hints:
        return set()
    paths = client_paths(connections.omero.service(), hints.filesets)
    named = (connections.zone_key.data_id(fileset, path) for fileset, path in paths.items())
    ids = {data_id for data_id in named if data_id is not None}
    gone = sorted(str(fileset) for fileset in hints.filesets - set(paths))
    for some in in_batches(gone, IDS_A_QUERY):
        ids |= ids_with(connections.zone, connections.names.fileset, some)
    if hints.unlinked:
        ids |= ids_with(connections.zone, connections.names.request)
    return ids


LOG = ""
EDITS = ":edits"
"""What an agent reads of OMERO, and has a place in: the event log, and the events of edited annotations."""


def _attribute(connections: Connections, what: str) -> str:
    """One attribute for each agent: each has its own place in the log."""
    return f"{connections.names.cursor}:{connections.settings.omero.name}:{connections.settings.agent.shards}{what}"


def load_cursor(connections: Connections, what: str = LOG) -> int | None:
    """The last id that was read and followed; None at the first start."""
    numbers = [int(value) for value in recall(connections.zone, _attribute(connections, what)) if value.isdecimal()]
    return max(numbers) if numbers else None


def save_cursor(connections: Connections, cursor: int, what: str = LOG) -> None:
    """Remember that all up to this id was followed."""
    remember(connections.zone, _attribute(connections, what), str(cursor))
