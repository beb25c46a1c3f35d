"""How many images and bytes there are, as OMERO adds them up, and what will move, as the zone does: plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ImageCount:
    """Images of one group, on one tier, that were imported in one month.

    Attributes:
        group: Name of the OMERO group.
        tier: Name of the tier, as in tags.
        month: As in ``2026-01``, by the clock of OMERO's database.
        images: How many.
        filesets: How many filesets: units of the zone.
        size: Bytes of the filesets' files.
    """

    group: str
    tier: str
    month: str
    images: int = 0
    filesets: int = 0
    size: int = 0


@dataclass(frozen=True, order=True)
class TierCount:
    """Images that are on a tier since one month."""

    tier: str
    month: str
    images: int


@dataclass(frozen=True)
class Due:
    """What is, or will be, unused for as long as data stays on a tier that it leaves for another one.

    Attributes:
        resource: Root resource of the tier.
        days: In how many days, at most; 0 for now. What is due earlier is counted, too.
        replicas: How many replicas.
        size: Bytes of these.
    """

    resource: str
    days: int
    replicas: int
    size: int


@dataclass(frozen=True)
class Outlook:
    """What will move.

    Attributes:
        due: By resource and days.
        scheduled: Good replicas of objects that storage tiering has flagged: they are in the delay queue, or were given
            up. An object counts with each of its good replicas.
        scheduled_size: Bytes of these.
    """

    due: tuple[Due, ...] = ()
    scheduled: int = 0
    scheduled_size: int = 0
