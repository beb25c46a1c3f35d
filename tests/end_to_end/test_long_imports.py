"""An import may take days: the agent waits as long as OMERO is at work, and so does the one that comes after it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from irods_omero.agent.report import Report
from irods_omero.errors import UnreachableError
from irods_omero.gateways.omero import running
from tests.end_to_end.conftest import Places
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.snapshot import filesets

pytestmark = pytest.mark.lab_only("has OMERO read files for as long as the test likes")

NO_PICTURE = b"no picture"


def made_of(scene: Scene, path: str) -> dict[int, int]:
    return filesets(scene.root, scene.zone.zone, scene.admin.data_objects.get(path).id)


def uploaded(lab: Any) -> bool:
    return any(request.operation == "verifyUpload" and not request.error for request in lab.requests())


@pytest.fixture
def lab(places: Places) -> Any:
    lab = places[1].lab
    assert lab is not None
    lab.forget_requests()
    return lab


@pytest.fixture
def pool(scene: Scene) -> Iterator[ThreadPoolExecutor]:
    """For what waits: its end is waited for when OMERO is no longer held up, and the scene is still there."""
    with ThreadPoolExecutor() as pool:
        yield pool


def leave_to_omero(scene: Scene, lab: Any) -> None:
    """Kill an agent while OMERO reads what it has uploaded."""
    with scene.agent("--once") as agent:
        scene.wait_until(lambda: uploaded(lab), "OMERO reads the file")
        agent.send_signal(signal.SIGKILL)


def another_waits(scene: Scene, lab: Any, pool: ThreadPoolExecutor) -> Future[Report]:
    """Another agent has found the import and waits for it."""
    lab.forget_requests()
    sweep = pool.submit(scene.sweep)
    scene.wait_until(lambda: any(each.operation == "listImports" for each in lab.requests()), "it is found")
    return sweep


def test_an_agent_goes_on_waiting_for_the_import_of_one_that_was_killed(
    scene: Scene, lab: Any, pool: ThreadPoolExecutor
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    with lab.long_imports():
        leave_to_omero(scene, lab)
        (fileset,) = made_of(scene, path)
        sweep = another_waits(scene, lab, pool)
        assert made_of(scene, path) == {fileset: 0}
    sweep.result(timeout=60)
    assert made_of(scene, path) == {fileset: 1}
    assert not any(request.operation == "importFileset" for request in lab.requests())
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert scene.avus(path, "omero::error") == []


def test_why_an_import_failed_that_another_agent_began_is_told(
    scene: Scene, lab: Any, pool: ThreadPoolExecutor
) -> None:
    path = scene.put("a.ome.tiff", NO_PICTURE)
    with lab.long_imports():
        leave_to_omero(scene, lab)
        sweep = another_waits(scene, lab, pool)
    sweep.result(timeout=60)
    assert not any(request.operation == "importFileset" for request in lab.requests())
    (error,) = scene.avus(path, "omero::error")
    assert "Unknown file format" in error
    assert made_of(scene, path) == {}


def test_an_import_goes_on_where_the_connection_to_omero_breaks(
    scene: Scene, lab: Any, pool: ThreadPoolExecutor
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    with lab.long_imports():
        lab.disturb("getResponse", "cut", nth=2)
        with pytest.raises(UnreachableError):
            scene.sweep()
        lab.calm()
        (fileset,) = made_of(scene, path)
        sweep = another_waits(scene, lab, pool)
    sweep.result(timeout=60)
    assert made_of(scene, path) == {fileset: 1}


def test_what_a_server_has_forgotten_is_imported_anew(scene: Scene, lab: Any) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    with lab.long_imports():
        leave_to_omero(scene, lab)
        (lost,) = made_of(scene, path)
        lab.stop()
    lab.start()
    scene.connect_to_omero()
    scene.sweep()
    ((fileset, images),) = made_of(scene, path).items()
    assert (fileset != lost, images) == (True, 1)


def test_a_command_without_progress_is_given_up(scene: Scene, lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    with lab.long_imports():
        with monkeypatch.context() as impatient:
            impatient.setattr(running, "PATIENCE", 0.05)
            scene.sweep()
        (error,) = scene.avus(path, "omero::error")
        assert "OMERO is at step 0" in error
        assert made_of(scene, path) == {}
    for _ in range(2):  # the error says when the next attempt is due
        scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
