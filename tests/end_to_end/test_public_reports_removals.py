"""Removals by mistake that people have reported in public, as they come bit by bit; named by what happens."""

from __future__ import annotations

import json

import pytest

from irods_omero.agent.removals import settle
from irods_omero.agent.sweep import Sweeper
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.units import run

NOTE = "example.org/note"
LIMITED = {"attributes": [{"avu": "note", "tag_namespace": NOTE}], "safety": {"removals": 2}}


def test_removals_that_trickle_in_over_several_sweeps_wait_for_a_person(scene: Scene) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(32 + number)) for number in range(4)]
    for path in paths:
        scene.set_avu(path, "note", "kept")
    scene.sweep(**LIMITED)
    with scene.connections(**LIMITED) as connections:
        sweeper = Sweeper(connections)
        for path in paths:
            scene.take_tag_away(scene.shown(path).image.id, "kept")
            sweeper.sweep()
    assert [scene.avus(path, "note") for path in paths] == [[], [], ["kept"], ["kept"]]
    assert all("irods-omero removals" in str(scene.avus(path, "omero::error")) for path in paths[2:])


@pytest.mark.parametrize(("restore", "left"), [(True, ["kept"]), (False, [])])
def test_removals_that_come_with_new_content_wait_for_a_person_too(
    scene: Scene, restore: bool, left: list[str]
) -> None:
    """Somebody synchronizes a folder anew, with other files and without their metadata."""
    paths = [scene.put(f"{number}.ome.tiff", retina(32 + number)) for number in range(4)]
    for path in paths:
        scene.set_avu(path, "note", "kept")
    scene.sweep(**LIMITED)
    images = {path: scene.shown(path).image.id for path in paths}
    for number, path in enumerate(paths):
        scene.remove_avu(path, "note", "kept")
        scene.put(f"{number}.ome.tiff", retina(64 + number))
    scene.sweep(**LIMITED)
    held = [path for path in paths if "irods-omero removals" in str(scene.avus(path, "omero::error"))]
    assert len(held) == 2
    assert all("superseded" not in scene.image(images[path]).texts for path in held)
    with scene.connections(**LIMITED) as connections:
        settle(connections, restore=restore)
    assert all("superseded" in scene.image(images[path]).texts for path in held), "the new content is shown"
    assert [scene.avus(path, "note") for path in held] == [left] * 2
    assert [scene.tags(path, NOTE) for path in held] == [set(left)] * 2


def test_what_is_held_is_told_as_such_and_not_as_repaired(new_scene: SceneFactory) -> None:
    scene = new_scene(**LIMITED)
    scene.watch()
    paths = [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(3)]
    for path in paths:
        scene.set_avu(path, "note", "kept")
    scene.sweep()
    for path in paths:
        scene.remove_avu(path, "note", "kept")
    repaired = run(scene, "reconcile", "--json").stdout.splitlines()
    plans = {each["path"]: each["plan"] for each in map(json.loads, repaired) if "path" in each}
    assert [[action for action in plans[path] if "kept" in action] for path in paths] == [[]] * 3
    shown = run(scene, "reconcile", "--dry-run", "--json")
    assert (json.loads(shown.stdout.splitlines()[-1])["removals_held"], shown.exit_code) == (3, 3)
    assert "removals of 3 held" in run(scene, "reconcile", "--dry-run").stdout
    explained = run(scene, "explain", paths[0]).stdout
    assert "nothing to do" not in explained
    assert "irods-omero removals" in explained


def test_agents_that_share_the_zone_share_the_limit(scene: Scene) -> None:
    """What is deleted at once is spread over all of them."""
    with scene.connections(**LIMITED, agent={"shards": "0-15"}) as connections:
        assert connections.brake.must_hold([1], 1, 0.0), "a quarter of two is less than one"
    with scene.connections(**LIMITED, agent={"shards": "0-31"}) as connections:
        assert not connections.brake.must_hold([1], 1, 0.0)
        assert connections.brake.must_hold([2], 1, 0.0)
