"""Makes the images of a fileset, from what is read in its first file."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import Any

import omero
import omero.grid
import omero.model
from omero.model.enums import UnitsLength
from omero.rtypes import rint, rstring, rtime

from lab.omero.caller import Caller
from lab.omero.commands.handle import CommandError, error
from lab.omero.host import Host
from lab.omero.loading import Loader
from lab.omero.repository.instruments import Instruments
from lab.omero.repository.layout import NAME_LIMIT
from lab.omero.repository.reading import (
    BrokenFileError,
    Contents,
    Picture,
    UnknownFormatError,
    UnreadableFilesetError,
    read,
)
from lab.omero.saving import Saver
from lab.omero.work import working

UNITS = {symbol: getattr(UnitsLength, name) for name, symbol in omero.model.LengthI.SYMBOLS.items()}
JAVA = {
    UnknownFormatError: "loci.formats.UnknownFormatException",
    BrokenFileError: "loci.formats.FormatException",
    UnreadableFilesetError: "ome.conditions.SecurityViolation",
}


def _value(kind: Any, value: str) -> Any:
    kind.value = rstring(value)
    return kind


class Importing:
    """The second half of an import; runs as the command behind its handle."""

    def __init__(  # noqa: PLR0917
        self, host: Host, caller: Caller, fileset: int, settings: Any, path: Path, request: Any
    ) -> None:
        self._host = host
        self._caller = caller
        self._fileset = fileset
        self._settings = settings
        self._path = path
        self._request = request

    def run(self) -> Any:
        """Read the file and make the images, all of them or none; a test may have it take long."""
        while self._host.control.holds_imports:
            time.sleep(0.01)
            self._host.refresh()
        contents = self._read()
        try:
            with working(self._host.store, self._caller, self._host.control) as work:
                saver = Saver(work)
                images = [self._image(n, picture, contents) for n, picture in enumerate(contents.pictures)]
                instruments = Instruments(saver, contents.instruments)
                for image, picture in zip(images, contents.pictures, strict=True):
                    instruments.describe(image, picture)
                    saver.save(image)
                plate = self._plate(contents, images)
                if plate is not None:
                    saver.save(plate)
                self._targets(saver, images, plate)
        except omero.ServerError as refused:
            raise error(
                self._request, "import-request-failure", refused.message, stacktrace=traceback.format_exc()
            ) from None
        return self._response(images, plate)

    def _read(self) -> Contents:
        try:
            return read(self._path)
        except (*JAVA, OSError) as failure:
            raise self._failed(failure) from None

    def _failed(self, failure: Exception) -> CommandError:
        """Report a file that cannot be read as the real server does, which opens it before the first step."""
        java = JAVA.get(type(failure), "java.io.FileNotFoundException")
        trace = f"{java}: {failure}\n\tat loci.formats.ImageReader.getReader(ImageReader.java)\n"
        return error(self._request, "error-on-init", str(failure), stacktrace=trace)

    def _name(self, place: int, picture: Picture, count: int) -> str:
        given = self._settings.userSpecifiedName
        name = (given.val.strip() if given is not None else "") or self._path.name
        if count > 1:
            name += f" [{picture.name.strip() or place}]"
        return name if len(name) <= NAME_LIMIT else "…" + name[-(NAME_LIMIT - 1) :]

    def _image(self, place: int, picture: Picture, contents: Contents) -> Any:
        image = omero.model.ImageI()
        image.name = rstring(self._name(place, picture, len(contents.pictures)))
        image.description = self._settings.userSpecifiedDescription
        image.series = rint(place)
        image.format = _value(omero.model.FormatI(), contents.format)
        image.fileset = omero.model.FilesetI(self._fileset, False)
        image.acquisitionDate = rtime(picture.acquired) if picture.acquired is not None else None
        image.addPixels(self._pixels(picture))
        for annotation in self._settings.userSpecifiedAnnotationList or []:
            image.linkAnnotation(annotation)
        return image

    @staticmethod
    def _pixels(picture: Picture) -> Any:
        pixels = omero.model.PixelsI()
        for axis in "xyzct":
            setattr(pixels, f"size{axis.upper()}", rint(getattr(picture, axis)))
        pixels.pixelsType = _value(omero.model.PixelsTypeI(), picture.type)
        pixels.dimensionOrder = _value(omero.model.DimensionOrderI(), picture.order)
        pixels.sha1 = rstring("Pending...")
        for axis, (length, symbol) in picture.lengths.items():
            setattr(pixels, f"physicalSize{axis}", omero.model.LengthI(length, UNITS[symbol]))
        for place in range(picture.c):
            channel = omero.model.ChannelI()
            channel.logicalChannel = omero.model.LogicalChannelI()
            if place < len(picture.channels) and picture.channels[place]:
                channel.logicalChannel.name = rstring(picture.channels[place])
            pixels.addChannel(channel)
        return pixels

    @staticmethod
    def _plate(contents: Contents, images: list[Any]) -> Any:
        if not contents.places:
            return None
        plate = omero.model.PlateI()
        plate.name = rstring(contents.plate)
        by_identifier = dict(zip((picture.identifier for picture in contents.pictures), images, strict=True))
        wells: dict[tuple[int, int], Any] = {}
        for place in contents.places:
            key = (place.row, place.column)
            if key not in wells:
                wells[key] = omero.model.WellI()
                wells[key].row, wells[key].column = rint(place.row), rint(place.column)
                plate.addWell(wells[key])
            sample = omero.model.WellSampleI()
            sample.image = by_identifier[place.image]
            wells[key].addWellSample(sample)
        return plate

    def _targets(self, saver: Saver, images: list[Any], plate: Any) -> None:
        """Put images into the dataset, or the plate into the screen, that the client named."""
        target = self._settings.userSpecifiedTarget
        links = []
        if isinstance(target, omero.model.Dataset) and plate is None:
            links = [(omero.model.DatasetImageLinkI(), image) for image in images]
        elif isinstance(target, omero.model.Screen) and plate is not None:
            links = [(omero.model.ScreenPlateLinkI(), plate)]
        for link, child in links:
            link.parent = target.proxy() if target.isLoaded() else target
            link.child = child.proxy()
            saver.save(link)

    def _response(self, images: list[Any], plate: Any) -> Any:
        query = "select p from Pixels p join fetch p.image i where i.id in (:ids) order by i.id"
        loader = Loader(self._host.store, self._caller, query, {"ids": [image.id.val for image in images]})
        pixels = loader.objects(None, None)
        shown = [plate.proxy()] if plate is not None else []
        return omero.grid.ImportResponse(pixels, [*shown, *(pixel_set.image for pixel_set in pixels)])
