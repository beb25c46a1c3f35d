"""Bytes on their way into OMERO: all digests in one pass, a broken connection picked up where it broke."""

from __future__ import annotations

from typing import Any

import pytest

from irods_omero.errors import UnreachableError
from irods_omero.gateways.omero import login, uploading
from tests.end_to_end.conftest import Places
from tests.faults.calls import ALL
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.snapshot import filesets
from tests.scene.units import unite

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


PARTS = {"a": 40_000, "b": 20_000}
"""The bytes of the files of a unit."""
BLOCKS = sum(-(-size // SMALL) for size in PARTS.values())
CALLS = {"getUploader": len(PARTS), "write": BLOCKS, "close": len(PARTS)}
"""What an upload of them asks OMERO, and how often."""
BREAKS = [
    (operation, nth, how)
    for operation, times in CALLS.items()
    for nth in range(1, times + 1)
    for how in ("cut", "cut-after")
]
"""Where the connection may break, and how; unless all is tried, in one of the two ways at each call."""


def put_parts(scene: Scene, name: str) -> list[str]:
    """A unit of two files: a picture, padded, and something else."""
    content = {"a": retina(64).ljust(PARTS["a"], b"\0"), "b": bytes(PARTS["b"])}
    paths = [scene.put(f"{name}.{part}.ome.tiff", content[part]) for part in PARTS]
    unite(scene, *paths)
    return paths


def opened(zone: Any, paths: list[str], since: int) -> int:
    """How often data objects were opened."""
    return sum(each["api"] == "DATA_OBJ_OPEN_AN" and each.get("path") in paths for each in zone.requests()[since:])


@pytest.mark.lab_only("breaks connections")
def test_an_upload_goes_on_wherever_the_connection_to_omero_breaks(scene: Scene, places: Places, lab: Any) -> None:
    """At each call, before it is served and when it was: nothing is begun anew, and one block at most is sent twice."""
    zone = places[0].lab
    assert zone is not None
    wrong = []
    for operation, nth, how in BREAKS if ALL else [*BREAKS[::4], *BREAKS[3::4]]:
        first, *_ = paths = put_parts(scene, f"{operation} {nth} {how}")
        lab.forget_requests()
        lab.disturb(operation, how, nth=nth, service="RawFileStore" if operation == "close" else "")
        before = len(zone.requests())
        imported = scene.sweep().imported
        lab.calm()
        images = filesets(scene.root, scene.zone.zone, scene.admin.data_objects.get(first).id).values()  # for each file
        seen = imported, *images, calls(lab, "importFileset"), calls(lab, "write"), opened(zone, paths, before)
        if seen != (1, len(paths), 1, BLOCKS + (operation == "write"), len(paths)):
            wrong.append((operation, nth, how, seen))
    assert wrong == []


@pytest.mark.lab_only("stops a server")
def test_what_an_omero_that_went_down_has_forgotten_is_uploaded_anew(
    scene: Scene, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "ATTEMPTS", 1)
    path = scene.put("a.ome.tiff", retina(256))
    lab.disturb("write", "die", nth=3)
    with pytest.raises(UnreachableError):
        scene.sweep()
    lab.stop()
    lab.calm()
    lab.start()
    scene.connect_to_omero()
    assert scene.sweep().imported == 1
    assert list(filesets(scene.root, scene.zone.zone, scene.admin.data_objects.get(path).id).values()) == [1]


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
