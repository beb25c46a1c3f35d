"""Situations with units of AVUs that people have reported in public, named by what happens."""

from __future__ import annotations

import pytest

from irods_omero.agent import apply
from irods_omero.domain.state.actions import AddAvu, ZoneAction
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.zone_actions import apply_to_zone
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene

SPEED = "example.org/speed"


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A scene whose configuration maps units in each of the ways there are."""
    attributes = [
        {"avu": "temperature", "key": "Temperature", "units": "{value} {unit}"},
        {"avu": "depth", "key": "Depth", "single": True},
        {"avu": "speed", "tag_namespace": SPEED, "units": "um/s"},
    ]
    made = new_scene(attributes=attributes)
    made.watch()
    return made


def imported(scene: Scene, *avus: tuple[str, str, str]) -> str:
    path = scene.put("a.ome.tiff", retina(32))
    for avu in avus:
        scene.set_avu(path, *avu)
    scene.sweep()
    return path


def test_five_celsius_and_five_fahrenheit_are_two(scene: Scene) -> None:
    path = imported(scene, ("temperature", "5", "C"), ("temperature", "5", "F"))
    pairs = scene.pairs(scene.shown(path).image.id)
    assert sorted(pairs.read()) == [("Temperature", "5 C"), ("Temperature", "5 F")]
    pairs.write(("Temperature", "5 C"), ("Temperature", "41.5 F"))
    scene.sweep()
    assert scene.triples(path, "temperature") == [("41.5", "F"), ("5", "C")]
    assert sorted(pairs.read()) == [("Temperature", "41.5 F"), ("Temperature", "5 C")]


def test_an_edit_of_a_value_in_omero_keeps_the_unit_that_it_does_not_show(scene: Scene) -> None:
    path = imported(scene, ("depth", "5", "mm"))
    pairs = scene.pairs(scene.shown(path).image.id)
    assert pairs.read() == [("Depth", "5")]
    pairs.write(("Depth", "6"))
    scene.sweep()
    assert scene.triples(path, "depth") == [("6", "mm")]
    assert pairs.read() == [("Depth", "6")]


def test_a_unit_is_not_lost_where_the_zone_refuses_the_edited_value_at_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = imported(scene, ("depth", "5", "mm"))
    scene.pairs(scene.shown(path).image.id).write(("Depth", "6"))

    def refused(zone: ZoneConnection, action: ZoneAction) -> None:
        if isinstance(action, AddAvu) and action.avu.value == "6":
            raise RefusedError("adding AVU", action.path, "refused by a test")
        apply_to_zone(zone, action)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "apply_to_zone", refused)
        scene.sweep()
    assert scene.triples(path, "depth") == [("5", "mm")]
    assert "refused by a test" in str(scene.avus(path, "omero::error"))
    scene.mark(path)
    scene.sweep()
    assert scene.triples(path, "depth") == [("6", "mm")]
    assert scene.pairs(scene.shown(path).image.id).read() == [("Depth", "6")]


def test_what_is_tagged_in_omero_has_the_unit_of_the_configuration(scene: Scene) -> None:
    path = imported(scene, ("speed", "2", "um/s"), ("speed", "9", "km/h"))
    assert scene.tags(path, SPEED) == {"2"}
    assert "not 'km/h'" in str(scene.avus(path, "omero::error"))
    scene.add_own_tag(scene.shown(path).image.id, SPEED, "3")
    scene.sweep()
    assert scene.triples(path, "speed") == [("2", "um/s"), ("3", "um/s"), ("9", "km/h")]
