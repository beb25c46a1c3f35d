"""Why one unit is as it is: both views, what was agreed, and for each field which rule decided; and what a collection
says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from irods_omero.agent.connections import Connections
from irods_omero.agent.directories import Directories
from irods_omero.agent.observe import Observer
from irods_omero.agent.reconcile import Assessment, DirectoryState
from irods_omero.agent.walks import positions
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.beside import rule_alone
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import ImportRule
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import client_paths, fileset_of_image
from irods_omero.gateways.zone.marks import is_marked_collection
from irods_omero.gateways.zone.objects import id_of
from irods_omero.gateways.zone.stranded import stranded
from irods_omero.gateways.zone.watched import is_collection
from irods_omero.vocabulary import AUTO, FILE


@dataclass(frozen=True)
class CollectionState:
    """What a collection says, and how far the agent has followed it.

    Attributes:
        path: Its path.
        rule: What holds for what arrives in it, None where nothing is imported.
        trouble: Why nobody can tell what it means, empty if everybody can.
        marked: Whether the agent is to look at all that it holds.
        walked: At how many data objects it has looked.
        directory: The directory that it is or lies in, if it is watched for such units.
    """

    path: str
    rule: ImportRule | None
    trouble: str
    marked: bool
    walked: int
    directory: DirectoryState | None = None


def look_at_collection(connections: Connections, path: str) -> CollectionState | None:
    """What a collection says; None if there is no collection of this path.

    Raises:
        UnreachableError: The zone is down.
    """
    zone, names = connections.zone, connections.names
    if not is_collection(zone, path):
        return None
    observer = Observer(connections)
    watched = observer.watched
    walked = positions(zone, names).get(path)
    return CollectionState(
        path=path,
        rule=watched.rule_for(f"{path}/"),
        trouble=watched.trouble(path),
        marked=is_marked_collection(zone, names, path),
        walked=walked.count if walked else 0,
        directory=_directory(connections, observer, time.time, watched.directory_of(f"{path}/any")),
    )


def _directory(
    connections: Connections, observer: Observer, clock: Callable[[], float], path: str, file: str = ""
) -> DirectoryState | None:
    if not path:
        return None
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
    data_id = _of_image(connections, int(image[1])) if image else id_of(connections.zone, what)
    observer = Observer(connections, clock)
    observations = observer.observe([data_id])
    if not observations:
        raise RefusedError("explaining", what, f"the data object {data_id} is no longer in the zone")
    (observation,) = observations.values()
    given_up = (one.path for each in observation.zone.objects for one in stranded(connections.zone, each.data_id))
    directory = observer.watched.directory_of(observation.zone.first.path)
    state = _directory(connections, observer, clock, directory, observation.zone.first.path)
    return Assessment(observation, decide(observation), tuple(given_up), state or _alone(observation))


def _alone(observation: Observation) -> DirectoryState | None:
    """The rule by which a file is a unit of its own, where it is told by rules what belongs together."""
    zone, rule = observation.zone, observation.zone.rule
    if rule is None or rule.kind != AUTO or rule.trouble or zone.unit.kind != FILE:
        return None
    name = rule_alone(zone.first.path.removeprefix(f"{rule.collection}/"), observation.policy.own_rules)
    return DirectoryState(rule.collection, zone.unit.data_id, f"it is a unit of its own: {name}") if name else None


def _of_image(connections: Connections, image: int) -> int:
    session = connections.omero.service()
    fileset = fileset_of_image(session, image)
    path = client_paths(session, [fileset]).get(fileset, "") if fileset is not None else ""
    data_id = connections.zone_key.data_id(fileset or 0, path)
    if data_id is None:
        raise RefusedError("explaining", f"Image:{image}", "it was not imported from this zone")
    return data_id
