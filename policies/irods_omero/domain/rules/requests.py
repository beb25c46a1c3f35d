"""What becomes of a request: pending, served, or refused with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.rules.merge import Asked, merge_request
from irods_omero.domain.rules.sides import Sides
from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.agreement import REASON_BYTES
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS, place_of_tag
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.request_words import request_for
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import DataObject, TagLink, ZoneView
from irods_omero.vocabulary import REQUESTS


@dataclass(frozen=True)
class RequestDecision:
    """What becomes of a request.

    Attributes:
        pending: The request that both sides show, None for none.
        moves: Movements to queue now.
        counted: How often movements were queued for the pending request, these included.
        refused: Why the last request was refused, empty if it was not.
        rule: Which rule decided, in words.
        wait: Whether to look again soon.
    """

    pending: Asked | None
    moves: tuple[Move, ...]
    counted: int
    refused: str
    rule: str
    wait: bool = False


def decide_request(observation: Observation, sides: Sides) -> RequestDecision:
    """Merge the requests of both sides, and decide what becomes of the one that stands."""
    policy, attribute = observation.policy, observation.policy.names.request
    base = sides.agreed({observation.base.request} & set(REQUESTS))
    in_zone, in_omero = sides.zone.says(attribute, base), sides.omero.says(REQUEST_TAGS, base)
    in_omero |= sides.taken_over(REQUEST_TAGS, base)
    new = [asked for asked in _asked(observation) if asked.request not in base]
    asked, rule = merge_request(new, "".join(base), base <= in_zone, base <= in_omero)
    if asked is None:
        return RequestDecision(None, (), 0, observation.base.refused, rule)
    if request_for(asked.request).holds:
        return RequestDecision(asked, (), 0, "", f"{rule}: held on its tier until taken away")
    counted = observation.base.moves if asked.request == observation.base.request else 0
    served = _serve(observation.zone, policy, asked, counted, rule)
    others = (sides.zone.anywhere(attribute) | sides.omero.anywhere(REQUEST_TAGS)) - {asked.request}
    if served.pending is None and others:
        # Were all requests removed at once, an agent that is killed on the way could leave one that has lost already.
        return RequestDecision(
            asked, (), counted, "", f"{rule}: taking the others away before it is answered", wait=True
        )
    return served


def _asked(observation: Observation) -> list[Asked]:
    """All the requests that data objects and images carry."""
    attribute = observation.policy.names.request
    in_zone = [
        Asked(avu.value, avu.units or data_object.owner, dict(data_object.asked_at).get(avu, 0))
        for data_object in observation.zone.objects
        for avu in data_object.avus
        if avu.attribute == attribute and avu.value in REQUESTS
    ]
    in_omero = [
        Asked(link.text, link.owner_name, link.created, in_zone=False)
        for subject in observation.omero.subjects + observation.omero.earlier
        for link in subject.tags
        if _is_request(link)
    ]
    return in_zone + in_omero


def _is_request(link: TagLink) -> bool:
    return place_of_tag(link) == REQUEST_TAGS and link.text in REQUESTS


def _serve(zone: ZoneView, policy: Policy, asked: Asked, counted: int, rule: str) -> RequestDecision:
    present = policy.tiers.of_unit(zone.objects)
    if present is None:
        return RequestDecision(asked, (), counted, "", f"{rule}: waiting for a good replica")
    places = [(data_object, policy.tiers.place(data_object)) for data_object in zone.objects]
    if any(place is None for _, place in places):
        return _refuse(asked.request, f"{present.name} has no other tier to go to")
    request = request_for(asked.request)
    to_move = [
        (data_object, place, destination)
        for data_object, place in places
        if place is not None and place != (destination := policy.tiers.destination(request, place))
    ]
    if not to_move:
        return RequestDecision(None, (), 0, "", f"{rule}: served, it is on tier {present.name}")
    moves = tuple(
        _move(data_object, place, destination)
        for data_object, place, destination in to_move
        if (data_object.data_id, destination.resource) not in zone.movements
    )
    names = ", ".join(sorted({destination.name for _, _, destination in to_move}))
    if moves and counted >= policy.attempts:
        return _refuse(asked.request, f"storage tiering did not move it to {names} in {counted} attempts")
    words = "queued" if moves else "its movement is queued"
    return RequestDecision(asked, moves, max(counted + bool(moves), 1), "", f"{rule}: {words}, to tier {names}")


def _refuse(request: str, reason: str) -> RequestDecision:
    refused = printable(f"request {request} refused: {reason}", REASON_BYTES)
    return RequestDecision(None, (), 0, refused, refused)


def _move(data_object: DataObject, place: Tier, destination: Tier) -> Move:
    source = next(replica for replica in data_object.good_replicas() if replica.resource == place.resource)
    return Move(
        data_id=data_object.data_id,
        path=data_object.path,
        replica=source.number,
        source=source.resource,
        destination=destination.resource,
        group=destination.group,
    )
