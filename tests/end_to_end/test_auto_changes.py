"""What changes where the agent tells what belongs together: what leaves, what is left, and what is another now."""

from __future__ import annotations

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import AUTO, DIRECTORY, OFF
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import lab_book
from tests.scene import Scene
from tests.scene.units import LOWER, UPPER, errors, halves, put, put_all, tiff, together, unit_of


def watch_inner(scene: Scene, name: str, kind: str) -> None:
    """The user has a collection in the scene's one watched for something else."""
    scene.user.collections.create(f"{scene.collection}/{name}")
    scene.user.metadata.set(Collection, f"{scene.collection}/{name}", iRODSMeta("omero::import", kind))


def come_to_rest(scene: Scene) -> None:
    """An agent sweeps until nothing is left to do."""
    assert scene.agent_once() == 0


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers in which the agent tells what belongs together."""
    made = new_scene()
    made.watch(AUTO)
    return made


def test_what_comes_late_is_taken_in_and_what_leaves_is_by_itself(scene: Scene) -> None:
    cells = put(scene, "cells.tif", tiff())
    scene.sweep()
    image = scene.shown(cells).image.id
    notes = put(scene, "cells.txt")
    scene.sweep()
    assert together(scene, cells, notes)
    assert scene.image(image).texts == {"superseded"}
    watch_inner(scene, "out", OFF)
    moved = scene.move(notes, "out/cells.txt")
    come_to_rest(scene)
    assert [name for name, *_ in scene.shown(moved).avus if name.startswith("omero::")] == []
    assert together(scene, cells)


def test_what_is_left_without_the_file_that_is_opened_is_told_of(scene: Scene) -> None:
    made = put_all(scene, {"cells.tif": tiff(), "cells.txt": lab_book()})
    scene.sweep()
    scene.user.data_objects.unlink(made["cells.tif"], force=True)
    come_to_rest(scene)
    assert unit_of(scene, made["cells.txt"]) == ""
    assert "cells.txt may belong to" in errors(scene, made["cells.txt"])[0]


def test_a_unit_that_moves_to_where_other_files_belong_to_it_takes_them_in(scene: Scene) -> None:
    watch_inner(scene, "out", OFF)
    cells = put(scene, "cells.tif", tiff())
    scene.sweep()
    cells = scene.move(cells, "out/cells.tif")
    notes = put(scene, "slide.txt")
    come_to_rest(scene)
    assert "slide.txt may belong to" in errors(scene, notes)[0]
    moved = scene.move(cells, "slide.tif")
    come_to_rest(scene)
    assert together(scene, moved, notes)
    assert errors(scene, notes) == []


@pytest.mark.lab_only("has OMERO take a TIFF by another name for an image")
def test_the_last_file_of_a_folder_of_parts_is_missed(scene: Scene) -> None:
    made = put_all(scene, {"slide.vsi": tiff(), "_slide_/stack1/frame_t.ets": lab_book()})
    scene.sweep()
    image = scene.shown(made["slide.vsi"]).image.id
    scene.user.data_objects.unlink(made["_slide_/stack1/frame_t.ets"], force=True)
    come_to_rest(scene)
    assert together(scene, made["slide.vsi"])
    assert scene.image(image).texts == {"superseded"}


@pytest.mark.parametrize("how", ["trash", "another collection"])
def test_what_is_left_is_told_apart_when_what_was_in_the_way_is_gone(scene: Scene, how: str) -> None:
    made = put_all(scene, {"cells.tif": tiff(1), "cells.tiff": tiff(2), "cells.txt": lab_book()})
    scene.sweep()
    assert "cells.txt could belong to" in errors(scene, made["cells.txt"])[0]
    if how == "trash":
        scene.user.data_objects.unlink(made["cells.tiff"])
    else:
        watch_inner(scene, "out", OFF)
        moved = scene.move(made["cells.tiff"], "out/cells.tiff")
    come_to_rest(scene)
    assert together(scene, made["cells.tif"], made["cells.txt"])
    assert [errors(scene, made[name]) for name in ("cells.tif", "cells.txt")] == [[], []]
    assert how == "trash" or errors(scene, moved) == []


def test_the_same_holds_for_directories(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch(DIRECTORY)
    made = put_all(scene, {"run/a.tif": tiff(1), "run/b.tif": tiff(2)})
    scene.sweep()
    scene.user.data_objects.unlink(made["run/b.tif"])
    come_to_rest(scene)
    assert scene.shown(made["run/a.tif"]).image.texts == {"registered", "tier:fast"}


@pytest.mark.parametrize(("name", "said"), [("other.txt", ["other.txt may belong to"]), ("README", [])])
def test_a_file_that_is_called_otherwise_leaves_its_unit(scene: Scene, name: str, said: list[str]) -> None:
    made = put_all(scene, {"cells.tif": tiff(), "cells.txt": lab_book()})
    scene.sweep()
    renamed = scene.move(made["cells.txt"], name)
    come_to_rest(scene)
    assert together(scene, made["cells.tif"])
    assert unit_of(scene, renamed) == ""
    assert [text in error for text, error in zip(said, errors(scene, renamed), strict=True)] == [True] * len(said)


def test_an_image_that_names_no_other_any_more_is_not_the_one_that_is_opened(scene: Scene) -> None:
    made = put_all(scene, halves())
    scene.sweep()
    assert together(scene, made[LOWER], made[UPPER])
    scene.put(LOWER, tiff())
    come_to_rest(scene)
    first = scene.shown(made[UPPER]).data_id
    assert [scene.triples(path, "omero::unit") for path in made.values()] == [[(str(first), AUTO)]] * 2


def test_another_kind_of_the_collection_makes_other_units(scene: Scene) -> None:
    made = put_all(scene, {"in/cells.tif": tiff(), "in/cells.txt": lab_book(), "in/more/notes.txt": lab_book()})
    scene.sweep()
    assert together(scene, made["in/cells.tif"], made["in/cells.txt"])
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", DIRECTORY))
    come_to_rest(scene)
    first = scene.shown(made["in/cells.tif"]).data_id
    assert [scene.memberships(path) for path in made.values()] == [[(str(first), DIRECTORY)]] * 3
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", AUTO))
    come_to_rest(scene)
    assert together(scene, made["in/cells.tif"], made["in/cells.txt"])
    assert len(errors(scene, made["in/more/notes.txt"])) == 1


def test_what_is_left_of_a_unit_where_none_are_made_any_more_is_by_itself(scene: Scene) -> None:
    made = put_all(scene, {"cells.tif": tiff(), "cells.json": b"{}"})
    scene.sweep()
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", OFF))
    scene.user.data_objects.unlink(made["cells.tif"], force=True)
    come_to_rest(scene)
    assert [name for name, *_ in scene.shown(made["cells.json"]).avus if name.startswith("omero::")] == []


def test_where_nothing_is_told_apart_a_file_that_is_renamed_leaves_no_mark_behind(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch()
    path = put(scene, "cells.tif", tiff())
    scene.sweep()
    scene.move(path, "other.tif")
    come_to_rest(scene)
    avus = scene.admin.metadata.get(Collection, scene.collection)
    assert [avu.name for avu in avus if avu.name in ("omero::sync", "omero::gather")] == []
