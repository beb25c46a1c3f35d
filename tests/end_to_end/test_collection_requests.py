"""What is said on the collection of a directory, or of an OME-Zarr, is said of the unit."""

from __future__ import annotations

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import RUN, put_run
from tests.end_to_end.test_zarr import put_zarr, sweep
from tests.scene import Scene
from tests.scene.units import assert_quiet
from tests.zarr import IMAGES, METADATA

KEYWORDS = [{"avu": "keyword", "tag_namespace": "lab/keyword"}]


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene(attributes=KEYWORDS)
    made.watch(DIRECTORY)
    return made


def said_of(scene: Scene, directory: str, attribute: str = "omero::request") -> list[str]:
    """What is said on a collection."""
    avus = scene.admin.metadata.get(Collection, f"{scene.collection}/{directory}".rstrip("/"))
    return sorted(avu.value for avu in avus if avu.name == attribute)


def say(scene: Scene, directory: str, value: str, attribute: str = "omero::request") -> None:
    """The user says something on a collection."""
    path = f"{scene.collection}/{directory}".rstrip("/")
    scene.user.metadata.set(Collection, path, iRODSMeta(attribute, value))


def take_away(scene: Scene, directory: str) -> None:
    """The user takes a request away from a collection."""
    path = f"{scene.collection}/{directory}"
    for avu in scene.user.metadata.get(Collection, path):
        if avu.name == "omero::request":
            scene.user.metadata.remove(Collection, path, avu)


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_request_on_a_directory_is_one_on_all_its_files_and_images(scene: Scene) -> None:
    paths = put_run(scene)
    say(scene, RUN, "keep")
    scene.sweep()
    scene.sweep()
    assert [scene.avus(path, "omero::request") for path in paths] == [["keep"]] * 3
    assert "keep" in scene.shown(paths[0]).image.texts
    assert_quiet(scene)
    take_away(scene, RUN)
    scene.sweep()
    assert [scene.avus(path, "omero::request") for path in paths] == [[]] * 3
    assert scene.shown(paths[0]).image.texts == {"registered", "tier:fast"}
    assert_quiet(scene)


def test_a_request_on_an_image_is_shown_on_its_directory_until_it_is_served(scene: Scene) -> None:
    paths = put_run(scene)
    scene.sweep()
    scene.ask_by_tag(scene.shown(paths[0]).image.id, "archive")
    scene.sweep()
    assert said_of(scene, RUN) == ["archive"]
    scene.wait_for("archive", *paths)
    scene.sweep()
    assert said_of(scene, RUN) == []
    assert scene.shown(paths[0]).image.texts == {"registered", "tier:archive"}


def test_a_mapped_attribute_of_a_directory_is_one_of_its_images(scene: Scene) -> None:
    paths = put_run(scene)
    scene.sweep()
    say(scene, RUN, "retina", "keyword")
    scene.mark_on_a_real_zone(paths[0])
    scene.sweep()
    assert scene.tags(paths[0], "lab/keyword") == {"retina"}
    assert scene.avus(paths[2], "keyword") == ["retina"]
    scene.user.metadata.remove(Collection, f"{scene.collection}/{RUN}", iRODSMeta("keyword", "retina"))
    scene.mark_on_a_real_zone(paths[0])
    scene.sweep()
    assert scene.tags(paths[0], "lab/keyword") == set()


def test_a_request_on_the_collection_of_an_ome_zarr_is_one_on_its_document(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch()
    path = put_zarr(scene, METADATA[IMAGES[0]])
    sweep(scene)
    sweep(scene)
    say(scene, "book.zarr", "keep")
    sweep(scene)
    assert scene.avus(path, "omero::request") == ["keep"]
    scene.take_tag_away(scene.shown(path).image.id, "keep")
    sweep(scene)
    assert said_of(scene, "book.zarr") == []


def test_a_request_on_a_collection_that_is_no_unit_says_so(scene: Scene) -> None:
    say(scene, "", "archive")
    scene.sweep()
    (error,) = said_of(scene, "", "omero::error")
    assert "omero::request archive asks for nothing, as the collection is no unit" in error
