"""Filesets that OMERO had before, and single ones, are taken into iRODS by commands."""

from __future__ import annotations

import json
from typing import Any

import omero
import omero.model
import pytest
from click.testing import CliRunner, Result
from irods.models import Collection

from irods_omero.agent.observe import Observer
from irods_omero.agent.omero_first.intake import Intake
from irods_omero.agent.report import Report
from irods_omero.cli.main import main
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone import intake_objects
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.intake_objects import move_object
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_omero_first import bring, images_of, objects_below, taking
from tests.pictures import focal_halves, retina
from tests.scene import Scene
from tests.scene.accounts import FAST, GROUP, USER


def run(scene: Scene, *arguments: str) -> Result:
    scene.config.write_text(scene.settings.model_dump_json(indent=1))
    return CliRunner().invoke(main, ["--config", str(scene.config), *arguments])


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """Two imports of before in one dataset, and an agent that has no rule for what comes now."""
    scene = new_scene()
    scene.user.collections.create(scene.collection)
    scene.sweep()
    return scene


def with_rule(scene: Scene) -> None:
    scene.settings = scene.with_settings(
        omero_first=[{"groups": ["*"], "to": f"{scene.collection}/{{dataset}}", "resource": FAST, "share": False}]
    )


def dataset_of(scene: Scene, name: str) -> str:
    text = f"select max(d.id) from Dataset d where d.name = '{name}'"
    rows = scene.root.getSession().getQueryService().projection(text, None, {"omero.group": "-1"})
    return str(rows[0][0].val)


def test_what_was_there_before_is_adopted_once_and_by_a_dry_run_first(scene: Scene) -> None:
    name = scene.collection.rpartition("/")[2]
    first = bring(scene, {"one.ome.tiff": retina(32)}, dataset=name)
    with_rule(scene)
    scene.sweep()
    assert objects_below(scene) == {}, "what was there at the first look is left alone"
    chosen = ("adopt", "--dataset", dataset_of(scene, name))
    planned = run(scene, *chosen, "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert f"Fileset:{first} -> {scene.collection}/{name}/one.ome.tiff" in planned.output
    assert objects_below(scene) == {}
    done = run(scene, *chosen, "--json")
    assert json.loads(done.stdout.splitlines()[0])["paths"] == [f"{scene.collection}/{name}/one.ome.tiff"]
    again = run(scene, *chosen)
    assert again.output.splitlines()[-1] == "0 filesets, 0.0 MB; 0 failed"
    assert scene.shown(f"{scene.collection}/{name}/one.ome.tiff").image.texts == {"registered", "tier:fast"}


def test_work_can_be_left_to_the_agent(scene: Scene) -> None:
    name = scene.collection.rpartition("/")[2]
    bring(scene, {"one.ome.tiff": retina(32)}, dataset=name)
    with_rule(scene)
    scene.sweep()
    chosen = ("adopt", "--dataset", dataset_of(scene, name), "--mark")
    assert " -> " in run(scene, *chosen, "--dry-run").output
    last = "1 filesets, 0.0 MB; 0 failed"
    assert [run(scene, *chosen).output.splitlines()[-1] for _ in range(2)] == [last, last.replace("1", "0", 1)]
    assert objects_below(scene) == {}
    scene.sweep()
    assert list(objects_below(scene)) == [f"{name}/one.ome.tiff"]


def test_one_fileset_can_be_left_to_the_agent_with_what_is_said_of_it(scene: Scene) -> None:
    with_rule(scene)
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    said = ("register", f"Fileset:{fileset}", "--to", f"{scene.collection}/by hand", "--mark")
    mistaken = run(scene, *said, "--owner", "no body")
    assert (mistaken.exit_code, "there is no iRODS user no body" in mistaken.output) == (1, True)
    assert " -> " in run(scene, *said, "--dry-run").output
    scene.sweep()
    assert objects_below(scene) == {}
    result = run(scene, *said)
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, f"Fileset:{fileset}, left to the agent")
    assert objects_below(scene) == {}
    scene.sweep()
    assert list(objects_below(scene)) == ["by hand/one.ome.tiff"]


def test_one_fileset_goes_where_somebody_says(scene: Scene) -> None:
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    to = f"{scene.collection}/by hand/{{project}}"
    options = ("--to", to, "--avu", "study={dataset}", "--acl", "rods=read", "--resource", FAST)
    result = run(scene, "register", f"Fileset:{fileset}", *options)
    assert result.exit_code == 0, result.output
    path = f"{scene.collection}/by hand/Screening/one.ome.tiff"
    assert scene.avus(path, "study") == ["March"]
    assert scene.admin.data_objects.get(path).owner_name == USER
    again = run(scene, "register", f"Fileset:{fileset}", *options)
    assert again.exit_code == 1
    assert "are in iRODS already" in again.output
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--group", 'it\'s "none" 😀', "OMERO has no such group"),
        ("--group", "user", "no rule of omero_first names it"),
        ("--owner", "no body", "OMERO has no such user"),
        ("--dataset", str(2**62), "OMERO has no such dataset"),
    ],
)
def test_what_is_not_there_is_no_success(scene: Scene, option: str, name: str, message: str) -> None:
    scene.settings = scene.with_settings(omero_first=[{"groups": [GROUP], "to": f"{scene.collection}/x"}])
    result = run(scene, "adopt", option, name)
    assert result.exit_code == 1
    assert message in result.output


@pytest.mark.parametrize(
    ("rules", "exit_code", "message"),
    [
        ([], 1, "omero_first of the configuration is empty"),
        ([{"groups": ["of others"]}], 0, "0 filesets, 0.0 MB; 0 failed; 1 left out, as omero_first names no place"),
    ],
)
def test_what_no_rule_is_about_is_not_touched(
    scene: Scene, rules: list[dict[str, list[str]]], exit_code: int, message: str
) -> None:
    name = scene.collection.rpartition("/")[2]
    fileset = bring(scene, {"one.ome.tiff": retina(32)}, dataset=name)
    scene.settings = scene.with_settings(omero_first=rules)
    result = run(scene, "adopt", "--dataset", dataset_of(scene, name))
    assert (result.exit_code, message in result.output) == (exit_code, True), result.output
    single = run(scene, "register", f"Fileset:{fileset}")
    assert (single.exit_code, "names no place" in single.output) == (1, True), single.output
    (image,) = images_of(scene, fileset)
    assert scene.image(image).pairs == ()


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--owner", "no body", "there is no iRODS user no body"),
        ("--acl", "no body=read", "there is no iRODS user or group no body"),
        ("--resource", "nowhere", "there is no resource nowhere"),
    ],
)
def test_who_mistakes_a_name_can_say_it_again_and_nobody_else_tries(
    scene: Scene, option: str, name: str, message: str
) -> None:
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    said = ("register", f"Fileset:{fileset}", "--to", f"{scene.collection}/x")
    for more in (("--dry-run",), ()):
        result = run(scene, *said, option, name, *more)
        assert (result.exit_code, message in result.output) == (1, True), result.output
    (image,) = images_of(scene, fileset)
    assert scene.image(image).pairs == ()
    with_rule(scene)
    scene.sweep()
    assert objects_below(scene) == {}
    assert run(scene, *said).exit_code == 0


def test_what_somebody_has_said_of_one_counts_for_whoever_does_the_rest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    with_rule(scene)
    said = ("--to", f"{scene.collection}/by hand 😀", "--owner", "rods", "--avu", 'study="A\'17"', "--resource", FAST)

    def refuse(_zone: ZoneConnection, path: str, _new: str) -> None:
        raise RefusedError("moving", path, "refused by a test")

    with monkeypatch.context() as patch:
        patch.setattr(intake_objects, "move_object", refuse)
        assert run(scene, "register", f"Fileset:{fileset}", *said).exit_code == 1
    scene.sweep()
    path = f"{scene.collection}/by hand 😀/one.ome.tiff"
    assert scene.admin.data_objects.get(path).owner_name == "rods"
    assert scene.avus(path, "study") == ['"A\'17"']


def test_it_stops_at_a_number_and_at_a_size_and_goes_on_there(scene: Scene) -> None:
    name = scene.collection.rpartition("/")[2]
    bring(scene, {"first.ome.tiff": retina(32)}, dataset=name)
    dataset = dataset_of(scene, name)
    for other in ("second", "third"):
        (image,) = images_of(scene, bring(scene, {f"{other}.ome.tiff": retina(1100)}, dataset=""))
        put_into(scene, image, int(dataset))
    with_rule(scene)
    chosen = ("adopt", "--dataset", dataset)
    assert run(scene, *chosen, "--most", "1").output.splitlines()[-1].startswith("1 filesets")
    assert run(scene, *chosen, "--most-megabytes", "1").output.splitlines()[-1].startswith("1 filesets")
    assert run(scene, *chosen).output.splitlines()[-1].startswith("1 filesets")
    assert sorted(objects_below(scene)) == [f"{name}/{each}.ome.tiff" for each in ("first", "second", "third")]


def put_into(scene: Scene, image: int, dataset: int) -> None:
    """The user puts an image into a dataset."""
    link = omero.model.DatasetImageLinkI()
    link.parent, link.child = omero.model.DatasetI(dataset, False), omero.model.ImageI(image, False)
    context = {**scene.microscopist.getImplicitContext().getContext(), "omero.group": str(scene.group_id)}
    scene.microscopist.getSession().getUpdateService().saveObject(link, context)


def test_a_dry_run_says_where_things_go_that_are_in_each_others_way(scene: Scene) -> None:
    with_rule(scene)
    there = bring(scene, {"a.ome.tiff": retina(32)}, dataset="May")
    assert run(scene, "register", f"Fileset:{there}").exit_code == 0
    files = {"a.ome.tiff": retina(32)}
    filesets = [bring(scene, files, dataset=name) for name in ("May", "June", "June")]

    def take(dry_run: bool) -> list[tuple[str, ...]]:
        with scene.connections() as connections:
            intake = Intake(connections, Report())
            return [intake.take(fileset, dry_run=dry_run).paths for fileset in filesets]

    planned = take(dry_run=True)
    assert planned == take(dry_run=False)
    first, _, last = filesets
    places = (f"May/Fileset-{first}", "June", f"June/Fileset-{last}")
    assert planned == [(f"{scene.collection}/{place}/a.ome.tiff",) for place in places]


def test_what_is_in_place_of_something_that_is_deleted_meanwhile_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = scene.collection.rpartition("/")[2]
    upper, lower = focal_halves(("upper.ome.tiff", "lower.ome.tiff"))
    fileset = bring(scene, {"upper.ome.tiff": upper, "lower.ome.tiff": lower}, dataset=name)
    with_rule(scene)
    with monkeypatch.context() as patch:
        patch.setattr(intake_objects, "move_object", refusing_lower)
        assert run(scene, "register", f"Fileset:{fileset}").exit_code == 1
    request = omero.cmd.Delete2(targetObjects={"Fileset": [fileset]})
    scene.microscopist.submit(request, loops=600, ms=500, ctx={"omero.group": str(scene.group_id)}).close(True)
    scene.sweep()
    scene.sweep()
    in_place = f"{scene.collection}/{name}/upper.ome.tiff"
    assert list(objects_below(scene)) == [f"{name}/upper.ome.tiff"]
    assert scene.avus(in_place, "omero::fileset") == scene.avus(in_place, "omero::error") == []


def refusing_lower(zone: ZoneConnection, path: str, new: str) -> None:
    """Move a data object, unless it is the second file."""
    if new.endswith("/lower.ome.tiff"):
        raise RefusedError("moving", path, "refused by a test")
    move_object(zone, path, new)


def test_what_is_wrong_with_the_rest_is_said_by_images_and_by_what_is_in_place_until_it_is_done(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = scene.collection.rpartition("/")[2]
    upper, lower = focal_halves(("upper.ome.tiff", "lower.ome.tiff"))
    fileset = bring(scene, {"upper.ome.tiff": upper, "lower.ome.tiff": lower}, dataset=name)
    with_rule(scene)
    scene.settings = scene.with_settings(imports={"settle_seconds": 0, "backoff_seconds": 3600})
    in_place = f"{scene.collection}/{name}/upper.ome.tiff"

    with monkeypatch.context() as patch:
        patch.setattr(intake_objects, "move_object", refusing_lower)
        assert run(scene, "adopt", "--dataset", dataset_of(scene, name)).exit_code == 1
        scene.sweep()  # it is not the agent's turn yet, which sees that OMERO has changed
        assert [units for _, units in scene.triples(in_place, "omero::error")] == ["1"]
        (image,) = images_of(scene, fileset)
        assert "refused by a test" in dict(scene.image(image).pairs)["error"]
        assert scene.image(image).texts == set(), "not all is in its place"
        assert "not all of it is in its place yet" in run(scene, "explain", in_place).output
    assert run(scene, "register", f"Fileset:{fileset}").exit_code == 0
    shown = scene.shown(in_place)
    assert shown.values("omero::error") == []
    assert shown.image.texts == {"registered", "tier:fast"}
    assert "error" not in dict(shown.image.pairs)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("register", "Dataset:1"), 1, "neither Fileset:ID nor Image:ID"),
        (("register", "Image:999999999"), 1, "there is no such image"),
        (("register", "Fileset:999999999"), 1, "there is no such fileset"),
        (("register", "Fileset:1", "--to", "/z/{nothing}"), 2, "there is no field {nothing}"),
        (("register", "Fileset:1", "--to", "/z/x", "--acl", "alice"), 2, "has no ="),
        (("register", "Fileset:1", "--to", "x"), 2, "--to: must be an absolute path"),
        (("register", "Fileset:1", "--to", "/z/x", "--avu", "omero::image=9"), 2, "belongs to this policy"),
        (("agent", "--once", "--shards", "0-99"), 2, "--shards: '0-99' names no shards: they go from 0 to 63"),
        (("register", "Image:99999999999999999999"), 1, "neither Fileset:ID nor Image:ID"),
        (("register", "Fileset:1", "--to", "/z/x", "--avu", "a=1", "--avu", "a=2"), 2, "'a' is given twice"),
        (("adopt", "--since", "yesterday"), 2, "does not match the format"),
        (("adopt", "--most", "0"), 2, "--most"),
        (("adopt", "--most-megabytes", "-1"), 2, "--most-megabytes"),
        (("adopt", "--dataset", "99999999999999999999"), 2, "--dataset"),
    ],
)
def test_what_cannot_be_meant_gets_one_message(
    scene: Scene, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = run(scene, *arguments)
    assert result.exit_code == exit_code, result.output
    assert message in result.output


def test_nothing_of_an_adoption_is_left_in_the_agents_home(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    scene.sweep()
    rows = scene.admin.query(Collection.name)
    assert not [row for row in rows if row[Collection.name].endswith(f"/omero-first/omero/{fileset}")]


@pytest.mark.lab_only("makes resources")
def test_a_part_of_a_hierarchy_is_no_resource_to_write_to(scene: Scene) -> None:
    resources = scene.admin.resources
    vault = resources.get(FAST)
    resources.create("whole", "deferred")
    resources.create("part", "unixfilesystem", vault.location, f"{vault.vault_path}/part")
    resources.add_child("whole", "part")
    try:
        fileset = bring(scene, {"one.ome.tiff": retina(32)})
        said = ("register", f"Fileset:{fileset}", "--to", f"{scene.collection}/x", "--resource", "part")
        result = run(scene, *said)
    finally:
        resources.remove_child("whole", "part")
        resources.remove("part")
        resources.remove("whole")
    assert (result.exit_code, "is below another, where nothing is written directly: name whole" in result.output) == (
        1,
        True,
    )


def test_what_the_images_could_not_be_told_at_first_is_told_by_doing_it_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    fileset = bring(scene, {"one.ome.tiff": retina(32)})
    with_rule(scene)

    def refuse(*_: Any) -> dict[int, Observation]:
        raise RefusedError("reading", "both sides", "refused by a test")

    with monkeypatch.context() as patch:
        patch.setattr(Observer, "_observe", refuse)
        result = run(scene, "register", f"Fileset:{fileset}")
    assert (result.exit_code, "not all that was to be said of it could be" in result.output) == (1, True)
    assert run(scene, "register", f"Fileset:{fileset}").exit_code == 0
    (image,) = images_of(scene, fileset)
    assert scene.image(image).texts == {"registered", "tier:fast"}
