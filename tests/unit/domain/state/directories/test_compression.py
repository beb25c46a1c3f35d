"""Compressed texts: what was packed is unpacked, and nothing else is."""

from __future__ import annotations

import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.directories.compression import MOST_BYTES, compress_json, decompress_json

TEXTS = st.text(st.characters(codec=None))
"""Paths of a zone may have bytes that are no Unicode, as surrogates."""


@given(st.lists(st.tuples(st.integers(), TEXTS).map(list)))
def test_what_was_packed_is_unpacked(value: list[list[int | str]]) -> None:
    text = compress_json(value)
    assert text.isascii()
    assert decompress_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "é",
        "no base64!",
        b64encode(b"not compressed").decode(),
        b64encode(zlib.compress(b"no JSON")).decode(),
        b64encode(zlib.compress(b"\xff")).decode(),
        b64encode(zlib.compress(b"[" * 10**6)).decode(),
        b64encode(zlib.compress(b"[" + b"1," * (MOST_BYTES // 2) + b"1]")).decode(),
        compress_json([1, 2, 3])[:-4],
    ],
)
def test_what_was_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decompress_json(text)
