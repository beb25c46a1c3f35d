"""What a zone refuses for one object, or nobody has foreseen, is the trouble of that object: it is told of and tried
again, and all others go on.
"""

from __future__ import annotations

from typing import Any

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.agent import apply, hints
from irods_omero.agent import sweep as sweeping
from irods_omero.agent.directories import directory_members, directory_units
from irods_omero.agent.formats import ome_names
from irods_omero.agent.marks import batch_claiming as claiming
from irods_omero.agent.marks import walks
from irods_omero.agent.reconcile import Manner, Reconciler
from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.rules.one_copy import cache_limit
from irods_omero.domain.rules.one_copy.copy_decision import CopyDecision, decide_copies
from irods_omero.domain.state.actions import AddAvu
from irods_omero.domain.state.agreement import CONTENT
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.events import Hints
from irods_omero.gateways.zone import avus, marks, member_lists, zone_actions
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import Mark, claim
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.vocabulary import AUTO, DIRECTORY, SHARDS, TAKEN, Names, shard_of
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, make
from tests.end_to_end.refusing import (
    id_of,
    refusing,
    refusing_actions,
    refusing_to_read,
    sweeps,
)
from tests.end_to_end.test_cache_limit import bring, there
from tests.pictures import lab_book, retina
from tests.scene import Scene
from tests.scene.units import errors, put, put_all, tiff, together

NO_PICTURE = b"no picture"


@pytest.fixture
def grouped(new_scene: SceneFactory) -> Scene:
    """A scene in which the agent tells what belongs together."""
    made = new_scene()
    made.watch(AUTO)
    return made


def test_what_waits_is_passed_on_to_the_agent_of_its_shard(scene: Scene) -> None:
    scene.watch("off")
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.watch()
    mine = shard_of(id_of(scene, path))
    others = {"shards": ",".join(str(shard) for shard in range(SHARDS) if shard != mine)}
    scene.sweep(agent=others, imports={"settle_seconds": 1e6})
    scene.sweep(agent=others)
    scene.sweep(agent={"shards": str(mine)})
    assert scene.avus(path, "omero::image")


def test_what_cannot_be_marked_stops_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    scene.sweep()
    for path in (one, two):
        scene.ask_by_tag(scene.shown(path).image.id, "keep")
    with monkeypatch.context() as patched:
        for module in (marks, zone_actions):
            patched.setattr(module, "add_avu", refusing(avus.add_avu, one))
        three = scene.put("c.ome.tiff", retina(64))
        with scene.connections() as connections:
            sweeper = Sweeper(connections)
            for _ in range(3):
                sweeper.sweep()
            assert scene.avus(three, "omero::image")
            assert scene.avus(two, "omero::request") == ["keep"]
            patched.undo()
            sweeper.sweep()
    assert scene.avus(one, "omero::request") == ["keep"]


def test_reconcile_marks_what_can_be_marked_and_what_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    patience = {"imports": {"attempts": 3, "backoff_seconds": 3600.0}}
    one, two = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    bad = scene.put("bad.ome.tiff", NO_PICTURE)
    scene.sweep(**patience)
    for path in (one, two, bad):
        scene.lose_marks(path)
    for path in (one, two):
        scene.put(path.rpartition("/")[2], retina(64))
        scene.lose_marks(path)
    monkeypatch.setattr(marks, "add_avu", refusing(avus.add_avu, one))
    with scene.connections(**patience) as connections:
        reconciler = Reconciler(connections, Manner.MARK)
        for _ in reconciler.run():
            pass
    assert [scene.avus(path, "omero::sync") for path in (one, two, bad)] == [[], ["pending"], ["pending"]]
    assert reconciler.done.report.failed == 1


def test_reconcile_goes_on_after_a_directory_that_cannot_be_read(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = new_scene()
    scene.watch(DIRECTORY)
    culprit = put(scene, "run/a.xyz", b"x")
    put(scene, "run/b.xyz", b"y")
    scene.sweep()
    good = put(scene, "other/cells.tif", tiff())
    scene.lose_marks(good)
    monkeypatch.setattr(member_lists, "read_objects", refusing_to_read(id_of(scene, culprit)))
    with scene.connections() as connections:
        for _ in Reconciler(connections, Manner.MARK).run():
            pass
    marked = scene.admin.metadata.get(Collection, f"{scene.collection}/other")
    assert "omero::gather" in [avu.name for avu in marked]


def test_a_directory_is_looked_at_again_where_its_first_file_could_not_be_marked_for_the_import(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = new_scene()
    scene.watch(DIRECTORY)
    first = put(scene, "run/cells.tif", tiff())
    with monkeypatch.context() as patched:
        patched.setattr(marks, "add_avu", refusing(avus.add_avu, first))
        scene.sweep()
    assert scene.memberships(first), "it was known by then what is to be imported"
    assert not scene.avus(first, "omero::sync")
    scene.sweep()
    assert scene.avus(first, "omero::image"), "by another agent, which remembers nothing"


@pytest.mark.parametrize("writer", ["add_avu", "set_avu"])
def test_one_file_on_which_nothing_can_be_written_does_not_keep_its_collection(
    grouped: Scene, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    stray = put(grouped, *(("notes.xyz", b"x") if writer == "add_avu" else ("a.tif", tiff())))
    good = put(grouped, "cells.tif", tiff())
    monkeypatch.setattr(directory_members, writer, refusing(getattr(avus, writer), stray))
    sweeps(grouped, 3)
    assert grouped.avus(good, "omero::image")
    monkeypatch.undo()
    sweeps(grouped, 2)
    assert grouped.avus(stray, "omero::error" if writer == "add_avu" else "omero::image")


def test_files_that_cannot_be_read_do_not_take_the_turn_of_others(
    grouped: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [put(grouped, f"a{number}.ome.tiff", retina(32 + number)) for number in range(3)]
    good = put(grouped, "z.ome.tiff", retina(48))

    def opening(zone: ZoneConnection, path: str, *rest: Any) -> Any:
        if path in bad:
            raise RefusedError("opening", path, "its file is gone")
        return open_object(zone, path, *rest)

    monkeypatch.setattr(ome_names, "READS", 2)
    monkeypatch.setattr(ome_names, "open_object", opening)
    sweeps(grouped, 6)
    assert grouped.avus(good, "omero::image")


def test_a_claimed_object_that_cannot_be_read_stops_nobody(grouped: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    made = put_all(grouped, {"cells.tif": tiff(), "cells.txt": lab_book()})
    grouped.sweep()
    assert together(grouped, made["cells.tif"], made["cells.txt"])
    reading = refusing_to_read(id_of(grouped, made["cells.tif"]))
    grouped.put("cells.txt", lab_book() + b"more")
    other = put(grouped, "deeper/alone.tif", tiff(3))
    for module in (member_lists, directory_units):
        monkeypatch.setattr(module, "read_objects", reading)
    sweeps(grouped, 3)
    assert grouped.avus(other, "omero::image")


@pytest.mark.parametrize("kind", [AUTO, DIRECTORY])
def test_the_first_of_a_unit_is_no_image_when_its_name_says_so(new_scene: SceneFactory, kind: str) -> None:
    scene = new_scene()
    scene.watch(kind)
    folder = "run/" if kind == DIRECTORY else ""
    cells, _ = put(scene, f"{folder}cells.tif", tiff()), put(scene, f"{folder}cells.txt", lab_book())
    scene.sweep()
    before = scene.avus(cells, "omero::fileset")
    renamed = scene.move(cells, f"{folder}README")
    sweeps(scene, 3)
    assert (scene.avus(renamed, "omero::fileset"), errors(scene, renamed)) == (before, [])


def test_a_request_that_the_zone_does_not_take_is_shown_there_when_it_does(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_tag(scene.shown(path).image.id, "keep")
    with monkeypatch.context() as patched:
        patched.setattr(apply, "apply_to_zone", refusing_actions(path, AddAvu, "omero::request"))
        sweeps(scene, 5)
        assert scene.avus(path, "omero::error")
    sweeps(scene, 1)
    assert scene.avus(path, "omero::request") == ["keep"]
    assert scene.avus(path, "omero::error") == []


def test_a_mark_that_cannot_be_taken_is_told_of(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_avu(path, "keep")
    monkeypatch.setattr(marks, "add_avu", refusing(avus.add_avu, path, lambda avu: avu.value == TAKEN))
    with scene.connections() as connections:
        assert Sweeper(connections).sweep().in_vain == 1


def test_what_took_the_place_of_a_marked_object_is_looked_at(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scene.put("x.ome.tiff", retina(32))
    number, other = 0, scene.put("other 0.ome.tiff", retina(16))
    while shard_of(id_of(scene, other)) != shard_of(id_of(scene, first)):
        scene.user.data_objects.unlink(other, force=True)
        number += 1
        other = scene.put(f"other {number}.ome.tiff", retina(16))
    scene.sweep()
    scene.mark(first)
    renamed = list[str]()

    def failing_claim(zone: ZoneConnection, names: Names, mark: Mark) -> bool:
        if mark.path == first and not renamed:
            renamed.append(scene.move(first, "old.ome.tiff"))
            scene.move(other, "x.ome.tiff")
        return claim(zone, names, mark)

    with monkeypatch.context() as patched:
        patched.setattr(claiming, "claim", failing_claim)
        scene.sweep()
    sweeps(scene, 2)
    assert dict(scene.shown(first).image.pairs)["path"] == first


def test_a_failed_import_is_told_of_where_the_rest_cannot_be_decided(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scene.put("a.ome.tiff", NO_PICTURE)

    def deciding(observation: Observation) -> Decision:
        failure = observation.base.failure
        if failure is not None and failure.kind == CONTENT:
            raise ZeroDivisionError("a mistake made by a test")
        return decide(observation)

    monkeypatch.setattr(apply, "decide", deciding)
    scene.sweep()
    assert "error-on-init" in errors(scene, path)[0]


def test_room_is_made_though_nothing_can_be_decided_about_one_unit(
    new_scene: SceneFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(new_scene, evict="never")
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 2 * len(PICTURE)})
    paths = bring(one, 9, 8, 7, 1)

    def deciding(observation: Observation, *rest: Any) -> CopyDecision:
        if observation.zone.first.path == paths[3]:
            raise ZeroDivisionError("a mistake made by a test")
        return decide_copies(observation, *rest)

    monkeypatch.setattr(cache_limit, "decide_copies", deciding)
    sweeps(one.scene, 3)
    assert not all(there(one, paths))


def test_collections_whose_marks_cannot_be_taken_keep_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {name: scene.collection + f"/{name}" for name in ("one", "two")}
    for path in paths.values():
        scene.user.collections.create(path)
    sweeps(scene, 2)
    file = scene.put("two/a.ome.tiff", retina(32))
    scene.lose_marks(file)
    for path in paths.values():
        mark = iRODSMeta("omero::sync", "pending", str(shard_of(scene.admin.collections.get(path).id)))
        scene.admin.metadata.add(Collection, path, mark, **{kw.ADMIN_KW: ""})

    def failing_claim(zone: ZoneConnection, names: Names, mark: Mark) -> bool:
        return mark.path != paths["one"] and claim(zone, names, mark)

    monkeypatch.setattr(walks, "claim", failing_claim)
    monkeypatch.setattr(sweeping, "COLLECTIONS", 1)
    sweeps(scene, 4)
    assert scene.avus(file, "omero::image")


def test_filesets_that_are_deleted_by_thousands_are_looked_for_by_parts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()

    def looking(_: ZoneConnection, __: str, values: list[str]) -> set[int]:
        asked.append(len(values))
        return set()

    monkeypatch.setattr(hints, "ids_with", looking)
    with scene.connections() as connections:
        hints.data_ids(connections, Hints(frozenset(range(10**12, 10**12 + 3000))))
    assert sum(asked) == 3000
    assert max(asked) <= 1000
