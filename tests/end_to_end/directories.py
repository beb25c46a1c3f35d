"""Directories in a scene: what an instrument writes, and what is to be seen of them."""

from __future__ import annotations

from irods.models import Collection

from tests.pictures import focal_halves, lab_book
from tests.scene import Scene
from tests.scene.units import put

UPPER, LOWER, NOTES = "upper.ome.tiff", "lower.ome.tiff", "notes.txt"
RUN = "run 1"


def put_run(scene: Scene, directory: str = RUN) -> list[str]:
    """Two files that are one image, and notes in a collection below them; first the one that is opened."""
    lower, upper = focal_halves((LOWER, UPPER))
    made = {LOWER: lower, UPPER: upper, f"more/{NOTES}": lab_book()}
    return [put(scene, f"{directory}/{name}", content) for name, content in made.items()]


def errors_of(scene: Scene, directory: str = RUN) -> list[str]:
    """What a directory says is wrong with its files."""
    avus = scene.admin.metadata.get(Collection, f"{scene.collection}/{directory}".rstrip("/"))
    return [avu.value for avu in avus if avu.name == "omero::error"]


def marks_of(scene: Scene, path: str) -> list[str]:
    """The marks of a collection."""
    return [
        avu.value for avu in scene.admin.metadata.get(Collection, path) if avu.name in ("omero::sync", "omero::gather")
    ]


def units_of(scene: Scene, *paths: str) -> list[list[str]]:
    """The ids of the units that files belong to."""
    return [[first for first, _ in scene.memberships(path)] for path in paths]
