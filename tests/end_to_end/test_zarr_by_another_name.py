"""A Zarr hierarchy whose collection is not called *.zarr: none of its parts is taken for an image, and it is said."""

from __future__ import annotations

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import AUTO, FILE
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import errors_of
from tests.end_to_end.test_zarr import images, put_zarr, sweep
from tests.scene import Scene
from tests.scene.units import assert_quiet, put, tiff
from tests.zarr import METADATA, files_of


@pytest.fixture(params=[FILE, AUTO])
def scene(new_scene: SceneFactory, request: pytest.FixtureRequest) -> Scene:
    made = new_scene()
    made.watch()
    made.user.metadata.set(Collection, made.collection, iRODSMeta("omero::import", request.param))
    return made


@pytest.mark.lab_only("counts all writes of both servers")
@pytest.mark.parametrize("name", ["ome-zarr-py 0.4", "ome-zarr-py 0.5"])
def test_it_is_said_once_how_to_name_it_and_then_it_is_a_unit(scene: Scene, name: str) -> None:
    root = put_zarr(scene, METADATA[name], "book")
    other = put(scene, "2024/001.tif", tiff())
    sweep(scene)
    parts = [f"{scene.collection}/book/{path}" for path in files_of(METADATA[name])]
    told = [text for path in parts for text in scene.avus(path, "omero::error")] + errors_of(scene, "book")
    assert told == [
        f"{scene.collection}/book is a Zarr hierarchy, which is one unit if its name says so: "
        f"rename it to {scene.collection}/book.zarr"
    ]
    assert [scene.avus(path, "omero::fileset") for path in parts] == [[]] * len(parts)
    assert scene.avus(other, "omero::fileset") != []
    assert_quiet(scene)

    scene.user.collections.move(f"{scene.collection}/book", f"{scene.collection}/book.zarr")
    sweep(scene)
    sweep(scene)
    renamed = root.replace("/book/", "/book.zarr/")
    assert errors_of(scene, "book.zarr") == []
    assert [image[0] for image in images(scene, renamed)] == ["book.zarr"]
    assert [scene.avus(path.replace("/book/", "/book.zarr/"), "omero::error") for path in parts] == [[]] * len(parts)


def test_files_that_are_called_as_chunks_are_files_where_no_hierarchy_is_above(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch()
    path = put(scene, "series/1", tiff())
    sweep(scene)
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
