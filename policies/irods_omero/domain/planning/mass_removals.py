"""Mass removals: how many units may lose something in a while, and what becomes of those that are held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation

WHILE_SECONDS = 3600.0
"""Units that lose something within this time count together, whether one sweep finds them or many."""


@dataclass(frozen=True)
class RecentRemovals:
    """The units that were to lose something lately, and how many of them may.

    Attributes:
        limit: How many units may lose something within ``WHILE_SECONDS``.
        units: By catalog id, when they were to, in seconds since 1970.
        sweeps: When a sweep was so large that a tenth of it is more than the limit, and how many units it looked at.
    """

    limit: float
    units: Mapping[int, float] = field(default_factory=dict)
    sweeps: tuple[tuple[float, int], ...] = ()

    def and_those(self, losing: Collection[int], swept: int, now: float) -> RecentRemovals:
        """With what a sweep finds now, and without what was longer ago.

        Args:
            losing: Catalog ids of the units that would lose something now. They count even if they are held: what comes
                after them is of the same kind.
            swept: How many units the sweep has looked at: a tenth of them may lose something, and is no reason to hold
                what little is lost in the sweeps after it.
            now: Seconds since 1970.
        """
        recent = {id_: at for id_, at in self.units.items() if abs(now - at) < WHILE_SECONDS}
        sweeps = tuple((at, size) for at, size in self.sweeps if abs(now - at) < WHILE_SECONDS)
        if swept / 10 > self.limit:
            sweeps += ((now, swept),)
        return replace(self, units={**recent, **dict.fromkeys(losing, now)}, sweeps=sweeps)

    @property
    def are_too_many(self) -> bool:
        """Whether those that come now are to be held."""
        largest = max((size for _, size in self.sweeps), default=0)
        return len(self.units) > max(self.limit, largest / 10)


def released(observation: Observation, restore: bool) -> Agreement:
    """What is agreed about a unit that was held, when a person has decided.

    Args:
        observation: The unit.
        restore: Whether to put back what was removed, and to import anew where images are missing; otherwise what was
            removed on one side is removed on the other, and missing images count as deleted.
    """
    base = replace(observation.base, held=False)
    if restore:  # nothing counts as agreed, so that what either side has is on both
        base = replace(base, attributes=())
    if restore and observation.omero.fileset is None:
        base = replace(base, fileset=None, group=None, content=None)
    return base
