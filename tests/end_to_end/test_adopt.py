"""Filesets that OMERO had before, and single ones, are taken into iRODS by commands."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from irods.models import Collection

from irods_omero.cli.main import main
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_omero_first import bring, objects_below, taking
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import FAST, USER


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
    assert run(scene, "adopt", "--dataset", dataset_of(scene, name), "--mark").exit_code == 0
    assert objects_below(scene) == {}
    scene.sweep()
    assert list(objects_below(scene)) == [f"{name}/one.ome.tiff"]


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
    ("arguments", "exit_code", "message"),
    [
        (("register", "Dataset:1"), 1, "neither Fileset:ID nor Image:ID"),
        (("register", "Image:999999999"), 1, "there is no such image"),
        (("register", "Fileset:1", "--to", "/z/{nothing}"), 2, "there is no field {nothing}"),
        (("register", "Fileset:1", "--to", "/z/x", "--acl", "alice"), 2, "has no ="),
        (("register", "Fileset:1", "--to", "x"), 2, "--to: must be an absolute path"),
        (("register", "Fileset:1", "--to", "/z/x", "--avu", "omero::image=9"), 2, "belongs to this policy"),
        (("agent", "--once", "--shards", "0-99"), 2, "--shards: '0-99' names no shards: they go from 0 to 63"),
        (("adopt", "--since", "yesterday"), 2, "does not match the format"),
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
