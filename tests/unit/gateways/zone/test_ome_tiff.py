"""Which files an OME-TIFF names, as real writers write it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.gateways.zone.ome_tiff import files_named
from tests.pictures import companion, focal_halves, lab_book, retina

NAMES = ("upper.ome.tiff", "lower.ome.tiff")
WHOLE, _ = focal_halves(NAMES)
XML = (
    '<OME><TiffData><UUID FileName="sub/a &amp; b.ome.tif">urn:uuid:1</UUID></TiffData>'
    "<x:UUID FileName='c.ome.tif'/></OME>"
)


def test_each_half_names_both() -> None:
    assert [files_named(BytesIO(half)) for half in focal_halves(NAMES)] == [frozenset(NAMES)] * 2


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_all_kinds_of_tiff_are_read(bigtiff: bool, byteorder: str) -> None:
    stream = BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=bigtiff, byteorder=byteorder) as writer:
        writer.write(np.zeros((8, 8), np.uint16), description=XML, metadata=None)
    assert files_named(BytesIO(stream.getvalue())) == {"a & b.ome.tif", "c.ome.tif"}


def test_a_companion_names_its_files_and_a_file_without_metadata_its_companion() -> None:
    assert files_named(BytesIO(companion(NAMES))) == set(NAMES)
    assert files_named(BytesIO(b'\xef\xbb\xbf<?xml version="1.0"?>\n' + companion(NAMES))) == set(NAMES)
    stream = BytesIO()
    described = '<OME><BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:1"/></OME>'
    tifffile.imwrite(stream, np.zeros((8, 8), np.uint16), description=described, metadata=None)
    assert files_named(BytesIO(stream.getvalue())) == {"all.companion.ome"}


@pytest.mark.parametrize("content", [b"", b"II", b"II*\0", lab_book(), retina(32), b"MM\0*\xff\xff\xff\xff"])
def test_what_names_no_files_names_none(content: bytes) -> None:
    assert files_named(BytesIO(content)) == frozenset()


def test_a_name_is_that_of_its_own_tag() -> None:
    assert files_named(BytesIO(b'<OME><UUID x="1"<Image FileName="a.ome.tif"/></OME>')) == frozenset()


@given(st.binary(max_size=64), st.integers(0, 2000))
def test_broken_files_are_no_trouble(noise: bytes, place: int) -> None:
    files_named(BytesIO(WHOLE[:place] + noise))
    files_named(BytesIO(b"II*\0" + noise))
    files_named(BytesIO(b"MM\0+" + noise))
