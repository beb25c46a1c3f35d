"""What a sweep did, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Report:
    """Counts of one sweep.

    Attributes:
        looked: Units that were looked at.
        changed: Units of which something was written, on either side.
        imported: Units that were imported, or found imported.
        failed: Units that got an error.
        waiting: Units that are left for a later sweep.
        omero_actions: Tags, flags and annotations written or removed.
        zone_actions: AVUs written or removed, and movements queued.
    """

    looked: int = 0
    changed: int = 0
    imported: int = 0
    failed: int = 0
    waiting: int = 0
    omero_actions: int = 0
    zone_actions: int = 0

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """One line, without what did not happen."""
        counts = [f"{value} {name.replace('_', ' ')}" for name, value in asdict(self).items() if value]
        return ", ".join(counts) or "nothing to do"
