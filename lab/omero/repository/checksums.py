"""Checksums as the real server writes them: in hexadecimal, whole numbers with the lowest byte first."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 20
SUPPORTED = ("SHA1-160", "MD5-128", "CRC-32", "Adler-32", "File-Size-64")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def checksum(algorithm: str, path: Path) -> str:
    """Return the checksum of a file by one of the supported algorithms."""
    if algorithm == "File-Size-64":
        return path.stat().st_size.to_bytes(8, "little").hex()
    if algorithm in ("CRC-32", "Adler-32"):
        compute, value = (zlib.crc32, 0) if algorithm == "CRC-32" else (zlib.adler32, 1)
        for block in _blocks(path):
            value = compute(block, value)
        return value.to_bytes(4, "little").hex()
    digest = hashlib.new({"SHA1-160": "sha1", "MD5-128": "md5"}[algorithm], usedforsecurity=False)
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()
