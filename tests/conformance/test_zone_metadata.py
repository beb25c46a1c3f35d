"""AVUs: what adding, removing and setting come to, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from irods.exception import (
    CAT_NO_ACCESS_PERMISSION,
    CAT_SUCCESS_BUT_WITH_NO_INFO,
    CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME,
    iRODSException,
)
from irods.meta import AVUOperation, iRODSMeta
from irods.models import Collection, DataObject, Resource

from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.avus import change_value
from irods_omero.gateways.zone.connection import ZoneConnection
from tests.conformance.zone import AS_ADMIN, FAST, Zone, avus_of, collection_avus

HOSTILE = ['it\'s "quoted"', "100% _ *", "back\\slash\\", "emoji 😀 中", "<&amp;>", "a && b || c", "'); drop table x"]


def add(session: Any, path: str, *avu: str, **keywords: str) -> None:
    session.metadata.add(DataObject, path, iRODSMeta(*avu), **keywords)


def test_adding_an_avu_that_is_there_is_refused_by_name(zone: Zone) -> None:
    """zone-35: the same again raises -809000."""
    path = zone.put("file")
    add(zone.alice, path, "a", "v", "u")
    with pytest.raises(CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME) as caught:
        add(zone.alice, path, "a", "v", "u")
    assert caught.value.code == -809000
    assert zone.avus(path) == {("a", "v", "u")}


def test_removing_an_avu_that_is_not_there_succeeds_with_no_info(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/avus.py: what the agent takes for done."""
    path = zone.put("file")
    with pytest.raises(CAT_SUCCESS_BUT_WITH_NO_INFO) as caught:
        zone.alice.metadata.remove(DataObject, path, iRODSMeta("a", "v", "u"))
    assert caught.value.code == -819000


@pytest.mark.parametrize("units", ["", "s"])
def test_a_value_is_changed_only_where_the_avu_is_still_there_and_on_no_other_object(
    zone: Zone, agent_zone: ZoneConnection, units: str
) -> None:
    """zone-98: whoever has changed it meanwhile has the last word, and an object that has the same AVU keeps it."""
    path, other = zone.put("file"), zone.put("other")
    for each in (path, other):
        add(zone.alice, each, "a", "1", units)
    assert change_value(agent_zone, path, Avu("a", "1", units), "2")
    assert (zone.avus(path), zone.avus(other)) == ({("a", "2", units)}, {("a", "1", units)})
    assert not change_value(agent_zone, path, Avu("a", "1", units), "3")
    assert not change_value(agent_zone, path, Avu("a", "2", "other"), "3")
    assert zone.avus(path) == {("a", "2", units)}


def test_units_make_another_avu(zone: Zone) -> None:
    """docs/concepts.md, marks: marks are constant triples."""
    path = zone.put("file")
    triples = {("a", "v", ""), ("a", "v", "1"), ("a", "v", "2"), ("a", "w", "1")}
    for triple in triples:
        add(zone.alice, path, *triple)
    assert zone.avus(path) == triples
    zone.alice.metadata.remove(DataObject, path, iRODSMeta("a", "v", "1"))
    zone.alice.metadata.remove(DataObject, path, iRODSMeta("a", "v"))
    assert zone.avus(path) == {("a", "v", "2"), ("a", "w", "1")}


def test_setting_leaves_one_avu_of_the_attribute(zone: Zone) -> None:
    """zone-13: set, or add, or delete then add, depending on what was there."""
    path, other = zone.put("file"), zone.put("other")
    set_to = zone.alice.metadata.set
    set_to(DataObject, path, iRODSMeta("a", "first"))
    assert zone.avus(path) == {("a", "first", "")}
    set_to(DataObject, path, iRODSMeta("a", "changed in place", "u"))
    assert zone.avus(path) == {("a", "changed in place", "u")}
    add(zone.alice, path, "a", "second", "w")
    set_to(DataObject, path, iRODSMeta("a", "instead of two"))
    assert zone.avus(path) == {("a", "instead of two", "")}
    add(zone.alice, other, "a", "instead of two")
    set_to(DataObject, path, iRODSMeta("a", "not shared"))
    assert (zone.avus(path), zone.avus(other)) == ({("a", "not shared", "")}, {("a", "instead of two", "")})


def test_setting_what_is_there_already_changes_nothing(zone: Zone) -> None:
    path = zone.put("file")
    for _ in range(2):
        zone.alice.metadata.set(DataObject, path, iRODSMeta("a", "v", "u"))
    assert zone.avus(path) == {("a", "v", "u")}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_only_text(zone: Zone, text: str) -> None:
    """Paths with quotes, ``%``, emoji and backslashes go through the whole story."""
    path = zone.put(text)
    add(zone.alice, path, f"a {text}", f"v {text}", f"u {text}")
    assert zone.avus(path) == {(f"a {text}", f"v {text}", f"u {text}")}
    zone.alice.metadata.set(DataObject, path, iRODSMeta(f"a {text}", text))
    assert zone.avus(path) == {(f"a {text}", text, "")}
    zone.alice.metadata.remove(DataObject, path, iRODSMeta(f"a {text}", text))
    assert zone.avus(path) == set()


def test_an_agreement_of_the_greatest_length_is_kept_whole(zone: Zone) -> None:
    """zone-36: a value ends at 2,700 bytes; the product's JSON is compact and shorter."""
    path, value = zone.put("file"), "x" * 2699
    add(zone.alice, path, "a", value)
    assert zone.avus(path) == {("a", value, "")}


def test_collections_have_avus_and_resources_too(zone: Zone) -> None:
    zone.alice.metadata.set(Collection, zone.collection, iRODSMeta("a", "v", "u"))
    assert collection_avus(zone, zone.collection) == {("a", "v", "u")}
    zone.rods.metadata.set(Resource, FAST, iRODSMeta("conformance", "v", "u"))
    assert ("conformance", "v", "u") in avus_of(zone.alice, Resource, FAST)
    with pytest.raises(iRODSException):
        zone.alice.metadata.set(Resource, FAST, iRODSMeta("conformance", "mine"))


@pytest.mark.parametrize("who", ["bob", "rods"])
def test_without_rights_on_the_object_nobody_writes_its_avus(zone: Zone, who: str) -> None:
    """zone-42: an administrator without the admin flag has no rights on the object itself: -818000."""
    path = zone.put("file")
    with pytest.raises(CAT_NO_ACCESS_PERMISSION) as caught:
        add(getattr(zone, who), path, "a", "v")
    assert caught.value.code == -818000
    assert zone.avus(path) == set()


def test_the_admin_keyword_opens_other_peoples_avus_to_administrators(zone: Zone) -> None:
    """policies/irods_omero/gateways/zone/avus.py: given with each call."""
    path = zone.put("file")
    add(zone.rods, path, "a", "v", **AS_ADMIN)
    zone.rods.metadata.set(DataObject, path, iRODSMeta("b", "w"), **AS_ADMIN)
    assert zone.avus(path) == {("a", "v", ""), ("b", "w", "")}
    zone.rods.metadata.remove(DataObject, path, iRODSMeta("a", "v"), **AS_ADMIN)
    zone.rods.metadata.set(Collection, zone.collection, iRODSMeta("c", "v"), **AS_ADMIN)
    assert zone.avus(path) == {("b", "w", "")}
    assert collection_avus(zone, zone.collection) == {("c", "v", "")}


def test_the_admin_keyword_is_nothing_for_users(zone: Zone) -> None:
    path = zone.put("file")
    with pytest.raises(iRODSException):
        add(zone.bob, path, "a", "v", **AS_ADMIN)
    assert zone.avus(path) == set()


def test_atomic_operations_do_not_mind_what_is_there_already(zone: Zone) -> None:
    """zone-35: no error when it is already there, nor when there is nothing to remove."""
    path = zone.put("file")
    add(zone.alice, path, "there", "v")
    zone.alice.metadata.apply_atomic_operations(
        DataObject,
        path,
        AVUOperation(operation="add", avu=iRODSMeta("there", "v")),
        AVUOperation(operation="add", avu=iRODSMeta("new", "v", "u")),
        AVUOperation(operation="remove", avu=iRODSMeta("missing", "v")),
    )
    assert zone.avus(path) == {("there", "v", ""), ("new", "v", "u")}


def test_avus_stay_with_an_object_that_is_renamed_overwritten_or_put_into_the_trash(zone: Zone) -> None:
    """zone-10: ``irm`` without ``-f`` is a rename into the trash, AVUs and all."""
    path, moved = zone.put("file"), zone.path("moved")
    data_id = zone.alice.data_objects.get(path).id
    add(zone.alice, path, "a", "v")
    zone.put("file", b"other content")
    zone.alice.data_objects.move(path, moved)
    assert (zone.alice.data_objects.get(moved).id, zone.avus(moved)) == (data_id, {("a", "v", "")})
    zone.alice.data_objects.unlink(moved)
    trashed = moved.replace("/home/", "/trash/home/", 1)
    assert (zone.alice.data_objects.get(trashed).id, zone.avus(trashed)) == (data_id, {("a", "v", "")})
    zone.alice.data_objects.unlink(trashed, force=True)
