"""Units of several files in a scene: what users and administrators do with them, and what is to be seen of them."""

from __future__ import annotations

import json
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
import omero
import tifffile
from click.testing import CliRunner, Result
from omero.rtypes import unwrap

from irods_omero.cli import main
from irods_omero.vocabulary import AUTO
from tests.pictures import focal_halves, lab_book
from tests.scene.scene import Scene
from tests.scene.snapshot import Snapshot

UPPER, LOWER = "upper.ome.tiff", "lower.ome.tiff"

LATER: dict[str, Any] = {"imports": {"settle_seconds": 1e6}}
"""The configuration of an agent for which nothing has come to rest yet."""


def put(scene: Scene, name: str, content: bytes | None = None) -> str:
    """The user writes a file, in a collection that is made if it is not there; returns its path."""
    scene.user.collections.create(f"{scene.collection}/{name}".rpartition("/")[0])
    return scene.put(name, lab_book() if content is None else content)


def run(scene: Scene, *arguments: str) -> Result:
    """An administrator gives a command."""
    return CliRunner().invoke(main, ["--config", str(scene.config), *arguments])


def unite(scene: Scene, *paths: str) -> None:
    """An administrator makes a unit of files."""
    result = run(scene, "unit", *paths)
    assert result.exit_code == 0, result.stderr


def explained(scene: Scene, path: str) -> dict[str, Any]:
    """What is said of the directory of a file, or of the place in which it is told what belongs together."""
    return dict(json.loads(run(scene, "explain", path, "--json").stdout)["directory"])


def entries(scene: Scene, shown: Snapshot) -> list[list[Any]]:
    """The files of the fileset that a data object's images are of: client path, folder, name and hash of each."""
    parameters = omero.sys.ParametersI().addId(shown.images[0].id)
    text = (
        "select e.clientPath, o.path, o.name, o.hash from FilesetEntry e join e.originalFile o "
        "where e.fileset.id in (select i.fileset.id from Image i where i.id = :id) order by e.id"
    )
    rows = scene.root.getSession().getQueryService().projection(text, parameters, {"omero.group": "-1"})
    return [[unwrap(value) for value in row] for row in rows]


def assert_quiet(scene: Scene) -> None:
    """Both sides agree: neither a reconcile nor a sweep writes anything."""
    scene.settle()
    run(scene, "reconcile")
    before = scene.writes()
    assert run(scene, "reconcile").exit_code == 0
    scene.sweep()
    assert scene.writes() == before


def assert_waits(scene: Scene) -> None:
    """What has not come to rest is looked at once, and then waits without a write."""
    scene.sweep(**LATER)
    before = scene.writes()
    report = scene.sweep(**LATER)
    assert (report.waiting, report.is_unfinished) == (1, False)
    assert scene.writes() == before


def tiff(seed: int = 0, software: str = "tifffile.py") -> bytes:
    """A plain TIFF, which names what wrote it."""
    buffer = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 2**16, (16, 16), dtype=np.uint16)
    tifffile.imwrite(buffer, pixels, software=software)
    return buffer.getvalue()


def mias_plate(folder: str, wells: int) -> dict[str, bytes]:
    """A plate as MIAS-2 writes it: a TIFF for each plane, in a collection for each well, and results beside these."""
    planes = {
        f"{folder}/Well{well:04}/mode{mode}_z000_t000_im0_0.tif": tiff(10 * well + mode, software="eaZYX")
        for well in range(1, wells + 1)
        for mode in (1, 2)
    }
    results = {f"{folder}/results/Well0001_mode1_z000_t000_AllModesOverlay.tif": tiff(5, software="eaZYX")}
    results[f"{folder}/results/Well0001_mode1_z000_t000_im0_0_detail.txt"] = lab_book()
    return planes | results | {f"{folder}/Nugenesistemplate.txt": lab_book()}


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


def together(scene: Scene, *paths: str, size: int = 0) -> bool:
    """Whether files are one unit, the first of them its first, with images; all of it, or of one of this size."""
    first = scene.shown(paths[0])
    units = {avu[1:] for path in paths for avu in scene.shown(path).avus if avu[0] == "omero::unit"}
    return units == {(str(first.data_id), AUTO)} and len(entries(scene, first)) == (size or len(paths))


def errors(scene: Scene, path: str) -> list[str]:
    """What a file says is wrong with it."""
    return scene.avus(path, "omero::error")
