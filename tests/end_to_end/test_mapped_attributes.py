"""What the administrator maps is kept the same on both sides, whichever it is changed on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Places
from tests.pictures import retina
from tests.scene import Scene

SPECIES = "site.example/species"
PROJECT = "site.example/project"


@pytest.fixture
def scene(places: Places, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A scene whose configuration maps a set-valued and a single-valued attribute."""
    zone, omero_server, policy_file = places
    attributes = [
        {"avu": "species", "tag_namespace": SPECIES},
        {"avu": "project", "tag_namespace": PROJECT, "single": True, "winner": "omero"},
    ]
    with Scene(zone, omero_server, policy_file, request.node.name, attributes=attributes) as made:
        made.watch()
        yield made


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image with one agreed value."""
    made = scene.put("a.ome.tiff", retina(64))
    scene.set_avu(made, "species", "mouse")
    scene.sweep()
    assert scene.tags(made, SPECIES) == {"mouse"}
    return made


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
