"""How far OMERO's event log was followed: the one part of the status that asks OMERO."""

from __future__ import annotations

from irods_omero.errors import SettingsError, SideError
from irods_omero.gateways.omero.events import last_row
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import recall_all
from irods_omero.settings import Settings
from irods_omero.status.status_facts import OmeroLag
from irods_omero.vocabulary import Names


def read_lag(settings: Settings, zone: ZoneConnection) -> OmeroLag:
    """The end of the log, and the places that agents have reached; or why OMERO cannot be asked.

    Raises:
        UnreachableError: The zone is down.
    """
    texts = recall_all(zone, f"{Names(settings.prefix).cursor}:{settings.omero.name}")
    cursors = {shards: int(text) for shards, text in texts.items() if text.isdecimal()}
    try:
        with OmeroConnection(settings.omero) as omero_server:
            return OmeroLag(end=last_row(omero_server.service()), cursors=cursors)
    except (SideError, SettingsError) as error:
        return OmeroLag(unreachable=str(error), cursors=cursors)
