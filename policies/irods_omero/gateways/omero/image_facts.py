"""What OMERO knows of an image that can describe its data: dimensions, channels, and what it was taken with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from irods_omero.domain.state.omero_first.source import Fact
from irods_omero.gateways.omero.session import OmeroSession

SIZES = ("sizeX", "sizeY", "sizeZ", "sizeC", "sizeT")


def facts_of(session: OmeroSession, image: int, names: Mapping[str, str], owner: str) -> Iterator[Fact]:
    """What else OMERO knows about an image: what it was taken with, dimensions, type, pixel size, channels."""
    if not image:
        return
    yield from (Fact(kind, name) for kind, name in sorted(names.items()))
    yield Fact("importer", owner)
    yield from _equipment(session, image)
    pixels = session.objects(
        "reading the image",
        "select p from Pixels p join fetch p.pixelsType left outer join fetch p.channels c "
        "left outer join fetch c.logicalChannel where p.image.id = :id",
        {"id": image},
    )
    for each in pixels[:1]:
        for size in SIZES:
            yield Fact(f"size {size[-1].lower()}", str(getattr(each, size).val))
        yield Fact("pixel type", str(each.pixelsType.value.val))
        for axis in "XYZ":
            length = getattr(each, f"physicalSize{axis}", None)
            if length is not None:
                yield Fact(f"pixel size {axis.lower()}", f"{length.getValue():g}", str(length.getSymbol()))
        for channel in each.copyChannels():
            logical = channel.logicalChannel
            if logical is not None and logical.isLoaded() and logical.name is not None and logical.name.val:
                yield Fact("channel", str(logical.name.val))


EQUIPMENT = (
    "microscope manufacturer",
    "microscope model",
    "objective manufacturer",
    "objective model",
    "objective magnification",
    "objective NA",
    "objective immersion",
)
"""What images were taken with, in the order in which it is asked for."""

UNKNOWN = "Unknown"
"""What OMERO says where a file does not say it, but OMERO has to."""


def _equipment(session: OmeroSession, image: int) -> Iterator[Fact]:
    text = (
        "select m.manufacturer, m.model, o.manufacturer, o.model, o.nominalMagnification, o.lensNA, u.value "
        "from Image i left outer join i.instrument n left outer join n.microscope m "
        "left outer join i.objectiveSettings s left outer join s.objective o left outer join o.immersion u "
        "where i.id = :id"
    )
    for row in session.rows("reading what the image was taken with", text, {"id": image}):
        for name, value in zip(EQUIPMENT, row, strict=True):
            if value not in (None, "", UNKNOWN):
                yield Fact(name, f"{value:g}" if isinstance(value, float) else str(value))
