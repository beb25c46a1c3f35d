"""Who may do what with data that came through OMERO first: who is known in the zone, and what has changed in OMERO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.omero_first.follow_rights import are_in_question
from irods_omero.domain.rules.omero_first.placement import Access, PlacementError, access_to, rule_for
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.rights import Rights, RightsView
from irods_omero.domain.state.omero_first.source import Source
from irods_omero.gateways.omero.sources import read_sources
from irods_omero.gateways.zone.access_lists import read_rights
from irods_omero.gateways.zone.intake_objects import GROUP_TYPE, kind_of_user


def check_people(connections: Connections, access: Access) -> str:
    """Make sure that the zone knows the owner, all who get rights, and the group unless it is to be made.

    Returns:
        The name of the group that is to be made, empty for none.

    Raises:
        PlacementError: It does not.
    """
    if kind_of_user(connections.zone, access.owner) in ("", GROUP_TYPE):
        raise PlacementError(f"there is no iRODS user {access.owner}: make one, or name another in omero.users")
    for name, _ in access.grants:
        of_another_zone = "#" in name
        if (
            name not in (access.owner, access.group)
            and not of_another_zone
            and not kind_of_user(connections.zone, name)
        ):
            raise PlacementError(f"there is no iRODS user or group {name}: make it, or see acl of omero_first")
    kind = kind_of_user(connections.zone, access.group) if access.group else GROUP_TYPE
    if kind == GROUP_TYPE:
        return ""
    if kind:
        raise PlacementError(f"{access.group} is a user in iRODS, not a group: see share of omero_first")
    if not access.makes_group:
        raise PlacementError(
            f"there is no iRODS group {access.group}: make it, or see make_groups and share of omero_first"
        )
    return access.group


def with_rights(connections: Connections, observations: dict[int, Observation]) -> dict[int, Observation]:
    """Add what rights the rule gives now, where images have another owner or group than those were given for."""
    if not any(rule.follow_rights for rule in connections.placement_rules()):
        return observations
    changed = {id_: each.omero.fileset for id_, each in observations.items() if are_in_question(each)}
    filesets = [fileset for fileset in changed.values() if fileset is not None]
    sources = read_sources(connections.omero.service(), filesets) if filesets else {}
    views = {id_: _look(connections, sources[fileset]) for id_, fileset in changed.items() if fileset in sources}
    wanted = {id_: view for id_, view in views.items() if view is not None}
    objects = [data_object.data_id for id_ in wanted for data_object in observations[id_].zone.objects]
    present = read_rights(connections.zone, objects) if objects else {}
    for data_id, view in wanted.items():
        of_unit = _of(present, (each.data_id for each in observations[data_id].zone.objects))
        observations[data_id] = replace(observations[data_id], rights=replace(view, present=of_unit))
    return observations


def _look(connections: Connections, source: Source) -> RightsView | None:
    """What is wanted, or why nobody can tell; None where the rights are to stay as they are."""
    settings = connections.settings
    try:
        rule = rule_for(source.group, connections.placement_rules())
        if not rule.follow_rights:
            return None
        access = access_to(source, rule, settings.zone.name, settings.omero.users)
        new_group = check_people(connections, access)
    except PlacementError as error:
        return RightsView(Rights(source.owner_id, source.group_id, ()), error=f"rights do not follow OMERO: {error}")
    return RightsView(access.rights(source), access.owner, new_group)


def _of(present: Mapping[int, Mapping[str, str]], ids: Iterable[int]) -> dict[int, Mapping[str, str]]:
    return {data_id: present.get(data_id, {}) for data_id in ids}
