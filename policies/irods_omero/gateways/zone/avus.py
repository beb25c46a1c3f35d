"""Plain metadata calls: each may be repeated without harm.

Plain calls, because one atomic operation costs as much as ten of them on a real zone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import irods.keywords as kw
from irods.api_number import api_number
from irods.exception import CAT_SUCCESS_BUT_WITH_NO_INFO, CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME
from irods.message import MetadataRequest, iRODSMessage
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.connection import ZoneConnection

AS_ADMIN = {kw.ADMIN_KW: ""}
"""Given with each call: the option of the metadata manager outlives its session (python-irodsclient#833)."""


def add_avu(zone: ZoneConnection, path: str, avu: Avu, collection: bool = False) -> None:
    """Add an AVU; one that is already there is as good."""

    def add(session: Any) -> None:
        with suppress(CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME):
            session.metadata.add(_kind(collection), path, iRODSMeta(*avu), **AS_ADMIN)

    zone.call(f"adding AVU {avu.attribute}", path, add)


def remove_avu(zone: ZoneConnection, path: str, avu: Avu, collection: bool = False) -> None:
    """Take an AVU away; one that is not there is as good."""

    def remove(session: Any) -> None:
        with suppress(CAT_SUCCESS_BUT_WITH_NO_INFO):
            session.metadata.remove(_kind(collection), path, iRODSMeta(*avu), **AS_ADMIN)

    zone.call(f"removing AVU {avu.attribute}", path, remove)


def set_avu(zone: ZoneConnection, path: str, avu: Avu, collection: bool = False) -> None:
    """Make an AVU the only one of its attribute."""

    def set_it(session: Any) -> None:
        session.metadata.set(_kind(collection), path, iRODSMeta(*avu), **AS_ADMIN)

    zone.call(f"setting AVU {avu.attribute}", path, set_it)


def change_value(zone: ZoneConnection, path: str, avu: Avu, value: str) -> bool:
    """Give an AVU of a data object another value; returns whether it had that AVU.

    One transaction of the catalog takes it off and puts the other one on (zone-98): whoever has changed it meanwhile
    has the last word, and no object that has the same AVU gets another value, as may happen by setting one (zone-93).
    """

    def change(session: Any) -> bool:
        words = ("mod", "-d", path, avu.attribute, avu.value, *filter(None, [avu.units]), f"v:{value}")
        request = iRODSMessage(
            "RODS_API_REQ", msg=MetadataRequest(*words, **AS_ADMIN), int_info=api_number["MOD_AVU_METADATA_AN"]
        )
        with suppress(CAT_SUCCESS_BUT_WITH_NO_INFO), session.pool.get_connection() as connection:
            connection.send(request)
            connection.recv()
            return True
        return False

    return zone.call(f"changing AVU {avu.attribute}", path, change)


def _kind(collection: bool) -> Any:
    return Collection if collection else DataObject
