"""Accounts of a zone: logging in, acting for others, permissions."""

from __future__ import annotations

import pytest
from irods.access import iRODSAccess
from irods.exception import CAT_INVALID_AUTHENTICATION, UserDoesNotExist, iRODSException
from irods.meta import iRODSMeta
from irods.models import DataObject

from tests.conformance.zone import ALICE, BOB, Zone
from tests.scene.accounts import AGENT_PASSWORD, PASSWORD
from tests.scene.places import AGENT_USER


def test_a_wrong_password_is_refused_by_name(zone: Zone) -> None:
    with zone.place.session(ALICE, "wrong") as session, pytest.raises(CAT_INVALID_AUTHENTICATION):
        session.collections.get(zone.collection)


def test_the_server_says_its_version(zone: Zone) -> None:
    """zone-44: iRODS 4.3 and 5; GenQuery2 needs a server >= 4.3.2."""
    assert (4, 3) <= zone.alice.server_version[:2] < (6, 0)


def test_an_account_that_is_there_has_its_type(zone: Zone) -> None:
    """policies/irods_omero/install/account.py."""
    assert zone.rods.users.get(AGENT_USER, zone.place.zone).type == "rodsadmin"
    assert zone.rods.users.get(ALICE, zone.place.zone).type == "rodsuser"
    with pytest.raises(UserDoesNotExist):
        zone.rods.users.get("conformance-nobody", zone.place.zone)


def test_an_administrator_acts_for_others_with_their_rights(zone: Zone) -> None:
    """irods_omero/doctor/facts/probe.py: hooks act with the client's rights, so that this is what users meet."""
    path = zone.put("file")
    for_alice = {"client_user": ALICE, "client_zone": zone.place.zone}
    with zone.place.session(AGENT_USER, AGENT_PASSWORD, **for_alice) as session:
        with session.data_objects.open(zone.path("hers"), "w") as stream:
            stream.write(b"x")
        session.metadata.add(DataObject, path, iRODSMeta("a", "v"))
    assert zone.rods.data_objects.get(zone.path("hers")).owner_name == ALICE
    assert zone.avus(path) == {("a", "v", "")}
    for_bob = {**for_alice, "client_user": BOB}
    with zone.place.session(AGENT_USER, AGENT_PASSWORD, **for_bob) as session, pytest.raises(iRODSException):
        session.metadata.add(DataObject, path, iRODSMeta("b", "v"))


def test_users_do_not_act_for_others(zone: Zone) -> None:
    for_bob = {"client_user": BOB, "client_zone": zone.place.zone}
    with zone.place.session(ALICE, PASSWORD, **for_bob) as session, pytest.raises(iRODSException):
        session.collections.get(f"/{zone.place.zone}/home/{BOB}")


def test_who_may_write_an_object_may_write_its_avus_and_who_may_read_it_not(zone: Zone) -> None:
    """zone-27: a mark was seen to work for another user with write permission."""
    path = zone.put("file", b"bytes")
    zone.alice.acls.set(iRODSAccess("read", path, BOB))
    zone.alice.acls.set(iRODSAccess("read", zone.collection, BOB))  # zone-40: else it cannot be opened
    with zone.bob.data_objects.open(path, "r") as stream:
        assert stream.read() == b"bytes"
    with pytest.raises(iRODSException):
        zone.bob.metadata.add(DataObject, path, iRODSMeta("a", "v"))
    zone.alice.acls.set(iRODSAccess("write", path, BOB))
    zone.bob.metadata.add(DataObject, path, iRODSMeta("a", "v"))
    assert zone.avus(path) == {("a", "v", "")}
