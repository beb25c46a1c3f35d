"""Situations on the side of the zone that people have reported in public: one test for each, named by what happens."""

from __future__ import annotations

import pytest
from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import DataObject

from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import ensure_zone_user

COLLEAGUE, SECRET = "colleague", "colleague-secret"


@pytest.fixture
def colleague(scene: Scene) -> Scene:
    """Another user, who may see nothing of the scene's collection."""
    ensure_zone_user(scene.admin, COLLEAGUE, SECRET)
    return scene


def test_who_may_write_on_an_object_but_not_see_it_can_ask_for_it(colleague: Scene) -> None:
    scene = colleague
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.user.acls.set(iRODSAccess("write", path, COLLEAGUE))
    with scene.zone.session(COLLEAGUE, SECRET) as session:
        session.metadata.add(DataObject, path, iRODSMeta("omero::request", "keep"))
    assert scene.avus(path, "omero::sync") == ["pending"]
    scene.sweep(agent={"shards": "0"})
    scene.sweep(agent={"shards": "1-63"})
    assert "keep" in scene.shown(path).image.texts
    assert scene.avus(path, "omero::sync") == []
