"""Reads what the facility's report shows: a few queries that both servers answer with sums, whatever their size."""

from __future__ import annotations

import time

from irods_omero.domain.state.counts import ImageCount, TierCount
from irods_omero.errors import SideError
from irods_omero.gateways.omero.image_counts import count_images, count_since
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.settings import Settings
from irods_omero.status.facility import Facility
from irods_omero.status.outlook import read_outlook
from irods_omero.status.reading import read_status
from irods_omero.status.summary import summarise


def read_facility(settings: Settings) -> Facility:
    """What there is on both sides; with OMERO down what the zone says.

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
