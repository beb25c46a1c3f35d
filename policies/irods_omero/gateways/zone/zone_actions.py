"""What a plan does in the zone, one action at a time, in the order that the plan gives."""

from __future__ import annotations

from irods_omero.domain.state.actions import AddAvu, Move, RecordAgreement, Relocate, RemoveAvu, SetRight, ZoneAction
from irods_omero.domain.state.agreement import VERSION, encode
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.access_lists import set_right
from irods_omero.gateways.zone.avus import add_avu, remove_avu, set_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.intake_objects import relocate
from irods_omero.gateways.zone.movement import queue_movement
from irods_omero.vocabulary import Names


def apply_to_zone(zone: ZoneConnection, action: ZoneAction) -> None:
    """Do one action of a plan."""
    match action:
        case AddAvu():
            add_avu(zone, action.path, action.avu, action.collection)
        case RemoveAvu():
            remove_avu(zone, action.path, action.avu, action.collection)
        case SetRight():
            set_right(zone, action)
        case Relocate():
            relocate(zone, action)
        case Move():
            queue_movement(zone, action)


def record_agreement(zone: ZoneConnection, names: Names, action: RecordAgreement) -> None:
    """Write the agreement of a unit over the one that was there."""
    avu = Avu(names.agreement, encode(action.agreement), VERSION)
    set_avu(zone, action.path, avu)
