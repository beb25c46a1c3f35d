"""From data objects to the units that they belong to; more is read only where their AVUs claim a unit of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.domain.membership import OF_SEVERAL, claims, membership, units_of
from policies.domain.unit import Unit
from policies.domain.views import DataObject, ZoneView
from policies.gateways.batches import in_batches
from policies.gateways.zone.connection import ZoneConnection
from policies.gateways.zone.queries import IDS_A_QUERY
from policies.gateways.zone.reading import ids_with, read_objects
from policies.vocabulary import Names


def gather(
    zone: ZoneConnection, names: Names, ids: Iterable[int], attributes: Sequence[str], each_once: bool = False
) -> dict[int, ZoneView]:
    """The units of these data objects with all their data objects, by the id of the first; those gone are left out.

    Args:
        zone: The zone.
        names: The AVU attributes.
        ids: Catalog ids.
        attributes: The AVU attributes to read, among them the one for units.
        each_once: Only the units whose first data object is among these: where one goes through all data objects.
    """
    objects = read_objects(zone, ids, attributes)
    claimed = {unit.data_id for found in objects.values() for unit in claims(found, names)}
    if not claimed:
        return {data_id: ZoneView(Unit(data_id), (found,)) for data_id, found in objects.items()}
    wanted = set(objects)
    _add(zone, objects, claimed, attributes)
    places = {data_id: membership(objects[data_id], objects, names).unit for data_id in wanted}
    if each_once:
        wanted = {data_id for data_id in wanted if places[data_id].data_id == data_id}
    firsts = {places[data_id].data_id for data_id in wanted if places[data_id].kind in OF_SEVERAL}
    _add(zone, objects, _claiming(zone, names, firsts), attributes)
    return units_of(wanted, objects, names)


def _add(zone: ZoneConnection, objects: dict[int, DataObject], ids: Iterable[int], attributes: Sequence[str]) -> None:
    """Read the data objects that were not read yet."""
    missing = set(ids) - set(objects)
    if missing:
        objects.update(read_objects(zone, missing, attributes))


def _claiming(zone: ZoneConnection, names: Names, firsts: Iterable[int]) -> set[int]:
    """Catalog ids of the data objects that claim to belong to the units of these firsts."""
    chunks = in_batches(sorted(firsts), IDS_A_QUERY)
    return {data_id for chunk in chunks for data_id in ids_with(zone, names.unit, [str(first) for first in chunk])}
