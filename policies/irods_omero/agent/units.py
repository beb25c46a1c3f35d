"""Makes one unit of several data objects, for the agent to import; needs the zone only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irods_omero.domain.rules.membership import is_united, objection, units_named
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.avus import set_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import post, post_to_gather
from irods_omero.gateways.zone.member_lists import MemberReader
from irods_omero.gateways.zone.objects import existing, id_of
from irods_omero.gateways.zone.watched import read_watched
from irods_omero.settings import Settings
from irods_omero.vocabulary import LIST, Names


@dataclass(frozen=True)
class United:
    """A unit of several.

    Attributes:
        unit: The unit.
        objects: Its data objects, the one that Bio-Formats opens first.
        new: Logical paths of those that did not say yet that they belong to it, in the order of writing.
    """

    unit: Unit
    objects: tuple[DataObject, ...]
    new: tuple[str, ...]


def unite(settings: Settings, paths: Sequence[str], dry_run: bool = False) -> United:
    """Write the AVUs that make one unit of data objects, and mark it.

    The first data object comes last: until it says that it is the first of the unit, nobody believes the others, and
    nothing is imported of it. What was cut off is completed by doing it again.

    Args:
        settings: The configuration.
        paths: Logical paths, first that of the data object that Bio-Formats is to open.
        dry_run: Whether to check only.

    Raises:
        RefusedError: Something is against it, and nothing was changed; or the zone refuses to write.
    """
    names = Names(settings.prefix)
    with ZoneConnection(settings.zone) as zone:
        objects = [_look(zone, names, path) for path in paths]
        named = {unit.data_id for data_object in objects for unit in units_named(data_object, names)}
        against = objection(objects, existing(zone, named), settings.watch.roots, names)
        if against:
            raise RefusedError("making a unit of", paths[0], against)
        unit = Unit(objects[0].data_id, LIST)
        first, *others = objects
        new = tuple(data_object.path for data_object in (*others, first) if not is_united(data_object, unit, names))
        if not dry_run:
            for path in new:
                set_avu(zone, path, Avu(names.unit, str(unit.data_id), unit.kind))
            post(zone, names, first.data_id, first.path)
            watched = read_watched(zone, names, settings.imports.own_rules())
            post_to_gather(zone, names, {watched.directory_of(path) for path in new} - {""})
        return United(unit, tuple(objects), new)


def _look(zone: ZoneConnection, names: Names, path: str) -> DataObject:
    data_id = id_of(zone, path)
    objects = MemberReader(zone, names).read([data_id], [names.unit, names.fileset])
    if data_id not in objects:
        raise RefusedError("looking for", path, "it has just been removed")
    return objects[data_id]
