"""Which collections may be the hierarchy of a file, by its name."""

from __future__ import annotations

import pytest

from irods_omero.domain.state.formats.zarr_parts import collections_above, hierarchy_of


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/z/home/img/0/0/0/0/0", "/z/home/img"),
        ("/z/home/img/s0/c/0/1/2", "/z/home/img/s0"),
        ("/z/home/img/0/0.0.0", "/z/home/img"),
        ("/z/home/img/0/.zarray", "/z/home/img/0"),
        ("/z/home/img/zarr.json", "/z/home/img"),
        ("/z/home/img/1.tif", None),
        ("/z/home/img.zarr/0/0", None),
    ],
)
def test_chunks_and_documents_are_told_by_their_names(path: str, nearest: str | None) -> None:
    assert next(iter(collections_above(path)[::-1]), None) == nearest


def test_the_outermost_collection_with_a_document_is_the_hierarchy() -> None:
    holding = {"/z/home/plate", "/z/home/plate/A/1/0"}
    assert hierarchy_of("/z/home/plate/A/1/0/0/0/0", holding) == "/z/home/plate"
    assert hierarchy_of("/z/home/2024/001", holding) == ""
