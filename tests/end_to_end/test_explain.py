"""What `explain` says where there is nothing to look at, or it cannot be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.units import run


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("{collection}/nothing.tiff", "there is no such data object"),
        ("a.tiff", "it is neither a logical path, which begins with /, nor Image:ID"),
        ("Fileset:1", "it is neither a logical path, which begins with /, nor Image:ID"),
    ],
)
def test_what_is_not_there_is_told_in_words(scene: Scene, what: str, why: str) -> None:
    result = run(scene, "explain", what.format(collection=scene.collection))
    assert (result.exit_code, why in result.stderr) == (1, True)


def test_what_was_agreed_is_told_once(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    (agreed,) = scene.avus(path, "omero::agreement")
    said = "".join(run(scene, "explain", path).stdout.split())
    assert said.count('"fs":') == said.count("".join(agreed.split())) == 1


def test_a_collection_of_a_hierarchy_leads_to_its_document(scene: Scene) -> None:
    scene.user.collections.create(f"{scene.collection}/cells.zarr")
    assert "cells.zarr, which is one unit" in run(scene, "explain", f"{scene.collection}/cells.zarr").stdout


def test_a_collection_without_a_target_says_that_nothing_can_be_imported(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.user.collections.create(scene.collection)
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "file"))
    said = run(scene, "explain", scene.collection).stdout
    assert f"cannot be imported: {scene.collection} has no omero::target" in said


@pytest.mark.lab_only("has OMERO refuse the agent's password")
def test_where_omero_cannot_be_asked_it_says_why_and_not_that_the_data_is_gone(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    monkeypatch.setenv("IRODS_OMERO_OMERO_PASSWORD", "another one")
    result = run(scene, "explain", path)
    assert result.exit_code == 1
    assert "logging in" in result.stderr
    assert "no longer" not in result.stderr
