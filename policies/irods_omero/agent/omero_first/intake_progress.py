"""What earlier attempts to take a fileset in have brought into the zone."""

from __future__ import annotations

from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.membership import units_named
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.gateways.omero.filesets import keys_of
from irods_omero.gateways.zone.objects import ids_with, read_objects
from irods_omero.vocabulary import LIST


class IntakeProgress(NamedTuple):
    """The data objects that have the bytes of a fileset's files.

    Attributes:
        ready: Logical paths of those that are in the agent's own collection.
        moved: Of those that are in their place.
        unit: Catalog id of the first of them, as the key on the fileset says it.
        first: Its logical path, if it is in its place; it goes there before the others.
    """

    ready: set[str]
    moved: set[str]
    unit: int | None
    first: str = ""


def intake_progress(connections: Connections, fileset: int, staging: str) -> IntakeProgress:
    """What is there of a fileset, by its id; ``staging`` is the collection in which it is made ready.

    Outside of the agent's own collection the AVU alone proves nothing: somebody may have written it. The key on the
    fileset, which is there before anything is moved, has to name the unit.
    """
    ours, names = objects_of(connections, fileset), connections.names
    key = keys_of(connections.omero.service(), [fileset]).get(fileset, "")
    unit = connections.zone_key.data_id(fileset, key)
    ready = {each.path for each in ours if each.path.startswith(f"{staging}/")}
    of_unit = {each.path for each in ours if each.data_id == unit or Unit(unit or 0, LIST) in units_named(each, names)}
    first = (each.path for each in ours if each.data_id == unit and each.path not in ready)
    return IntakeProgress(ready, of_unit - ready, unit, next(first, ""))


def objects_of(connections: Connections, fileset: int) -> list[DataObject]:
    """The data objects that say that they have the bytes of a fileset's files."""
    names = connections.names
    ids = ids_with(connections.zone, names.fileset, [str(fileset)])
    objects = read_objects(connections.zone, ids, [names.fileset, names.unit]).values() if ids else ()
    return [each for each in objects if id_avu(connections, fileset) in each.avus]


def id_avu(connections: Connections, fileset: int) -> Avu:
    """The AVU that says that a data object has the bytes of one of the fileset's files, and that they were verified."""
    return Avu(connections.names.fileset, str(fileset), connections.settings.omero.name)
