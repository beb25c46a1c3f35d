"""Which of OMERO's copies go when there are too many bytes of them: those that were used least recently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import NamedTuple

from irods_omero.domain.rules.one_copy.copy_decision import decide_copies, makes_room, still_shared
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import COPY, Evict
from irods_omero.domain.state.request_lookup import request_or_none

LOW_WATER = 0.9
"""Down to this part of the limit copies go, so that not each new one makes another one go."""

SPARED_SECONDS = 3600.0
"""What was used within this time stays, as long as OMERO makes the pyramid of what has just been imported, say."""

LISTED = 1000
"""At most this many are chosen together, so that memory does not grow with the cache; then all is looked at anew."""


class Cached(NamedTuple):
    """The copies that OMERO has of the files of one unit.

    Attributes:
        used: When one of them was read last, seconds since 1970.
        data_id: Catalog id of the unit's first data object.
        size: Bytes.
        path: Logical path of that data object.
        may_go: Whether they may be removed to make room.
    """

    used: float
    data_id: int
    size: int
    path: str
    may_go: bool


@dataclass(frozen=True)
class Room:
    """What is to go.

    Attributes:
        size: Bytes that there are of copies.
        most: Bytes that there are to be at most.
        leaving: What is to go, in this order.
        is_all: Whether that is enough, or all that may go.
    """

    size: int
    most: int
    leaving: tuple[Cached, ...] = ()
    is_all: bool = True

    @property
    def freed(self) -> int:
        """Bytes that go."""
        return sum(each.size for each in self.leaving)


def in_cache(observation: Observation) -> Cached | None:
    """What OMERO has of a unit, None for nothing, where it goes with its tier anyway, or takes no room of its own.

    Args:
        observation: The unit. Which request stands is taken from what is agreed: it is decided anew when its turn
            comes.
    """
    files, request = observation.copies or (), request_or_none(observation.base.request)
    tier = observation.policy.tiers.of_unit(observation.zone.objects)
    there = [file for file in files if file.disk.state == COPY]
    if not there or still_shared(observation) or isinstance(decide_copies(observation, tier, request).action, Evict):
        return None
    used = max(file.disk.used for file in there)
    decision = decide_copies(replace(observation, makes_room=True), tier, request)
    # A time in the future is of a clock that was wrong, and spares nothing.
    is_spared = 0 <= observation.now - used < SPARED_SECONDS
    may_go = makes_room(observation, decision) and len(there) == len(files) and not is_spared
    first = observation.zone.first
    return Cached(used, first.data_id, sum(file.size for file in there), first.path, may_go)


def was_read(observation: Observation, since: float, until: float) -> bool:
    """Whether copies that OMERO had before were read in that time, seconds since 1970: what is later counts later."""
    disks = [file.disk for file in observation.copies or ()]
    return any(disk.state == COPY and disk.written <= since < disk.used <= until for disk in disks)


def make_room(cached: Iterable[Cached], most: int) -> Room:
    """Decide what is to go.

    Args:
        cached: All that there is, in any order; gone through once.
        most: Bytes that there are to be at most.
    """
    size = 0

    def that_may_go() -> Iterator[Cached]:
        nonlocal size
        for each in cached:
            size += each.size
            if each.may_go:
                yield each

    oldest, leaving = nsmallest(LISTED, that_may_go()), list[Cached]()
    left = size
    while size > most and left > most * LOW_WATER and len(leaving) < len(oldest):
        leaving.append(oldest[len(leaving)])
        left -= leaving[-1].size
    is_all = not leaving or left <= most * LOW_WATER or len(oldest) < LISTED
    return Room(size, most, tuple(leaving), is_all)
