"""Situations that people who do this work have reported in public: one test for each, named by what happens."""

from __future__ import annotations

from irods.helpers import xml_mode
from irods.meta import iRODSMeta
from irods.models import DataObject

from tests.pictures import retina
from tests.scene import Scene

MAPPED = {"attributes": [{"avu": "note", "tag_namespace": "example.org/note"}]}


def test_a_control_character_in_an_avu_stops_nobody(scene: Scene) -> None:
    first, second = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    with xml_mode("QUASI_XML"):
        scene.user.metadata.add(DataObject, first, iRODSMeta("note", "before\x01after"))
    scene.sweep(**MAPPED)
    assert scene.shown(second).image.texts == {"registered", "tier:fast"}


def test_a_control_character_in_a_name_stops_nobody(scene: Scene) -> None:
    with xml_mode("QUASI_XML"):
        scene.put("a\x01.ome.tiff", retina(32))
    second = scene.put("b.ome.tiff", retina(48))
    scene.sweep()
    assert scene.shown(second).image.texts == {"registered", "tier:fast"}


def test_reading_for_an_import_is_no_access(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.grow_old(path)
    scene.sweep()
    assert scene.avus(path, "irods::access_time") == ["1000000000"]
