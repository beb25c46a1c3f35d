"""What is invalid is told on both sides, and left alone."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.rules.validity import TOLD, without_invalid
from irods_omero.domain.state.places import KEY, Place, tags_of
from irods_omero.domain.state.policy import TO_OMERO, MappedAttribute, Policy
from irods_omero.domain.state.views import Avu
from irods_omero.vocabulary import REQUEST_NAMESPACE, REQUESTS
from tests.unit.domain.agreed import agreed_world
from tests.unit.domain.strategies import FIRST, NAMES, TIERS
from tests.unit.domain.users import add_pair
from tests.unit.domain.world import World, add_avu, add_tag, settle

ATTRIBUTES = (MappedAttribute("a", tags_of("n")), MappedAttribute("b", tags_of("m"), TO_OMERO))
POLICY = Policy("z", "omero.example", TIERS, attributes=ATTRIBUTES)


def tagged(*tags: tuple[str, str]) -> World:
    world = agreed_world(POLICY)
    for namespace, text in tags:
        world = add_tag(world, world.omero.subjects[0].id, tags_of(namespace), text)
    return world


def test_what_is_valid_is_not_changed() -> None:
    observation = tagged(*((REQUEST_NAMESPACE, request) for request in REQUESTS), ("n", "DAPI"), ("", "\n")).look()
    assert without_invalid(observation) == (observation, "")


def test_only_what_is_invalid_is_removed() -> None:
    observation = tagged((REQUEST_NAMESPACE, "archve"), (REQUEST_NAMESPACE, "keep"), ("n", ""), ("m", "")).look()
    valid, told = without_invalid(observation)
    links = {(link.place.namespace, link.text) for link in valid.omero.subjects[0].tags}
    assert {(REQUEST_NAMESPACE, "keep"), ("m", "")} <= links
    assert not {(REQUEST_NAMESPACE, "archve"), ("n", "")} & links
    assert "tag 'archve': it is not one of the requests archive, restage, keep, show, import" in told
    assert "tag '': it cannot be an AVU, as it is empty" in told


def test_avus_that_are_no_requests() -> None:
    world = add_avu(tagged(), FIRST, Avu(NAMES.request, "Archive"))
    valid, told = without_invalid(world.look())
    assert valid.zone.first.values(NAMES.request) == frozenset()
    assert told == "AVU 'Archive': it is not one of the requests archive, restage, keep, show, import"


def test_not_more_is_told_than_people_read() -> None:
    _, told = without_invalid(tagged(*(("n", "x" * 2701 + str(number)) for number in range(9))).look())
    assert told.count("cannot be an AVU") == 1 <= TOLD
    _, told = without_invalid(tagged(*((REQUEST_NAMESPACE, str(number)) for number in range(9))).look())
    assert told.count("it is not one of the requests") == TOLD


KEYS = MappedAttribute("lab::*", Place(KEY, "k", "*"))


def with_pairs(*pairs: tuple[str, str]) -> World:
    world = agreed_world(replace(POLICY, attributes=(KEYS,)))
    for key, value in pairs:
        world = add_pair(world, world.omero.subjects[0].id, Place(KEY, "k", key), value)
    return world


def test_pairs_that_cannot_be_avus_stay_in_their_annotation() -> None:
    world = settle(with_pairs(("room", "2.13"), ("bell\x07", "x"), ("room", "x" * 2701)))
    assert world.zone.first.values("lab::room") == {"2.13"}
    (told,) = world.zone.first.values(NAMES.error)
    assert "value 'x': its key cannot be the attribute of an AVU, as it has control characters" in told
    assert "takes more than 2700 bytes" in told
    world = settle(add_avu(world, FIRST, Avu("lab::new", "y")))
    (pairs,) = [annotation.pairs for annotation in world.omero.subjects[0].key_values if annotation.namespace == "k"]
    assert [key for key, _ in pairs] == ["room", "bell\x07", "room", "new"]


def test_keys_without_a_value_are_nobody_s_business() -> None:
    world = settle(with_pairs(("room", "")))
    assert not world.zone.first.values(NAMES.error)
    assert not world.zone.first.values("lab::room")
    assert ("room", "") in [pair for annotation in world.omero.subjects[0].key_values for pair in annotation.pairs]
