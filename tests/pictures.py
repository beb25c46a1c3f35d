"""Microscopy images for tests and the demo: real pictures, written as OME-TIFF."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from skimage import color, data, filters

STAINS = ["Hematoxylin", "Eosin", "DAB"]


def stained_tissue() -> bytes:
    """Immunohistochemically stained colon glands, one channel for each stain."""
    channels = np.moveaxis(color.rgb2hed(data.immunohistochemistry()), -1, 0)
    return _ome_tiff(_grey(channels), {"axes": "CYX", "Name": "colon glands", "Channel": {"Name": STAINS}})


def focal_series(planes: int = 7) -> bytes:
    """A single cell seen by quantitative phase imaging, in and out of focus."""
    cell = data.cell().astype(float)
    stack = np.stack([filters.gaussian(cell, abs(z - planes // 2) * 1.5) for z in range(planes)])
    return _ome_tiff(_grey(stack), {"axes": "ZYX", "Name": "cell"})


def retina(side: int = 256) -> bytes:
    """A cut-out of the retina in grey, small enough to be put many times."""
    picture = color.rgb2gray(data.retina()[400 : 400 + side, 400 : 400 + side])
    return _ome_tiff(_grey(picture), {"axes": "YX", "Name": "retina"})


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
