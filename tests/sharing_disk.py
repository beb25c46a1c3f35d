"""A file system that shares blocks between files, and what shows that two files do.

Where the temporary directory is on none, one is made in a file and mounted, which takes root and ``mkfs.xfs``.
``IRODS_OMERO_TEST_SHARING`` can name a directory on one. Without all that, tests that need it are left out.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.sharing import why_not_shared
from irods_omero.gateways.repository.vault import Vault

VARIABLE = "IRODS_OMERO_TEST_SHARING"
SIZE = 640 * 1024 * 1024

FIEMAP = 0xC020660B
HEADER, EXTENT = struct.Struct("=QQIIII"), struct.Struct("=QQQQQIIII")
SYNC, MOST = 1, 512


@contextmanager
def sharing_disk() -> Iterator[Path]:
    """A directory on such a file system, empty, for the length of the block."""
    with tempfile.TemporaryDirectory(dir=os.environ.get(VARIABLE)) as name:
        directory = Path(name)
        if not why_not_shared(Repository(name), Vault(name)):
            yield directory
            return
        image, mounted = directory / "disk", directory / "mounted"
        if os.geteuid() or not shutil.which("mkfs.xfs"):
            pytest.skip(f"no file system that shares blocks: {VARIABLE} can name a directory on one")
        with image.open("wb") as file:
            file.truncate(SIZE)
        mounted.mkdir()
        subprocess.run(["mkfs.xfs", "-q", image], check=True)
        if subprocess.run(["mount", "-o", "loop", image, mounted], check=False).returncode:
            pytest.skip("a file system that shares blocks cannot be mounted here")
        try:
            yield mounted
        finally:
            subprocess.run(["umount", "--lazy", mounted], check=True)


def share_blocks(one: Path, other: Path) -> bool:
    """Whether all blocks of two files are the same ones on the disk."""
    return bool(_blocks(one)) and _blocks(one) == _blocks(other)


def _blocks(path: Path) -> list[tuple[int, int]]:
    """Where the bytes of a file are on its disk, block by block: start and number in the file, both in bytes."""
    request = bytearray(HEADER.pack(0, 2**63 - 1, SYNC, 0, MOST, 0) + bytes(MOST * EXTENT.size))
    with path.open("rb") as file:
        fcntl.ioctl(file, FIEMAP, request)
    (*_, mapped, _, _) = HEADER.unpack_from(request)
    extents = (EXTENT.unpack_from(request, HEADER.size + number * EXTENT.size) for number in range(mapped))
    block = os.statvfs(path).f_bsize
    return [
        (logical + at, physical + at) for logical, physical, length, *_ in extents for at in range(0, length, block)
    ]
