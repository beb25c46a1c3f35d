"""Long lists as short texts, for AVUs: JSON, compressed."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from typing import Any

MOST_BYTES = 10**7
"""A text is not longer when it is unpacked: some hundred thousand paths, or a million ids."""


def compress_json(value: Any) -> str:
    """A value that JSON can hold; paths may have what is no Unicode."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
    return b64encode(zlib.compress(text, 9)).decode()


def decompress_json(text: str) -> Any:
    """The inverse of ``compress_json``.

    Raises:
        ValueError: It is none, or one that is far too long.
    """
    try:
        inflater = zlib.decompressobj()
        inflated = inflater.decompress(b64decode(text, validate=True), MOST_BYTES)
        if not inflater.eof:
            raise ValueError("it ends too early, or is too long")
        return json.loads(inflated.decode(errors="surrogatepass"))
    except (zlib.error, RecursionError) as error:
        raise ValueError(str(error)) from error
