"""Situations on the side of the zone that people have reported in public: one test for each, named by what happens."""

from __future__ import annotations

import threading
from typing import Any

import irods.keywords as kw
import pytest
from click.testing import CliRunner
from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.agent import sweep
from irods_omero.agent.reconcile import Reconciler
from irods_omero.agent.report import Report
from irods_omero.agent.service import run
from irods_omero.cli import main
from irods_omero.doctor.facts.zone_facts import observe_zone
from irods_omero.gateways.zone.marks import find_marks
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST, ensure_zone_user
from tests.scene.snapshot import good_resources

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


def errors_of(scene: Scene, collection: str) -> str:
    return "; ".join(collection_avus(scene, collection, "omero::error"))


def collection_avus(scene: Scene, collection: str, attribute: str) -> list[str]:
    return [avu.value for avu in scene.admin.metadata.get(Collection, collection) if avu.name == attribute]


def command(scene: Scene, *words: str) -> str:
    """What a command of an administrator prints."""
    shown = CliRunner().invoke(main, ["--config", str(scene.config), *words])
    assert shown.exit_code == 0, shown.output
    return shown.output


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("omero::import", "off", "omero::import says file and off"),
        ("omero::target", "Another/place", "omero::target has 2 values"),
    ],
)
def test_a_collection_that_says_two_things_says_so_itself_until_it_is_put_right(
    scene: Scene, attribute: str, value: str, told: str
) -> None:
    scene.user.metadata.add(Collection, scene.collection, iRODSMeta(attribute, value, "microscopy"))
    for _ in range(2):
        scene.sweep()
        assert told in errors_of(scene, scene.collection)
    assert told in command(scene, "explain", scene.collection)
    scene.watch()
    scene.sweep()
    assert errors_of(scene, scene.collection) == ""
    assert "nobody can tell" not in command(scene, "explain", scene.collection)


def test_a_target_that_names_no_place_is_told_of_on_the_collection_that_has_it(scene: Scene) -> None:
    below = f"{scene.collection}/below"
    scene.user.collections.create(below)
    scene.user.metadata.add(Collection, below, iRODSMeta("omero::import", "file"))
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::target", "Project/"))
    scene.sweep()
    assert "names no place" in errors_of(scene, scene.collection)
    assert errors_of(scene, below) == ""
    assert f"{scene.collection}: the target 'Project/' names no place" in command(scene, "explain", below)


def test_reconcile_finds_collections_that_say_two_things(scene: Scene) -> None:
    scene.user.metadata.add(Collection, scene.collection, iRODSMeta("omero::target", "Another/place"))
    scene.lose_marks(scene.collection, collection=True)
    with scene.connections() as connections:
        list(Reconciler(connections).run())
    assert "2 values" in errors_of(scene, scene.collection)


def unwatched(scene: Scene, count: int) -> list[str]:
    """Images that arrive before anybody has their collection watched."""
    scene.watch("off")
    paths = [scene.put(f"{number}.ome.tiff", retina(32 + number)) for number in range(count)]
    scene.sweep()
    return paths


def imported(scene: Scene, paths: list[str]) -> list[str]:
    return [path for path in paths if scene.avus(path, "omero::image")]


def test_what_a_collection_holds_when_it_becomes_watched_is_imported_page_by_page(scene: Scene) -> None:
    paths = unwatched(scene, 5)
    scene.watch("file")
    for done in (2, 4):
        assert scene.sweep(agent={"batch": 2}).walking == 1  # each sweep by another agent: the last one was killed
        assert imported(scene, paths) == paths[:done]
        assert f"{done} data objects so far" in command(scene, "explain", scene.collection)
    assert scene.sweep(agent={"batch": 2}).walking == 0
    assert imported(scene, paths) == paths
    for attribute in ("omero::walked", "omero::sync"):
        assert collection_avus(scene, scene.collection, attribute) == []


def test_a_change_of_what_is_being_walked_begins_the_walk_anew(scene: Scene) -> None:
    paths = unwatched(scene, 3)
    scene.watch("list")
    scene.sweep(agent={"batch": 2})
    scene.watch("file")
    scene.sweep(agent={"batch": 2})
    assert imported(scene, paths) == paths[:2]
    scene.sweep(agent={"batch": 2})
    assert imported(scene, paths) == paths


def test_a_collection_that_becomes_watched_during_a_sweep_is_imported(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = unwatched(scene, 1)
    scene.set_avu(paths[0], "omero::request", "keep")  # so that the sweep reads what is watched
    with monkeypatch.context() as patch:

        def late(*arguments: Any) -> Any:
            yield from (mark for mark in find_marks(*arguments) if not mark.collection)
            scene.watch("file")
            yield from (mark for mark in find_marks(*arguments) if mark.collection)

        patch.setattr(sweep, "find_marks", late)
        scene.sweep(agent={"batch": 1})
    scene.sweep()
    assert imported(scene, paths) == paths


def test_a_large_collection_leaves_no_more_marks_than_are_imported_at_once(scene: Scene) -> None:
    paths = unwatched(scene, 4)
    scene.watch("file")
    done = 0
    while done < len(paths):
        scene.sweep(imports={"per_sweep": 2})
        done += 2
        assert imported(scene, paths) == paths[:done]
        assert [path for path in paths if scene.avus(path, "omero::sync")] == []
    scene.sweep()
    assert collection_avus(scene, scene.collection, "omero::sync") == []


def test_the_agent_does_not_pause_while_it_walks(scene: Scene) -> None:
    paths, stop = unwatched(scene, 3), threading.Event()
    scene.watch("file")

    def swept(report: Report) -> None:
        if not report.is_unfinished:
            stop.set()

    with scene.connections(agent={"interval_seconds": 3600.0, "batch": 1}) as connections:
        run(connections, stop, swept)
    assert imported(scene, paths) == paths


def test_a_data_object_that_storage_tiering_gave_up_is_shown_and_taken_up_again_by_command(scene: Scene) -> None:
    stranded, other = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    scene.sweep()
    flag = iRODSMeta("irods::access_time", "1000000000", "irods::storage_tiering::migration_scheduled")
    scene.admin.metadata.set(DataObject, stranded, flag, **{kw.ADMIN_KW: ""})
    scene.grow_old(other)
    scene.run_tiering()
    scene.wait_for(ARCHIVE, other)
    assert good_resources(scene.admin, stranded) == [FAST], "storage tiering does not look at it"
    assert "storage tiering has given it up" in command(scene, "explain", stranded)
    with scene.connections() as connections:
        assert list(observe_zone(scene.settings, connections.zone).stranded) == [stranded]
    assert stranded in command(scene, "retry", "--all", "--dry-run")
    assert stranded in command(scene, "retry", stranded)
    assert "given it up" not in command(scene, "explain", stranded)
    scene.run_tiering()
    scene.wait_for(ARCHIVE, stranded)
    assert scene.sweep().failed == 0
    assert "tier:archive" in scene.shown(stranded).image.texts
