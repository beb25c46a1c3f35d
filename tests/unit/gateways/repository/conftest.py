"""OMERO's repository as a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from irods_omero.gateways.repository.directory import Repository
from tests.unit.gateways.repository.managed import BYTES, FOLDER, PATH


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "ManagedRepository"
    (root / FOLDER).mkdir(parents=True)
    return Repository(str(root))


@pytest.fixture
def place(repository: Repository) -> Path:
    """Where the file is, with its bytes."""
    place = Path(repository.path, PATH)
    place.write_bytes(BYTES)
    return place
