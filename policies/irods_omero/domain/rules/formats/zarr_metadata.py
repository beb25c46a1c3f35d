"""OME-Zarr: what its metadata says of its images, and where OMERO reads them.

Versions 0.1 to 0.5, on Zarr 2 and 3, with one image, several of one conversion, or a plate.

The specification is at ngff.openmicroscopy.org. What somebody has to know who writes such files is said with the
document and the key; nothing is guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from irods_omero.domain.state.formats.zarr import (
    AxisLength,
    Length,
    Sizes,
    WellPosition,
    ZarrChannel,
    ZarrContents,
    ZarrImage,
    ZarrPlate,
)
from irods_omero.domain.state.views import ImageState
from irods_omero.vocabulary import ZARR, ZARR_ROOTS, zarr_of

T = TypeVar("T")

Document = dict[str, Any]

Reader = Callable[[str], Document]
"""Reads a document by its path below the hierarchy."""

VERSION_3, _ = ZARR_ROOTS

AXES = "tczyx"

PATH = "{path}"
SCHEME = "://"

TYPES_2 = {
    "b1": "bit",
    "i1": "int8",
    "i2": "int16",
    "i4": "int32",
    "u1": "uint8",
    "u2": "uint16",
    "u4": "uint32",
    "f4": "float",
    "f8": "double",
}
"""Pixel types of OMERO, by what Zarr 2 writes after the order of bytes."""

TYPES_3 = {
    "bool": "bit",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "float32": "float",
    "float64": "double",
}
"""Pixel types of OMERO, by those of Zarr 3."""

ROWS_COLUMNS = ("rows", "columns")

MOST_IMAGES = 10_000
MOST_CHANNELS = 100_000
"""At most this many are made of one hierarchy: they take memory, and anybody can write any number into metadata."""

LARGEST = 2**31 - 1


class ZarrError(ValueError):
    """The metadata is not what the specification says, or something that OMERO cannot show."""


def contents_of(root: str, read: Reader) -> ZarrContents:
    """What there is in a hierarchy.

    Args:
        root: Name of the document that speaks for it.
        read: Reads a document.

    Raises:
        ZarrError: It has none, or one that cannot be shown; with the document and the key.
    """
    hierarchy = _Hierarchy(read, is_3=root == VERSION_3)
    contents = _contents(hierarchy)
    channels = sum(image.sizes.c for image in contents.images)
    if channels > MOST_CHANNELS:
        raise hierarchy.error("", "multiscales", f"it has {channels} channels, and at most {MOST_CHANNELS} are made")
    return contents


def _contents(hierarchy: _Hierarchy) -> ZarrContents:
    attributes = hierarchy.attributes("")
    if "plate" in attributes:
        return hierarchy.plate(attributes["plate"])
    if "multiscales" in attributes:
        return ZarrContents((hierarchy.image("", attributes),))
    if attributes.get("bioformats2raw.layout") is None:
        raise hierarchy.error("", "multiscales", "this is missing: it is no image of OME-Zarr")
    series = _list_of(str, hierarchy.attributes("OME").get("series"))
    if not 0 < len(series) <= MOST_IMAGES:
        raise hierarchy.error("OME", "series", "this has to be a list of the images' paths")
    return ZarrContents(tuple(hierarchy.image(path, hierarchy.attributes(path)) for path in series))


def address_of(template: str, zarr: str, image: str) -> str:
    """The address of an image's group; in an URI, which names a scheme, its path is quoted."""
    path = "/".join(filter(None, (zarr, image)))
    return template.replace(PATH, quote(path) if SCHEME in template else path)


def addresses_of(path: str, images: Iterable[ImageState], template: str) -> dict[int, str]:
    """Where OMERO should read images by now: their hierarchy may have got another name, or the zone another address.

    Args:
        path: Of what speaks for the hierarchy.
        images: As OMERO has them.
        template: Of the address; empty where nothing is said, and nothing changes.
    """
    zarr = zarr_of(path)
    if not zarr or not template:
        return {}
    return {image.id: _moved(template, zarr, image.address) for image in images if image.address}


def _moved(template: str, zarr: str, address: str) -> str:
    known = address.removesuffix(template.partition(PATH)[2])
    image = "" if known.endswith(ZARR) else known.rpartition(f"{ZARR}/")[2]
    return address_of(template, zarr, unquote(image) if SCHEME in address else image)


class _Array(NamedTuple):
    """What an array says of itself; its pixel type as OMERO calls it."""

    shape: tuple[int, ...]
    pixel_type: str


@dataclass(frozen=True)
class _Hierarchy:
    read: Reader
    is_3: bool

    def document(self, path: str, name: str) -> str:
        return "/".join(filter(None, (path, VERSION_3 if self.is_3 else name)))

    def error(self, path: str, key: str, cause: str, name: str = ".zattrs") -> ZarrError:
        return ZarrError(f"{self.document(path, name)}: {key}: {cause}")

    def attributes(self, path: str) -> Document:
        """What a group says of itself: with Zarr 3 below ``attributes``, since version 0.5 below ``ome``."""
        if path and (not _is_inside(path) or any(part.endswith(ZARR) for part in path.split("/"))):
            raise ZarrError(f"{path!r} is no path of an image in a hierarchy")
        document = self.read(self.document(path, ".zattrs"))
        if self.is_3:
            document = _mapping(document.get("attributes", {}))
            document = _mapping(document.get("ome", document))
        return document

    def plate(self, said: object) -> ZarrContents:
        """A plate, with the images of each well in their order."""
        plate = _mapping(said)
        rows, columns = ([_text(each.get("name")) for each in _list_of(dict, plate.get(key))] for key in ROWS_COLUMNS)
        wells = _list_of(dict, plate.get("wells"))
        if not rows or not columns or not wells:
            raise self.error("", "plate", "this has to have rows, columns and wells")
        images: list[ZarrImage] = []
        positions: list[WellPosition] = []
        for well in wells:
            path = _text(well.get("path"))
            position = _position(well, rows, columns)
            if position is None or not _is_inside(path):
                raise self.error("", "plate/wells", f"{path!r} is in no row and column")
            for image in _list_of(dict, _mapping(self.attributes(path).get("well")).get("images")):
                field = f"{path}/{_text(image.get('path'))}"
                images.append(self.image(field, self.attributes(field)))
                positions.append(position)
                if len(images) > MOST_IMAGES:
                    raise self.error("", "plate", f"it has more than {MOST_IMAGES} images")
        if not images:
            raise self.error("", "plate/wells", "none of them has an image")
        name = _text(plate.get("name"))
        return ZarrContents(tuple(images), ZarrPlate(name, len(rows), len(columns), tuple(positions)))

    def image(self, path: str, attributes: Document) -> ZarrImage:
        first = next(iter(_list_of(dict, attributes.get("multiscales"))), None)
        if first is None:
            raise self.error(path, "multiscales", "this has to be a list with one image")
        largest = next(iter(_list_of(dict, first.get("datasets"))), {})
        if not _is_inside(largest.get("path")):
            raise self.error(path, "multiscales/datasets", "this has to be a list of arrays with their paths")
        array = "/".join(filter(None, (path, largest["path"])))
        shape, pixel_type = self.array(array)
        axes = self.axes(path, first, len(shape))
        sizes = Sizes(**dict(zip(axes, shape, strict=True)))
        if sizes.c > MOST_CHANNELS:
            raise self.error(
                path, "multiscales/axes", f"it has {sizes.c} channels, and at most {MOST_CHANNELS} are made"
            )
        return ZarrImage(
            path=path,
            sizes=sizes,
            pixel_type=pixel_type,
            lengths=_lengths(axes, first, largest),
            channels=_channels(attributes.get("omero"), sizes.c),
        )

    def array(self, path: str) -> _Array:
        document = self.read(self.document(path, ".zarray"))
        shape = _list_of(int, document.get("shape"))
        if not shape or not all(0 < size <= LARGEST for size in shape):
            raise self.error(path, "shape", f"{document.get('shape')!r} is no shape", ".zarray")
        key, types = ("data_type", TYPES_3) if self.is_3 else ("dtype", TYPES_2)
        said = document.get(key)
        pixel_type = types.get(said if self.is_3 else said.lstrip("<>|=")) if isinstance(said, str) else None
        if pixel_type is None:
            raise self.error(path, key, f"OMERO has no pixel type {said!r}", ".zarray")
        return _Array(tuple(shape), pixel_type)

    def axes(self, path: str, multiscale: Document, dimensions: int) -> str:
        """The letters of the axes: those of versions 0.1 and 0.2 are always the same."""
        axes = _list_of(object, multiscale.get("axes", list(AXES)))
        names = [axis.get("name") if isinstance(axis, dict) else axis for axis in axes]
        known = [name for name in names if isinstance(name, str) and name in AXES and len(name) == 1]
        if known != names or len(set(known)) != len(known) or not {"x", "y"} <= set(known) or len(known) != dimensions:
            cause = f"arrays of {dimensions} dimensions with the axes {names} cannot be shown, only x, y, and t, c, z"
            raise self.error(path, "multiscales/axes", cause)
        return "".join(known)


def _position(well: Document, rows: list[str], columns: list[str]) -> WellPosition | None:
    """Where a well is: since version 0.4 by numbers, before by the names in its path."""
    numbers = well.get("rowIndex"), well.get("columnIndex")
    names = _text(well.get("path")).split("/")
    if numbers == (None, None) and len(names) == 2 and names[0] in rows and names[1] in columns:
        numbers = rows.index(names[0]), columns.index(names[1])
    row, column = numbers
    if not (isinstance(row, int) and isinstance(column, int)):
        return None
    return WellPosition(row, column) if 0 <= row < len(rows) and 0 <= column < len(columns) else None


def _mapping(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _list_of(kind: type[T], value: object) -> list[T]:
    """A list of things of a kind; empty if it is anything else."""
    items = value if isinstance(value, list) else []
    return items if all(isinstance(item, kind) for item in items) else []


def _is_inside(path: object) -> bool:
    return isinstance(path, str) and all(part not in {"", ".", ".."} for part in path.split("/"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    """A finite number; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _lengths(axes: str, multiscale: Document, dataset: Document) -> tuple[AxisLength, ...]:
    """The lengths of a pixel along axes that have a unit, by what both levels of transformations say."""
    lengths = []
    for place, (letter, axis) in enumerate(zip(axes, _list_of(object, multiscale.get("axes")), strict=False)):
        unit, value = _text(_mapping(axis).get("unit")), _scale(multiscale, place) * _scale(dataset, place)
        if letter in "xyz" and unit and 0 < value < math.inf:
            lengths.append(AxisLength(letter, Length(value, unit)))
    return tuple(sorted(lengths))


def _scale(said: Document, place: int) -> float:
    """By how much an axis is scaled."""
    transformations = _list_of(dict, said.get("coordinateTransformations"))
    scales = [_list_of(object, each.get("scale")) for each in transformations if each.get("type") == "scale"]
    return math.prod(_number(scale[place]) for scale in scales if place < len(scale))


def _channels(omero: object, count: int) -> tuple[ZarrChannel, ...]:
    """The channels, as far as something is said of them: it is transitional metadata that may be left out."""
    channels = [_channel(each) for each in _list_of(dict, _mapping(omero).get("channels"))]
    return tuple(channels) if len(channels) == count else (ZarrChannel(),) * count


def _channel(said: Document) -> ZarrChannel:
    window = _mapping(said.get("window"))
    start, end = _number(window.get("start")), _number(window.get("end"))
    return ZarrChannel(
        name=_text(said.get("label")),
        color=_color(_text(said.get("color")).lstrip("#")),
        window=(start, end) if start < end else None,
    )


def _color(text: str) -> tuple[int, int, int] | None:
    if len(text) != 6 or not all(letter in "0123456789abcdefABCDEF" for letter in text):
        return None
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)
