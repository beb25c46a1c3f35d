"""What `irods-omero report` says of both servers."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from irods.meta import iRODSMeta
from irods.models import Resource

from irods_omero.cli import main
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.watched import TIERING_PREFIX
from irods_omero.settings import OMERO_PASSWORD_VARIABLE
from irods_omero.status import outlook, reading
from irods_omero.vocabulary import TIER_TIME
from lab.zone.setup import set_up_tiers
from tests.end_to_end.conftest import Places
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST, GROUP

pytestmark = pytest.mark.lab_only("counts what there is in the whole zone and in all of OMERO, or stops a server")


TABLES = "tiers groups arrivals since next waiting requests errors images"


def report(scene: Scene, *options: str) -> tuple[int, str]:
    run = CliRunner().invoke(main, ["--config", str(scene.config), "report", *options], env={"COLUMNS": "200"})
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run.exit_code, run.stdout


def figures(scene: Scene) -> dict[str, Any]:
    code, text = report(scene, "--json")
    assert code == 0, text
    facility: dict[str, Any] = json.loads(text)
    return facility


def added(rows: Iterable[dict[str, Any]], by: str) -> dict[str, tuple[int, int, int]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        images, filesets, size = sums.get(row[by], (0, 0, 0))
        sums[row[by]] = images + row["images"], filesets + row["filesets"], size + row["bytes"]
    return sums


def test_images_and_bytes_are_where_storage_tiering_has_put_them(scene: Scene) -> None:
    pictures = {name: retina(32 + place) for place, name in enumerate(("a.ome.tiff", "b.ome.tiff", "c.ome.tiff"))}
    paths = {name: scene.put(name, picture) for name, picture in pictures.items()}
    scene.sweep()
    scene.ask_by_avu(paths["a.ome.tiff"], "archive")
    scene.sweep()
    scene.wait_for(ARCHIVE, paths["a.ome.tiff"])
    scene.settle()
    facility = figures(scene)
    moved = len(pictures["a.ome.tiff"])
    stayed = sum(map(len, pictures.values())) - moved
    assert added(facility["images"], "tier") == {"archive": (1, 1, moved), "fast": (2, 2, stayed)}
    assert added(facility["images"], "group") == {GROUP: (3, 3, moved + stayed)}
    in_zone = {
        row["resource"]: (row["tier"], row["images"], row["replicas"], row["bytes"]) for row in facility["tiers"]
    }
    assert in_zone[FAST] == ("fast", 2, 2, stayed)
    assert in_zone[ARCHIVE] == ("archive", 1, 1, moved)
    assert {(row["tier"], row["images"]) for row in facility["since"]} == {("archive", 1), ("fast", 2)}
    (month,) = {row["month"] for row in facility["images"]}
    assert facility["time"].startswith(month)


def test_what_will_move_next_is_what_nobody_has_used(scene: Scene) -> None:
    old, new = scene.put("old.ome.tiff", retina(32)), scene.put("new.ome.tiff", retina(48))
    scene.sweep()

    def due() -> dict[str, int]:
        return {row["when"]: row["replicas"] for row in figures(scene)["next"] if row["resource"] == FAST}

    before = due()
    scene.grow_old(old)
    after = due()
    now = "unused for long enough now"
    assert after[now] - before.get(now, 0) == 1
    scene.ask_by_avu(new, "archive")
    (request,) = figures(scene)["requests"]
    assert (request["request"], request["state"], request["units"]) == ("archive", "not seen yet", 1)
    (waiting,) = [row for row in figures(scene)["waiting"] if row["pending"]]
    assert waiting["what"] == "with images"


def test_no_tier_moves_that_is_the_last_one_is_in_no_group_or_keeps_its_replicas(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.grow_old(path)
    staying, keeping = iRODSMeta(TIER_TIME, "1"), iRODSMeta(f"{TIERING_PREFIX}preserve_replicas", "true")

    def due() -> set[str]:
        with ZoneConnection(scene.settings.zone) as zone:
            return {each.resource for each in outlook.read_outlook(scene.settings, zone, time.time()).due}

    metadata = scene.admin.metadata
    metadata.add(Resource, ARCHIVE, staying)
    metadata.add(Resource, "demoResc", staying)
    try:
        assert due() == {FAST}
        metadata.add(Resource, FAST, keeping)
        assert due() == set()
    finally:
        metadata.remove(Resource, ARCHIVE, staying)
        metadata.remove(Resource, "demoResc", staying)
        metadata.remove(Resource, FAST, keeping)


def test_what_will_move_is_counted_on_all_leaves_of_a_resource(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlook, "IDS_A_QUERY", 1)
    resources, vault = scene.admin.resources, scene.admin.resources.get("demoResc")
    resources.create("wide", "random")
    paths = []
    for leaf in ("one", "two"):
        resources.create(leaf, "unixfilesystem", vault.location, f"{vault.vault_path}/{leaf}")
        paths.append(scene.put(f"{leaf}.ome.tiff", retina(32), leaf))
        resources.add_child("wide", leaf)
    set_up_tiers(scene.admin, "of leaves", (("wide", 0), ("below wide", 1)))
    try:
        scene.grow_old(*paths)
        (now,) = [row for row in figures(scene)["next"] if row["resource"] == "wide" and "now" in row["when"]]
        assert (now["replicas"], now["bytes"]) == (2, 2 * len(retina(32)))
    finally:
        for leaf, path in zip(("one", "two"), paths, strict=True):
            scene.user.data_objects.unlink(path, force=True)
            resources.remove_child("wide", leaf)
        for name in ("one", "two", "wide", "below wide"):
            resources.remove(name)


def test_errors_are_told_by_cause(scene: Scene) -> None:
    for name in "bc":
        scene.put(f"{name}.ome.tiff", b"no image at all")
    for _ in range(3):
        scene.sweep()
    facility = figures(scene)
    (cause,) = facility["errors"]
    assert (cause["kind"], cause["units"]) == ("given up", 2)
    assert "Unknown file format" in cause["cause"]
    assert facility["summary"]["with errors"] == 2


def test_page_and_files_are_written_and_people_get_tables(scene: Scene, tmp_path: Path) -> None:
    scene.put('<b>it\'s [bold] & "😀".ome.tiff', retina(32))
    scene.put("<script>broken.ome.tiff", b"no image at all")
    scene.sweep()
    html, one, folder = tmp_path / "page.html", tmp_path / "images.csv", tmp_path / "all"
    folder.mkdir()
    code, text = report(scene, "--html", str(html), "--csv", str(one))
    assert (code, text) == (0, "")
    page = html.read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "<script" not in page
    with one.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["group"], row["tier"], row["images"]) == (GROUP, "fast", "1")
    assert report(scene, "--csv", str(folder))[0] == 0
    assert {each.stem for each in folder.iterdir()} == set(TABLES.split())
    code, text = report(scene)
    assert code == 0
    for words in ("Tiers", "Images by group and tier", GROUP, "Errors by cause"):
        assert words in text


def test_what_is_wrong_is_told_on_standard_error_with_whatever_is_written(scene: Scene, tmp_path: Path) -> None:
    scene.put("broken.ome.tiff", b"no image at all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "MOST", 0)
        for options in ((), ("--csv", str(tmp_path))):
            run = CliRunner().invoke(main, ["--config", str(scene.config), "report", *options])
            assert "irods-omero: there are more marks than were counted" in run.stderr.splitlines()
            assert "irods-omero: no agent works on shards" in run.stderr


def test_a_password_that_cannot_be_read_is_a_mistake_and_not_a_server_that_is_down(
    scene: Scene, tmp_path: Path
) -> None:
    settings = json.loads(scene.config.read_text(encoding="utf-8"))
    settings["omero"]["password_file"] = str(tmp_path / "none")
    config = tmp_path / "policy.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    run = CliRunner().invoke(main, ["--config", str(config), "report"], env={OMERO_PASSWORD_VARIABLE: None})
    assert (run.exit_code, str(tmp_path / "none") in run.stderr) == (2, True), run.output


def test_with_omero_down_it_tells_what_the_zone_knows_and_says_so(scene: Scene, places: Places, tmp_path: Path) -> None:
    lab = places[1].lab
    assert lab is not None
    scene.put("a.ome.tiff", retina(32))
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "images.csv").write_text("of yesterday", encoding="utf-8")
    lab.stop()
    try:
        code, text = report(scene, "--json", "--html", str(tmp_path / "page.html"), "--csv", str(folder))
    finally:
        lab.start()
    scene.connect_to_omero()
    facility = json.loads(text)
    assert (code, bool(facility["omero_unreachable"]), "images" in facility) == (1, True, False)
    assert [problem for problem in facility["problems"] if "OMERO cannot be asked" in problem]
    assert (facility["tiers"][0]["replicas"], "images" in facility["tiers"][0]) == (1, False)
    assert (folder / "images.csv").read_text(encoding="utf-8") == "of yesterday"
    assert {each.stem for each in folder.iterdir()} == {"images", "tiers", "next", "waiting", "requests", "errors"}
    assert "OMERO cannot be asked" in (tmp_path / "page.html").read_text(encoding="utf-8")
