"""When requests were made in the zone, which matters only where several are made at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS
from irods_omero.domain.state.views import DataObject
from irods_omero.gateways.zone.objects import attached_at, attached_to
from irods_omero.vocabulary import Names


def with_times(connections: Connections, observations: dict[int, Observation]) -> dict[int, Observation]:
    """Add when requests were made in the zone, which matters only where OMERO has another one."""
    disputed = [
        data_id for data_id, observation in observations.items() if _is_disputed(observation, connections.names)
    ]
    objects_of = [data_object.data_id for data_id in disputed for data_object in observations[data_id].zone.objects]
    times = attached_at(connections.zone, objects_of, connections.names.request) if disputed else {}
    for data_id in disputed:
        observation = observations[data_id]
        objects = tuple(_with_time(data_object, times) for data_object in observation.zone.objects)
        collection = observation.zone.collection
        if collection is not None and any(avu.attribute == connections.names.request for avu in collection.avus):
            own = attached_to(connections.zone, collection.path, connections.names.request)
            asked_at = tuple((avu, own.get(avu.value, time)) for avu, time in collection.asked_at)
            collection = replace(collection, asked_at=asked_at)
        zone = replace(observation.zone, objects=objects, collection=collection)
        observations[data_id] = replace(observation, zone=zone)
    return observations


def _with_time(data_object: DataObject, times: Mapping[tuple[int, str], int]) -> DataObject:
    asked = tuple((avu, times.get((data_object.data_id, avu.value), time)) for avu, time in data_object.asked_at)
    return replace(data_object, asked_at=asked)


def _is_disputed(observation: Observation, names: Names) -> bool:
    in_zone = {avu.value for avu in observation.zone.avus if avu.attribute == names.request}
    tags = (link for subject in observation.omero.subjects for link in subject.tags)
    in_omero = {link.text for link in tags if place_of_tag(link) == REQUEST_TAGS}
    return len(in_zone | in_omero) > 1
