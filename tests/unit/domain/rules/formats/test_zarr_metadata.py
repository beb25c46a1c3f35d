"""What is read from the metadata of OME-Zarr, and at which address OMERO reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.formats.zarr_metadata import Document, ZarrError, address_of, addresses_of, contents_of
from irods_omero.domain.state.formats.zarr import Length, Sizes, WellPosition, ZarrChannel, ZarrContents, ZarrPlate
from irods_omero.domain.state.views import ImageState
from irods_omero.vocabulary import is_part_of_zarr, zarr_of
from tests.zarr import IMAGES, METADATA, PLATES, root_of, several

CHANNELS = (
    ZarrChannel("DAPI", (0, 0, 255), (100.0, 3000.0)),
    ZarrChannel("GFP", (0, 255, 0), (50.0, 2000.0)),
)
LENGTHS = {"x": Length(0.325, "micrometer"), "y": Length(0.325, "micrometer"), "z": Length(2.0, "micrometer")}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**40)
    | st.floats()
    | st.sampled_from(["x", "y", "..", "s0", "uint16"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in {".", ".."} and not name.endswith(".zarr")
)


def reading(documents: Mapping[str, Any]) -> ZarrContents:
    def read(name: str) -> Document:
        document = documents.get(name)
        if not isinstance(document, dict):
            raise ZarrError(f"{name} is not there")
        return document

    return contents_of(root_of(dict(documents)), read)


@pytest.mark.parametrize("name", IMAGES)
def test_what_programs_have_written_is_read(name: str) -> None:
    (image,) = reading(METADATA[name]).images
    has_channels = not name.startswith("ngff-zarr")
    assert image.sizes == Sizes(x=96, y=64, z=3, c=2 if has_channels else 1)
    assert (image.path, image.pixel_type, dict(image.lengths)) == ("", "uint16", LENGTHS)
    assert image.channels == (CHANNELS if has_channels else (ZarrChannel(),))


@pytest.mark.parametrize("name", ["ome-zarr-py 0.4", "ome-zarr-py 0.5"])
def test_images_of_one_conversion_come_in_their_order(name: str) -> None:
    assert [image.path for image in reading(several(name)).images] == ["0", "1"]


def test_no_number_and_no_length_is_made_of_what_is_none() -> None:
    documents = deepcopy(METADATA["ome-zarr-py 0.4"])
    multiscale = documents[".zattrs"]["multiscales"][0]
    multiscale["datasets"][0]["coordinateTransformations"][0]["scale"] = [1, 10**400, "2", True]
    documents[".zattrs"]["omero"]["channels"][0]["window"] = {"start": 0, "end": 10**400}
    (image,) = reading(documents).images
    assert (image.lengths, image.channels[0].window) == ((), None)


def test_the_images_of_a_hierarchy_have_no_more_channels_together_than_one_may_have() -> None:
    documents = several()
    for path in ("0/s0/.zarray", "1/s0/.zarray"):
        documents[path] = {**documents[path], "shape": [60_000, 3, 4, 4]}
    with pytest.raises(ZarrError, match="120000 channels"):
        reading(documents)


@pytest.mark.parametrize("name", PLATES)
def test_a_plate_has_its_images_in_wells(name: str) -> None:
    contents = reading(METADATA[name])
    assert contents.plate == ZarrPlate("", 1, 2, (WellPosition(0, 0), WellPosition(0, 1)))
    assert [image.path for image in contents.images] == ["A/1/0", "A/2/0"]


def test_wells_of_versions_before_0_4_are_known_by_their_path() -> None:
    documents = deepcopy(METADATA[PLATES[0]])
    for well in documents[".zattrs"]["plate"]["wells"]:
        del well["rowIndex"], well["columnIndex"]
    plate = reading(documents).plate
    assert plate is not None
    assert plate.positions == (WellPosition(0, 0), WellPosition(0, 1))


@pytest.mark.parametrize("well", [{"rowIndex": 1}, {"rowIndex": -1}, {"rowIndex": "0"}, {"path": "../1"}, {"path": 1}])
def test_a_well_that_is_in_no_row_is_told(well: dict[str, Any]) -> None:
    documents = deepcopy(METADATA[PLATES[0]])
    documents[".zattrs"]["plate"]["wells"][1].update(well)
    with pytest.raises(ZarrError, match="zattrs: plate/wells"):
        reading(documents)


@pytest.mark.parametrize("path", ["", "..", "a/../b", "b.zarr", "/"])
def test_a_path_of_an_image_stays_in_its_hierarchy(path: str) -> None:
    documents = several()
    documents["OME/.zattrs"] = {"series": ["0", path]}
    with pytest.raises(ZarrError):
        reading(documents)


@pytest.mark.parametrize("axes", [None, ["t", "c", "z", "y", "x"]])
def test_versions_before_0_4_are_read(axes: list[str] | None) -> None:
    multiscale = {"datasets": [{"path": "0"}], **({"axes": axes} if axes else {})}
    documents = {
        ".zattrs": {"multiscales": [multiscale]},
        "0/.zarray": {"shape": [4, 1, 2, 8, 16], "dtype": "|u1"},
    }
    (image,) = reading(documents).images
    assert (image.sizes, image.pixel_type, image.lengths) == (Sizes(x=16, y=8, z=2, c=1, t=4), "uint8", ())


WRONG: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "no image": (".zattrs", lambda d: d.pop("multiscales"), ".zattrs: multiscales"),
    "plate": (".zattrs", lambda d: d.update(plate={}), ".zattrs: plate: this has to have rows, columns and wells"),
    "out of it": (".zattrs", lambda d: d["multiscales"][0]["datasets"][0].update(path="../s0"), "multiscales/datasets"),
    "no array": (".zattrs", lambda d: d["multiscales"][0].update(datasets=[]), "multiscales/datasets"),
    "axes": (".zattrs", lambda d: d["multiscales"][0].update(axes=["q", "z", "y", "x"]), "multiscales/axes"),
    "fewer axes": (".zattrs", lambda d: d["multiscales"][0]["axes"].pop(), "multiscales/axes"),
    "twice": (".zattrs", lambda d: d["multiscales"][0].update(axes=["z", "z", "y", "x"]), "multiscales/axes"),
    "type": ("s0/.zarray", lambda d: d.update(dtype="<i8"), "s0/.zarray: dtype"),
    "shape": ("s0/.zarray", lambda d: d.update(shape=[0, 3, 4, 4]), "s0/.zarray: shape"),
    "numbered axes": (".zattrs", lambda d: d["multiscales"][0].update(axes=5), "multiscales/axes"),
    "channels": ("s0/.zarray", lambda d: d.update(shape=[2**30, 3, 4, 4]), "channels"),
    "huge": ("s0/.zarray", lambda d: d.update(shape=[2, 3, 2**31, 4]), "s0/.zarray: shape"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_with_document_and_key(wrong: str) -> None:
    document, spoil, said = WRONG[wrong]
    documents = deepcopy(METADATA["ome-zarr-py 0.4"])
    spoil(documents[document])
    with pytest.raises(ZarrError, match=said):
        reading(documents)


@given(st.data())
def test_whatever_else_is_there_either_images_are_read_or_it_is_said_what_is_wrong(data: st.DataObject) -> None:
    documents = deepcopy(METADATA[data.draw(st.sampled_from(sorted(METADATA)))])
    place: Any = documents[data.draw(st.sampled_from(sorted(documents)))]
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    try:
        contents = reading(json.loads(json.dumps(documents)))
    except ZarrError:
        return
    assert contents.images
    assert all(min(image.sizes) > 0 and len(image.channels) == image.sizes.c for image in contents.images)
    assert contents.plate is None or len(contents.plate.positions) == len(contents.images)


@given(
    st.lists(NAMES, min_size=1, max_size=3),
    st.lists(NAMES, max_size=2),
    st.sampled_from(["{path}", "/mnt/irods{path}", "s3://host/bucket{path}", "s3://a.zarr/b{path}?anonymous=true"]),
)
def test_an_address_changes_with_the_path_and_only_then(above: list[str], inside: list[str], template: str) -> None:
    zarr, moved = (f"/{'/'.join(folders)}.zarr" for folders in (above, [*above, "b"]))
    image = "/".join(inside)
    address = address_of(template, zarr, image)
    known = [ImageState(1, address=address), ImageState(2)]
    assert addresses_of(f"{zarr}/zarr.json", known, template) == {1: address}
    assert addresses_of(f"{moved}/zarr.json", known, template) == {1: address_of(template, moved, image)}


@pytest.mark.parametrize(
    ("path", "zarr", "is_part"),
    [
        ("/z/home/a/x.ome.tif", "", False),
        ("/z/home/a/x.zarr", "", False),
        ("/z/home/a/x.zarr/zarr.json", "/z/home/a/x.zarr", False),
        ("/z/home/a/x.zarr/.zattrs", "/z/home/a/x.zarr", False),
        ("/z/home/a/x.zarr/.zgroup", "/z/home/a/x.zarr", True),
        ("/z/home/a/x.zarr/0/zarr.json", "/z/home/a/x.zarr", True),
        ("/z/home/a/x.zarr/labels/y.zarr/zarr.json", "/z/home/a/x.zarr", True),
        ("/z/home/a/x.zarrs/zarr.json", "", False),
    ],
)
def test_what_belongs_to_a_hierarchy_is_known_by_its_name(path: str, zarr: str, is_part: bool) -> None:
    assert (zarr_of(path), is_part_of_zarr(path)) == (zarr, is_part)
