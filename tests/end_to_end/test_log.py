"""What `irods-omero log` tells of the past of a unit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from irods_omero.agent import look_back
from irods_omero.cli import main
from tests.pictures import focal_halves, lab_book, retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, USER
from tests.scene.counting import operations_in_omero


def log(scene: Scene, what: str, *options: str) -> tuple[int, str]:
    run = CliRunner().invoke(main, ["--config", str(scene.config), "log", what, *options], env={"COLUMNS": "240"})
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run.exit_code, run.stdout + (run.stderr if run.exit_code else "")


def told(scene: Scene, what: str) -> list[dict[str, Any]]:
    code, text = log(scene, what, "--json")
    assert code == 0, text
    events: list[dict[str, Any]] = json.loads(text)["events"]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events), "newest last"
    return events


def test_from_the_put_to_the_archive_everything_is_told_with_who_and_when(scene: Scene) -> None:
    path = scene.put("it's [b]'😀'.ome.tiff", retina(32))
    scene.sweep()
    (image,) = [shown.id for shown in scene.shown(path).images]
    scene.ask_by_tag(image, "archive")
    scene.sweep()
    before = told(scene, path)
    kinds = [event["kind"] for event in before]
    assert kinds.index("stored") < kinds.index("import"), "both servers' clocks agree here"
    (imported,) = [event for event in before if event["kind"] == "import"]
    assert (imported["by"], imported["agent"], imported["what"]) == (USER, True, f"imported as Image:{image}")
    asked = [event for event in before if event["kind"] == "request" and event["side"] == "OMERO"]
    assert [(event["by"], event["agent"], "archive" in event["what"]) for event in asked] == [(USER, False, True)]
    assert {"registered", "tier", "pairs", "place", "accepted", "queued"} <= set(kinds)
    scene.wait_for(ARCHIVE, path)
    scene.settle()
    after = told(scene, f"Image:{image}")
    assert [event["what"] for event in after if event["kind"] == "tier"] == [f"seen on tier archive: Image:{image}"]
    assert any(event["kind"] == "written" and ARCHIVE in event["what"] for event in after)
    assert not any(event["kind"] in ("request", "queued") for event in after), "what was taken away nobody knows"
    _, text = log(scene, path)
    for words in (path, f"imported as Image:{image}", f"irods-omero for {USER}", "Not recorded by either server:"):
        assert words in re.sub(r"\s+", " ", text)


def test_new_content_and_failed_imports_are_told(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.let_a_second_pass()
    scene.put("a.ome.tiff", retina(48))
    scene.sweep()
    kinds = [event["kind"] for event in told(scene, path)]
    assert kinds.count("import") == 2
    assert "superseded" in kinds
    broken = scene.put("broken.ome.tiff", b"no image at all")
    scene.sweep()
    (failed,) = [event for event in told(scene, broken) if event["kind"] == "failed"]
    assert failed["what"].startswith("import failed, attempt 1: importing")
    assert "broken.ome.tiff" in failed["what"]


def put_unit(scene: Scene) -> list[str]:
    """An imported unit of three files."""
    halves = zip(("upper.ome.tiff", "lower.ome.tiff"), focal_halves(), strict=True)
    paths = [scene.put(name, half) for name, half in halves] + [scene.put("notes.txt", lab_book())]
    run = CliRunner().invoke(main, ["--config", str(scene.config), "unit", *paths])
    assert run.exit_code == 0, run.stderr
    scene.sweep()
    return paths


def test_of_a_unit_of_several_files_all_are_told_whichever_is_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_back, "IDS_A_QUERY", 2)
    paths = put_unit(scene)
    for path in paths:
        events = told(scene, path)
        assert {event["subject"] for event in events if event["kind"] == "stored"} == set(paths)
        assert len([event for event in events if event["kind"] == "import"]) == 1
        assert paths[0] in log(scene, path)[1].splitlines()[0]


@pytest.mark.lab_only("counts operations")
def test_omero_is_asked_as_often_for_three_files_as_for_one(scene: Scene) -> None:
    alone, (path, *_) = scene.put("alone.ome.tiff", retina(32)), put_unit(scene)

    def asked(path: str) -> int:
        before = len(operations_in_omero(scene.omero))
        told(scene, path)
        return len(operations_in_omero(scene.omero)) - before

    assert asked(path) == asked(alone)


def test_what_does_not_exist_or_is_of_elsewhere_is_refused_with_a_reason(scene: Scene) -> None:
    for what in ("Image:4000000000", "Fileset:4000000000", f"{scene.collection}/none"):
        code, text = log(scene, what)
        assert (code, what.rpartition("/")[2] in text) == (1, True), text
