"""A unit that is a collection as a whole: what is said there is said of the unit, as on any of its files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, UnitCollection, ZoneView
from irods_omero.vocabulary import ARCHIVE, DIRECTORY, IMPORT, KEEP
from tests.unit.domain.agreed import RULE, data_object, deleted, joined, overwritten
from tests.unit.domain.strategies import FIRST, MAPPED, NAMES, NOW, TIERS
from tests.unit.domain.world import World, add_avu, change_collection, remove_avu, settle

POLICY = Policy("z", "omero.example", TIERS)
RUN = "/z/home/lab/run"


def directory(path: str = RUN) -> World:
    """An imported directory of two files, with one image."""
    files = (data_object(FIRST), data_object(FIRST + 1))
    zone = ZoneView(Unit(FIRST, DIRECTORY), files, RULE, collection=UnitCollection(path))
    return settle(World(POLICY, zone, clock=NOW, images_per_import=1))


def ask(world: World, request: str) -> World:
    """A user asks on the collection."""
    return change_collection(world, RUN, lambda avus: avus | {Avu(NAMES.request, request)})


def requests_of(world: World) -> list[frozenset[str]]:
    assert world.zone.collection is not None
    carried = [*(each.avus for each in world.zone.objects), world.zone.collection.avus]
    return [frozenset(avu.value for avu in avus if avu.attribute == NAMES.request) for avus in carried]


@pytest.mark.parametrize("request_", [KEEP, ARCHIVE])
def test_a_request_on_the_collection_is_one_on_all_and_is_taken_away_there(request_: str) -> None:
    asked = settle(ask(directory(), request_))
    assert requests_of(asked) == [{request_}] * 3
    assert request_ in {link.text for link in asked.look().omero.subjects[0].tags}
    taken = change_collection(asked, RUN, lambda _: frozenset())
    assert requests_of(settle(taken)) == [frozenset()] * 3


def test_a_request_on_a_file_is_shown_on_the_collection_and_goes_with_it() -> None:
    world = directory()
    first = world.zone.first.data_id
    asked = settle(add_avu(world, first, Avu(NAMES.request, KEEP)))
    assert requests_of(asked) == [{KEEP}] * 3
    (avu,) = {avu for avu in asked.zone.first.avus if avu.attribute == NAMES.request}
    assert requests_of(settle(remove_avu(asked, first, avu))) == [frozenset()] * 3


def test_a_collection_that_never_showed_what_is_agreed_takes_nothing_away() -> None:
    asked = settle(ask(directory(), KEEP))
    moved = replace(asked, zone=replace(asked.zone, collection=UnitCollection("/z/home/lab/other")))
    assert requests_of(settle(moved)) == [{KEEP}] * 3


def test_a_directory_of_which_nothing_is_said_has_nothing_written_for_its_collection() -> None:
    world = directory()
    assert world.base.collection == ""
    assert not decide(world.look()).plan


def ids_of(world: World) -> list[frozenset[Avu]]:
    """The ids of images that each of its files has, and then its collection."""
    assert world.zone.collection is not None
    carried = [*(each.avus for each in world.zone.objects), world.zone.collection.avus]
    names = (NAMES.fileset, NAMES.image, NAMES.url)
    return [frozenset(avu for avu in avus if avu.attribute in names) for avus in carried]


def test_the_ids_of_images_are_on_the_collection_and_on_the_first_file_and_go_with_the_images() -> None:
    first, other, collection = ids_of(directory())
    assert first == collection != frozenset()
    assert other == frozenset()
    assert ids_of(settle(deleted(directory()))) == [frozenset()] * 3


def test_ids_that_an_earlier_version_wrote_on_every_file_stay_until_they_are_wrong() -> None:
    world, place = directory(), directory().zone.objects[1].data_id
    for avu in ids_of(world)[0]:
        world = add_avu(world, place, avu)
    assert not decide(world.look()).plan
    world = settle(overwritten(world))
    first, other, collection = ids_of(world)
    assert (first, other) == (collection, frozenset())


def test_a_value_that_is_taken_away_from_one_file_of_the_same_ones_goes_and_a_new_file_takes_none_away() -> None:
    value = Avu(MAPPED[0][0], "a")
    policy = replace(POLICY, attributes=(MappedAttribute(*MAPPED[0]),))
    world = settle(add_avu(replace(directory(), policy=policy), FIRST, value))
    assert all(value in each.avus for each in world.zone.objects)
    world = settle(joined(world))
    assert [value in each.avus for each in world.zone.objects] == [True] * 3
    world = settle(remove_avu(world, world.zone.objects[2].data_id, value))
    assert not any(value in each.avus for each in world.zone.objects)


def test_an_import_is_asked_for_on_the_collection_and_answered_there() -> None:
    asked = settle(ask(directory(), IMPORT))
    assert requests_of(asked) == [frozenset()] * 3


def test_a_word_on_the_collection_that_is_no_request_is_told_and_stays() -> None:
    world = settle(ask(directory(), "archve"))
    assert requests_of(world)[-1] == {"archve"}
    assert not decide(world.look()).plan
