"""Reads what OMERO has to be asked for: how far its event log was followed, and what the facility's report shows.

The rest of the status is read without omero-py, which takes half a second to be imported.
"""

from __future__ import annotations

import time

from irods_omero.domain.state.counts import ImageCount, TierCount
from irods_omero.errors import SettingsError, SideError
from irods_omero.gateways.omero.events import last_row
from irods_omero.gateways.omero.image_counts import count_images, count_since
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import recall_all
from irods_omero.settings import Settings
from irods_omero.status.facility import Facility
from irods_omero.status.outlook import read_outlook
from irods_omero.status.reading import read_status
from irods_omero.status.status_facts import OmeroLag
from irods_omero.status.summary import summarise
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


def read_facility(settings: Settings) -> Facility:
    """What there is on both sides, by a few queries that are answered with sums; with OMERO down what the zone says.

    Raises:
        UnreachableError: The zone is down.
        RefusedError: The zone refuses.
        SettingsError: A password cannot be read.
    """
    now, unreachable = time.time(), ""
    images: list[ImageCount] = []
    since: list[TierCount] = []
    with ZoneConnection(settings.zone) as zone:
        status = summarise(read_status(settings, zone), settings)
        outlook = read_outlook(settings, zone, now)
    try:
        with OmeroConnection(settings.omero) as omero_server:
            images, since = count_images(omero_server.service()), count_since(omero_server.service())
    except SideError as error:
        unreachable = str(error)
    return Facility(now, settings.zone.name, settings.omero.name, status, outlook, images, since, unreachable)
