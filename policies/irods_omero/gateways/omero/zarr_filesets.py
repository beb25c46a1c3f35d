"""Makes images of what stays where it is: OMERO reads an OME-Zarr hierarchy itself, at an address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import omero
import omero.model
from omero.model.enums import ChecksumAlgorithmSHA1160, UnitsLength
from omero.rtypes import rdouble, rint, rlong, rstring

from irods_omero.domain.rules.formats.zarr_metadata import Document, ZarrError, address_of, contents_of
from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.formats.zarr import WellPosition, ZarrChannel, ZarrContents, ZarrImage, ZarrPlate
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.unit import entry_paths
from irods_omero.errors import ContentError, RefusedError
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.uploading import Opener
from irods_omero.vocabulary import zarr_of

READING = "reading"

MOST_BYTES = 8 * 1024 * 1024
"""A larger document of metadata is none: those of plates with thousands of wells have some hundred kilobytes."""

NAME_BYTES = 250

ENTITY_TYPE = "com.glencoesoftware.ngff:multiscales"
ENTITY_ID = 3
"""What the README of omero-zarr-pixel-buffer says that images have to carry which it is to read."""

WHITE = (255, 255, 255)


class Hierarchy(NamedTuple):
    """What was read of a hierarchy: the document that speaks for it, and what all of them say."""

    root: bytes
    contents: ZarrContents


def read_hierarchy(action: Import, open_object: Opener) -> Hierarchy:
    """Read the metadata of a hierarchy: of a plate it may take long, as each image has two documents.

    Args:
        action: What to import; the first of its paths is what speaks for the hierarchy.
        open_object: Opens a data object for reading.

    Raises:
        ContentError: The metadata is not that of an OME-Zarr that OMERO can show.
        RefusedError: A part of it is not there (yet).
    """
    path = action.paths[0]
    zarr, root = zarr_of(path), _read(path, open_object)
    _compare(action, root)
    try:
        contents = contents_of(path.rpartition("/")[2], lambda name: _document(f"{zarr}/{name}", open_object))
    except ZarrError as error:
        raise ContentError("reading the metadata of", zarr, str(error)) from error
    return Hierarchy(root, contents)


def make_zarr_fileset(session: OmeroSession, action: Import, container: Any, hierarchy: Hierarchy) -> None:
    """Make a fileset with the images of a hierarchy, and its plate, all or nothing: they are saved by one call.

    Args:
        session: A session of the user who shall own them.
        action: What to import.
        container: The dataset that images go into, the screen that a plate does.
        hierarchy: What was read of it.

    Raises:
        RefusedError: OMERO refuses something.
    """
    root, contents = action.paths[0], hierarchy.contents
    zarr, enums = zarr_of(root), _Enums(session)
    fileset = _fileset(action, hierarchy.root, enums)
    is_alone = len(contents.images) == 1 and contents.plate is None
    images = [_image(zarr, action.address, image, enums, is_alone) for image in contents.images]
    for series, image in enumerate(images):
        image.series, image.fileset = rint(series), fileset
    if contents.plate is not None:
        session.save("importing", root, [_plate(zarr, contents.plate, images, container)])
        return
    if isinstance(container, omero.model.DatasetI):
        for image in images:
            image.linkDataset(omero.model.DatasetI(container.id.val, False))
    session.save("importing", root, images)


def set_address(image: Any, address: str) -> None:
    """Have OMERO read an image at an address; what said so before cannot be changed, only replaced."""
    info = omero.model.ExternalInfoI()
    info.entityId, info.entityType = rlong(ENTITY_ID), rstring(ENTITY_TYPE)
    info.lsid = rstring(address)
    image.getDetails().externalInfo = info


def _read(path: str, open_object: Opener) -> bytes:
    blocks, size = [], 0
    with open_object(path) as stream:
        while block := stream.read(MOST_BYTES):
            blocks.append(block)
            size += len(block)
            if size > MOST_BYTES:
                raise ContentError(READING, path, f"it has more than {MOST_BYTES} bytes, as no metadata has")
    return b"".join(blocks)


def _document(path: str, open_object: Opener) -> Document:
    try:
        document = json.loads(_read(path, open_object))
    except (ValueError, RecursionError) as error:
        raise ContentError(READING, path, f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise ContentError(READING, path, "it is no JSON object")
    return document


def _compare(action: Import, content: bytes) -> None:
    """See that these are the bytes that the catalog speaks of: what is half written is not taken for all of it."""
    for size, checksum in action.expected[:1]:
        digest = digest_of(checksum)
        if digest is not None:
            digest.update(content)
        if len(content) != size or (digest is not None and not digest.is_that_of(checksum)):
            cause = "its bytes do not have the size and the checksum of the catalog: run ichksum -K on it"
            raise RefusedError(READING, action.paths[0], cause)


class _Enums:
    """Objects of OMERO's enumerations, each asked for once."""

    def __init__(self, session: OmeroSession) -> None:
        self._session = session
        self._known: dict[tuple[str, str], Any] = {}

    def get(self, kind: str, value: str) -> Any:
        if (kind, value) not in self._known:
            text = f"select e from {kind} e where e.value = :value"
            objects = self._session.objects(f"looking for the {kind}", text, {"value": value})
            if not objects:
                raise RefusedError(f"looking for the {kind}", value, "OMERO has no such thing")
            self._known[kind, value] = objects[0]
        return self._known[kind, value]


def _fileset(action: Import, content: bytes, enums: _Enums) -> Any:
    """A fileset with the document that speaks for the hierarchy, of which OMERO has nothing but what it is."""
    file = omero.model.OriginalFileI()
    file.path, file.name = rstring(action.key), rstring(action.paths[0].rpartition("/")[2])
    file.size, file.hash = rlong(len(content)), rstring(hashlib.sha1(content, usedforsecurity=False).hexdigest())
    file.hasher = enums.get("ChecksumAlgorithm", ChecksumAlgorithmSHA1160)
    file.mimetype = rstring("application/json")
    entry = omero.model.FilesetEntryI()
    entry.clientPath, entry.originalFile = rstring(entry_paths(action.key, action.paths)[0]), file
    fileset = omero.model.FilesetI()
    fileset.templatePrefix = rstring(action.key)
    fileset.addFilesetEntry(entry)
    return fileset


def _plate(zarr: str, said: ZarrPlate, images: Sequence[Any], container: Any) -> Any:
    """A plate with all its wells and images: only from above they are saved together."""
    plate = omero.model.PlateI()
    plate.name = rstring(printable(said.name or zarr.rpartition("/")[2], NAME_BYTES))
    plate.rows, plate.columns = rint(said.rows), rint(said.columns)
    wells: dict[WellPosition, Any] = {}
    for position, image in zip(said.positions, images, strict=True):
        if position not in wells:
            wells[position] = well = omero.model.WellI()
            well.row, well.column = map(rint, position)
            plate.addWell(well)
        field = omero.model.WellSampleI()
        field.image = image
        wells[position].addWellSample(field)
    if isinstance(container, omero.model.ScreenI):
        plate.linkScreen(omero.model.ScreenI(container.id.val, False))
    return plate


def _image(zarr: str, template: str, said: ZarrImage, enums: _Enums, is_alone: bool) -> Any:
    image, name = omero.model.ImageI(), zarr.rpartition("/")[2]
    image.name = rstring(printable(name if is_alone else f"{name} [{said.path}]", NAME_BYTES))
    set_address(image, address_of(template, zarr, said.path))
    image.addPixels(_pixels(said, enums))
    return image


def _pixels(said: ZarrImage, enums: _Enums) -> Any:
    pixels, sizes = omero.model.PixelsI(), said.sizes
    pixels.sizeX, pixels.sizeY, pixels.sizeZ, pixels.sizeC, pixels.sizeT = map(rint, sizes)
    pixels.pixelsType = enums.get("PixelsType", said.pixel_type)
    pixels.dimensionOrder = enums.get("DimensionOrder", "XYZCT")
    pixels.sha1 = rstring("Pending...")  # as OMERO writes it of images whose planes it has not read
    for axis, length in said.lengths:
        unit = getattr(UnitsLength, length.unit.upper(), None)
        if unit is not None:
            setattr(pixels, f"physicalSize{axis.upper()}", omero.model.LengthI(length.value, unit))
    for channel in _channels(said.channels):
        pixels.addChannel(channel)
    return pixels


def _channels(channels: Iterable[ZarrChannel]) -> Iterable[Any]:
    for said in channels:
        channel, logical = omero.model.ChannelI(), omero.model.LogicalChannelI()
        if said.name:
            logical.name = rstring(printable(said.name, NAME_BYTES))
        channel.logicalChannel = logical
        channel.red, channel.green, channel.blue = map(rint, said.color or WHITE)
        channel.alpha = rint(255)
        if said.window is not None:
            # What a viewer shows at first is made of these.
            statistics = omero.model.StatsInfoI()
            statistics.globalMin, statistics.globalMax = map(rdouble, said.window)
            channel.statsInfo = statistics
        yield channel
