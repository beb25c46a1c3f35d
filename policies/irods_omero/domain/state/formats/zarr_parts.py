"""Whether a file is part of a Zarr hierarchy in a collection not named ``*.zarr``: by its name, and what is above."""

from __future__ import annotations

import re
from collections.abc import Container

from irods_omero.vocabulary import ZARR, ZARR_ROOTS, zarr_of

DOCUMENTS = (*ZARR_ROOTS, ".zgroup", ".zarray", ".zmetadata")
"""Names of metadata objects, of version 2 and of version 3."""

_CHUNK = re.compile(r"\d+(\.\d+)*|c")
"""What chunks are called, and the collections that they are in."""


def collections_above(path: str) -> tuple[str, ...]:
    """Which collections may be the hierarchy of a data object, from the outermost on; none where its name is no part's.

    Collections that are called as chunks are left out: of very many chunks few are left.
    """
    folder, _, name = path.rpartition("/")
    if zarr_of(path) or not (name in DOCUMENTS or _CHUNK.fullmatch(name)):
        return ()
    parts = folder.split("/")
    while name not in DOCUMENTS and _CHUNK.fullmatch(parts[-1]):
        parts.pop()
    return tuple("/".join(parts[:depth]) for depth in range(2, len(parts) + 1))


def hierarchy_of(path: str, holding: Container[str]) -> str:
    """The outermost collection above a data object that is a hierarchy; empty for none.

    Args:
        path: Of the data object.
        holding: The collections that hold a document which speaks for a hierarchy.
    """
    return next((each for each in collections_above(path) if each in holding), "")


def how_to_name(hierarchy: str) -> str:
    """What is wrong with a hierarchy that is not called so, and what to do."""
    return f"{hierarchy} is a Zarr hierarchy, which is one unit if its name says so: rename it to {hierarchy}{ZARR}"
