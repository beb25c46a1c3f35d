"""What the administrator maps is kept the same on both sides, whichever it is changed on."""

from __future__ import annotations

import pytest

from irods_omero.agent.reconcile import Manner, Reconciler
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.pairs import Pairs

SPECIES = "site.example/species"
PROJECT = "site.example/project"


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A scene whose configuration maps attributes of all kinds."""
    attributes = [
        {"avu": "species", "tag_namespace": SPECIES},
        {"avu": "project", "tag_namespace": PROJECT, "single": True, "winner": "omero"},
        {"avu": "stain", "tag_set": "Stain", "values": {"4',6-diamidino-2-phenylindole": "DAPI"}},
        {"avu": "temperature", "key": "Temperature", "single": True},
        {"avu": "lab::*", "key": "Lab *"},
    ]
    made = new_scene(attributes=attributes)
    made.watch()
    return made


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image with one agreed value."""
    made = scene.put("a.ome.tiff", retina(64))
    scene.set_avu(made, "species", "mouse")
    scene.sweep()
    assert scene.tags(made, SPECIES) == {"mouse"}
    return made


@pytest.fixture
def pairs(scene: Scene, path: str) -> Pairs:
    return scene.pairs(scene.shown(path).image.id)


def test_additions_on_both_sides_are_kept(scene: Scene, path: str) -> None:
    scene.set_avu(path, "species", "human")
    scene.add_own_tag(scene.shown(path).image.id, SPECIES, "yeast")
    scene.sweep()
    assert scene.tags(path, SPECIES) == {"mouse", "human", "yeast"}
    assert scene.avus(path, "species") == ["human", "mouse", "yeast"]


def test_what_is_taken_away_in_omero_is_taken_away_in_irods(scene: Scene, path: str) -> None:
    scene.take_tag_away(scene.shown(path).image.id, "mouse")
    scene.sweep()
    assert scene.avus(path, "species") == []


def test_what_is_taken_away_in_irods_is_taken_away_in_omero(scene: Scene, path: str) -> None:
    scene.remove_avu(path, "species", "mouse")
    scene.sweep()
    assert scene.tags(path, SPECIES) == set()


def test_of_two_single_values_the_configured_winner_stands(scene: Scene, path: str) -> None:
    scene.set_avu(path, "project", "atlas")
    scene.add_own_tag(scene.shown(path).image.id, PROJECT, "retina map")
    scene.sweep()
    assert scene.tags(path, PROJECT) == {"retina map"}
    assert scene.avus(path, "project") == ["retina map"]
    assert "atlas" in scene.avus(path, "omero::agreement")[0], "the loser is noted"


def test_avus_are_key_value_pairs_beside_those_of_the_user(scene: Scene, path: str, pairs: Pairs) -> None:
    pairs.write(("mine", "x"), ("Temperature", "19"))
    scene.sweep()
    assert scene.avus(path, "temperature") == ["19"]
    scene.set_avu(path, "lab::medium", "it's 5% \\ 'agar' 😀")
    scene.remove_avu(path, "temperature", "19")
    scene.set_avu(path, "temperature", "20")
    scene.sweep()
    assert pairs.read() == [("mine", "x"), ("Temperature", "20"), ("Lab medium", "it's 5% \\ 'agar' 😀")]
    assert scene.avus(path, "mine") == []


def test_a_pair_that_the_user_changes_or_deletes_changes_the_avu(scene: Scene, path: str, pairs: Pairs) -> None:
    pairs.write(("Lab medium", "agar"), ("Lab room", "2.13"))
    scene.sweep()
    assert (scene.avus(path, "lab::medium"), scene.avus(path, "lab::room")) == (["agar"], ["2.13"])
    pairs.write(("Lab room", "2.14"))
    scene.sweep()
    assert (scene.avus(path, "lab::medium"), scene.avus(path, "lab::room")) == ([], ["2.14"])
    assert pairs.read() == [("Lab room", "2.14")]


def test_the_last_pair_goes_with_its_avu(scene: Scene, path: str, pairs: Pairs) -> None:
    scene.set_avu(path, "lab::room", "2.13")
    scene.sweep()
    assert pairs.read() == [("Lab room", "2.13")]
    scene.remove_avu(path, "lab::room", "2.13")
    scene.sweep()
    assert pairs.read() == []


def test_avus_are_tags_in_a_tag_set_by_the_name_that_omero_has_for_them(scene: Scene, path: str) -> None:
    scene.set_avu(path, "stain", "4',6-diamidino-2-phenylindole")
    scene.sweep()
    image = scene.shown(path).image.id
    assert ("", "DAPI") in scene.shown(path).image.tags
    scene.take_tag_away(image, "DAPI")
    scene.sweep()
    assert scene.avus(path, "stain") == []


def test_an_attribute_that_is_mapped_to_another_place_takes_its_values_there(scene: Scene, path: str) -> None:
    moved = [{"avu": "species", "key": "Species"}]
    scene.set_avu(path, "species", "human")
    scene.sweep(attributes=moved)
    assert scene.avus(path, "species") == ["human", "mouse"]
    assert scene.tags(path, SPECIES) == {"mouse"}, "what is not mapped any more is left alone"


def test_what_both_sides_agree_on_is_left_in_peace(scene: Scene, path: str, pairs: Pairs) -> None:
    pairs.write(("Lab room", "2.13"), ("Temperature", "20"))
    scene.set_avu(path, "stain", "DAPI")
    scene.sweep()
    assert scene.avus(path, "stain") == ["4',6-diamidino-2-phenylindole"]
    with scene.connections() as connections:
        drifted = [
            assessment.observation.zone.first.path
            for page in Reconciler(connections, Manner.DRY_RUN).run()
            for assessment in page
        ]
    assert path not in drifted


def test_what_users_do_to_images_that_new_content_replaces_is_kept(scene: Scene, path: str) -> None:
    """Until the agent has imported the new content the earlier image is the one that users see."""
    scene.set_avu(path, "species", "taken away")
    scene.sweep()
    earlier = scene.shown(path).image.id
    scene.put("a.ome.tiff", retina(96))
    scene.take_tag_away(earlier, "taken away")
    scene.add_own_tag(earlier, SPECIES, "yeast")
    scene.add_own_tag(earlier, PROJECT, "atlas")
    scene.ask_by_tag(earlier, "keep")
    scene.sweep()
    image = scene.shown(path).image
    assert image.id != earlier
    assert scene.tags(path, SPECIES) == {"mouse", "yeast"}
    assert scene.avus(path, "species") == ["mouse", "yeast"]
    assert scene.avus(path, "project") == ["atlas"]
    assert scene.avus(path, "omero::request") == ["keep"]
    assert "keep" in image.texts
    assert scene.image(earlier).texts == {"superseded", "mouse", "yeast", "atlas"}
