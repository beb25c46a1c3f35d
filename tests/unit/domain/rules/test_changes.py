"""Units of several that have changed since their import, where that is left until somebody asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, UnitCollection
from irods_omero.vocabulary import DIRECTORY, FILE, IMPORT, LIST
from tests.unit.domain.agreed import agreed_world, deleted, overwritten
from tests.unit.domain.comparing import errors, shape
from tests.unit.domain.strategies import NAMES, TIERS
from tests.unit.domain.world import World, actions_of, add_avu, apply, change_collection, change_object, killed, settle

POLICY = Policy("z", "omero.example", TIERS, asks=True)
RUN = "/z/home/lab/run"
LATE = 999


def imported(kind: str = DIRECTORY, policy: Policy = POLICY) -> World:
    """An imported unit of two files, with one image."""
    world = agreed_world(policy, objects=2, images=1)
    collection = UnitCollection(RUN) if kind == DIRECTORY else None
    unit = Unit(world.zone.unit.data_id, kind)
    return settle(replace(world, zone=replace(world.zone, unit=unit, collection=collection)))


def with_late(world: World) -> World:
    """A file has come, and says that it belongs to the unit."""
    replica = replace(world.zone.first.replicas[0], modified=world.clock - 100)
    unit = Avu(NAMES.unit, str(world.zone.unit.data_id), world.zone.unit.kind)
    late = DataObject(LATE, f"{RUN}/late.tif", world.zone.first.owner, (replica,), frozenset({unit}))
    return replace(world, zone=replace(world.zone, objects=(*world.zone.objects, late)))


def said(world: World) -> list[str]:
    """What the collection says is wrong."""
    assert world.zone.collection is not None
    return [avu.value for avu in world.zone.collection.avus if avu.attribute == NAMES.error]


def ids(world: World) -> list[frozenset[str]]:
    return [each.values(NAMES.fileset) for each in world.zone.objects]


def test_what_is_new_is_said_on_the_collection_and_nothing_is_imported() -> None:
    world = settle(with_late(imported()))
    assert len(world.filesets) == 1
    assert ids(world)[2] == frozenset(), "it is in no fileset"
    (text,) = said(world)
    assert "request import" in text
    assert "1 file is new, written or moved since: late.tif" in text
    assert "late.tif" not in str(errors(world)), "with ten thousand files each text would be written so often"


def test_what_comes_from_another_unit_is_new_and_leads_to_the_images_of_that_no_longer() -> None:
    world = with_late(imported())
    world = settle(add_avu(world, LATE, Avu(NAMES.fileset, "123", POLICY.server)))
    assert "1 file is new, written or moved since: late.tif" in said(world)[0]
    assert ids(world)[2] == frozenset()


@pytest.mark.parametrize("kind", [DIRECTORY, LIST])
def test_when_it_is_asked_for_all_of_it_is_imported_and_nothing_is_wrong_any_more(kind: str) -> None:
    world = settle(with_late(imported(kind)))
    assert errors(world) != frozenset()
    world = settle(add_avu(world, world.zone.objects[1].data_id, Avu(NAMES.request, IMPORT)))
    assert len(world.filesets) == 2
    assert {*ids(world)} - {frozenset()} == {frozenset({str(world.omero.fileset)})}
    assert errors(world) == frozenset()
    assert world.base.anew is False
    assert [each.values(NAMES.request) for each in world.zone.objects] == [frozenset()] * 3


def test_a_request_on_the_collection_counts_for_all_that_has_come_until_the_import() -> None:
    world = settle(with_late(imported()))
    world = change_collection(world, RUN, lambda avus: avus | {Avu(NAMES.request, IMPORT)})
    world = settle(world)
    assert (len(world.filesets), said(world)) == (2, [])


def test_a_request_that_was_accepted_is_not_lost_with_the_agent() -> None:
    world = settle(with_late(imported()))
    world = add_avu(world, world.zone.first.data_id, Avu(NAMES.request, IMPORT))
    world = killed(apply(world, actions_of(decide(world.look()).plan)))
    assert world.zone.first.values(NAMES.request) == frozenset()
    assert decide(world.look()).plan.do_import is not None


def test_what_was_written_since_is_named_and_what_is_less_is_told() -> None:
    world = imported()
    replica = replace(world.zone.first.replicas[0], size=11, modified=world.clock - 50)
    world = change_object(world, world.zone.first.data_id, lambda each: replace(each, replicas=(replica,)))
    assert f"1 file is new, written or moved since: {world.zone.first.path}" in said(settle(world))[0]
    fewer = imported()
    fewer = settle(replace(fewer, zone=replace(fewer.zone, objects=fewer.zone.objects[:1])))
    assert "bytes, and has " in said(fewer)[0]


def test_images_that_were_deleted_do_not_come_back_by_a_late_file() -> None:
    world = settle(with_late(settle(deleted(imported()))))
    assert world.filesets == ()
    assert said(world) != []


def test_one_file_and_where_nobody_has_to_ask_are_imported_anew_at_once() -> None:
    one = settle(overwritten(agreed_world(POLICY)))
    assert one.zone.unit.kind == FILE
    assert len(one.filesets) == 2
    assert len(settle(with_late(imported(policy=replace(POLICY, asks=False)))).filesets) == 2


def test_who_asks_for_what_is_imported_is_served_and_may_ask_for_nothing_in_advance() -> None:
    world = imported()
    asked = settle(add_avu(world, world.zone.first.data_id, Avu(NAMES.request, IMPORT)))
    assert shape(asked) == shape(world)
    assert said(settle(with_late(asked))) != []
