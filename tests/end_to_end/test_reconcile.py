"""Reconcile finds what no mark and no event told of, and writes nothing where both sides agree."""

from __future__ import annotations

import json

import pytest

from irods_omero.agent.directories.directory_units import Directories
from irods_omero.agent.observe import Observer
from irods_omero.agent.reconcile import Assessment, Reconciler
from irods_omero.errors import UnreachableError
from irods_omero.vocabulary import SHARDS, shard_of
from tests.pictures import lab_book, retina
from tests.scene import Scene
from tests.scene.units import run

DRIFTED = 3


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image on the fast tier."""
    made = scene.put("a.ome.tiff", retina())
    scene.sweep()
    return made


def test_an_arrival_without_a_mark_is_imported(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina())
    scene.lose_marks(path)
    scene.lose_marks(scene.collection, collection=True)
    scene.sweep()
    assert scene.shown(path).values("omero::fileset") == []
    assert run(scene, "reconcile").exit_code == DRIFTED
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


def test_a_tag_that_nobody_told_of_is_put_back(scene: Scene, path: str) -> None:
    scene.take_tag_away(scene.shown(path).image.id, "tier:fast")
    assert run(scene, "reconcile").exit_code == DRIFTED
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_dry_run_says_what_it_would_do_and_changes_nothing(scene: Scene, path: str) -> None:
    image = scene.shown(path).image.id
    scene.settle()
    scene.take_tag_away(image, "tier:fast")
    before = scene.writes()
    result = run(scene, "reconcile", "--dry-run")
    assert result.exit_code == DRIFTED
    assert f"{path}\n  tag Image:{image} with 'tier:fast'" in result.output
    assert not result.stderr
    assert scene.writes() == before


def test_drift_can_be_left_to_the_agent(scene: Scene, path: str) -> None:
    scene.take_tag_away(scene.shown(path).image.id, "tier:fast")
    assert run(scene, "reconcile", "--mark").exit_code == DRIFTED
    assert scene.avus(path, "omero::sync") == ["pending"]
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("counts all writes of both servers")
def test_where_both_sides_agree_nothing_is_written(scene: Scene, path: str) -> None:
    scene.put("notes.txt", lab_book())
    for _ in range(4):
        scene.sweep()
    scene.settle()
    run(scene, "reconcile")
    before = scene.writes()
    result = run(scene, "reconcile", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["drifted"] == 0
    assert scene.writes() == before


@pytest.mark.parametrize("end", [KeyboardInterrupt(), UnreachableError("working", "", "a test says so")])
def test_an_interrupted_one_goes_on_where_it_was(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(64)) for number in range(3)]
    scene.sweep()
    ids = [scene.shown(path).data_id for path in paths]
    page = Reconciler._page

    def breaking(self: Reconciler, observer: Observer, directories: Directories, some: list[int]) -> list[Assessment]:
        if ids[2] in some:
            raise end
        return page(self, observer, directories, some)

    monkeypatch.setattr("irods_omero.gateways.zone.object_pages.BATCH", 1)  # pages of one unit
    monkeypatch.setattr(Reconciler, "_page", breaking)
    broken = run(scene, "reconcile", "--json")
    assert broken.exit_code == 1
    assert f"reconcile --after {ids[1]}" in broken.stderr
    monkeypatch.setattr(Reconciler, "_page", page)
    counts = json.loads(run(scene, "reconcile", "--json", "--after", str(ids[1])).stdout.splitlines()[-1])
    assert (counts["units"], counts["position"]) == (1, ids[2])


def test_several_share_it_by_shards_and_each_unit_is_looked_at_by_one(scene: Scene) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(64)) for number in range(3)]
    scene.sweep()
    gone = scene.shown(paths[0])
    scene.user.data_objects.unlink(paths[0], force=True)
    for path in paths[1:]:
        scene.take_tag_away(scene.shown(path).image.id, "tier:fast")
    shard = shard_of(scene.shown(paths[1]).data_id)
    parts = [f"{shard}", ",".join(str(other) for other in range(SHARDS) if other != shard)]
    outputs = [run(scene, "reconcile", "--json", "--shards", part).stdout.splitlines() for part in parts]
    counts = [json.loads(lines[-1]) for lines in outputs]
    repaired = [[json.loads(line).get("path") for line in lines[:-1]] for lines in outputs]
    assert repaired[0] == [paths[1]]
    assert paths[2] in repaired[1]
    assert paths[1] not in repaired[1]
    assert sum(each["orphaned"] for each in counts) == 1
    assert all(scene.shown(path).image.texts == {"registered", "tier:fast"} for path in paths[1:])
    assert scene.image(gone.image.id).texts == set()


def test_the_image_of_a_removed_object_says_so_and_is_not_deleted(scene: Scene, path: str) -> None:
    image = scene.shown(path).image.id
    scene.user.data_objects.unlink(path, force=True)
    assert "is gone" in run(scene, "reconcile", "--dry-run").output
    assert scene.image(image).texts == {"registered", "tier:fast"}
    assert run(scene, "reconcile").exit_code == DRIFTED
    shown = scene.image(image)
    assert shown.texts == set()
    pairs = dict(shown.pairs)
    assert pairs["error"] == "its data object is no longer in iRODS"
    assert pairs["path"] == path
    assert "tier" not in pairs
    assert run(scene, "reconcile").exit_code == 0


def test_an_image_explains_itself(scene: Scene, path: str) -> None:
    image = scene.shown(path).image.id
    by_path, by_image = (run(scene, "explain", what, "--json") for what in (path, f"Image:{image}"))
    assert json.loads(by_path.stdout) == json.loads(by_image.stdout)
    explained = json.loads(by_path.stdout)
    assert explained["plan"] == []
    assert ["tier", "fast", "iRODS: where the good replicas are in the catalog"] in explained["decided"]
    assert "Both sides agree" in run(scene, "explain", path).stdout


def test_what_is_not_there_is_one_message(scene: Scene) -> None:
    for what in (f"{scene.collection}/nothing", "Image:999999"):
        result = run(scene, "explain", what)
        assert result.exit_code == 1
        assert what in result.stderr
        assert len(result.stderr.splitlines()) == 1
