"""Which OMERO this is, and which zone.

The agent works with the OMERO that it knows, in no earlier state than it has seen. Another one has none of the filesets
that were agreed on: all of them would seem to have been deleted by users. The zone gets an identity, which tells it
from others of its name that use the same OMERO.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

from irods.models import DataObject as DataObjects
from irods.models import DataObjectMeta

from irods_omero.agent.connections import Connections
from irods_omero.agent.hints import load_cursor, save_cursor
from irods_omero.agent.observe import agreement_of, gather
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.views import DataObject
from irods_omero.domain.state.zone_key import MARK, ZoneKey, identity_in
from irods_omero.errors import IdentityError
from irods_omero.gateways.omero.events import last_row
from irods_omero.gateways.omero.fileset_pages import keys_below, last_fileset
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.zone.home import recall, remember
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.gateways.zone.queries import first_rows
from irods_omero.gateways.zone.zone_actions import record_agreement
from irods_omero.gateways.zone.zone_identity import write_zone_key
from irods_omero.logs import log

ADVICE = "correct omero.host, or accept it with: irods-omero rebind"


def check_identity(connections: Connections) -> None:
    """Make sure that OMERO is the one that this zone knows; at the first start it gets to know it.

    Then, too, the zone gets its identity.

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
    identify_zone(connections)


def identify_zone(connections: Connections) -> None:
    """Give the zone an identity if it has none.

    Raises:
        IdentityError: It seems to have had one.
        UnreachableError: A side is down.
    """
    if connections.zone_key.identity:
        return
    zone, names, home = connections.zone, connections.names, connections.home
    key = ZoneKey(connections.settings.zone.name, uuid4().hex[:8])
    if first_rows(zone, "looking for agreements", 1, (DataObjects.id,), DataObjectMeta.name == names.agreement):
        key = replace(key, unidentified=last_fileset(connections.omero.service()))
        if lost := _lost(connections):
            command = f"imeta -M set -C {home} {names.identity}"
            raise IdentityError(
                f"the zone {key.name} has no identity, but agreements of {key.name}{MARK}{lost}. If that is this zone, "
                f"which has lost it: {command} {lost} {key.unidentified}. If it was built anew: {command} "
                f"{key.identity} 0"
            )
    write_zone_key(zone, names, home, key)
    log.info("the zone has been given an identity", zone=str(connections.zone_key))


def _lost(connections: Connections) -> str:
    """The identity in the key of a fileset that an agreement of the zone names, empty if there is none."""
    names, name = connections.names, connections.settings.zone.name
    for page in keys_below(connections.omero.service(), f"irods/{name}{MARK}"):
        objects = read_objects(connections.zone, (key.data_id for key in page.values()), [names.agreement])
        for fileset, key in page.items():
            identity, data_object = identity_in(key.zone, name), objects.get(key.data_id)
            if identity and data_object is not None and agreement_of(data_object, names).fileset == fileset:
                return identity
    return ""


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
        paths = client_paths(connections.omero.service(), filesets)
        for data_id, base in agreed.items():
            if base.fileset is None or connections.zone_key.is_of(data_id, base.fileset, paths.get(base.fileset, "")):
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
