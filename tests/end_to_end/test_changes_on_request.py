"""What comes to a directory after its import, where that is imported only if somebody asks for it."""

from __future__ import annotations

import pytest

from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import NOTES, RUN, errors_of, marks_of, put_run, units_of
from tests.end_to_end.test_collection_requests import said_of, say
from tests.pictures import companion, retina
from tests.scene import Scene
from tests.scene.units import assert_quiet, entries, put


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene(imports={"changes": "ask"})
    made.watch(DIRECTORY)
    return made


@pytest.mark.lab_only("counts all writes of both servers")
def test_what_is_new_is_told_on_the_collection_and_imported_when_it_is_asked_for(scene: Scene) -> None:
    paths = put_run(scene)
    scene.sweep()
    before = scene.avus(paths[0], "omero::fileset")
    scene.let_a_second_pass()
    late = put(scene, f"{RUN}/more/late.txt")
    scene.sweep()
    assert scene.avus(paths[0], "omero::fileset") == before != []
    assert units_of(scene, late) == units_of(scene, paths[0])
    (told,) = errors_of(scene)
    assert "1 file is new, written or moved since: more/late.txt" in told
    assert "request import" in dict(scene.shown(paths[0]).image.pairs)["error"]
    assert_quiet(scene)
    put(scene, f"{RUN}/more/later.txt")
    scene.sweep()
    assert "2 files are new, written or moved since: more/late.txt, more/later.txt" in errors_of(scene)[0]

    say(scene, RUN, "import")
    scene.sweep()  # it is accepted
    scene.sweep()
    shown = scene.shown(paths[0])
    assert len(entries(scene, shown)) == 5
    assert said_of(scene, RUN, "omero::fileset") == shown.values("omero::fileset") != before
    assert errors_of(scene) == said_of(scene, RUN) == []
    assert_quiet(scene)
    assert marks_of(scene, f"{scene.collection}/{RUN}") == []


def test_what_would_be_opened_from_now_on_waits_for_that_too(scene: Scene) -> None:
    paths = put_run(scene)
    scene.sweep()
    late = put(scene, f"{RUN}/scan.companion.ome", companion(("lower.ome.tiff", "upper.ome.tiff")))
    scene.sweep()
    assert units_of(scene, late) == [[]]
    (told,) = errors_of(scene)
    assert "another file would be opened now" in told
    assert "scan.companion.ome" in told
    say(scene, RUN, "import")
    scene.sweep()
    assert units_of(scene, *paths, late) == [[str(scene.shown(late).data_id)]] * 4
    assert len(entries(scene, scene.shown(late))) == 4
    assert errors_of(scene) == said_of(scene, RUN) == []


def test_a_file_that_is_overwritten_is_named_and_the_error_goes_when_it_is_removed_as_a_whole(scene: Scene) -> None:
    paths = put_run(scene)
    scene.sweep()
    scene.let_a_second_pass()
    put(scene, f"{RUN}/more/{NOTES}", b"other notes")
    scene.sweep()
    assert f"1 file is new, written or moved since: more/{NOTES}" in errors_of(scene)[0]
    scene.user.data_objects.unlink(paths[0], force=True)
    for path in paths[1:]:
        scene.user.data_objects.unlink(path, force=True)
    scene.sweep()
    assert errors_of(scene) == []


def test_a_failed_import_is_told_on_the_collection_as_well(scene: Scene) -> None:
    path = put(scene, f"{RUN}/broken.ome.tiff", b"no image")
    scene.sweep()
    assert errors_of(scene) == scene.avus(path, "omero::error") != []
    put(scene, f"{RUN}/broken.ome.tiff", retina(32))
    scene.sweep()
    assert errors_of(scene) == []
