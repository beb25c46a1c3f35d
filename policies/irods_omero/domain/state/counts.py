"""How many images and bytes there are, as OMERO adds them up: plain values."""

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
