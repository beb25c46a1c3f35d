"""While OMERO's search indexer is down no row of its log says which images have lost a tag, or whose pairs changed."""

from __future__ import annotations

import pytest

from irods_omero.agent import listener
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.omero import log_position
from lab.omero import LabOmero
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_agreements import delete_fileset
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.counting import operations_in_omero

pytestmark = pytest.mark.lab_only("stops OMERO's search indexer")

SPECIES = "site.example/species"


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    attributes = [{"avu": "species", "tag_namespace": SPECIES}, {"avu": "dye", "key": "Dye"}]
    made = new_scene(attributes=attributes)
    made.watch()
    return made


@pytest.fixture
def paths(scene: Scene) -> list[str]:
    """Three images with a tag and a pair, of which both sides know."""
    made = [scene.put(f"{name}.ome.tiff", retina(32)) for name in "abc"]
    for path in made:
        scene.set_avu(path, "species", "mouse")
        scene.set_avu(path, "dye", "blue")
    scene.sweep()
    scene.sweep()
    return made


def test_a_tag_that_is_taken_away_is_missed_all_the_same(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with scene.connections() as connections, lab.indexer_down():
        sweeper = Sweeper(connections)
        sweeper.sweep()
        scene.take_tag_away(scene.shown(paths[1]).image.id, "mouse")
        sweeper.sweep()
        assert scene.avus(paths[1], "species") == ["mouse"], "the indexer may still tell"
        monkeypatch.setattr(log_position, "INDEXER_SECONDS", 0.0)
        sweeper.sweep()
    assert [scene.avus(path, "species") for path in paths] == [["mouse"], [], ["mouse"]]


def test_an_agent_that_ends_before_it_has_looked_leaves_that_to_the_next_one(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.indexer_down():
        scene.take_tag_away(scene.shown(paths[1]).image.id, "mouse")
        scene.sweep()
        fill = scene.pairs(scene.shown(paths[0]).image.id)
        fill.add("Mine", "of no concern")
        scene.sweep()
        monkeypatch.setattr(log_position, "INDEXER_SECONDS", 0.0)
        scene.sweep()
    assert scene.avus(paths[1], "species") == []


def test_units_are_looked_at_a_page_at_each_sweep_until_all_have_been(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [scene.admin.data_objects.get(path).id for path in paths]
    monkeypatch.setattr(listener, "pages", lambda *_: iter([[id_] for id_ in ids]))
    monkeypatch.setattr(log_position, "INDEXER_SECONDS", 0.0)
    with scene.connections() as connections, lab.indexer_down():
        sweeper = Sweeper(connections)
        sweeper.sweep()
        scene.take_tag_away(scene.shown(paths[0]).image.id, "mouse")
        scene.take_tag_away(scene.shown(paths[2]).image.id, "mouse")
        seen = [sweeper.sweep().observed for _ in range(4)]
    assert seen == [1, 1, 1, 0]
    assert [scene.avus(path, "species") for path in paths] == [[], ["mouse"], []]


def test_where_the_indexer_answers_nothing_else_is_looked_at(
    scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_position, "INDEXER_SECONDS", 0.0)
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        scene.take_tag_away(scene.shown(paths[1]).image.id, "mouse")
        assert sweeper.sweep().observed == 1
        assert sweeper.sweep().observed == 0


def test_images_that_are_deleted_with_their_tags_are_no_reason_to_look_at_all_others(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_position, "INDEXER_SECONDS", 0.0)
    with scene.connections() as connections, lab.indexer_down():
        sweeper = Sweeper(connections)
        sweeper.sweep()
        delete_fileset(scene, paths[1])
        assert sweeper.sweep().observed == 1


@pytest.mark.parametrize("restarted", [False, True], ids=["one agent", "an agent that starts anew"])
def test_edited_pairs_are_found(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    monkeypatch.setattr(listener, "EDITS_SECONDS", 0.0)
    with scene.connections() as connections, lab.indexer_down():
        sweeper = Sweeper(connections)
        sweeper.sweep()
        pairs = scene.pairs(scene.shown(paths[1]).image.id)
        pairs.write(*(("Dye", "green") if pair == ("Dye", "blue") else pair for pair in pairs.read()))
        report = (Sweeper(connections) if restarted else sweeper).sweep()
        assert (report.observed, report.changed) == (1, 1)
        assert scene.avus(paths[1], "dye") == ["green"]
        assert sweeper.sweep().changed == 0


def test_edits_are_looked_for_by_a_few_queries_whatever_was_edited_before(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "EDITS_SECONDS", 0.0)
    for path in paths:
        scene.pairs(scene.shown(path).image.id).add("Dye", "green")
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        sweeper.sweep()
        lab.forget_requests()
        assert sweeper.sweep().observed == 0
    # One for the log, one for the last event, one for edits, one for how far back they are looked for.
    assert operations_in_omero(scene.omero).count("projection") <= 4
