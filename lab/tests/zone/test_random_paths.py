"""A zone that makes up the paths of files in vaults at random (zone-99), and files that nobody may change (zone-91)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import irods.exception as ex
import irods.keywords as kw
import pytest
from irods.models import DataObject
from irods.session import iRODSSession

from lab.zone import LabZone

FORM = r"rods/(\d|1[0-5])/(\d|1[0-5])/file\.\d{10}"


@pytest.fixture(scope="module")
def zone() -> Iterator[iRODSSession]:
    with LabZone(resources=("fast", "archive"), random_paths=True) as lab, lab.session() as session:
        yield session


def file_of(zone: iRODSSession, path: str) -> Path:
    """Where the file of its first replica is."""
    data_id = zone.data_objects.get(path).id
    rows = zone.query(DataObject.path, DataObject.replica_number).filter(DataObject.id == data_id)
    return Path(min(rows, key=lambda row: row[DataObject.replica_number])[DataObject.path])


def put(zone: iRODSSession, path: str) -> Path:
    with zone.data_objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: "fast"}) as stream:
        stream.write(b"bytes")
    return file_of(zone, path)


def test_a_file_has_such_a_path_which_it_keeps_when_it_is_renamed(zone: iRODSSession) -> None:
    file = put(zone, "/tempZone/home/rods/file")
    vault = zone.resources.get("fast").vault_path
    assert re.fullmatch(FORM, str(file.relative_to(vault)))
    zone.data_objects.move("/tempZone/home/rods/file", "/tempZone/home/rods/renamed")
    assert file_of(zone, "/tempZone/home/rods/renamed") == file
    zone.collections.create("/tempZone/home/rods/one")
    zone.data_objects.move("/tempZone/home/rods/renamed", "/tempZone/home/rods/one/renamed")
    zone.collections.move("/tempZone/home/rods/one", "/tempZone/home/rods/two")
    assert file_of(zone, "/tempZone/home/rods/two/renamed") == file
    assert file.read_bytes() == b"bytes"


def test_what_nobody_may_write_to_is_not_overwritten_but_can_be_trimmed(zone: iRODSSession) -> None:
    path = "/tempZone/home/rods/kept"
    file = put(zone, path)
    file.chmod(0o444)
    with (
        pytest.raises(ex.UNIX_FILE_OPEN_ERR),
        zone.data_objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: "fast"}),
    ):
        pass
    assert file.read_bytes() == b"bytes"
    zone.data_objects.replicate(path, "archive")
    zone.data_objects.trim(path, **{kw.COPIES_KW: "1", kw.REPL_NUM_KW: "0"})
    assert not file.exists()
    zone.data_objects.replicate(path, "fast")
    assert zone.data_objects.get(path).replicas[1].resource_name == "fast"
