"""Several data objects as one unit: one fileset, the same on all of them, whichever one is touched."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject

from irods_omero.agent.apply import Applier
from irods_omero.agent.marks import batch_claiming as claiming
from irods_omero.agent.marks import posting
from irods_omero.agent.observe import Observer
from irods_omero.agent.reconcile import Reconciler
from irods_omero.agent.report import Report
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import UnreachableError
from irods_omero.gateways.zone import object_pages
from irods_omero.vocabulary import shard_of
from tests.conformance.importing import picture
from tests.pictures import focal_halves, lab_book, retina
from tests.scene import Scene, Snapshot
from tests.scene.units import assert_quiet, entries, run, unite

UPPER, LOWER = "upper.ome.tiff", "lower.ome.tiff"
IDS = ("omero::unit", "omero::fileset", "omero::image", "omero::url")
DRIFTED = 3


def put_halves(scene: Scene, step: int = 1) -> list[str]:
    """Two files that are one image."""
    return [scene.put(name, half) for name, half in zip((UPPER, LOWER), focal_halves(step=step), strict=True)]


def broken_off(*_: Any) -> None:
    raise UnreachableError("dying", "", "as a killed agent does")


def claim(scene: Scene, path: str, first: int) -> None:
    """An administrator writes the AVU of a unit by hand."""
    scene.admin.metadata.set(DataObject, path, iRODSMeta("omero::unit", str(first), "list"), **{kw.ADMIN_KW: ""})


@pytest.fixture
def paths(scene: Scene) -> list[str]:
    """An imported unit of two files."""
    made = put_halves(scene)
    unite(scene, *made)
    scene.sweep()
    return made


@pytest.fixture
def siblings(scene: Scene) -> list[str]:
    """An imported unit of two files with two images."""
    made = [scene.put("two.ome.tiff", picture("a", "b")), scene.put("two.txt", lab_book())]
    unite(scene, *made)
    scene.sweep()
    return made


def both(scene: Scene, paths: list[str]) -> tuple[Snapshot, Snapshot]:
    first, second = (scene.shown(path) for path in paths)
    return first, second


def test_two_files_become_one_image_that_both_lead_to(scene: Scene, paths: list[str]) -> None:
    first, second = both(scene, paths)
    assert first.image.texts == {"registered", "tier:fast"}
    assert dict(first.image.pairs)["path"] == paths[0]
    for attribute in IDS:
        assert first.values(attribute) == second.values(attribute) != []
    assert first.values("omero::unit") == [str(first.data_id)]
    assert (len(first.values("omero::agreement")), second.values("omero::agreement")) == (1, [])
    assert first.values("omero::sync") == second.values("omero::sync") == []
    files = entries(scene, first)
    assert [name for _, _, name, _ in files] == [UPPER, LOWER]
    assert len({folder for _, folder, _, _ in files}) == 1, "one refers to the other by its name"
    assert [digest for *_, digest in files] == [
        hashlib.sha1(half, usedforsecurity=False).hexdigest() for half in focal_halves()
    ]


@pytest.mark.lab_only("counts all writes of both servers")
def test_nothing_is_written_where_both_sides_agree(scene: Scene, paths: list[str]) -> None:
    assert_quiet(scene)


def test_files_of_the_same_name_keep_their_collections(scene: Scene) -> None:
    for folder in ("one", "two"):
        scene.user.collections.create(f"{scene.collection}/{folder}")
    made = [scene.put("one/a.ome.tiff", retina(32)), scene.put("two/a.ome.tiff", lab_book())]
    unite(scene, *made)
    scene.sweep()
    first, second = both(scene, made)
    assert first.values("omero::fileset") == second.values("omero::fileset") != []
    paths = [path.split("/", 4)[4] for path, *_ in entries(scene, first)]
    shared = "/".join(scene.collection.split("/")[-2:])
    assert paths == [f"{shared}/one/a.ome.tiff", f"{shared}/two/a.ome.tiff"]
    scene.ask_by_tag(first.image.id, "keep")
    scene.sweep()
    assert scene.avus(made[1], "omero::request") == ["keep"], "the event leads to the unit"


def test_a_new_second_file_is_a_new_content(scene: Scene, paths: list[str]) -> None:
    old = scene.shown(paths[0]).image.id
    scene.let_a_second_pass()
    scene.put(LOWER, focal_halves(step=2)[1])
    scene.sweep()
    first, second = both(scene, paths)
    assert first.image.id == second.image.id != old
    assert first.image.texts == {"registered", "tier:fast"}
    assert scene.image(old).texts == {"superseded"}
    assert first.values("omero::unit") == second.values("omero::unit") == [str(first.data_id)]


def test_touched_and_moved_files_keep_their_image(scene: Scene, paths: list[str]) -> None:
    image = scene.shown(paths[0]).image.id
    scene.let_a_second_pass()
    scene.user.data_objects.touch(paths[0])
    moved = scene.move(paths[1], f"elsewhere/{LOWER}")
    scene.sweep()
    assert [shown.image.id for shown in both(scene, [paths[0], moved])] == [image, image]


@pytest.mark.parametrize("side", ["iRODS", "OMERO"])
def test_a_request_on_one_is_one_on_all(scene: Scene, siblings: list[str], side: str) -> None:
    images = scene.shown(siblings[0]).images
    assert len(images) == 2
    if side == "OMERO":
        scene.ask_by_tag(images[1].id, "archive")
    else:
        scene.ask_by_avu(siblings[1], "archive")
    scene.sweep()
    for shown in both(scene, siblings):
        assert shown.values("omero::request") == ["archive"]
        assert all("archive" in image.texts for image in shown.images)
    scene.wait_for("archive", *siblings)
    scene.sweep()
    for shown in both(scene, siblings):
        assert shown.values("omero::request") == []
        assert [image.texts for image in shown.images] == [{"registered", "tier:archive"}] * 2


def test_a_request_on_a_member_that_came_last_stands(scene: Scene, siblings: list[str]) -> None:
    """When an AVU was set has to be known of every object, not of the first alone."""
    scene.need_times_of_avus()
    scene.ask_by_tag(scene.shown(siblings[0]).images[0].id, "archive")
    scene.let_a_second_pass()
    scene.ask_by_avu(siblings[1], "keep")
    scene.sweep()
    assert [scene.avus(path, "omero::request") for path in siblings] == [["keep"]] * len(siblings)


def test_it_is_on_the_slowest_tier_of_its_files(scene: Scene, paths: list[str]) -> None:
    scene.grow_old(paths[1])
    scene.run_tiering()
    scene.wait_for("archive", paths[1])
    scene.sweep()
    first, _ = both(scene, paths)
    assert first.resources == ("fast",)
    assert first.image.texts == {"registered", "tier:archive"}
    assert first.image.archived


def test_a_mark_on_a_member_reaches_the_agent_of_the_unit(scene: Scene, paths: list[str]) -> None:
    shards = [shard_of(shown.data_id) for shown in both(scene, paths)]
    scene.ask_by_avu(paths[1], "keep")
    assert scene.avus(paths[1], "omero::sync") == ["pending"]
    scene.sweep(agent={"shards": str(shards[1])})
    assert scene.avus(paths[0], "omero::sync") == ["pending"], "passed on"
    assert scene.avus(paths[1], "omero::sync") == []
    assert scene.avus(paths[0], "omero::request") == []
    scene.sweep(agent={"shards": str(shards[0])})
    first, second = both(scene, paths)
    assert first.values("omero::request") == second.values("omero::request") == ["keep"]
    assert "keep" in first.image.texts


def test_a_mark_that_is_passed_on_is_not_lost_on_the_way(
    scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = [shard_of(shown.data_id) for shown in both(scene, paths)]
    scene.ask_by_avu(paths[1], "keep")
    for module, broken in ((posting, "post"), (claiming, "ack")):
        with monkeypatch.context() as patch:
            patch.setattr(module, broken, broken_off)
            with pytest.raises(UnreachableError):
                scene.sweep(agent={"shards": str(shards[1])})
        assert scene.avus(paths[1], "omero::sync") == ["taken"]
    assert scene.avus(paths[0], "omero::sync") == ["pending"]
    scene.sweep()
    first, second = both(scene, paths)
    assert first.values("omero::request") == second.values("omero::request") == ["keep"]
    assert first.values("omero::sync") == second.values("omero::sync") == []


def test_what_has_become_part_of_another_unit_is_imported_by_that_ones_worker_alone(scene: Scene) -> None:
    """Two workers would import the same unit at the same time."""
    made = put_halves(scene)
    unite(scene, *made)
    first, second = (shown.data_id for shown in both(scene, made))
    with scene.connections() as connections:
        applier = Applier(connections, Observer(connections), Report())
        assert applier.import_unit(second) == {second}
        assert applier.report.imported == 0
        assert applier.import_unit(first) == set()
        assert applier.report.imported == 1


def test_several_marks_of_a_unit_are_one_look(scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at, apply = list[int](), Applier.apply_all_but_imports

    def noting(applier: Applier, observations: dict[int, Observation]) -> tuple[set[int], set[int]]:
        looked_at.extend(observations)
        return apply(applier, observations)

    shards = sorted(shard_of(shown.data_id) for shown in both(scene, paths))
    for path in paths:
        scene.ask_by_avu(path, "keep")
    with monkeypatch.context() as patch:
        patch.setattr(Applier, "apply_all_but_imports", noting)
        scene.sweep(agent={"shards": ",".join(map(str, shards))})
    first, second = both(scene, paths)
    assert [id_ for id_ in looked_at if id_ in (first.data_id, second.data_id)] == [first.data_id]
    assert first.values("omero::sync") == second.values("omero::sync") == []


def test_a_unit_that_lost_a_file_is_a_new_content(scene: Scene, siblings: list[str]) -> None:
    old = scene.shown(siblings[0]).images[0].id
    scene.user.data_objects.unlink(siblings[1], force=True)
    scene.sweep()
    assert len(entries(scene, scene.shown(siblings[0]))) == 1
    assert scene.image(old).texts == {"superseded"}


def test_a_member_whose_first_is_gone_says_so(scene: Scene, paths: list[str]) -> None:
    first, image = scene.shown(paths[0]).data_id, scene.shown(paths[0]).image.id
    scene.user.data_objects.unlink(paths[0], force=True)
    scene.sweep()
    run(scene, "reconcile")
    second = scene.shown(paths[1])
    (error,) = second.values("omero::error")
    assert f"{first}, is no longer in the zone" in error
    assert second.values("omero::fileset") == []
    assert second.values("omero::unit") == [str(first)], "an administrator decides"
    assert dict(scene.image(image).pairs)["error"] == "its data object is no longer in iRODS"
    assert run(scene, "reconcile").exit_code == 0
    upper = scene.put(UPPER, focal_halves()[0])
    unite(scene, upper, paths[1])
    scene.sweep()
    assert scene.shown(paths[1]).image.texts == {"registered", "tier:fast"}
    assert scene.shown(paths[1]).values("omero::error") == []


def test_a_claim_does_not_lead_to_the_images_of_another_owner(scene: Scene) -> None:
    name = f"of-{scene.collection.rpartition('/')[2]}.tiff"
    other = scene.put_elsewhere(name, retina(32), f"/{scene.zone.zone}/home/{scene.zone.user}")
    first = int(scene.admin.data_objects.get(other).id)
    path = scene.put("a.ome.tiff", retina(32))
    claim(scene, path, first)
    claim(scene, other, first)
    scene.sweep()
    assert "belongs to another owner" in "".join(scene.avus(path, "omero::error"))
    assert scene.avus(path, "omero::fileset") == []
    assert scene.avus(other, "omero::error") == []
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    assert scene.avus(other, "omero::request") == []


def test_images_of_the_time_before_they_were_a_unit_are_superseded(scene: Scene) -> None:
    made = [scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(40))]
    scene.sweep()
    old = [shown.image.id for shown in both(scene, made)]
    assert len(set(old)) == len(made)
    for path in made:
        claim(scene, path, scene.shown(made[0]).data_id)
    run(scene, "reconcile")
    first, second = both(scene, made)
    assert first.image.id == second.image.id
    assert first.image.texts == {"registered", "tier:fast"}
    assert [scene.image(image).texts for image in old] == [{"superseded"}] * 2
    assert second.values("omero::agreement") == []


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_unit_that_cannot_be_read_says_so_on_all_and_rests(scene: Scene) -> None:
    made = [scene.put("a.txt", lab_book()), scene.put("b.txt", lab_book())]
    unite(scene, *made)
    later = {"imports": {"attempts": 3, "backoff_seconds": 3600.0}}
    scene.sweep(**later)
    for path in made:
        (error,) = scene.avus(path, "omero::error")
        assert made[0] in error
        assert scene.avus(path, "omero::sync") == ["pending"]
    before = scene.writes()
    scene.sweep(**later)
    assert scene.writes() == before
    assert [scene.avus(path, "omero::sync") for path in made] == [["pending"], ["pending"]]
    scene.put("b.txt", retina(32))
    scene.put("a.txt", retina(32))
    scene.sweep(**later)
    assert [shown.values("omero::error") for shown in both(scene, made)] == [[], []]
    assert scene.shown(made[1]).image.texts == {"registered", "tier:fast"}


def test_objects_that_are_to_be_listed_wait_for_it(scene: Scene) -> None:
    scene.watch("list")
    made = put_halves(scene)
    scene.sweep()
    for shown in both(scene, made):
        assert [name for name, *_ in shown.avus if name.startswith("omero::")] == []
    unite(scene, *made)
    scene.sweep()
    assert scene.shown(made[1]).image.texts == {"registered", "tier:fast"}


def test_a_member_explains_its_unit(scene: Scene, paths: list[str]) -> None:
    by_first, by_second = (run(scene, "explain", path, "--json").stdout for path in paths)
    assert by_first == by_second
    explained = json.loads(by_first)
    assert (explained["path"], explained["unit"]) == (paths[0], "list")
    assert [other["path"] for other in explained["others"]] == [paths[1]]
    assert f"data id {explained['others'][0]['data_id']}" in run(scene, "explain", paths[1]).stdout


def test_reconcile_finds_a_unit_once(scene: Scene, paths: list[str]) -> None:
    scene.settle()
    run(scene, "reconcile")
    scene.ask_by_avu(paths[1], "keep")
    scene.lose_marks(paths[1])
    result = run(scene, "reconcile", "--json")
    assert result.exit_code == DRIFTED
    drifted = [json.loads(line)["path"] for line in result.stdout.splitlines()[:-1]]
    assert drifted == [paths[0]]
    assert scene.avus(paths[0], "omero::request") == ["keep"]


def test_reconcile_finds_a_unit_once_though_its_objects_come_one_by_one(
    scene: Scene, siblings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_pages, "BATCH", 1)
    first = scene.shown(siblings[0]).data_id
    for path in siblings:
        scene.ask_by_avu(path, "keep")
        scene.lose_marks(path)
    with scene.connections() as connections:
        reconciler = Reconciler(connections)
        drifted = [
            assessment.observation.zone.unit.data_id for page in reconciler.run(after=first - 1) for assessment in page
        ]
    assert drifted == [first]
    assert reconciler.done.units == 1
    assert all("keep" in image.texts for image in scene.shown(siblings[1]).images)
