"""Imports side by side: nobody waits for a long one, one unit's trouble is its own, and what all need is made once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from irods_omero.agent.report import Report
from irods_omero.agent.service import run
from irods_omero.agent.sweep import Sweeper
from irods_omero.errors import UnreachableError
from tests.end_to_end.conftest import Places, SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.snapshot import filesets

MANY = 9
NO_PICTURE = b"no picture"
SHOWN = {"registered", "tier:fast"}


@pytest.fixture
def several(new_scene: SceneFactory) -> Scene:
    scene = new_scene(imports={"parallel": 4})
    scene.watch()
    return scene


def arrive(scene: Scene, count: int = MANY) -> list[str]:
    return [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(count)]


def made_of(scene: Scene, path: str) -> list[int]:
    return list(filesets(scene.root, scene.zone.zone, scene.admin.data_objects.get(path).id).values())


def containers(scene: Scene, kind: str) -> list[Any]:
    """What there is in the scene's group of a kind, by name and owner."""
    text = f"select c.name, c.details.owner.id from {kind} c where c.details.group.id = {scene.group_id}"
    rows = scene.root.getSession().getQueryService().projection(text, None, {"omero.group": "-1"})
    return sorted(str([value.val for value in row]) for row in rows)


def our_tags(scene: Scene) -> list[tuple[Any, ...]]:
    """The tags of this policy in the scene's group, by namespace, text and owner."""
    text = (
        "select t.ns, t.textValue, t.details.owner.id from TagAnnotation t where t.ns like 'irods.org/omero/%' "
        f"and t.details.group.id = {scene.group_id}"
    )
    rows = scene.root.getSession().getQueryService().projection(text, None, {"omero.group": "-1"})
    return [tuple(value.val for value in row) for row in rows]


def test_each_unit_is_imported_once_and_its_failure_is_its_own(several: Scene) -> None:
    paths = arrive(several)
    bad = [several.put(f"bad {number}.ome.tiff", NO_PICTURE) for number in range(3)]
    report = several.sweep()
    assert (report.imported, report.failed) == (MANY, len(bad))
    assert [made_of(several, path) for path in paths] == [[1]] * MANY
    assert all(several.shown(path).image.texts == SHOWN for path in paths)
    assert all(several.avus(path, "omero::sync") == [] for path in paths)
    assert [made_of(several, path) for path in bad] == [[]] * 3
    assert all(path in several.avus(path, "omero::error")[0] for path in bad)  # servers have words of their own


def test_datasets_and_tags_that_all_need_are_made_once(several: Scene) -> None:
    arrive(several)
    before, tags_before = Counter(containers(several, "Dataset")), Counter(our_tags(several))
    several.sweep()
    made = Counter(containers(several, "Dataset")) - before
    assert list(made.values()) == [1]
    new = Counter(our_tags(several)) - tags_before
    had = {text for _, text, _ in tags_before}  # real servers may have some from earlier runs
    assert {text for _, text, _ in new} >= SHOWN - had
    assert set(new.values()) <= {1}


@pytest.mark.lab_only("makes OMERO slow")
def test_nobody_waits_for_an_import_that_takes_long(several: Scene, places: Places) -> None:
    lab = places[1].lab
    assert lab is not None
    image = several.put("known.ome.tiff", retina(32))
    several.sweep()
    lab.forget_requests()
    reports, stop = list[Report](), threading.Event()
    with several.connections(agent={"interval_seconds": 0.1}) as connections:
        agent = threading.Thread(target=run, args=(connections, stop, reports.append))
        agent.start()
        try:
            with lab.long_imports():
                late = several.put("late.ome.tiff", retina(32))
                several.wait_until(
                    lambda: any(each.operation == "verifyUpload" for each in lab.requests()), "OMERO reads the file"
                )
                several.ask_by_avu(image, "keep")
                several.wait_until(lambda: "keep" in several.shown(image).image.texts, "the request is shown")
                assert several.avus(late, "omero::image") == []
            several.wait_until(lambda: sum(report.imported for report in reports) == 1, "the import is done")
        finally:
            stop.set()
            agent.join(60)
        assert not agent.is_alive()
    assert several.shown(late).image.texts == SHOWN
    assert several.avus(late, "omero::sync") == []


def test_the_agent_begins_more_as_soon_as_something_is_done(several: Scene) -> None:
    paths, stop = arrive(several), threading.Event()

    def swept(_: Report) -> None:
        if not any(several.avus(path, "omero::sync") for path in paths):
            stop.set()

    hour = {"interval_seconds": 3600.0}
    with several.connections(agent=hour, imports={"parallel": 4, "per_sweep": 4}) as connections:
        run(connections, stop, swept)
    assert [made_of(several, path) for path in paths] == [[1]] * MANY


@pytest.mark.lab_only("breaks connections to OMERO")
@pytest.mark.parametrize("operation", ["importFileset", "verifyUpload", "getResponse", "saveArray"])
def test_what_breaks_off_one_import_leaves_all_to_be_done(several: Scene, places: Places, operation: str) -> None:
    lab = places[1].lab
    assert lab is not None
    paths = arrive(several)
    lab.disturb(operation, "cut", nth=3)
    with several.connections() as connections:
        sweeper = Sweeper(connections)
        try:
            with pytest.raises(UnreachableError):
                sweeper.sweep()
        finally:
            lab.calm()
    several.sweep()
    assert [made_of(several, path) for path in paths] == [[1]] * MANY
    assert all(several.shown(path).image.texts == SHOWN for path in paths)
