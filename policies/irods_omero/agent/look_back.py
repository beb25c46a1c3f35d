"""Reads what both servers still know about the past of one unit; nothing is recorded for this purpose."""

from __future__ import annotations

import re

from irods.column import In
from irods.models import DataObject

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import agreement_of, gather
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.unit import import_prefix
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.omero.fileset_history import recorded
from irods_omero.gateways.omero.fileset_pages import filesets_below
from irods_omero.gateways.omero.filesets import client_paths, fileset_of_image
from irods_omero.gateways.zone.objects import attached_at, id_of
from irods_omero.gateways.zone.queries import IDS_A_QUERY, rows
from irods_omero.status.history import History, Past, history_of
from irods_omero.vocabulary import ACCESS_TIME

DOING = "telling what has happened"


def look_back(connections: Connections, what: str) -> History:
    """What happened to a unit, as far as both servers tell.

    Args:
        connections: Both sides.
        what: Logical path of one of its data objects, ``Image:ID`` or ``Fileset:ID``.

    Raises:
        RefusedError: There is no such thing, or it was not imported from this zone.
        UnreachableError: A server is down.
    """
    named = re.fullmatch(r"(Image|Fileset):(\d+)", what)
    fileset = _fileset(connections, named[1], int(named[2])) if named else None
    data_id = _data_id(connections, what, fileset) if fileset is not None else id_of(connections.zone, what)
    names = connections.names
    read = [*connections.attributes(), ACCESS_TIME]
    units = gather(connections.zone, names, [data_id], read).values()  # by their first ones, whichever was named
    objects = next((unit.objects for unit in units), ())
    data_id = objects[0].data_id if objects else data_id
    agreement = agreement_of(objects[0], names) if objects else NOTHING_AGREED
    ids = [each.data_id for each in objects]
    asking = [each.data_id for each in objects if each.values(names.request)]
    past = Past(
        objects=objects,
        created=_created(connections, ids),
        asked=attached_at(connections.zone, asking, names.request) if asking else {},
        agreement=agreement,
        recorded=recorded(
            connections.omero.service(), _filesets(connections, data_id, ids, fileset, agreement.fileset)
        ),
    )
    return History(objects[0].path if objects else "", data_id, tuple(history_of(past, names)))


def _fileset(connections: Connections, kind: str, id_: int) -> int:
    fileset = fileset_of_image(connections.omero.service(), id_) if kind == "Image" else id_
    if fileset is None:
        raise RefusedError(DOING, f"{kind}:{id_}", "OMERO has no such image, or it was not imported from files")
    return fileset


def _data_id(connections: Connections, what: str, fileset: int) -> int:
    path = client_paths(connections.omero.service(), [fileset]).get(fileset, "")
    data_id = connections.zone_key.data_id(fileset, path)
    if data_id is None:
        raise RefusedError(DOING, what, "it was not imported from this zone")
    return data_id


def _created(connections: Connections, ids: list[int]) -> dict[int, int]:
    """When data objects were created: a replica that was copied keeps the time of the one before (zone-87)."""
    times: dict[int, int] = {}
    columns = (DataObject.id, DataObject.create_time)
    for chunk in in_batches(ids, IDS_A_QUERY):
        for id_, created in rows(connections.zone, DOING, columns, In(DataObject.id, chunk)):
            times[id_] = min(int(created.timestamp()), times.get(id_, int(created.timestamp())))
    return times


def _filesets(connections: Connections, data_id: int, ids: list[int], *known: int | None) -> list[int]:
    """Those of the unit's content now and of earlier ones, also of its data objects as units of their own."""
    zone = str(connections.zone_key)
    below = filesets_below(connections.omero.service(), [import_prefix(zone, each) for each in {data_id, *ids}])
    return sorted({*below, *(each for each in known if each is not None)})
