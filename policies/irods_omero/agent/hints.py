"""Follows OMERO's event log: which data objects its rows are about, and how far this agent has read it."""

from __future__ import annotations

from irods.models import Collection, CollectionMeta

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.unit import parse_import_key
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.omero.events import Hints
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.zone.avus import set_avu
from irods_omero.gateways.zone.objects import ids_with
from irods_omero.gateways.zone.queries import rows


def data_ids(connections: Connections, hints: Hints) -> set[int]:
    """Catalog ids of the data objects that hints are about.

    A fileset names its data object in its client paths. One that was deleted is looked for by its id in the zone. When
    a tag was taken from some image, all units with a pending request are looked at without waiting for the indexer's
    row, which says from which: taking a request away is urgent.
    """
    if not hints:
        return set()
    paths = client_paths(connections.omero.service(), hints.filesets)
    keys = [parse_import_key(path) for path in paths.values()]
    ids = {key.data_id for key in keys if key is not None and key.zone == connections.settings.zone.name}
    gone = sorted(str(fileset) for fileset in hints.filesets - set(paths))
    if gone:
        ids |= ids_with(connections.zone, connections.names.fileset, gone)
    if hints.unlinked:
        ids |= ids_with(connections.zone, connections.names.request)
    return ids


def agent_home(connections: Connections) -> str:
    """The collection on which the agents keep what they have to remember."""
    return f"/{connections.settings.zone.name}/home/{connections.settings.zone.user}"


LOG = ""
EDITS = ":edits"
"""What an agent reads of OMERO, and has a place in: the event log, and the events of edited annotations."""


def _attribute(connections: Connections, what: str) -> str:
    """One attribute for each agent: each has its own place in the log."""
    return f"{connections.names.cursor}:{connections.settings.omero.name}:{connections.settings.agent.shards}{what}"


def load_cursor(connections: Connections, what: str = LOG) -> int | None:
    """The last id that was read and followed; None at the first start."""
    conditions = (Collection.name == agent_home(connections), CollectionMeta.name == _attribute(connections, what))
    values = rows(connections.zone, "reading the cursor", (CollectionMeta.value,), *conditions)
    numbers = [int(value) for (value,) in values if value.isdecimal()]
    return max(numbers) if numbers else None


def save_cursor(connections: Connections, cursor: int, what: str = LOG) -> None:
    """Remember that all up to this id was followed."""
    set_avu(connections.zone, agent_home(connections), Avu(_attribute(connections, what), str(cursor)), collection=True)
