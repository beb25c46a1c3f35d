"""Microscopy images for tests and the demo: real pictures, written as OME-TIFF.

Each file is written anew, and another one each time, as OME-TIFF has it; what it shows is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import tifffile
from skimage import color, data, filters

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
STAINS = ["Hematoxylin", "Eosin", "DAB"]


def stained_tissue() -> bytes:
    """Immunohistochemically stained colon glands, one channel for each stain."""
    channels = np.moveaxis(color.rgb2hed(data.immunohistochemistry()), -1, 0)
    return _ome_tiff(_grey(channels), {"axes": "CYX", "Name": "colon glands", "Channel": {"Name": STAINS}})


def focal_series(planes: int = 7) -> bytes:
    """A single cell seen by quantitative phase imaging, in and out of focus."""
    cell = _cell().astype(float)
    stack = np.stack([filters.gaussian(cell, abs(z - planes // 2) * 1.5) for z in range(planes)])
    return _ome_tiff(_grey(stack), {"axes": "ZYX", "Name": "cell"})


def retina(side: int = 256) -> bytes:
    """A cut-out of the retina in grey, small enough to be put many times."""
    picture = color.rgb2gray(_retina()[400 : 400 + side, 400 : 400 + side])
    return _ome_tiff(_grey(picture), {"axes": "YX", "Name": "retina"})


def focal_halves(names: Sequence[str] = ("upper.ome.tiff", "lower.ome.tiff"), step: int = 1) -> tuple[bytes, bytes]:
    """A focal series in two files, each of which says in its OME-XML which planes the other one has.

    Another ``step`` between the planes makes another content, of about the same size.
    """
    cell = _cell()[200:264, 200:264].astype(float)
    stack = _grey(np.stack([filters.gaussian(cell, z * step) for z in range(4)]))
    uuids = _uuids(names)
    image = _image_in_two_files(names)
    first, second = (
        _tiff(stack[place * 2 : place * 2 + 2], f'<OME xmlns="{OME}" UUID="{uuid}">{image}</OME>')
        for place, uuid in enumerate(uuids)
    )
    return first, second


def companion(names: Sequence[str] = ("upper.ome.tiff", "lower.ome.tiff")) -> bytes:
    """The OME-XML of a focal series whose planes lie in two files beside it, as a companion file of its own."""
    return f'<OME xmlns="{OME}" UUID="{_uuids(["companion"])[0]}">{_image_in_two_files(names)}</OME>'.encode()


def _uuids(names: Sequence[str]) -> list[str]:
    return [f"urn:uuid:{uuid5(NAMESPACE_URL, name)}" for name in names]


def _image_in_two_files(names: Sequence[str]) -> str:
    uuids = _uuids(names)
    blocks = "".join(
        f'<TiffData FirstZ="{z}" IFD="{z % 2}" PlaneCount="1">'
        f'<UUID FileName="{names[z // 2]}">{uuids[z // 2]}</UUID></TiffData>'
        for z in range(4)
    )
    return (
        '<Image ID="Image:0" Name="cell"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="64" '
        'SizeY="64" SizeZ="4" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f"{blocks}</Pixels></Image>"
    )


def through_a_lens() -> bytes:
    """A cut-out of the retina, with microscope, objective, time and the size of a pixel in its OME-XML."""
    picture = _grey(color.rgb2gray(_retina()[400:432, 400:432]))
    equipment = (
        '<Instrument ID="Instrument:0"><Microscope Manufacturer="Zeiss" Model="Axio Observer" Type="Inverted"/>'
        '<Objective ID="Objective:0" Manufacturer="Zeiss" Model="Plan-Apochromat 63x/1.40" NominalMagnification="63" '
        'LensNA="1.4" Immersion="Oil" Correction="PlanApo"/></Instrument>'
    )
    image = (
        '<Image ID="Image:0" Name="retina"><AcquisitionDate>2024-02-29T23:30:00</AcquisitionDate>'
        '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0"/>'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="32" SizeY="32" SizeZ="1" SizeC="1" '
        'SizeT="1" PhysicalSizeX="0.1" PhysicalSizeY="100" PhysicalSizeYUnit="nm"><Channel ID="Channel:0:0" '
        'SamplesPerPixel="1"/><TiffData/></Pixels></Image>'
    )
    return _tiff(picture[np.newaxis], f'<OME xmlns="{OME}">{equipment}{image}</OME>')


def plate(wells: int = 3) -> bytes:
    """A row of wells with one field of cells in each, as a high-content screen writes it."""
    cells = _grey(color.rgb2gray(_retina()[500:532, 500:532]))
    pictures = [np.roll(cells, well, axis=0) for well in range(wells)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plate.ome.tiff"
        with tifffile.TiffWriter(path, ome=True) as writer:
            for well, picture in enumerate(pictures):
                writer.write(picture, metadata={"axes": "YX", "Name": f"field {well}"})
        described = tifffile.tiffcomment(path)
        layout = "".join(
            f'<Well ID="Well:{well}" Row="0" Column="{well}"><WellSample ID="WellSample:{well}" Index="{well}">'
            f'<ImageRef ID="Image:{well}"/></WellSample></Well>'
            for well in range(wells)
        )
        start = described.index("<Image ")
        plate_of = f'<Plate ID="Plate:0" Name="run 7">{layout}</Plate>'
        tifffile.tiffcomment(path, (described[:start] + plate_of + described[start:]).encode())
        return path.read_bytes()


@cache
def _retina() -> Any:
    return data.retina()


@cache
def _cell() -> Any:
    return data.cell()


def lab_book() -> bytes:
    """Something that no reader takes for an image."""
    return b"Monday: fed the cells.\nTuesday: they are happy.\n" * 40


def _grey(picture: Any) -> Any:
    """The picture with 16 bits a pixel, from its darkest to its brightest value."""
    low, high = picture.min(), picture.max()
    return ((picture - low) / (high - low) * 65535).astype(np.uint16)


def _ome_tiff(picture: Any, metadata: dict[str, Any]) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, picture, ome=True, metadata=metadata, compression="zlib")
    return buffer.getvalue()


def _tiff(planes: Any, described: str) -> bytes:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for place, plane in enumerate(planes):
            writer.write(plane, description=described if place == 0 else None, metadata=None, photometric="minisblack")
    return buffer.getvalue()
