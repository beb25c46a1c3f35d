"""While many images wait for their import, whoever asks for something else does not."""

from __future__ import annotations

import threading

import pytest

from irods_omero.agent import sweep
from irods_omero.agent.marks.walks import SweepState
from irods_omero.agent.report import Report
from irods_omero.agent.service import run
from irods_omero.agent.sweep import Sweeper
from lab.omero.setup import add_user
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import GROUP, PASSWORD, USER, ensure_zone_user
from tests.scene.elsewhere import import_elsewhere

AT_ONCE = 2
MANY = 5


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A scene in which few units are imported in one sweep."""
    made = new_scene(imports={"per_sweep": AT_ONCE, "parallel": 1})
    made.watch()
    made.sweep()
    return made


@pytest.fixture
def image(scene: Scene) -> str:
    """An image that was imported before all others arrive; its path."""
    path = scene.put("first.ome.tiff", retina(32))
    scene.sweep()
    return path


def arrive(scene: Scene) -> list[str]:
    """More data objects than one sweep imports."""
    return [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(MANY)]


def waiting(scene: Scene, paths: list[str]) -> list[str]:
    """Those that are not imported yet; all others have no mark left."""
    for path in paths:
        assert bool(scene.avus(path, "omero::sync")) != bool(scene.avus(path, "omero::image"))
    return [path for path in paths if scene.avus(path, "omero::sync") == ["pending"]]


def test_requests_are_served_before_the_backlog_is_through(scene: Scene, image: str) -> None:
    paths = arrive(scene)
    scene.ask_by_tag(scene.shown(image).image.id, "keep")
    scene.sweep()
    assert waiting(scene, paths) == paths[AT_ONCE:]
    assert scene.avus(image, "omero::request") == ["keep"]


def test_who_comes_while_many_have_moved_does_not_wait_for_all_of_them(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = new_scene()
    scene.watch()
    paths = arrive(scene)
    scene.sweep()
    paths = [scene.move(path, f"renamed {number}.ome.tiff") for number, path in enumerate(paths)]
    new = scene.put("new.ome.tiff", retina(32))
    monkeypatch.setattr(sweep, "FIRST_TURN", SweepState(marks_per_sweep=AT_ONCE))
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        report = sweeper.sweep()
        assert scene.avus(new, "omero::image")
        assert 0 < sum(bool(scene.avus(path, "omero::sync")) for path in paths) < MANY
        assert report.left > 0
        assert sweeper.has_more(report)
        report = report.followed_by(sweeper.drain())
    assert (report.left, waiting(scene, paths)) == (0, [])
    assert [dict(scene.shown(path).image.pairs)["path"] for path in paths] == paths


@pytest.mark.lab_only("counts all writes in the zone")
def test_what_waits_for_its_import_costs_no_write(scene: Scene) -> None:
    written = []
    for number in range(2):
        paths = [scene.put(f"{number} {place}.ome.tiff", retina(32)) for place in range(MANY)]
        before = scene.writes()[0]
        scene.sweep()
        written.append(scene.writes()[0] - before)
    assert written[0] == written[1], "once three others wait, and once six"
    assert waiting(scene, paths) == paths


@pytest.mark.lab_only("makes OMERO slow")
def test_when_imports_begin_all_else_is_done_and_its_marks_are_cleared(scene: Scene, image: str) -> None:
    lab = scene.omero.lab
    assert lab is not None
    other = scene.put("second.ome.tiff", retina(32))
    scene.sweep()
    paths = arrive(scene)
    scene.ask_by_avu(image, "keep")
    scene.ask_by_tag(scene.shown(other).image.id, "keep")
    lab.disturb("importFileset", "delay", seconds=8)
    try:
        with scene.agent():
            scene.wait_until(lambda: lab.is_delaying("importFileset"), "the first import begins")
            assert waiting(scene, paths[1:]) == paths[1:]
            for path in (image, other):
                assert "keep" in scene.shown(path).image.texts
                assert scene.avus(path, "omero::request") == ["keep"]
                assert scene.avus(path, "omero::sync") == []
    finally:
        lab.calm()


@pytest.mark.lab_only("makes OMERO slow")
def test_each_mark_is_cleared_when_its_unit_is_imported(scene: Scene) -> None:
    lab = scene.omero.lab
    assert lab is not None
    paths = arrive(scene)
    lab.disturb("importFileset", "delay", seconds=8, nth=AT_ONCE)
    try:
        with scene.agent():
            scene.wait_until(lambda: lab.is_delaying("importFileset"), "another import begins")
            assert scene.avus(paths[0], "omero::sync") == []
            assert scene.shown(paths[0]).image.texts == {"registered", "tier:fast"}
    finally:
        lab.calm()
    with scene.agent("--once") as agent:
        agent.communicate()
    assert waiting(scene, paths) == []


def test_once_empties_the_backlog(scene: Scene) -> None:
    paths = arrive(scene)
    with scene.agent("--once") as agent:
        shown, _ = agent.communicate()
    assert " imported" in shown
    assert "postponed" not in shown
    assert waiting(scene, paths) == []


def test_the_agent_does_not_pause_while_there_is_a_backlog(scene: Scene) -> None:
    paths, stop, numbers = arrive(scene), threading.Event(), list[int]()

    def swept(_: Report) -> None:
        numbers.append(len(waiting(scene, paths)))
        if not numbers[-1]:
            stop.set()

    with scene.connections(
        agent={"interval_seconds": 3600.0}, imports={"per_sweep": AT_ONCE, "parallel": 1}
    ) as connections:
        run(connections, stop, swept)
    assert numbers == [3, 1, 0]


def test_a_collection_that_becomes_watched_makes_nobody_wait(scene: Scene, image: str) -> None:
    scene.watch("off")
    paths = arrive(scene)
    scene.sweep()
    scene.watch("file")
    scene.ask_by_tag(scene.shown(image).image.id, "keep")
    scene.sweep()
    assert [path for path in paths if scene.avus(path, "omero::image")] == paths[:AT_ONCE]
    assert scene.avus(image, "omero::request") == ["keep"]


def test_what_cannot_be_imported_does_not_hold_up_the_others(scene: Scene) -> None:
    bad = [scene.put(f"bad {number}.ome.tiff", b"no picture") for number in range(AT_ONCE)]
    good = arrive(scene)
    for _ in range(20):
        scene.sweep()
        if not waiting(scene, good):
            break
    assert waiting(scene, good) == []
    assert all(scene.avus(path, "omero::error") for path in bad)


def bring_as(scene: Scene, name: str, files: int) -> None:
    """A user imports some files into OMERO by another client, each by itself."""
    add_user(scene.root, name, PASSWORD, [scene.group_id])
    ensure_zone_user(scene.admin, name, PASSWORD)
    client = scene.omero.client(name, PASSWORD)
    try:
        for number in range(files):
            import_elsewhere(client, scene.group_id, {f"{name} {number}.ome.tiff": retina(32)}, "Many", "March")
    finally:
        client.closeSession()


def test_what_one_has_imported_in_omero_does_not_wait_for_the_many_of_another(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"per_sweep": AT_ONCE, "parallel": 1})
    rule = {"groups": [GROUP], "to": f"{scene.collection}/{{user}}", "share": False}
    scene.settings = scene.with_settings(omero_first=[rule])
    scene.sweep()
    bring_as(scene, USER, MANY)
    bring_as(scene, "bob", 2)
    assert scene.sweep().taken == AT_ONCE + 1
    assert scene.admin.data_objects.exists(f"{scene.collection}/bob/bob 0.ome.tiff")


@pytest.mark.lab_only("counts all requests to the zone")
def test_filesets_that_cannot_be_taken_in_yet_cost_no_request_each(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"backoff_seconds": 3600.0})
    rule = {"groups": [GROUP], "to": f"{scene.collection}/{{user}}", "share": False, "resource": "nowhere"}
    scene.settings = scene.with_settings(omero_first=[rule])
    scene.sweep()
    assert scene.zone.lab is not None
    asked = []
    for files in (1, MANY):
        bring_as(scene, USER, files)
        assert scene.sweep().failed == files
        before = len(scene.zone.lab.requests())
        assert scene.sweep().waiting >= files
        asked.append(len(scene.zone.lab.requests()) - before)
    assert asked[1] == asked[0]
