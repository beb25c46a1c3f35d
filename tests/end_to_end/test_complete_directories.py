"""When a directory is complete: what the nearest collection, or the configuration, says has to be there."""

from __future__ import annotations

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import RUN, errors_of, put_run, units_of
from tests.scene import Scene
from tests.scene.units import assert_quiet, entries, explained, put

IMPORTED = {"registered", "tier:fast"}


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene()
    made.watch(DIRECTORY)
    return made


def say(scene: Scene, value: str, units: str | None = None, directory: str = "") -> None:
    """The user says when directories are complete, or that one is."""
    path = f"{scene.collection}/{directory}".rstrip("/")
    scene.user.metadata.set(Collection, path, iRODSMeta("omero::complete", value, units))


def waits_for(scene: Scene, paths: list[str], what: str) -> bool:
    """Whether an agent leaves a directory alone, and says what is waited for."""
    scene.sweep()
    assert units_of(scene, *paths) == [[]] * len(paths)
    return what in explained(scene, paths[0])["rule"]


def test_a_done_marker_says_that_a_directory_is_complete(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"complete": "marker DONE"})
    scene.watch(DIRECTORY)
    made = put_run(scene)
    assert waits_for(scene, made, "it waits for a file named DONE")
    marker = put(scene, f"{RUN}/DONE")
    scene.sweep()
    assert scene.shown(made[0]).image.texts == IMPORTED
    assert units_of(scene, marker) == [[]]
    assert len(entries(scene, scene.shown(made[0]))) == 3


def test_the_nearest_collection_says_what_is_waited_for(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"complete": "marker DONE"})
    scene.watch(DIRECTORY)
    say(scene, "marker", "OVER")
    one, two = put_run(scene, "one"), put_run(scene, "two")
    say(scene, "settled", directory="two")
    assert waits_for(scene, one, "it waits for a file named OVER")
    assert scene.shown(two[0]).image.texts == IMPORTED
    say(scene, "settled")
    scene.settle()
    assert scene.shown(one[0]).image.texts == IMPORTED


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_directory_says_by_an_avu_that_it_is_complete(scene: Scene) -> None:
    say(scene, "avu")
    made = put_run(scene)
    assert waits_for(scene, made, "it waits for the AVU omero::complete done on its collection")
    assert_quiet(scene)
    say(scene, "done", directory=RUN)
    scene.sweep()
    assert scene.shown(made[0]).image.texts == IMPORTED
    assert_quiet(scene)


@pytest.mark.parametrize(("directory", "inside"), [("", RUN), (RUN, RUN)])
def test_where_nobody_can_tell_when_it_is_complete_the_collection_says_so(
    scene: Scene, directory: str, inside: str
) -> None:
    put(scene, f"{inside}/README")
    scene.sweep()
    say(scene, "marker", directory=directory)
    made = put_run(scene, inside)
    assert waits_for(scene, made, "it waits until it is clear when it is complete")
    (error,) = errors_of(scene, directory)
    assert "omero::complete says marker and does not name a file" in error
    say(scene, "settled", directory=directory)
    scene.settle()
    assert errors_of(scene, directory) == []
    assert scene.shown(made[0]).image.texts == IMPORTED
