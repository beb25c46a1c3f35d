"""What agents keep in the zone for themselves: AVUs on the home collection of their account, which no hook marks."""

from __future__ import annotations

from irods.column import Like
from irods.models import Collection, CollectionMeta

from irods_omero.domain.rules.omero_first.placement import component
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.avus import set_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.gateways.zone.watched import like

INTAKE = "omero-first"


def recall(zone: ZoneConnection, attribute: str) -> list[str]:
    """The values of one attribute: one, unless somebody has edited it."""
    columns, conditions = (CollectionMeta.value,), (CollectionMeta.name == attribute, Collection.name == home_of(zone))
    return [str(value) for (value,) in rows(zone, f"reading {attribute}", columns, *conditions)]


def recall_all(zone: ZoneConnection, attribute: str) -> dict[str, str]:
    """The values of all attributes that start with this one and a colon, by what comes after the colon."""
    start = f"{attribute}:"
    conditions = (Like(CollectionMeta.name, f"{like(start)}%"), Collection.name == home_of(zone))
    avus = rows(zone, f"reading {attribute}", (CollectionMeta.name, CollectionMeta.value), *conditions)
    return {str(name).removeprefix(start): str(value) for name, value in avus if str(name).startswith(start)}


def remember(zone: ZoneConnection, attribute: str, value: str) -> None:
    """Keep a value in place of the one that was there."""
    set_avu(zone, home_of(zone), Avu(attribute, value), collection=True)


def intake_root(zone: ZoneConnection, server: str) -> str:
    """The collection of all filesets of an OMERO server that are to be taken in and were not yet, one for each."""
    return f"{home_of(zone)}/{INTAKE}/{component(server)}"


def home_of(zone: ZoneConnection) -> str:
    """The home collection of the agents' account."""
    return f"/{zone.zone}/home/{zone.settings.user}"
