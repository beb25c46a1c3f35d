"""Reads what an image file holds, as Bio-Formats tells the server: TIFF, OME-TIFF (and companion), PNG and JPEG."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PIXEL_TYPES = {
    "bool": "bit",
    "float32": "float",
    "float64": "double",
    "complex64": "complex",
    "complex128": "double-complex",
}
COMPANION = ".companion.ome"
EXIF, TAKEN = 0x8769, 0x9003
"""Where a JPEG says when it was taken."""
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class UnknownFormatError(Exception):
    """No reader knows the file."""


class BrokenFileError(Exception):
    """The file has a known format, and is broken."""


class UnreadableFilesetError(Exception):
    """A file of the import is named in a way in which the server does not find it among the files of a fileset."""


@dataclass
class Objective:
    """One lens of an instrument; what is not known is none."""

    identifier: str
    manufacturer: str | None = None
    model: str | None = None
    magnification: float | None = None
    aperture: float | None = None
    immersion: str = "Unknown"
    correction: str = "Unknown"


@dataclass
class Instrument:
    """What images were taken with."""

    identifier: str
    has_microscope: bool = False
    manufacturer: str | None = None
    model: str | None = None
    kind: str = "Unknown"
    objectives: list[Objective] = field(default_factory=list)


@dataclass
class Picture:
    """One image of a file."""

    name: str
    type: str
    x: int
    y: int
    z: int = 1
    c: int = 1
    t: int = 1
    order: str = "XYZCT"
    channels: list[str] = field(default_factory=list)
    identifier: str = ""
    acquired: int | None = None
    instrument: str = ""
    objective: str = ""
    lengths: dict[str, tuple[float, str]] = field(default_factory=dict)


@dataclass
class Place:
    """One field of a well that shows an image."""

    row: int
    column: int
    image: str


@dataclass
class Contents:
    """What a file holds: its format, its images, and the plate that these form, if they do."""

    format: str
    pictures: list[Picture]
    plate: str = ""
    places: list[Place] = field(default_factory=list)
    instruments: list[Instrument] = field(default_factory=list)


def read(path: Path) -> Contents:
    """Read the first file of an import."""
    with path.open("rb") as file:
        magic = file.read(8)
    if not magic and path.suffix.lower() in (".tif", ".tiff"):
        raise BrokenFileError(f"Invalid TIFF file: {path}")
    if path.name.lower().endswith(COMPANION):
        return _read_companion(path)
    if magic[:4] in TIFF_MAGIC:
        return _read_tiff(path)
    if magic.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")):
        return _read_plain(path)
    raise UnknownFormatError(f"Unknown file format: {path}")


def _read_companion(path: Path) -> Contents:
    """Read a companion file, which the reader of OME-TIFF takes by its name, whatever is in it (omero-70)."""
    try:
        return _read_ome(path.read_text(), path.parent)
    except (UnicodeDecodeError, ElementTree.ParseError):
        raise BrokenFileError("Could not get OME-XML version") from None


def _read_plain(path: Path) -> Contents:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.load()
            bands = len(picture.getbands())
            kind = {"1": "bit", "I;16": "uint16", "I": "int32", "F": "float"}.get(picture.mode, "uint8")
            taken = _moment(str(picture.getexif().get_ifd(EXIF).get(TAKEN, "")))
            made = Picture("", kind, picture.width, picture.height, c=bands, acquired=taken)
            return Contents("PNG" if picture.format == "PNG" else "JPEG", [made])
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BrokenFileError(str(error)) from None


def _read_tiff(path: Path) -> Contents:
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            described = tiff.ome_metadata
            if described:
                # Also if the pixels are cut off: nobody looks at them (omero-43).
                return _read_ome(described, path.parent)
            _check_complete(tiff, path)
            taken = tiff.pages.first.tags.get("DateTime")
            made = [_of_series(series) for series in tiff.series[:1]]
            for picture in made:
                picture.acquired = _moment(taken.value if taken is not None else None)
            return Contents("Tiff", made)
    except (tifffile.TiffFileError, ElementTree.ParseError, ValueError, KeyError, IndexError) as error:
        raise BrokenFileError(f"{type(error).__name__}: {error}") from None


def _check_complete(tiff: Any, path: Path) -> None:
    size = path.stat().st_size
    if not tiff.pages:
        raise BrokenFileError("no image in the file")
    for page in tiff.pages:
        ends = [at + count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
        if ends and max(ends) > size:
            raise BrokenFileError("Unexpected end of file")


def _of_series(series: Any) -> Picture:
    sizes = {"T": 1, "Z": 1, "C": 1, "Y": 1, "X": 1}
    for axis, length in zip(series.axes, series.shape, strict=True):
        known = {"S": "C", "I": "T", "Q": "T"}.get(axis, axis)
        sizes[known if known in sizes else "T"] *= length
    kind = PIXEL_TYPES.get(str(series.dtype), str(series.dtype))
    return Picture("", kind, sizes["X"], sizes["Y"], sizes["Z"], sizes["C"], sizes["T"])


def _read_ome(described: str, folder: Path) -> Contents:
    root = ElementTree.fromstring(described)
    for part in root.iterfind("{*}Image/{*}Pixels/{*}TiffData/{*}UUID"):
        name = part.get("FileName")
        if name and part.text != root.get("UUID") and not (folder / name).exists():
            raise BrokenFileError(f"Missing file {name} associated with UUID {part.text}.")
        if name and ".." in name.split("/"):
            raise UnreadableFilesetError(f"file {folder}/{name} does not have a unique readable fileset")
    pictures = [_picture(node) for node in root.iterfind("{*}Image")]
    contents = Contents("OMETiff", pictures, instruments=[_instrument(node) for node in root.iterfind("{*}Instrument")])
    plate = root.find("{*}Plate")
    if plate is not None:
        contents.plate = plate.get("Name") or "Plate"
        for well in plate.iterfind("{*}Well"):
            for sample in well.iterfind("{*}WellSample"):
                shown = sample.find("{*}ImageRef")
                if shown is not None:
                    place = Place(int(well.get("Row", 0)), int(well.get("Column", 0)), shown.get("ID", ""))
                    contents.places.append(place)
    return contents


def _picture(node: ElementTree.Element) -> Picture:
    pixels = node.find("{*}Pixels")
    if pixels is None:
        raise BrokenFileError("an image without pixels")
    sizes = {name: int(pixels.attrib[f"Size{name.upper()}"]) for name in ("x", "y", "z", "c", "t")}
    channels = [channel.get("Name") or "" for channel in pixels.iterfind("{*}Channel")]
    return Picture(
        node.get("Name") or "",
        pixels.attrib["Type"],
        **sizes,
        order=pixels.attrib["DimensionOrder"],
        channels=channels,
        identifier=node.get("ID") or "",
        acquired=_moment(node.findtext("{*}AcquisitionDate")),
        instrument=_identifier(node, "{*}InstrumentRef"),
        objective=_identifier(node, "{*}ObjectiveSettings"),
        lengths=_lengths(pixels),
    )


def _lengths(pixels: ElementTree.Element) -> dict[str, tuple[float, str]]:
    """The size of a pixel along each axis, where it is known, with the symbol of its unit: micrometres by default."""
    return {
        axis: (float(size), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "XYZ"
        if (size := pixels.get(f"PhysicalSize{axis}"))
    }


def _identifier(node: ElementTree.Element, what: str) -> str:
    child = node.find(what)
    return child.get("ID", "") if child is not None else ""


def _instrument(node: ElementTree.Element) -> Instrument:
    made = Instrument(node.get("ID", ""))
    microscope = node.find("{*}Microscope")
    if microscope is not None:
        made.has_microscope = True
        made.manufacturer, made.model = microscope.get("Manufacturer"), microscope.get("Model")
        made.kind = microscope.get("Type", "Unknown")
    made.objectives = [_objective(each) for each in node.iterfind("{*}Objective")]
    return made


def _objective(node: ElementTree.Element) -> Objective:
    magnification, aperture = node.get("NominalMagnification"), node.get("LensNA")
    return Objective(
        node.get("ID", ""),
        node.get("Manufacturer"),
        node.get("Model"),
        float(magnification) if magnification else None,
        float(aperture) if aperture else None,
        node.get("Immersion", "Unknown"),
        node.get("Correction", "Unknown"),
    )


def _moment(text: str | None) -> int | None:
    """Milliseconds of a time as OME-XML, or TIFF and EXIF, write it; in UTC where it says nothing else (omero-100)."""
    from datetime import datetime, timezone

    if not text:
        return None
    text = re.sub(r"^(\d{4}):(\d\d):", r"\1-\2-", text.strip()).replace("Z", "+00:00")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)
