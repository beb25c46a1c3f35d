"""What a sweep did, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass
class Report:
    """Counts of one sweep.

    Attributes:
        observed: Units that were looked at.
        changed: Units of which something was written, on either side.
        imported: Units that were imported, or found imported.
        taken: Filesets that came through OMERO first, and were taken into iRODS.
        failed: Units that got an error.
        in_vain: Units of which something was tried and nothing came, which could not be written down either: they rest.
        waiting: Units that are left for a later sweep.
        postponed: Units whose import, or copy in OMERO, is left for the next sweep, as this one has done enough.
        walking: Marked collections of which the next sweep looks at more, and files that got marks by such a look.
        left: Marked data objects, as far as they were read, that are left to the next sweep: this one has done enough.
        held: Units that would lose mapped values or all images, and of which nothing is removed: they are too many.
        evicted: Units of which OMERO's copies were removed.
        refilled: Units of which they were brought back.
        misses: Those of these that had made room: somebody has asked for them.
        hits: Units of which they were read since the last look at all copies, as far as access times say so.
        linked: Units of which links to what iRODS has were made, in place of copies, of other links or of nothing.
        shared: Units whose copies share the blocks of what iRODS has, by now.
        freed_bytes: Bytes that were removed from OMERO's disk.
        refilled_bytes: Bytes that were brought back to it.
        omero_actions: Tags, flags and annotations written or removed.
        zone_actions: AVUs written or removed, and movements queued.
    """

    observed: int = 0
    changed: int = 0
    imported: int = 0
    taken: int = 0
    failed: int = 0
    in_vain: int = 0
    waiting: int = 0
    postponed: int = 0
    walking: int = 0
    left: int = 0
    held: int = 0
    evicted: int = 0
    refilled: int = 0
    misses: int = 0
    hits: int = 0
    linked: int = 0
    shared: int = 0
    freed_bytes: int = 0
    refilled_bytes: int = 0
    omero_actions: int = 0
    zone_actions: int = 0

    def followed_by(self, other: Report) -> Report:
        """What this sweep and the next one did together, and what is then left."""
        both = self.with_more(other)
        left = {name: getattr(other, name) for name in ("waiting", "postponed", "walking", "left")}
        return replace(both, **left)

    def with_more(self, other: Report) -> Report:
        """What this and another part of the same sweep did."""
        both = replace(self)
        both.add(other)
        return both

    def add(self, other: Report) -> None:
        """Count what another part of the same sweep did."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def is_unfinished(self) -> bool:
        """Whether the next sweep has something to do at once: where nothing could be done it is of no use.

        What was done in vain rests, so that it is the turn of others.
        """
        return bool(self.postponed and (self.observed or self.in_vain)) or self.goes_on

    @property
    def goes_on(self) -> bool:
        """Whether the next sweep goes on where this one has stopped."""
        return self.walking > 0 or self.left > 0

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """One line, without what did not happen."""
        counts = [f"{value} {name.replace('_', ' ')}" for name, value in asdict(self).items() if value]
        return ", ".join(counts) or "nothing to do"
