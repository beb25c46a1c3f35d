"""Asks commands that the configuration names where the bytes of replicas are, for units that are observed anyway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from irods_omero.domain.state.views import DataObject, Replica, ZoneView
from irods_omero.gateways.programs import Program
from irods_omero.settings import Settings


def programs_of(settings: Settings) -> dict[str, Program]:
    """For each root resource of which a command says where bytes are that command."""
    return {
        resource: Program(tier.residency_command, tier.residency_words)
        for resource, tier in settings.tiers.items()
        if tier.residency_command
    }


def units_with_residency(programs: Mapping[str, Program], units: Mapping[int, ZoneView]) -> dict[int, ZoneView]:
    """The same units, with what the commands say of their replicas."""
    if not programs:
        return dict(units)
    objects = with_residency(programs, {each.data_id: each for unit in units.values() for each in unit.objects})
    return {
        data_id: replace(unit, objects=tuple(objects[each.data_id] for each in unit.objects))
        for data_id, unit in units.items()
    }


def with_residency(programs: Mapping[str, Program], objects: Mapping[int, DataObject]) -> dict[int, DataObject]:
    """The same data objects, with what the commands say of their good replicas."""
    files: dict[str, set[str]] = defaultdict(set)
    for data_object in objects.values():
        for replica in data_object.good_replicas():
            if replica.resource in programs:
                files[replica.resource].add(replica.file)
    said = {resource: programs[resource].ask(sorted(of_resource)) for resource, of_resource in files.items()}

    def with_answer(replica: Replica) -> Replica:
        word = said.get(replica.resource, {}).get(replica.file, "") if replica.good else ""
        return replace(replica, said=word) if word else replica

    return {
        data_id: replace(each, replicas=tuple(map(with_answer, each.replicas))) if said else each
        for data_id, each in objects.items()
    }
