"""The tiers of a zone, and in which of them a unit is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from irods_omero.domain.state.residency import MOVING, NOTHING_SAYS, ONLINE, Residency
from irods_omero.domain.state.views import DataObject, PartsOn, Replica
from irods_omero.vocabulary import Request


@dataclass(frozen=True)
class Tier:
    """One resource in its place in a tier group.

    Attributes:
        name: What users see, as ``tier:<name>``.
        resource: Name of the root resource.
        group: Tier group, empty for a resource in none.
        index: Place in the group; storage tiering moves data from lower to higher ones.
        offline: Whether its bytes are out of OMERO's reach, so that images there get the lock.
        residency: What says of single data objects whether their bytes are out of reach here.
        moving: Whether the bytes of a data object, which are out of reach, are on their way to where they are not.
        access_hours: By how many hours the access times of what is here may lag behind OMERO's reading; None for any
            number.
        goes_by_replicas: Whether storage tiering goes by the access times of replicas here, too.
        recall_hours: Movements from here may take this long before a request is refused.
        verification: How storage tiering makes sure of a copy that was moved here: ``catalog``, ``filesystem`` or
            ``checksum``.
        preserve: Whether a replica stays here when data moves on.
        is_restage_tier: Whether data of the group comes back to here and no further.
        delay: The delay conditions of movements from here, without the name of the rule engine.
        most_objects: How many data objects a request may have moved to here or from here; None for any number.
    """

    name: str
    resource: str
    group: str = ""
    index: int = 0
    offline: bool = False
    residency: Residency = NOTHING_SAYS
    moving: bool = False
    access_hours: float | None = None
    goes_by_replicas: bool = False
    recall_hours: float = 24.0
    verification: str = "catalog"
    preserve: bool = False
    is_restage_tier: bool = False
    delay: str = "<PLUSET>1s</PLUSET><EF>60s REPEAT UNTIL SUCCESS OR 5 TIMES</EF>"
    most_objects: int | None = None

    def with_bytes_of(self, data_object: DataObject, replica: Replica | None) -> Tier:
        """The tier as it is for one replica, or for none: what is said of its bytes stands before the configuration."""
        said = self.residency.of(data_object, replica)
        return replace(self, offline=said != ONLINE, moving=said == MOVING) if said else self


class Tiers:
    """All the tiers of a zone."""

    def __init__(self, tiers: Iterable[Tier]) -> None:
        self._by_resource = {tier.resource: tier for tier in tiers}
        self._groups: dict[str, list[Tier]] = defaultdict(list)
        for tier in sorted(self._by_resource.values(), key=_index):
            self._groups[tier.group].append(tier)

    def of_resource(self, resource: str) -> Tier:
        """The tier of a root resource; a resource in no tier group is a tier of its own."""
        return self._by_resource.get(resource) or Tier(name=resource, resource=resource)

    def of_replica(self, data_object: DataObject, replica: Replica) -> Tier:
        """The tier of one replica, as it is for that one."""
        return self.of_resource(replica.resource).with_bytes_of(data_object, replica)

    def of_object(self, data_object: DataObject) -> Tier | None:
        """The tier that users see: the best of those that hold a good replica, or None while none is good.

        A tier that OMERO can reach is better than one that it cannot, and one in a tier group better than a resource
        in none; then the place in the group counts.
        """
        return min(self._with_bytes(data_object), key=_reach, default=None)

    def best_replica(self, data_object: DataObject) -> int | None:
        """The number of the good replica that is read fastest; None for none.

        Where several can be read it is one with a checksum, if there is one.
        """

        def speed(replica: Replica) -> tuple[object, ...]:
            tier = self.of_replica(data_object, replica)
            return tier.offline, not replica.checksum, _reach(tier)

        best = min(data_object.good_replicas(), key=speed, default=None)
        return best.number if best else None

    def replica_to_read(self, data_object: DataObject) -> int | None:
        """The number of the replica to read where others would keep who reads waiting; None where any will do."""
        reach = {tier.offline for tier in self._with_bytes(data_object)}
        return self.best_replica(data_object) if len(reach) > 1 else None

    def of_unit(self, objects: Iterable[DataObject], parts: Iterable[PartsOn] = ()) -> Tier | None:
        """The slowest tier of a unit's objects: an image can be shown when its last file can be read.

        What the site says of the bytes of the first one stands for the parts as well.

        Args:
            objects: The data objects.
            parts: What root resources have of a hierarchy. What is on a slower tier than one that keeps replicas
                counts as a copy.
        """
        all_objects = list(objects)
        # Of ten thousand most lie on the same resources, and carry the same.
        apart = {(*map(_place_of, one.good_replicas()), one.avus): one for one in all_objects}
        known = [tier for tier in map(self.of_object, apart.values()) if tier is not None]
        if not known or len(known) < len(apart):
            return None
        of_parts = [self._like_its_own(all_objects[0], each.resource) for each in parts]
        return max((*known, *(tier for tier in of_parts if not _is_copied(tier, of_parts))), key=_slowness)

    def by_themselves(self, objects: Iterable[DataObject], parts: Iterable[PartsOn] = ()) -> Tier | None:
        """The same without what AVUs say, which users may write."""
        return self.of_unit((replace(each, avus=frozenset()) for each in objects), parts)

    def place(self, data_object: DataObject) -> Tier | None:
        """Where storage tiering sees an object: on the first tier with a good replica, in a group with several tiers.

        None where no tier of such a group has a good replica: nothing can be moved from there.
        """
        tiers = (tier for tier in self._with_good_replica(data_object) if len(self._group(tier)) > 1)
        return min(tiers, key=_index, default=None)

    def destination(self, request: Request, data_object: DataObject) -> Tier | None:
        """Where a request has a data object moved to; None where it is served, or holds it where it is.

        As in storage tiering, a replica may be told to stay on the tier that data comes from, and nothing is restaged
        that is on the restage tier already, or on an even faster one.
        """
        place = self.place(data_object)
        if place is None:
            return None
        tier, is_restage = self.onward(request, place), request.restages
        is_copied = place.preserve and not is_restage and tier in self._with_good_replica(data_object)
        return None if is_copied else tier

    def onward(self, request: Request, place: Tier) -> Tier | None:
        """Where a request has what is on a tier moved to; None where it stays there."""
        group = self._group(place)
        if request.destination is None:
            return None
        if request.restages:
            tier = next((tier for tier in group if tier.is_restage_tier), group[0])
            return tier if place.index > tier.index else None
        tier = group[request.destination]
        return None if place == tier else tier

    def left(self) -> list[Tier]:
        """The tiers that storage tiering moves data away from: no last one of a group, and none that keeps replicas."""
        return [
            tier
            for tier in self._by_resource.values()
            if not tier.preserve and self._group(tier)[-1].index > tier.index
        ]

    def access_hours(self, data_object: DataObject) -> float | None:
        """By how many hours the access time of a data object may lag behind OMERO's reading; None for any number."""
        hours = (tier.access_hours for tier in self._with_good_replica(data_object))
        return min((each for each in hours if each is not None), default=None)

    def with_times_of_their_own(self, data_object: DataObject) -> tuple[int, ...]:
        """The numbers of the good replicas by whose own access times storage tiering goes."""
        good = data_object.good_replicas()
        return tuple(replica.number for replica in good if self.of_resource(replica.resource).goes_by_replicas)

    def _group(self, of: Tier) -> list[Tier]:
        return self._groups[of.group] if of.group else [of]

    def _like_its_own(self, data_object: DataObject, resource: str) -> Tier:
        """The tier of a resource as it is for the replica that a data object has there, if it has one."""
        own = [self.of_replica(data_object, each) for each in data_object.good_replicas() if each.resource == resource]
        return min(own, key=_reach, default=self.of_resource(resource).with_bytes_of(data_object, None))

    def _with_bytes(self, data_object: DataObject) -> list[Tier]:
        """The tier of each good replica, as it is for that one."""
        return [self.of_replica(data_object, replica) for replica in data_object.good_replicas()]

    def _with_good_replica(self, data_object: DataObject) -> list[Tier]:
        return [self.of_resource(replica.resource) for replica in data_object.replicas if replica.good]


def _place_of(replica: Replica) -> tuple[str, str, str]:
    """What tells the tier of a replica, besides its data object's AVUs."""
    return replica.resource, replica.storage, replica.said


def _is_copied(tier: Tier, tiers: Iterable[Tier]) -> bool:
    """Whether what is on a tier is a copy: it came from one of the others, which keeps what moves on."""
    return any(other.preserve and other.group == tier.group and other.index < tier.index for other in tiers)


def _index(tier: Tier) -> tuple[int, str]:
    return (tier.index, tier.name)


def _reach(tier: Tier) -> tuple[bool, bool, bool, int, str]:
    return (*_distance(tier), not tier.group, tier.index, tier.name)


def _slowness(tier: Tier) -> tuple[bool, bool, int, str]:
    return (*_distance(tier), tier.index, tier.name)


def _distance(tier: Tier) -> tuple[bool, bool]:
    """What is out of reach is further away, and even more so what is not on its way."""
    return (tier.offline, tier.offline and not tier.moving)
