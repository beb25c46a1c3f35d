"""Servers whose vaults OMERO's places can be linked to: paths made up at random, and files that nobody may change.

It takes root: vault and repository belong to different users, as they do where OMERO runs as one of its own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from irods.models import DataObject, Resource
from irods.session import iRODSSession

from irods_omero.gateways.repository.vault import RANDOM

OMERO_USER = 60_001
"""Nobody's number, to whom the lab's repository belongs."""


@contextmanager
def linking_state() -> Iterator[Path]:
    """A directory for what the lab's servers keep, into which everybody may look."""
    if os.geteuid():
        pytest.skip("root is needed, for files that belong to others")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


def own_by_omero(repository: Path) -> None:
    """Have OMERO's repository belong to a user of its own."""
    os.chown(repository, OMERO_USER, OMERO_USER)


def files_of(zone: iRODSSession, data_id: int) -> dict[int, Path]:
    """Where the files of a data object's replicas are, by replica number."""
    columns = zone.query(DataObject.replica_number, DataObject.path).filter(DataObject.id == data_id)
    return {row[DataObject.replica_number]: Path(row[DataObject.path]) for row in columns}


def vault_of(zone: iRODSSession, resource: str) -> str:
    """The vault of a resource."""
    (row,) = zone.query(Resource.vault_path).filter(Resource.name == resource)
    return str(row[Resource.vault_path])


def protect(zone: iRODSSession, data_id: int) -> None:
    """What sites do to new files in a vault: nobody may write to them, and OMERO may read them."""
    for file in files_of(zone, data_id).values():
        file.chmod(0o444)
        for above in file.parents[:3]:
            above.chmod(0o755)


def skip_unless_random(zone: iRODSSession, data_id: int) -> None:
    """Leave a test out on a zone that gives files the paths of their data objects."""
    (file, *_) = files_of(zone, data_id).values()
    if not RANDOM.search(str(file)):
        pytest.skip("this zone does not make up paths at random: acSetVaultPathPolicy {msiSetRandomScheme; }")
