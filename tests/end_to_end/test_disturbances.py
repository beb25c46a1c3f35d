"""What goes wrong outside costs time, never an image: OMERO down, an agent killed, two agents at work."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from irods_omero.agent.sweep import Sweeper
from irods_omero.errors import UnreachableError
from tests.end_to_end.conftest import Places
from tests.pictures import retina, stained_tissue
from tests.scene import Scene
from tests.scene.counting import operations_in_omero
from tests.scene.snapshot import filesets


@pytest.mark.lab_only("stops a server")
def test_with_omero_down_puts_succeed_and_nothing_is_lost(scene: Scene, places: Places) -> None:
    lab = places[1].lab
    assert lab is not None
    lab.stop()
    try:
        path = scene.put("a.ome.tiff", retina())
        with pytest.raises(UnreachableError):
            scene.sweep()
        assert scene.avus(path, "omero::sync"), "the mark stays"
    finally:
        lab.start()
    scene.connect_to_omero()
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("makes OMERO slow")
@pytest.mark.parametrize("operation", ["importFileset", "write", "verifyUpload", "saveArray"])
def test_an_agent_that_is_killed_leaves_one_fileset_and_no_half_made_one(
    scene: Scene, places: Places, operation: str
) -> None:
    lab = places[1].lab
    assert lab is not None
    path = scene.put("a.ome.tiff", stained_tissue())
    lab.forget_requests()
    lab.disturb(operation, "delay", seconds=8)
    try:
        with scene.agent("--once") as agent:
            scene.wait_until(lambda: lab.is_delaying(operation), f"the agent is in {operation}")
            agent.send_signal(signal.SIGKILL)
    finally:
        lab.calm()
    scene.sweep()
    made = filesets(scene.root, scene.zone.zone, scene.admin.data_objects.get(path).id)
    assert list(made.values()) == [1]
    shown = scene.shown(path)
    assert shown.values("omero::fileset") == [str(fileset) for fileset in made]
    assert shown.image.texts == {"registered", "tier:fast"}
    assert shown.values("omero::sync") == []


def test_an_agent_that_is_killed_once_there_is_a_fileset_leaves_one(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", stained_tissue())
    data_id = scene.admin.data_objects.get(path).id

    def made() -> dict[int, int]:
        return filesets(scene.root, scene.zone.zone, data_id)

    def is_imported() -> bool:
        scene.sweep()
        return scene.avus(path, "omero::fileset") != []

    with scene.agent("--once") as agent:
        scene.wait_until(lambda: made() != {}, "there is a fileset")
        agent.send_signal(signal.SIGKILL)
    scene.wait_until(is_imported, "the import has been gone on with")
    assert list(made().values()) == [1]
    assert scene.avus(path, "omero::fileset") == [str(fileset) for fileset in made()]
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


def test_two_agents_with_different_shards_never_touch_the_same_unit(scene: Scene) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina()) for number in range(8)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda shards: scene.sweep(agent={"shards": shards}), ["0-31", "32-63"]))
    shown = [scene.shown(path) for path in paths]
    for snapshot in shown:
        assert snapshot.image.texts == {"registered", "tier:fast"}
        assert list(filesets(scene.root, scene.zone.zone, snapshot.data_id).values()) == [1]
    names = [snapshot.image.name for snapshot in shown]
    assert len(set(names)) == len(names)


def test_what_one_agent_finds_below_a_collection_reaches_the_others(scene: Scene) -> None:
    scene.watch("off")
    paths = [scene.put(f"{number}.ome.tiff", retina(64)) for number in range(4)]
    scene.sweep()
    scene.watch("file")
    for _ in range(2):
        for shards in ("0-31", "32-63"):
            scene.sweep(agent={"shards": shards})
    assert [scene.shown(path).image.texts for path in paths] == [{"registered", "tier:fast"}] * 4


@pytest.mark.lab_only("counts what hooks write")
def test_an_unwatched_put_writes_nothing_and_a_watched_one_exactly_one_row(scene: Scene) -> None:
    path = scene.put("watched.ome.tiff", retina())
    assert scene.hook_writes(path) == ["omero::sync"]
    elsewhere = scene.put_elsewhere("unwatched.ome.tiff", retina())
    assert scene.hook_writes(elsewhere) == []


@pytest.mark.lab_only("counts what the servers are asked")
def test_a_quiet_sweep_writes_nothing_and_asks_little(scene: Scene) -> None:
    for number in range(5):
        scene.put(f"{number}.ome.tiff", retina())
    scene.sweep()
    scene.settle()
    before = scene.writes()
    lab = scene.omero.lab
    assert lab is not None
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        lab.forget_requests()
        sweeper.sweep()
        asked = operations_in_omero(scene.omero)
    assert scene.writes()[0] == before[0]
    assert asked == ["projection"], "the end of the event log"
