"""Data objects and their replicas: numbers, states, times, and who may read them."""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from pathlib import Path

import irods.keywords as kw
import pytest
from irods.exception import (
    OVERWRITE_WITHOUT_FORCE_FLAG,
    CollectionDoesNotExist,
    DataObjectDoesNotExist,
    iRODSException,
)

from tests.conformance.zone import AS_ADMIN, FAST, MEDIUM, SLOW, Zone

LONG_AGO = 1_000_000_000


def test_a_replicas_number_is_never_given_again_while_others_are_there(zone: Zone) -> None:
    """zone-49: the group AVU's units are a replica number, it keeps growing."""
    path = zone.put("file")
    for number, (source, target) in enumerate([(FAST, SLOW), (SLOW, FAST), (FAST, SLOW)], start=1):
        zone.alice.data_objects.replicate(path, target)
        assert zone.replicas(path) == sorted([(number - 1, source, "1"), (number, target, "1")])
        zone.alice.data_objects.trim(path, **{kw.RESC_NAME_KW: source, kw.COPIES_KW: "1"})
        assert zone.replicas(path) == [(number, target, "1")]


def test_a_new_replica_is_dated_now(zone: Zone) -> None:
    """zone-50: the move restarts the clock; the agent tells earlier content from a moved one by replica and time."""
    path = zone.put("file")
    zone.alice.data_objects.touch(path, seconds_since_epoch=LONG_AGO)
    zone.alice.data_objects.replicate(path, SLOW)
    old, new = sorted(zone.alice.data_objects.get(path).replicas, key=lambda replica: replica.number)
    assert old.modify_time.timestamp() == LONG_AGO
    assert new.modify_time.timestamp() > LONG_AGO


def test_a_new_replica_has_the_create_time_of_the_one_that_it_was_made_from(zone: Zone) -> None:
    """zone-87."""
    path = zone.put("a")
    (created,) = {replica.create_time for replica in zone.alice.data_objects.get(path).replicas}
    zone.wait_until(lambda: time.time() >= created.timestamp() + 2)
    zone.alice.data_objects.replicate(path, MEDIUM)
    zone.alice.data_objects.trim(path, **{kw.RESC_NAME_KW: FAST, kw.COPIES_KW: "1"})
    (moved,) = zone.alice.data_objects.get(path).replicas
    assert (moved.resource_name, moved.create_time) == (MEDIUM, created)
    assert moved.modify_time > created


def test_metadata_and_names_do_not_date_a_replica(zone: Zone) -> None:
    path = zone.put("file")
    zone.alice.data_objects.touch(path, seconds_since_epoch=LONG_AGO)
    zone.alice.data_objects.get(path).metadata.add("a", "v")
    zone.alice.data_objects.move(path, zone.path("moved"))
    (replica,) = zone.alice.data_objects.get(zone.path("moved")).replicas
    assert replica.modify_time.timestamp() == LONG_AGO


def test_new_content_leaves_other_replicas_stale(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/objects.py: a replica is good when its status is 1."""
    path = zone.put("file", b"old")
    zone.alice.data_objects.replicate(path, MEDIUM)
    data_id = zone.alice.data_objects.get(path).id
    zone.put("file", b"newer")
    assert zone.replicas(path) == [(0, FAST, "1"), (1, MEDIUM, "0")]
    sizes = {replica.resource_name: replica.size for replica in zone.alice.data_objects.get(path).replicas}
    assert sizes == {FAST: 5, MEDIUM: 3}
    assert zone.alice.data_objects.get(path).id == data_id, "an overwritten data object stays the same one"


def test_while_it_is_written_no_replica_is_good(zone: Zone) -> None:
    """zone-03: ``data_is_dirty`` 2 intermediate, 4 write-locked."""
    path = zone.put("file")
    zone.alice.data_objects.replicate(path, MEDIUM)
    with zone.alice.data_objects.open(path, "r+", **{kw.RESC_NAME_KW: FAST}) as stream:
        assert zone.replicas(path) == [(0, FAST, "2"), (1, MEDIUM, "4")]
        stream.write(b"x")
    assert zone.replicas(path) == [(0, FAST, "1"), (1, MEDIUM, "0")]


def test_a_checksum_is_there_when_somebody_asked_for_it(zone: Zone) -> None:
    """policies/irods_omero/domain/state/views.py: empty where none was computed."""
    path = zone.put("file", b"bytes")
    assert not zone.alice.data_objects.get(path).checksum
    expected = "sha2:" + b64encode(hashlib.sha256(b"bytes").digest()).decode()
    assert zone.alice.data_objects.chksum(path) == expected
    assert zone.alice.data_objects.get(path).checksum == expected
    zone.put("file", b"other")
    assert not zone.alice.data_objects.get(path).checksum, "new content has no old checksum"


def test_a_hierarchy_begins_with_the_root_resource(zone: Zone) -> None:
    """zone-49: take the tier from the replica's root resource."""
    path = zone.put("file")
    (replica,) = zone.alice.data_objects.get(path).replicas
    assert replica.resc_hier.partition(";")[0] == FAST


def test_putting_over_something_needs_force(zone: Zone, tmp_path: Path) -> None:
    """zone-66: put onto an existing path raises without force."""
    path = zone.put("file", b"old")
    file = tmp_path / "file"
    file.write_bytes(b"new")
    with pytest.raises(OVERWRITE_WITHOUT_FORCE_FLAG):
        zone.alice.data_objects.put(str(file), path, **{kw.FORCE_FLAG_KW: None})
    zone.alice.data_objects.put(str(file), path, **{kw.FORCE_FLAG_KW: ""})
    with zone.alice.data_objects.open(path, "r") as stream:
        assert stream.read() == b"new"


def test_the_admin_keyword_opens_other_peoples_data_to_administrators(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/streaming.py: the agent reads what it has no permission on."""
    path = zone.put("file", b"0123456789")
    with pytest.raises(iRODSException):
        zone.rods.data_objects.open(path, "r")
    with zone.rods.data_objects.open(path, "r", allow_redirect=False, **AS_ADMIN) as stream:
        assert (stream.read(4), stream.read(4), stream.read(4), stream.read(4)) == (b"0123", b"4567", b"89", b"")
    for keywords in ({}, AS_ADMIN):
        with pytest.raises(iRODSException):
            zone.bob.data_objects.open(path, "r", **keywords)


def test_an_empty_object_and_a_large_one_are_read_back_whole(zone: Zone) -> None:
    for name, content in (("empty", b""), ("large", bytes(range(256)) * 40_000)):
        path = zone.put(name, content)
        with zone.alice.data_objects.open(path, "r") as stream:
            assert stream.read() == content
        assert zone.alice.data_objects.get(path).size == len(content)


def test_what_is_not_there_is_said_to_be_not_there(zone: Zone) -> None:
    """policies/irods_omero/doctor and registration ask so."""
    with pytest.raises(DataObjectDoesNotExist):
        zone.alice.data_objects.get(zone.path("nothing"))
    with pytest.raises(CollectionDoesNotExist):
        zone.alice.collections.get(zone.path("nowhere"))


def test_the_last_good_replica_is_not_trimmed(zone: Zone) -> None:
    path = zone.put("file")
    zone.alice.data_objects.trim(path, **{kw.RESC_NAME_KW: FAST, kw.COPIES_KW: "1"})
    assert zone.replicas(path) == [(0, FAST, "1")]


def test_a_moved_collection_keeps_the_ids_of_what_it_holds(zone: Zone) -> None:
    """docs/concepts.md, units: a unit's id is the catalog id of its first object (zone-70)."""
    zone.alice.collections.create(zone.path("one/two"))
    path = zone.put("one/two/file")
    data_id = zone.alice.data_objects.get(path).id
    zone.alice.collections.move(zone.path("one"), zone.path("uno"))
    assert zone.alice.data_objects.get(zone.path("uno/two/file")).id == data_id
    assert not zone.alice.collections.exists(zone.path("one"))
