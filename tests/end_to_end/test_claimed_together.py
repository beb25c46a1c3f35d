"""Marks that are claimed together are one batch, and whoever comes after an agent that was killed works through it."""

from __future__ import annotations

import json

import irods.keywords as kw
import pytest
from click.testing import CliRunner
from irods.meta import iRODSMeta
from irods.models import Collection, CollectionMeta

import irods_omero.agent.apply as applying
from irods_omero.agent.service import run_once
from irods_omero.cli import main
from irods_omero.errors import UnreachableError
from irods_omero.vocabulary import SHARDS, shard_of
from tests.end_to_end.refusing import id_of
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.places import AGENT_USER

NUMBER = 3
AS_ADMIN = {kw.ADMIN_KW: ""}


@pytest.fixture
def paths(scene: Scene) -> list[str]:
    """Images that are in OMERO, and have just got new names."""
    scene.watch()
    paths = [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(NUMBER)]
    scene.sweep()
    return [scene.move(path, f"renamed {number}.ome.tiff") for number, path in enumerate(paths)]


@pytest.fixture
def broken_off(scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent has claimed their marks when OMERO went down."""

    def down(*_: object) -> None:
        raise UnreachableError("tagging", "images", "cut off by a test")

    with monkeypatch.context() as patched, scene.connections() as connections:
        patched.setattr(applying.Applier, "_annotate", down)
        with pytest.raises(UnreachableError):
            run_once(connections)


def batches(scene: Scene) -> list[str]:
    home = f"/{scene.zone.zone}/home/{AGENT_USER}"
    rows = scene.admin.query(CollectionMeta.units).filter(Collection.name == home)
    return [row[CollectionMeta.units] for row in rows.filter(CollectionMeta.name == "omero::taken")]


def told(scene: Scene, paths: list[str]) -> list[bool]:
    """Whether the images say where their files are now."""
    return [dict(scene.shown(path).image.pairs)["path"] == path for path in paths]


@pytest.mark.usefixtures("broken_off")
def test_the_next_agent_works_through_what_was_taken(scene: Scene, paths: list[str]) -> None:
    assert [scene.avus(path, "omero::sync") for path in paths] == [[]] * NUMBER
    assert batches(scene) == ["0-63"]
    assert told(scene, paths) == [False] * NUMBER
    scene.sweep()
    assert told(scene, paths) == [True] * NUMBER
    assert batches(scene) == []


@pytest.mark.usefixtures("broken_off")
def test_agents_of_other_shards_leave_a_list_alone(scene: Scene, paths: list[str]) -> None:
    home, ours = f"/{scene.zone.zone}/home/{AGENT_USER}", {shard_of(id_of(scene, path)) for path in paths}
    other = next(shard for shard in range(SHARDS) if shard not in ours)
    (avu,) = [avu for avu in scene.admin.metadata.get(Collection, home) if avu.name == "omero::taken"]
    scene.admin.metadata.set(
        Collection, home, iRODSMeta(avu.name, avu.value, ",".join(map(str, sorted(ours)))), **AS_ADMIN
    )
    scene.sweep(agent={"shards": str(other)})
    assert len(batches(scene)) == 1
    scene.sweep(agent={"shards": ",".join(map(str, range(SHARDS)))})
    assert (told(scene, paths), batches(scene)) == ([True] * NUMBER, [])


@pytest.mark.lab_only("counts what there is in the whole zone")
@pytest.mark.usefixtures("broken_off")
def test_status_says_that_it_is_taken(scene: Scene) -> None:
    run = CliRunner().invoke(main, ["--config", str(scene.config), "status", "--json", "--no-omero"])
    backlog = json.loads(run.stdout)["backlog"]
    assert [(each["pending"], each["taken"]) for each in backlog if each["kind"] == "with images"] == [(0, NUMBER)]


def test_what_is_no_list_keeps_nobody(scene: Scene, paths: list[str]) -> None:
    home = f"/{scene.zone.zone}/home/{AGENT_USER}"
    for units in ("0-63", "all"):
        scene.admin.metadata.add(Collection, home, iRODSMeta("omero::taken", "nothing", units), **AS_ADMIN)
    scene.sweep()
    assert told(scene, paths) == [True] * NUMBER
    assert sorted(batches(scene)) == ["0-63", "all"]
    for units in ("0-63", "all"):
        scene.admin.metadata.remove(Collection, home, iRODSMeta("omero::taken", "nothing", units), **AS_ADMIN)
