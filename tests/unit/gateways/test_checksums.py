"""Checksums as iRODS writes them."""

from __future__ import annotations

import pytest

from irods_omero.gateways.checksums import digest_of

HELLO = {
    "sha2:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=": True,
    "sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=": True,
    "5d41402abc4b2a76b9719d911017c592": True,
    "adler32:062c0215": True,
    "sha2:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=": False,
    "d41d8cd98f00b204e9800998ecf8427e": False,
}


@pytest.mark.parametrize(("checksum", "is_that"), HELLO.items())
def test_bytes_are_compared_with_a_checksum_of_each_kind(checksum: str, is_that: bool) -> None:
    digest = digest_of(checksum)
    assert digest is not None
    for block in (b"he", b"llo"):
        digest.update(block)
    assert digest.is_that_of(checksum) == is_that


@pytest.mark.parametrize("checksum", ["", "crc64:abc", "short"])
def test_what_nobody_can_compute_is_not_compared(checksum: str) -> None:
    assert digest_of(checksum) is None
