"""What rights on a collection have to do with the data objects in it: ACL is STRICT, as by default."""

from __future__ import annotations

from typing import Any

import irods.exception as ex
import irods.keywords as kw
import pytest
from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from tests.conformance.zone import BOB, Zone


def seen_by_bob(zone: Zone, data_id: int, *beside: Any) -> bool:
    """Whether a query of his over data objects, with some columns beside the id, finds this one."""
    return bool(list(zone.bob.query(DataObject.id, *beside).filter(DataObject.id == data_id)))


def test_reading_takes_rights_on_the_collection_as_well(zone: Zone) -> None:
    """zone-40: without them there is no such data object, for opening, objStat, and queries that name collections."""
    path = zone.put("file", b"bytes")
    zone.alice.acls.set(iRODSAccess("read", path, BOB))
    data_id = zone.alice.data_objects.get(path).id
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        zone.bob.data_objects.open(path, "r")
    assert not zone.bob.data_objects.exists(path)
    assert seen_by_bob(zone, data_id)
    assert not seen_by_bob(zone, data_id, Collection.name)
    zone.alice.acls.set(iRODSAccess("read", zone.collection, BOB))
    assert seen_by_bob(zone, data_id, Collection.name)
    with zone.bob.data_objects.open(path, "r") as stream:
        assert stream.read() == b"bytes"


def test_writing_an_avu_takes_rights_on_the_object_only(zone: Zone) -> None:
    """zone-41: a user may leave an AVU where the user cannot look."""
    path = zone.put("file")
    zone.alice.acls.set(iRODSAccess("write", path, BOB))
    zone.bob.metadata.add(DataObject, path, iRODSMeta("a", "v"))
    assert zone.avus(path) == {("a", "v", "")}


@pytest.mark.parametrize("recurse", [False, True])
def test_an_administrator_makes_no_collection_where_he_has_no_rights_unless_he_gives_them_to_himself(
    zone: Zone, recurse: bool
) -> None:
    """zone-78: the admin keyword is of no use, but it is for changing access."""
    path = f"{zone.collection}/made by an administrator"
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        zone.rods.collections.create(path, recurse=recurse, **{kw.ADMIN_KW: ""})
    zone.rods.acls.set(iRODSAccess("own", zone.collection, zone.rods.username), admin=True)
    zone.rods.collections.create(path, recurse=recurse)
    assert zone.rods.collections.exists(path)
    zone.rods.acls.set(iRODSAccess("own", path, zone.alice.username), admin=True)


def test_an_administrator_makes_somebody_else_the_owner_that_the_catalog_shows(zone: Zone) -> None:
    """zone-77: which gives no rights."""
    path = zone.put("file")
    change = {"dataOwner": BOB, "dataOwnerZone": zone.rods.zone}
    with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        zone.rods.data_objects.modDataObjMeta({"objPath": path}, dict(change), **{kw.ADMIN_KW: ""})
    zone.rods.data_objects.modDataObjMeta({"objPath": path}, {**change, kw.ADMIN_KW: ""})
    assert zone.rods.data_objects.get(path).owner_name == BOB
    with pytest.raises(ex.OBJ_PATH_DOES_NOT_EXIST):
        zone.bob.data_objects.open(path, "r")


def test_a_new_users_home_is_his_alone(zone: Zone) -> None:
    """zone-111."""
    name = "irods_omero_probe"
    zone.rods.users.create(name, "rodsuser")
    try:
        for home in (f"/{zone.rods.zone}/home/{name}", f"/{zone.rods.zone}/trash/home/{name}"):
            rights = zone.rods.acls.get(zone.rods.collections.get(home))
            assert [(each.access_name, each.user_name) for each in rights] == [("own", name)]
            with pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
                zone.rods.metadata.add(Collection, home, iRODSMeta("a", "v"))
            zone.rods.metadata.add(Collection, home, iRODSMeta("a", "v"), **{kw.ADMIN_KW: ""})
    finally:
        zone.rods.users.remove(name)
