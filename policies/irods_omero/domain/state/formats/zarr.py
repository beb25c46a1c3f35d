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


class AxisLength(NamedTuple):
    """The length of one pixel along an axis: ``x``, ``y`` or ``z``."""

    axis: str
    length: Length


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
        sizes: Of the largest resolution.
        pixel_type: As OMERO calls it, such as ``uint16``.
        lengths: Of one pixel, along those axes that have a unit; sorted.
        channels: One for each channel.
    """

    path: str
    sizes: Sizes
    pixel_type: str
    lengths: tuple[AxisLength, ...]
    channels: tuple[ZarrChannel, ...]


class WellPosition(NamedTuple):
    """The well of an image: row and column, counted from 0."""

    row: int
    column: int


@dataclass(frozen=True)
class ZarrPlate:
    """A plate.

    Attributes:
        name: What it is called there, empty for nothing.
        rows: How many it has.
        columns: How many it has.
        positions: For each image of the hierarchy that of its well.
    """

    name: str
    rows: int
    columns: int
    positions: tuple[WellPosition, ...]


@dataclass(frozen=True)
class ZarrContents:
    """What there is in a hierarchy: its images in their order, and the plate if that is what it is."""

    images: tuple[ZarrImage, ...]
    plate: ZarrPlate | None = None
