"""Why one unit is as it is: both views, what was agreed, and for each field which rule decided; of directories, too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_units import Directories
from irods_omero.agent.observe import Observer
from irods_omero.agent.reconcile import Assessment
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.formats.neighbour_rules import rule_of_single_file
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import client_paths, fileset_of_image
from irods_omero.gateways.zone.objects import id_of
from irods_omero.gateways.zone.stranded import stranded
from irods_omero.status.collection import DirectoryState


def look_at_directory(connections: Connections, path: str, clock: Callable[[], float] = time.time) -> DirectoryState:
    """Whether the files of a directory are a unit, and why.

    Raises:
        UnreachableError: The zone is down.
    """
    return _directory(connections, Observer(connections, clock), clock, path)


def _directory(
    connections: Connections, observer: Observer, clock: Callable[[], float], path: str, file: str = ""
) -> DirectoryState:
    decision = Directories(connections, observer, clock).look(path).about(file)
    return DirectoryState(path, decision.unit.data_id if decision.unit else None, decision.error or decision.rule)


def assess(connections: Connections, what: str, clock: Callable[[], float] = time.time) -> Assessment:
    """Look at the unit of a data object or image and decide about it, without doing anything.

    Args:
        connections: Both sides.
        what: Logical path, or ``Image:ID``.
        clock: Gives the time, seconds since 1970.

    Raises:
        RefusedError: There is no such thing, or OMERO has the image from elsewhere.
    """
    image = re.fullmatch(r"Image:(\d+)", what)
    if not image and not what.startswith("/"):
        raise RefusedError("explaining", what, "it is neither a logical path, which begins with /, nor Image:ID")
    data_id = _of_image(connections, int(image[1])) if image else id_of(connections.zone, what)
    observer = Observer(connections, clock)
    observations = observer.observe([data_id])
    if not observations and data_id in observer.unreadable:
        raise RefusedError("explaining", what, observer.unreadable[data_id])
    if data_id in observer.being_taken_in:
        raise RefusedError("explaining", what, "it came through OMERO first, and not all of it is in its place yet")
    if not observations:
        raise RefusedError("explaining", what, f"the data object {data_id} is no longer in the zone")
    (observation,) = observations.values()
    given_up = (one.path for each in observation.zone.objects for one in stranded(connections.zone, each.data_id))
    first = observation.zone.first.path
    path = observer.watched.directory_of(first)
    directory = _directory(connections, observer, clock, path, first) if path else _alone(observation)
    return Assessment(observation, decide(observation), tuple(given_up), directory)


def _alone(observation: Observation) -> DirectoryState | None:
    """The rule by which a file is a unit of its own, where it is told by rules what belongs together."""
    zone, rule = observation.zone, observation.zone.rule
    if rule is None or not rule.is_auto or zone.unit.is_of_several:
        return None
    name = rule_of_single_file(zone.first.path.removeprefix(f"{rule.collection}/"), observation.policy.own_rules)
    return DirectoryState(rule.collection, zone.unit.data_id, f"it is a unit of its own: {name}") if name else None


def _of_image(connections: Connections, image: int) -> int:
    session = connections.omero.service()
    fileset = fileset_of_image(session, image)
    path = client_paths(session, [fileset]).get(fileset, "") if fileset is not None else ""
    data_id = connections.zone_key.data_id(fileset or 0, path)
    if data_id is None:
        why = "this zone has no data of it (where it is to be taken in and was not yet, its pair 'error' says why)"
        raise RefusedError("explaining", f"Image:{image}", why)
    return data_id
