"""Where data that came through OMERO first is put: where the rule says, unless something is in the way."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first.access import check_people
from irods_omero.agent.omero_first.registration import check_in_place
from irods_omero.domain.rules.omero_first.follow_names import may_follow
from irods_omero.domain.rules.omero_first.placement import (
    Placement,
    PlacementError,
    PlacementRule,
    irods_user,
    path_of,
    place,
    rule_for,
)
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.relocation import PlaceView, is_what_a_template_gives
from irods_omero.domain.state.omero_first.source import Source
from irods_omero.gateways.omero.sources import read_sources
from irods_omero.gateways.zone.intake_objects import is_taken
from irods_omero.gateways.zone.resources import root_of


def placement_for(connections: Connections, source: Source, rule: PlacementRule, owner: str = "") -> Placement:
    """Where a fileset goes, and whose it is there; ``owner`` is the iRODS user who shall own it, if that is said.

    Raises:
        PlacementError: It goes nowhere.
    """
    settings = connections.settings
    users = {owner: source.owner} if owner else settings.omero.users
    placement = place(source, rule, settings.zone.name, users, settings.watch.roots)
    if f"{placement.collection}/".startswith(f"{connections.home}/"):
        raise PlacementError(f"{placement.collection} is the agent's own, where no other data is kept")
    check_people(connections, placement.access)
    return placement


def check_resource(connections: Connections, source: Source, rule: PlacementRule) -> None:
    """Make sure that there is the resource that a rule names, and that it can have a fileset as the rule says.

    Raises:
        PlacementError: There is none, or it cannot.
    """
    name = rule.resource
    check_in_place(connections, source, rule)
    root = root_of(connections.zone, name) if name else ""
    if name and not root:
        raise PlacementError(f"there is no resource {name}: make it, or see resource of omero_first")
    if root != name:
        raise PlacementError(f"the resource {name} is below another, where nothing is written directly: name {root}")


def free_collection(
    connections: Connections,
    source: Source,
    placement: Placement,
    ours: Collection[str] = (),
    planned: Set[str] = frozenset(),
) -> str:
    """The collection where nothing is in the way of a fileset.

    Args:
        connections: Both sides.
        source: The fileset.
        placement: Where it goes.
        ours: Logical paths of its own data objects, which are not in its way.
        planned: Logical paths at which others will be by then.

    Raises:
        PlacementError: There is none.
    """
    own_place = placement.place_of_its_own(source.fileset)
    for collection in (placement.collection, own_place):
        paths = [path for path in placement.paths(collection) if path not in ours]
        if planned.isdisjoint(paths) and not is_taken(connections.zone, paths):
            return collection
    raise PlacementError(f"{own_place} holds something already: move it away")


def with_places(connections: Connections, observations: dict[int, Observation]) -> dict[int, Observation]:
    """Add where units are to be now, as far as that is another place than the agent put them into."""
    if not any(rule.follow_names for rule in connections.placement_rules()):
        return observations
    filesets = {
        id_: each.omero.fileset
        for id_, each in observations.items()
        if each.omero.fileset is not None and may_follow(each)
    }
    known = _read(connections, filesets.values(), files=False)
    asked = {
        id_: fileset
        for id_, fileset in filesets.items()
        if fileset in known and _is_elsewhere(connections, observations[id_], known[fileset])
    }
    sources = _read(connections, asked.values())
    for id_, fileset in asked.items():
        if fileset in sources:
            view = _look(connections, observations[id_], sources[fileset])
            observations[id_] = replace(observations[id_], place=view)
    return observations


def _read(connections: Connections, filesets: Collection[int], files: bool = True) -> dict[int, Source]:
    return read_sources(connections.omero.service(), filesets, files, facts=False) if filesets else {}


def _is_elsewhere(connections: Connections, observation: Observation, source: Source) -> bool:
    """Whether the rule may put a unit elsewhere than the agent has put it."""
    settings, base = connections.settings, observation.base
    rules = [rule for rule in connections.placement_rules() if rule.covers(source.group)]
    if not rules or not rules[0].follow_names:
        return False
    has_changed_hands = base.rights is None or (source.owner_id, source.group_id) != base.rights[:2]
    if has_changed_hands and not rules[0].follow_rights:
        return False  # it would come among what others have, who have no rights on it
    try:
        said = path_of(rules[0].to, source, settings.zone.name, irods_user(source.owner, settings.omero.users))
    except PlacementError:
        return True  # the other look says why
    return not is_what_a_template_gives(base.places, said, source.fileset)


def _look(connections: Connections, observation: Observation, source: Source) -> PlaceView:
    """Where the rule puts a unit, or why nobody can tell."""
    try:
        placement = placement_for(connections, source, rule_for(source.group, connections.placement_rules()))
        ours = {each.path for each in observation.zone.objects}
        collection = free_collection(connections, source, placement, ours)
    except PlacementError as error:
        return PlaceView(error=f"it does not follow what OMERO calls it: {error}")
    access = placement.access
    return PlaceView(collection, placement.names, access.owner, access.grants)
