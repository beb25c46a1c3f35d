"""What a request to another tier means for a unit: what of it is to be moved, how much that is, and what comes next.

Of an OME-Zarr hierarchy only as many data objects are looked at as may be queued at a time; the catalog adds up all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.views import DataObject, PartsOn, Replica, ZoneView
from irods_omero.vocabulary import Request


class Amount(NamedTuple):
    """How much is to be moved: data objects, and their bytes."""

    objects: int
    size: int

    def __str__(self) -> str:
        objects = "1 data object" if self.objects == 1 else f"{self.objects} data objects"
        return f"{objects} of {self.size} bytes"


class Leg(NamedTuple):
    """A data object, the tier that it is on, and the one that it is asked to be on."""

    data_object: DataObject
    place: Tier
    destination: Tier

    @property
    def source(self) -> Replica:
        """The replica to take the bytes from."""
        good = self.data_object.good_replicas()
        return next(replica for replica in good if replica.resource == self.place.resource)

    def move(self) -> Move:
        """What asks storage tiering for it."""
        return Move(
            data_id=self.data_object.data_id,
            path=self.data_object.path,
            replica=self.source.number,
            source=self.place.resource,
            destination=self.destination.resource,
            group=self.destination.group,
            verification=self.destination.verification,
            preserve=self.place.preserve,
            delay=self.place.delay,
        )


@dataclass(frozen=True)
class Journey:
    """What is left to move of a unit.

    Attributes:
        legs: In the order of catalog ids; of a hierarchy the first of them.
        amount: How much all of it is, of a hierarchy by the replicas.
        tiers: Those that it leaves, and those that it goes to.
    """

    legs: tuple[Leg, ...]
    amount: Amount
    tiers: frozenset[Tier]

    @property
    def destinations(self) -> str:
        """The names of the tiers that it goes to."""
        return ", ".join(sorted({leg.destination.name for leg in self.legs}))

    @property
    def recall_hours(self) -> float:
        """How long it may be that nothing of it moves."""
        return max(leg.place.recall_hours for leg in self.legs)

    def why_too_much(self) -> str:
        """Why none of it is moved, as it is more than one of its tiers takes; empty if it is not."""
        limits = [(tier.most_objects, tier.resource) for tier in self.tiers if tier.most_objects is not None]
        most, resource = min(limits, default=(self.amount.objects, ""))
        if self.amount.objects <= most:
            return ""
        return f"it would move {self.amount}, and tiers.{resource}.most_objects is {most}"


def journey_of(zone: ZoneView, tiers: Tiers, request: Request) -> Journey:
    """What is left to move of a unit until a request is served."""
    known = {each.data_id: each for each in (*(zone.ahead or ()), *zone.objects)}
    legs = tuple(
        Leg(known[data_id], place, destination)
        for data_id in sorted(known)
        if (place := tiers.place(known[data_id])) is not None
        and (destination := tiers.destination(request, known[data_id])) is not None
    )
    seen = Amount(len(legs), sum(leg.source.size for leg in legs))
    left = [tiers.of_resource(resource) for resource in leaves(zone.parts, tiers, request)]
    reached = [tier for place in left if (tier := tiers.onward(request, place)) is not None]
    of_legs = [tier for leg in legs for tier in (leg.place, leg.destination)]
    amount = max(seen, _of_parts(zone.parts, tiers, request))
    return Journey(legs, amount, frozenset((*of_legs, *left, *reached)))


def leaves(parts: Sequence[PartsOn], tiers: Tiers, request: Request) -> list[str]:
    """The root resources from which a request has parts of a hierarchy moved away."""
    return [each.resource for each in parts if tiers.onward(request, tiers.of_resource(each.resource)) is not None]


def _of_parts(parts: Sequence[PartsOn], tiers: Tiers, request: Request) -> Amount:
    """How much of a hierarchy is to be moved: of a tier that keeps replicas what the next one has not got yet."""
    sums = {each.resource: Amount(each.objects, each.size) for each in parts}
    objects = size = 0
    for resource in leaves(parts, tiers, request):
        place = tiers.of_resource(resource)
        destination = tiers.onward(request, place)
        has_copies = place.preserve and destination is not None and destination.index > place.index
        there = sums.get(destination.resource) if has_copies and destination is not None else None
        objects += max(sums[resource].objects - (there.objects if there else 0), 0)
        size += max(sums[resource].size - (there.size if there else 0), 0)
    return Amount(objects, size)
