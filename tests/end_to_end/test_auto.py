"""Collections in which the agent tells what belongs together: files in any order become the units that they are."""

from __future__ import annotations

import json
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
import pytest
import tifffile
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import AUTO
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_directories import put
from tests.end_to_end.test_units import entries, run, unite
from tests.pictures import companion, focal_halves, lab_book, retina
from tests.scene import Scene

LATER = {"imports": {"settle_seconds": 1e6}}
UPPER, LOWER = "upper.ome.tiff", "lower.ome.tiff"


def tiff(seed: int = 0) -> bytes:
    """A plain TIFF."""
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.random.default_rng(seed).integers(0, 2**16, (16, 16), dtype=np.uint16))
    return buffer.getvalue()


def put_all(scene: Scene, files: dict[str, bytes], order: int = 0) -> dict[str, str]:
    """Write files in an order that a number stands for; their paths by their names."""
    names = sorted(files)
    Random(order).shuffle(names)
    return {name: put(scene, name, files[name]) for name in names}


def halves() -> dict[str, bytes]:
    """Two OME-TIFFs that are one image, as tifffile writes them."""
    lower, upper = focal_halves((LOWER, UPPER))
    return {LOWER: lower, UPPER: upper}


def unit_of(scene: Scene, path: str) -> str:
    """What a file says that it belongs to."""
    return "".join(scene.avus(path, "omero::unit"))


def together(scene: Scene, *paths: str) -> bool:
    """Whether files are one unit, the first of them its first, with images."""
    first = scene.shown(paths[0])
    units = {avu[1:] for path in paths for avu in scene.shown(path).avus if avu[0] == "omero::unit"}
    return units == {(str(first.data_id), AUTO)} and len(entries(scene, first)) == len(paths)


def errors(scene: Scene, path: str) -> list[str]:
    return scene.avus(path, "omero::error")


def explained(scene: Scene, path: str) -> dict[str, Any]:
    return dict(json.loads(run(scene, "explain", path, "--json").stdout)["directory"])


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers in which the agent tells what belongs together."""
    made = new_scene()
    made.watch(AUTO)
    return made


@pytest.mark.parametrize("order", range(3))
def test_files_that_belong_together_become_one_fileset_each_in_whatever_order_they_come(
    scene: Scene, order: int
) -> None:
    notes = {"cells.tif": tiff(1), "cells.txt": lab_book(), "cells.json": b"{}"}
    files = halves() | notes | {"retina.ome.tiff": retina(32), "deeper/alone.tiff": tiff(2)}
    made = put_all(scene, files, order)
    scene.sweep()
    assert together(scene, made[LOWER], made[UPPER])
    assert together(scene, made["cells.tif"], made["cells.txt"], made["cells.json"])
    assert together(scene, made["retina.ome.tiff"])
    assert together(scene, made["deeper/alone.tiff"])
    assert [errors(scene, path) + scene.avus(path, "omero::sync") for path in made.values()] == [[]] * len(files)
    shown = explained(scene, made["cells.txt"])
    assert (shown["path"], shown["rule"]) == (scene.collection, "it is the unit of cells.tif: one TIFF")
