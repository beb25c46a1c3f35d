"""No event of OMERO is missed: rows in any order, long logs, agents that start anew, a log that was reset."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import omero.model
import pytest
from click.testing import CliRunner
from omero.rtypes import rstring

from irods_omero.agent import identity
from irods_omero.agent.hints import load_cursor
from irods_omero.agent.sweep import Sweeper
from irods_omero.cli import main
from irods_omero.errors import IdentityError
from irods_omero.gateways.omero import events, log_position
from irods_omero.gateways.omero.session import OmeroSession
from lab.omero import LabOmero
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.counting import operations_in_omero

MANY = 1000
"""Rows of the log that somebody else writes."""


@pytest.fixture
def paths(scene: Scene) -> list[str]:
    """Two imported images, and an agent that has followed all that happened."""
    made = [scene.put(f"{name}.ome.tiff", retina(32)) for name in "ab"]
    scene.sweep()
    scene.ask_by_tag(scene.shown(made[0]).image.id, "keep")
    scene.sweep()
    assert asked(scene, made) == [["keep"], []]
    return made


def asked(scene: Scene, paths: list[str]) -> list[list[str]]:
    """What is asked of each data object in the zone: of the agent's doing, as users asked in OMERO."""
    return [scene.avus(path, "omero::request") for path in paths]


def fill_log(scene: Scene, rows: int) -> None:
    """A user does many things that are no business of the agent."""
    tags = [omero.model.TagAnnotationI() for _ in range(rows)]
    for number, tag in enumerate(tags):
        tag.textValue = rstring(f"noise {number}")
    context = {"omero.group": str(scene.group_id)}
    scene.microscopist.getSession().getUpdateService().saveArray(tags, context)


@pytest.mark.lab_only("holds events back")
@pytest.mark.parametrize("restarted", [False, True], ids=["one agent", "an agent that starts anew"])
def test_rows_that_show_after_later_ones_are_followed(
    scene: Scene, lab: LabOmero, paths: list[str], restarted: bool
) -> None:
    first, second = (scene.shown(path).image.id for path in paths)
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        lab.hold_events()
        scene.take_tag_away(first, "keep")
        scene.ask_by_tag(first, "archive")
        lab.pass_events()
        scene.ask_by_tag(second, "archive")
        sweeper.sweep()
        assert asked(scene, paths) == [["keep"], ["archive"]]
        lab.release_events()
        (Sweeper(connections) if restarted else sweeper).sweep()
    assert asked(scene, paths) == [["archive"], ["archive"]]


def test_what_happens_while_no_agent_runs_is_followed_however_much_it_is(scene: Scene, paths: list[str]) -> None:
    scene.ask_by_tag(scene.shown(paths[1]).image.id, "archive")
    fill_log(scene, MANY + 100)
    scene.sweep()
    assert asked(scene, paths) == [["keep"], ["archive"]]


def test_an_agent_that_is_broken_off_leaves_what_it_has_not_followed(
    scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.ask_by_tag(scene.shown(paths[1]).image.id, "archive")
    fill_log(scene, MANY + 100)
    with monkeypatch.context() as broken:
        broken.setattr("irods_omero.agent.observe.Observer.observe", interrupt)
        with pytest.raises(KeyboardInterrupt):
            scene.sweep()
    scene.sweep()
    assert asked(scene, paths) == [["keep"], ["archive"]]


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.lab_only("counts what is asked")
def test_a_long_log_is_read_by_ranges(
    scene: Scene, lab: LabOmero, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_position, "PAGE", 400)
    first, second = (scene.shown(path).image.id for path in paths)
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        scene.take_tag_away(first, "keep")
        fill_log(scene, 2 * 400)
        scene.ask_by_tag(second, "archive")
        lab.forget_requests()
        connections.omero.close()
        reader = events.EventReader(load_cursor(connections))
        hints = reader.read(connections.omero.service())
    assert len(hints.filesets) == 2
    assert hints.unlinked
    # One asks for the end, three read ranges, one asks whose rows they are, at most three follow them.
    assert 5 <= operations_in_omero(scene.omero).count("projection") <= 8


@pytest.mark.lab_only("resets the log")
def test_a_log_that_was_reset_is_noticed(scene: Scene, lab: LabOmero, paths: list[str], tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    lab.stop()
    shutil.copytree(lab.state, backup)
    lab.start()
    scene.connect_to_omero()
    fill_log(scene, 3 * MANY)
    scene.ask_by_tag(scene.shown(paths[1]).image.id, "keep")
    scene.sweep()
    assert asked(scene, paths) == [["keep"], ["keep"]]
    lab.stop()
    shutil.rmtree(lab.state)
    shutil.copytree(backup, lab.state)
    lab.start()
    scene.connect_to_omero()
    with pytest.raises(IdentityError, match="irods-omero rebind"):
        scene.sweep()
    assert asked(scene, paths)[0] == ["keep"], "nobody takes what is missing for removed"
    assert CliRunner().invoke(main, ["--config", str(scene.policy_file), "rebind"]).exit_code == 0
    scene.ask_by_tag(scene.shown(paths[1]).image.id, "archive")
    fill_log(scene, MANY + 100)
    scene.sweep()
    assert asked(scene, paths)[1] == ["archive"]


def test_another_omero_is_not_taken_for_this_one(
    scene: Scene, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filesets = [scene.avus(path, "omero::fileset") for path in paths]
    run = partial(CliRunner().invoke, main)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(OmeroSession, "database_uuid", lambda _session: "another")
        elsewhere.setattr(identity, "client_paths", lambda *_: {})
        with pytest.raises(IdentityError, match="another OMERO"):
            scene.sweep()
        assert [scene.avus(path, "omero::fileset") for path in paths] == filesets
        listed = run(["--config", str(scene.policy_file), "rebind", "--dry-run"]).output
        assert all(path in listed for path in paths)
    scene.sweep()
    assert [scene.avus(path, "omero::fileset") for path in paths] == filesets


@pytest.mark.lab_only("counts all writes in the zone")
def test_a_quiet_log_is_not_written_about(scene: Scene, paths: list[str]) -> None:
    scene.settle()
    before = scene.writes()
    with scene.connections() as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        cursor = load_cursor(connections)
        sweeper.sweep()
        assert load_cursor(connections) == cursor
    assert scene.writes()[0] == before[0]
