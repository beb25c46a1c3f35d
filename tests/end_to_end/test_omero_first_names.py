"""What came through OMERO first goes where the rule puts it when OMERO calls it otherwise, if the rule says so."""

from __future__ import annotations

import omero.model
import pytest
from omero.rtypes import rstring

from lab.omero.setup import add_user
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_omero_first import bring, objects_below, taking
from tests.end_to_end.test_omero_first_rights import OTHER, give, reconcile, rights_on
from tests.pictures import focal_halves, retina
from tests.scene import Scene
from tests.scene.accounts import PASSWORD, USER, ensure_zone_user

CELLS = "cells.ome.tiff"
HALVES = ("upper.ome.tiff", "more/lower.ome.tiff")


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A scene in which data follows what OMERO calls it."""
    return taking(new_scene, follow_names=True)


def rename(scene: Scene, kind: str, name: str, new: str) -> None:
    """The user gives what is called so another name in OMERO."""
    update, query = (getattr(scene.microscopist.getSession(), f"get{each}Service")() for each in ("Update", "Query"))
    context = {"omero.group": str(scene.group_id)}
    named = query.findAllByQuery(
        f"select x from {kind} x where x.name = :name and x.details.owner.omeName = :owner order by x.id desc",
        omero.sys.ParametersI().addString("name", name).addString("owner", USER),
        context,
    )
    named[0].name = rstring(new)
    update.saveObject(named[0], context)


def follow(scene: Scene) -> None:
    """Sweep until all is done: what is to be, the move, and what is said of the new place."""
    for _ in range(3):
        scene.sweep()


def test_data_moves_when_a_dataset_and_a_project_are_renamed_and_the_image_says_so(scene: Scene) -> None:
    content = retina(32)
    bring(scene, {CELLS: content})
    scene.sweep()
    rename(scene, "Dataset", "March", "April 🔬 it's")
    follow(scene)
    assert objects_below(scene) == {f"Screening/April 🔬 it's/{CELLS}": content}
    rename(scene, "Project", "Screening", "Screen")
    follow(scene)
    path = f"{scene.collection}/Screen/April 🔬 it's/{CELLS}"
    assert objects_below(scene) == {path.removeprefix(f"{scene.collection}/"): content}
    assert dict(scene.shown(path).image.pairs)["path"] == path
    assert scene.avus(path, "omero::error") == []
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    rename(scene, "Project", "Screen", "Screening")


def test_the_files_of_a_unit_move_together_and_nothing_is_overwritten(scene: Scene) -> None:
    files = {f"run/{name}": half for name, half in zip(HALVES, focal_halves(HALVES), strict=True)}
    fileset = bring(scene, files)
    scene.sweep()
    in_the_way = f"{scene.collection}/Screening/April/more"
    scene.user.collections.create(in_the_way)
    scene.user.data_objects.create(f"{in_the_way}/lower.ome.tiff")
    rename(scene, "Dataset", "March", "April")
    follow(scene)
    there = {path for path in objects_below(scene) if not path.endswith("April/more/lower.ome.tiff")}
    assert there == {f"Screening/April/Fileset-{fileset}/{name}" for name in HALVES}
    assert scene.avus(f"{scene.collection}/Screening/April/Fileset-{fileset}/{HALVES[0]}", "omero::error") == []


def test_what_a_user_has_moved_stays(scene: Scene) -> None:
    bring(scene, {CELLS: retina(32)})
    scene.sweep()
    scene.user.collections.create(f"{scene.collection}/mine")
    scene.user.data_objects.move(f"{scene.collection}/Screening/March/{CELLS}", f"{scene.collection}/mine/{CELLS}")
    rename(scene, "Dataset", "March", "April")
    follow(scene)
    assert list(objects_below(scene)) == [f"mine/{CELLS}"]
    assert scene.avus(f"{scene.collection}/mine/{CELLS}", "omero::error") == []


def test_without_that_in_the_rule_nothing_moves_until_it_is_there(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    bring(scene, {CELLS: retina(32)})
    scene.sweep()
    rename(scene, "Dataset", "March", "April")
    follow(scene)
    assert list(objects_below(scene)) == [f"Screening/March/{CELLS}"]
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "follow_names": True}])
    reconcile(scene)
    follow(scene)
    assert list(objects_below(scene)) == [f"Screening/April/{CELLS}"]


def test_a_place_that_nobody_watches_is_refused_and_both_sides_say_so(scene: Scene) -> None:
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    outside = f"/{scene.zone.zone}/{{dataset}}/x"
    bring(scene, {CELLS: retina(32)})
    scene.sweep()
    path = f"{scene.collection}/Screening/March/{CELLS}"
    scene.settings = scene.with_settings(omero_first=[{**rule, "to": outside}])
    rename(scene, "Dataset", "March", "trash")
    follow(scene)
    assert "is below no watched root" in scene.avus(path, "omero::error")[0]
    assert "is below no watched root" in dict(scene.shown(path).image.pairs)["error"]
    scene.settings = scene.with_settings(omero_first=[rule])
    rename(scene, "Dataset", "trash", "March")
    follow(scene)
    assert scene.avus(path, "omero::error") == []


def test_what_was_given_to_somebody_else_moves_only_with_the_rights(scene: Scene) -> None:
    ensure_zone_user(scene.admin, OTHER, PASSWORD)
    add_user(scene.root, OTHER, PASSWORD, [scene.group_id])
    fileset = bring(scene, {CELLS: retina(32)})
    scene.sweep()
    give(scene, fileset, OTHER)
    follow(scene)
    before = f"{scene.collection}/Screening/March/{CELLS}"
    assert scene.admin.data_objects.exists(before)
    (rule,) = scene.settings.model_dump(mode="json")["omero_first"]
    scene.settings = scene.with_settings(omero_first=[{**rule, "follow_rights": True}])
    reconcile(scene)
    follow(scene)
    after = f"{scene.collection}/{CELLS}"  # nobody gave the dataset, which is what the images were in
    assert not scene.admin.data_objects.exists(before)
    assert rights_on(scene, after)[OTHER] == "own"
    give(scene, fileset, USER)


@pytest.mark.lab_only("counts all writes of both servers")
def test_when_data_has_followed_a_quiet_round_writes_nothing(scene: Scene) -> None:
    bring(scene, {CELLS: retina(32)})
    scene.sweep()
    rename(scene, "Dataset", "March", "April")
    follow(scene)
    scene.sweep()
    before = scene.writes()
    scene.sweep()
    assert scene.writes() == before
