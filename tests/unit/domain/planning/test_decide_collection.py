"""A unit that is a collection as a whole: what is said there is said of the unit, as on any of its files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, UnitCollection
from irods_omero.vocabulary import ARCHIVE, DIRECTORY, IMPORT, KEEP
from tests.unit.domain.agreed import agreed_world
from tests.unit.domain.strategies import NAMES, TIERS
from tests.unit.domain.world import World, add_avu, change_collection, remove_avu, settle

POLICY = Policy("z", "omero.example", TIERS)
RUN = "/z/home/lab/run"


def directory(path: str = RUN) -> World:
    """An imported directory of two files, with one image."""
    world = agreed_world(POLICY, objects=2, images=1)
    unit = Unit(world.zone.unit.data_id, DIRECTORY)
    return settle(replace(world, zone=replace(world.zone, unit=unit, collection=UnitCollection(path))))


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


def test_an_import_is_asked_for_on_the_collection_and_answered_there() -> None:
    asked = settle(ask(directory(), IMPORT))
    assert requests_of(asked) == [frozenset()] * 3


def test_a_word_on_the_collection_that_is_no_request_is_told_and_stays() -> None:
    world = settle(ask(directory(), "archve"))
    assert requests_of(world)[-1] == {"archve"}
    assert not decide(world.look()).plan
