"""Which marks hooks leave where directories are units, and that none is lost, whatever they believe of them."""

from __future__ import annotations

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import DIRECTORY, FILE
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import RUN, marks_of, put_run, units_of
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.units import LATER, put, unite


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene()
    made.watch(DIRECTORY)
    return made


def say_as_administrator(scene: Scene, path: str, kind: str) -> None:
    """Over another connection than the user's, whose hooks do not see it."""
    scene.admin.metadata.set(Collection, path, iRODSMeta("omero::import", kind), **{kw.ADMIN_KW: ""})


def test_files_that_arrive_leave_one_mark_on_their_directory_until_the_agent_has_taken_it(scene: Scene) -> None:
    run = f"{scene.collection}/{RUN}"
    made = put_run(scene)
    assert [scene.avus(path, "omero::sync") for path in made] == [[], [], []]
    assert marks_of(scene, run) == ["pending"]
    scene.sweep(**LATER)
    assert marks_of(scene, run) == ["pending"], "as long as it has not come to rest"
    scene.sweep()
    assert marks_of(scene, run) == []
    late = put(scene, f"{RUN}/late.txt")
    assert marks_of(scene, run) == ["pending"]
    scene.sweep()
    assert units_of(scene, late) == units_of(scene, made[0])


@pytest.mark.lab_only("counts the writes of hooks")
def test_a_directory_has_one_write_of_hooks_however_often_the_agent_looks_at_it_while_it_arrives(scene: Scene) -> None:
    for number in range(10):
        put(scene, f"{RUN}/{number}.txt")
        scene.sweep(**LATER)
    assert scene.hook_writes(f"{scene.collection}/{RUN}") == ["omero::sync"]


def test_what_is_written_over_and_asked_in_an_imported_directory_is_seen_by_the_mark_on_it(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    before = scene.shown(made[0]).image.id
    scene.set_avu(made[2], "omero::request", "keep")
    assert marks_of(scene, f"{scene.collection}/{RUN}") == ["pending"]
    scene.sweep()
    assert "keep" in scene.image(before).texts
    put(scene, made[2].removeprefix(f"{scene.collection}/"), b"other notes")
    scene.sweep()
    assert scene.image(before).texts == {"superseded"}


def test_what_comes_to_a_directory_that_is_none_any_more_is_found_though_hooks_believe_it_is_one(scene: Scene) -> None:
    put_run(scene)
    scene.sweep()
    say_as_administrator(scene, scene.collection, FILE)
    scene.sweep()
    path = put(scene, f"{RUN}/single.ome.tiff", retina(32))
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


def test_what_comes_to_a_part_that_is_watched_for_something_else_now_is_found(scene: Scene) -> None:
    made, inner = put_run(scene), f"{scene.collection}/{RUN}/more"
    scene.sweep()
    say_as_administrator(scene, inner, FILE)
    scene.sweep()
    path = put(scene, f"{RUN}/more/single.ome.tiff", retina(32))
    scene.sweep()
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert scene.shown(path).image.id != scene.shown(made[0]).image.id


def test_a_list_of_files_of_which_the_first_lies_elsewhere_is_looked_at_by_the_mark_on_a_directory(
    scene: Scene,
) -> None:
    made = [put(scene, "one/a.ome.tiff", retina(32)), put(scene, "two/b.txt")]
    unite(scene, *made)
    scene.sweep()
    scene.sweep()
    before = scene.shown(made[0]).image.id
    put(scene, "two/b.txt", b"other notes")
    scene.sweep()
    scene.sweep()
    assert scene.image(before).texts == {"superseded"}
