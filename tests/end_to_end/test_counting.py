"""The counters that other tests rely on do count."""

from __future__ import annotations

import pytest

from tests.pictures import retina
from tests.scene import Scene


@pytest.mark.lab_only("counts all writes of a server")
def test_a_put_a_tag_and_an_avu_are_counted(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(64))
    scene.sweep()
    scene.settle()
    zone, omero_server = scene.writes()
    scene.ask_by_avu(path, "keep")
    assert scene.writes() == (zone + 1, omero_server)
    scene.add_own_tag(scene.shown(path).image.id, "site.example", "nice")
    assert scene.writes() == (zone + 1, omero_server + 1)
