"""Bytes on their way into OMERO: all digests in one pass, a broken connection picked up where it broke."""

from __future__ import annotations

from typing import Any

import pytest

from irods_omero.gateways.omero import uploading
from tests.end_to_end.conftest import Places
from tests.pictures import retina
from tests.scene import Scene

SMALL = 16 * 1024


@pytest.fixture
def lab(places: Places, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Both servers, with files of many blocks."""
    monkeypatch.setattr(uploading, "BLOCK", SMALL)
    lab = places[1].lab
    assert lab is not None
    lab.forget_requests()
    return lab


def calls(lab: Any, operation: str) -> int:
    return sum(request.operation == operation for request in lab.requests())


@pytest.mark.lab_only("breaks connections")
@pytest.mark.parametrize("nth", [2, 3])
def test_an_upload_goes_on_where_the_connection_to_the_zone_broke(
    scene: Scene, places: Places, lab: Any, nth: int
) -> None:
    zone = places[0].lab
    assert zone is not None
    content = retina(256)
    path = scene.put("a.ome.tiff", content)
    zone.fault("DATA_OBJ_READ_AN", nth=nth, user=scene.settings.zone.user)
    assert scene.sweep().imported == 1
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert calls(lab, "importFileset") == 1
    assert calls(lab, "write") == -(-len(content) // SMALL), "no block was sent twice"


@pytest.mark.lab_only("counts what a server is asked")
def test_all_digests_are_computed_while_the_bytes_are_read_once(scene: Scene, places: Places, lab: Any) -> None:
    zone = places[0].lab
    assert zone is not None
    content = retina(256)
    path = scene.put("a.ome.tiff", content)
    scene.user.data_objects.chksum(path)
    before = len(zone.requests())
    assert scene.sweep().imported == 1
    opened = [
        each for each in zone.requests()[before:] if (each["api"], each.get("path")) == ("DATA_OBJ_OPEN_AN", path)
    ]
    assert len(opened) == 1
    assert calls(lab, "write") == -(-len(content) // SMALL)
