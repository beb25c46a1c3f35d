"""Adds to observations what decisions about movements rest on: those that are queued, and what is left to move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.moving import leaves
from irods_omero.domain.rules.requests import asked_on
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.request_lookup import request_for
from irods_omero.domain.state.views import DataObject
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.movement import queued_movements
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.gateways.zone.resources import RootResources, parts_on
from irods_omero.vocabulary import Request, zarr_of


def with_movements(
    connections: Connections, observations: dict[int, Observation], resources: RootResources
) -> dict[int, Observation]:
    """Add the queued movements, for which the delay queue is read only if anybody asks to have anything moved.

    The replicas are read once more after the queue: a movement that ended between the two readings would be in
    neither, and be queued again, only to fail.
    """
    asking = {id_: requests for id_, each in observations.items() if (requests := _requests(each))}
    if not asking:
        return observations
    queued = queued_movements(connections.zone)
    moving = [data_object.data_id for id_ in asking for data_object in observations[id_].zone.objects]
    present = read_objects(connections.zone, moving, ())
    for data_id, requests in asking.items():
        observation = observations[data_id]
        objects = tuple(_where_it_is(data_object, present) for data_object in observation.zone.objects)
        ahead = _ahead(connections, observation, requests, resources)
        known = {each.data_id: each.path for each in (*objects, *(ahead or ()))}
        movements = tuple((id_, to) for id_, path in known.items() for to in sorted(queued.get(path, ())))
        zone = replace(observation.zone, objects=objects, movements=movements, ahead=ahead)
        observations[data_id] = replace(observation, zone=zone)
    return observations


def _requests(observation: Observation) -> list[Request]:
    """The requests that have data moved, whoever asks for them."""
    requests = {asked.request: request_for(asked.request) for asked in asked_on(observation)}
    return [request for _, request in sorted(requests.items()) if request.moves]


def _where_it_is(data_object: DataObject, present: Mapping[int, DataObject]) -> DataObject:
    now = present.get(data_object.data_id)
    return replace(data_object, replicas=now.replicas) if now else data_object


def _ahead(
    connections: Connections, observation: Observation, requests: list[Request], resources: RootResources
) -> tuple[DataObject, ...] | None:
    """What is next to move of a hierarchy, for each of some requests; None for other units."""
    if not observation.zone.parts:
        return None
    coming = dict[int, DataObject]()
    for request in requests:
        coming |= {each.data_id: each for each in _next(connections.zone, observation, request, resources)}
    return tuple(coming[data_id] for data_id in sorted(coming))


def _next(
    zone: ZoneConnection, observation: Observation, request: Request, resources: RootResources
) -> list[DataObject]:
    """The first parts of a hierarchy that a request has moved, a page of those on the tiers that it leaves at a time.

    From a tier that keeps replicas what was moved is read again each time, as it is still there.
    """
    tiers, most = observation.policy.tiers, observation.policy.most_queued
    ids = resources.below(leaves(observation.zone.parts, tiers, request))
    chosen, after = list[DataObject](), 0
    while ids and len(chosen) < most:
        page = parts_on(zone, zarr_of(observation.zone.first.path), ids, after, most)
        of_page = read_objects(zone, page.ids, ())
        chosen += (of_page[id_] for id_ in sorted(of_page) if tiers.destination(request, of_page[id_]) is not None)
        if not page.last:
            break
        after = page.last
    return chosen[:most]
