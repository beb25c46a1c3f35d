"""Files that are registered where they are, outside of the vault: iRODS unregisters them, and takes none away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import irods.keywords as kw
import pytest
from irods.exception import UNIX_FILE_OPEN_ERR, iRODSException

from tests.conformance.zone import AS_ADMIN, FAST, SLOW, Zone

NOT_THERE = "UNIX_FILE_STAT_ERR"


def register(zone: Zone, path: str, resource: str, content: bytes, **options: str) -> Path:
    """Make a file of this machine a data object, or a replica of one; returns the file."""
    file = zone.folder / "in place"
    file.write_bytes(content)
    file.chmod(0o644)
    zone.folder.chmod(0o755)  # the zone's servers may run as somebody else
    try:
        zone.rods.data_objects.register(str(file), path, **{kw.DEST_RESC_NAME_KW: resource, **options})
    except iRODSException as error:
        if NOT_THERE in type(error).__name__:
            pytest.skip("the zone does not see the files of this machine")
        raise
    return file


def remove(zone: Zone, path: str) -> None:
    zone.rods.data_objects.unlink(path, force=True)


def trim(zone: Zone, path: str) -> None:
    zone.rods.data_objects.replicate(path, SLOW)
    zone.rods.data_objects.trim(path, **{kw.RESC_NAME_KW: FAST, kw.COPIES_KW: "1"})
    assert [resource for _, resource, _ in zone.replicas(path)] == [SLOW]


def rename(zone: Zone, path: str) -> None:
    zone.rods.data_objects.move(path, f"{path} elsewhere")
    remove(zone, f"{path} elsewhere")


@pytest.mark.parametrize("end", [remove, trim, rename])
def test_the_file_stays_whatever_becomes_of_the_data_object(zone: Zone, end: Callable[[Zone, str], None]) -> None:
    """zone-89: so whoever owns the file goes on having it."""
    path = f"/{zone.place.zone}/home/{zone.place.user}/{zone.folder.name}"
    file = register(zone, path, FAST, b"bytes")
    try:
        end(zone, path)
    finally:
        if zone.rods.data_objects.exists(path):
            remove(zone, path)
    assert file.read_bytes() == b"bytes"


@pytest.mark.parametrize(("mode", "may"), [(0o644, False), (0o666, True)], ids=oct)
def test_opening_it_tells_whether_the_server_may_write_it_and_changes_nothing(zone: Zone, mode: int, may: bool) -> None:
    """zone-91: where the server's account is not the one that runs this, as it is not OMERO's either."""
    path = f"/{zone.place.zone}/home/{zone.place.user}/{zone.folder.name}"
    file = register(zone, path, FAST, b"bytes")
    try:
        file.chmod(mode)
        if may:
            zone.rods.data_objects.open(path, "r+", allow_redirect=False).close()
        else:
            with pytest.raises(UNIX_FILE_OPEN_ERR):
                zone.rods.data_objects.open(path, "r+", allow_redirect=False)
        (replica,) = zone.rods.data_objects.get(path).replicas
        assert (replica.size, replica.status, replica.path) == (5, "1", str(file))
        assert file.read_bytes() == b"bytes"
    finally:
        remove(zone, path)


def test_a_file_in_place_may_be_the_only_replica_that_is_left_and_the_catalog_names_its_path(zone: Zone) -> None:
    """zone-106: by that it is known to be no copy; its checksum is the one that the others had."""
    path = zone.put("file", b"bytes")
    checksum = zone.alice.data_objects.chksum(path)
    file = register(zone, path, SLOW, b"bytes", **{kw.REG_REPL_KW: "", **AS_ADMIN})
    zone.rods.data_objects.trim(path, **{kw.RESC_NAME_KW: FAST, kw.COPIES_KW: "1", **AS_ADMIN})
    (replica,) = zone.rods.data_objects.get(path).replicas
    assert (replica.resource_name, replica.path, replica.checksum) == (SLOW, str(file), checksum)
