"""Checksums as iRODS writes them, computed from bytes."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from typing import Protocol

MD5_DIGITS = 32
"""An MD5 sum comes without the name of its algorithm."""


class Digest(Protocol):
    """A checksum that is being computed."""

    def update(self, block: bytes) -> None:
        """Take some more bytes into account."""

    def is_that_of(self, checksum: str) -> bool:
        """Whether the bytes so far have this checksum."""


class _Hash:
    """A cryptographic digest: in base 64 with the name of its algorithm before it, or in hexadecimal digits for MD5."""

    def __init__(self, name: str, prefix: str) -> None:
        self._hash = hashlib.new(name, usedforsecurity=False)
        self._prefix = prefix

    def update(self, block: bytes) -> None:
        self._hash.update(block)

    def is_that_of(self, checksum: str) -> bool:
        if not self._prefix:
            return self._hash.hexdigest() == checksum.lower()
        return self._prefix + base64.b64encode(self._hash.digest()).decode() == checksum


class _Adler32:
    def __init__(self) -> None:
        self._value = 1

    def update(self, block: bytes) -> None:
        self._value = zlib.adler32(block, self._value)

    def is_that_of(self, checksum: str) -> bool:
        return f"adler32:{self._value:08x}" == checksum.lower()


KINDS: dict[str, Callable[[], Digest]] = {
    "sha2": lambda: _Hash("sha256", "sha2:"),
    "sha512": lambda: _Hash("sha512", "sha512:"),
    "sha1": lambda: _Hash("sha1", "sha1:"),
    "adler32": _Adler32,
}
"""The algorithms that a zone can be set to (``default_hash_scheme``), besides MD5."""


OMERO_KINDS = {"SHA1-160": "sha1", "MD5-128": "md5"}
"""The algorithms of OMERO that are compared, by their names there."""


def hexadecimal_digest(kind: str) -> Digest | None:
    """What computes a hash of this kind as OMERO writes it; None for a kind that is not compared."""
    return _Hash(OMERO_KINDS[kind], "") if kind in OMERO_KINDS else None


def scheme_of(checksum: str) -> str:
    """The name of the algorithm of a checksum as iRODS writes it; empty for MD5, which names none."""
    scheme, colon, _ = checksum.partition(":")
    return scheme if colon else ""


def digest_of(checksum: str) -> Digest | None:
    """What computes a checksum of the same kind as this one; None for none, and for a kind that nobody knows."""
    scheme, colon, _ = checksum.partition(":")
    if colon:
        return KINDS[scheme]() if scheme in KINDS else None
    return _Hash("md5", "") if len(checksum) == MD5_DIGITS else None
