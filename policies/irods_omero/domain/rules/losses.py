"""Which units have lost something lately, whether more of them wait for a person, and what that decides."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation

REMEMBERED_SECONDS = 3600.0
"""What was lost longer ago is no longer counted: as much is what users take away one by one."""

TENTH = 10


class Losses:
    """What was lost within the last hour; an agent that starts anew begins with nothing.

    At most as many units as the limit says lose anything within any hour without a person's word.
    """

    def __init__(self) -> None:
        self._lost: dict[int, float] = {}
        self._held: list[tuple[float, int]] = []
        self._sizes: list[tuple[float, int]] = []

    def are_too_many(
        self, losing: Collection[int], observed: int, now: float, most: int, still_held: Callable[[], int]
    ) -> bool:
        """Count the units of a batch that would lose something.

        Args:
            losing: Their catalog ids.
            observed: Units of this pass, those of the batch among them: what a single pass over very many units may
                take from a tenth of them counts for as long as this itself is remembered.
            now: Seconds since 1970.
            most: As many may lose something however few were looked at.
            still_held: Counts the units of which removals are held at the moment: what a person has decided about is
                no reason to hold others. Asked only if it matters.

        Returns:
            Whether they are to be held, all of them.
        """
        self._forget(now)
        if observed > TENTH * most:
            self._sizes.append((now, observed))
        if not losing:
            return False
        limit = max(most, max((size for _, size in self._sizes), default=0) / TENTH)
        lost = len(self._lost.keys() | set(losing))
        held = sum(count for _, count in self._held)
        if lost + held > limit >= lost:
            held = min(held, still_held())
            self._held = [(now, held)] if held else []
        if lost + held > limit:
            self._held.append((now, len(losing)))
            return True
        self._lost.update(dict.fromkeys(losing, now))
        return False

    def _forget(self, now: float) -> None:
        """Leave what is too old, and what the future says: a clock that was put right must hold nothing for ever."""
        self._lost = {unit: at for unit, at in self._lost.items() if _is_recent(at, now)}
        self._held = [(at, count) for at, count in self._held if _is_recent(at, now)]
        self._sizes = [(at, size) for at, size in self._sizes if _is_recent(at, now)]


def _is_recent(at: float, now: float) -> bool:
    return abs(now - at) < REMEMBERED_SECONDS


def settled(observation: Observation, restore: bool) -> Agreement:
    """What counts as agreed about a unit once a person has decided about what is held of it.

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
