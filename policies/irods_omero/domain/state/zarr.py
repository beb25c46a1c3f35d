"""What the metadata of an OME-Zarr hierarchy says of its images, as OMERO has to know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Sizes(NamedTuple):
    """How many pixels, sections, channels and time points an image has."""

    x: int
    y: int
    z: int = 1
    c: int = 1
    t: int = 1


class Length(NamedTuple):
    """A physical length, with its unit as OME-Zarr writes it."""

    value: float
    unit: str


@dataclass(frozen=True)
class ZarrChannel:
    """One channel.

    Attributes:
        name: Its name, empty for none.
        color: Red, green and blue from 0 to 255, None where nothing is said.
        window: The range of values that is shown, None where nothing is said.
    """

    name: str = ""
    color: tuple[int, int, int] | None = None
    window: tuple[float, float] | None = None


@dataclass(frozen=True)
class ZarrImage:
    """One image with its resolutions.

    Attributes:
        path: Of its group, below the hierarchy; empty where that is the hierarchy itself.
        name: What it is called there, empty for nothing.
        sizes: Of the largest resolution.
        pixel_type: As OMERO calls it, such as ``uint16``.
        lengths: Of one pixel, by axis: ``x``, ``y``, ``z``.
        channels: One for each channel.
    """

    path: str
    name: str
    sizes: Sizes
    pixel_type: str
    lengths: tuple[tuple[str, Length], ...]
    channels: tuple[ZarrChannel, ...]
