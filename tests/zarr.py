"""OME-Zarr hierarchies for tests: metadata as real programs have written it, with a few chunks that nobody reads.

``zarr_metadata.json`` was written by ome-zarr-py 0.18, ngff-zarr 0.50, bioio-ome-zarr 3.8 and tensorstore 0.1.86, in
the versions 0.4 and 0.5 of OME-Zarr. tensorstore writes arrays only: the groups above them are ome-zarr-py's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

METADATA: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("zarr_metadata.json").read_text(encoding="utf-8")
)
"""Of each hierarchy the documents by their paths."""

IMAGES = sorted(name for name in METADATA if not name.endswith("plate"))
PLATES = sorted(set(METADATA) - set(IMAGES))
CHUNK = b"\0" * 64


def root_of(documents: dict[str, Any]) -> str:
    """The document that speaks for a hierarchy."""
    return "zarr.json" if "zarr.json" in documents else ".zattrs"


def several(name: str = "ome-zarr-py 0.4") -> dict[str, Any]:
    """Two images of one conversion, laid out as bioformats2raw does."""
    documents, is_3 = METADATA[name], "0.5" in name
    layout = {"bioformats2raw.layout": 3}
    series = {"series": ["0", "1"]}
    made: dict[str, Any] = {
        root_of(documents): {"attributes": {"ome": layout}} if is_3 else layout,
        f"OME/{root_of(documents)}": {"attributes": {"ome": series}} if is_3 else series,
    }
    return made | {f"{number}/{path}": document for number in "01" for path, document in documents.items()}


def files_of(documents: dict[str, Any], chunks: int = 3) -> dict[str, bytes]:
    """The files of a hierarchy, what speaks for it first: so do programs write them."""
    files = {path: json.dumps(document).encode() for path, document in documents.items()}
    root = root_of(documents)
    return {root: files.pop(root), **files, **{f"s0/c/0/0/{number}": CHUNK for number in range(chunks)}}
