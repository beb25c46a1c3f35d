"""A managed file in a directory, for tests of OMERO's repository."""

from __future__ import annotations

import hashlib
from pathlib import Path

from irods_omero.domain.state.one_copy.managed_files import COPY, ManagedFile, OnDisk
from irods_omero.gateways.repository.copies import check, remove
from irods_omero.gateways.repository.directory import Repository

BYTES = b"pixels" * 100
FOLDER = "alice_2/2026-11/26"
PATH = f"{FOLDER}/cells.tiff"
TIME = 1_700_000_000_123


def managed(path: str = PATH, content: bytes = BYTES, kind: str = "SHA1-160") -> ManagedFile:
    digest = hashlib.sha1(content).hexdigest()
    return ManagedFile(7, path, len(content), digest, kind, TIME, "irods/z/1/1/cells.tiff", OnDisk(COPY, readable=True))


def seen(repository: Repository, path: str = PATH) -> OnDisk:
    return repository.look([(7, path, len(BYTES))])[7]


def evict(repository: Repository, file: ManagedFile) -> int:
    return remove(repository, file, check(repository, file))


def names(repository: Repository) -> list[str]:
    return sorted(each.name for each in Path(repository.path, FOLDER).iterdir())
