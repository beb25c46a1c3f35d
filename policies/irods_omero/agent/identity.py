"""Which OMERO this is: the agent works with the one that it knows, in no earlier state than it has seen.

Another one has none of the filesets that were agreed on: all of them would seem to have been deleted by users.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.hints import load_cursor, save_cursor
from irods_omero.agent.observe import agreement_of, gather
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import IdentityError
from irods_omero.gateways.omero.events import last_row
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.zone.avus import record_agreement
from irods_omero.gateways.zone.home import recall, remember
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.object_pages import pages

ADVICE = "correct omero.host, or accept it with: irods-omero rebind"


def check_identity(connections: Connections) -> None:
    """Make sure that OMERO is the one that this zone knows; at the first start it gets to know it.

    Raises:
        IdentityError: It is another one, or was restored from a backup.
        UnreachableError: A side is down.
    """
    session = connections.omero.service()
    present, known = session.database_uuid(), _known(connections)
    if known is None:
        _remember(connections, present)
    elif known != present:
        raise IdentityError(f"{_name(connections)} is another OMERO: its database is {present}, not {known}; {ADVICE}")
    cursor, end = load_cursor(connections), last_row(session)
    if cursor is not None and cursor > end:
        raise IdentityError(
            f"{_name(connections)} has forgotten something: its event log ends at {end}, and was read up to {cursor}. "
            f"It was restored from a backup, or is another one; {ADVICE}"
        )


def rebind(connections: Connections, dry_run: bool = False) -> Iterator[DataObject]:
    """Accept OMERO as it is: units whose fileset it does not have are imported anew; yields the first object of each.

    Args:
        connections: Both sides.
        dry_run: Whether to list only.
    """
    zone, names = connections.zone, connections.names
    attributes = [names.agreement, names.unit]
    for ids in pages(zone, connections.settings.watch.roots, names.agreement):
        units = gather(zone, names, ids, attributes, each_once=True)
        agreed = {data_id: agreement_of(unit.first, names) for data_id, unit in units.items()}
        filesets = {base.fileset for base in agreed.values() if base.fileset is not None}
        there = client_paths(connections.omero.service(), filesets)
        for data_id, base in agreed.items():
            if base.fileset is None or base.fileset in there:
                continue
            first = units[data_id].first
            if not dry_run:
                forgotten = replace(base, fileset=None, group=None, content=None, gone=False, failure=None)
                record_agreement(zone, names, RecordAgreement(data_id, first.path, forgotten))
                post(zone, names, data_id, first.path)
            yield first
    if not dry_run:
        save_cursor(connections, last_row(connections.omero.service()))
        _remember(connections, connections.omero.service().database_uuid())


def _name(connections: Connections) -> str:
    return f"OMERO at {connections.settings.omero.host}"


def _attribute(connections: Connections) -> str:
    return f"{connections.names.server}:{connections.settings.omero.name}"


def _known(connections: Connections) -> str | None:
    return next(iter(recall(connections.zone, _attribute(connections))), None)


def _remember(connections: Connections, uuid: str) -> None:
    remember(connections.zone, _attribute(connections), uuid)
