"""Differences: the actions that are needed, in a safe order, and none that is not."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.planning.diff import (
    diff_omero,
    diff_strays,
    diff_superseded,
    diff_tags,
    diff_zone,
)
from irods_omero.domain.rules.desired import DesiredAvu, DesiredState
from irods_omero.domain.state.actions import (
    AddAvu,
    AddTag,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetArchived,
    WriteKeyValues,
)
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS, TYPED_TAGS, tags_of
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, ImageState, KeyValues, OmeroView, Subject, TagLink, ZoneView
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import NAMES

N = tags_of("n")
MINE, ALSO, OTHER = TagLink(1, 11, N, "a", 7), TagLink(2, 11, N, "a", 8), TagLink(3, 12, tags_of("other"), "a", 7)
SUBJECT = Subject("Image", 50, 7, 3, frozenset({MINE, ALSO, OTHER}))
PAIRS = (("path", "/z/a"),)
DESIRED = DesiredState(shown={N: frozenset("a")}, pairs=PAIRS, archived=False, avus={}, ids={})


def test_a_tag_goes_for_every_user_who_put_it_there() -> None:
    assert list(diff_tags(SUBJECT, {N: frozenset("b")})) == [
        AddTag(SUBJECT, N, "b"),
        RemoveTag(SUBJECT, 1, 7),
        RemoveTag(SUBJECT, 2, 8),
    ]


def test_a_tag_that_is_to_stay_stays_for_every_user() -> None:
    assert list(diff_tags(SUBJECT, {N: frozenset("a")})) == []


def test_a_request_word_that_was_typed_gives_way_to_its_tag_or_goes() -> None:
    typed, proper = TagLink(4, 13, TYPED_TAGS, "keep", 8), TagLink(5, 14, REQUEST_TAGS, "keep", 7)
    only = replace(SUBJECT, tags=frozenset({typed}))
    both = replace(SUBJECT, tags=frozenset({typed, proper}))
    assert list(diff_tags(only, {REQUEST_TAGS: frozenset({"keep"})})) == [
        AddTag(only, REQUEST_TAGS, "keep"),
        RemoveTag(only, 4, 8),
    ]
    assert list(diff_tags(both, {REQUEST_TAGS: frozenset({"keep"})})) == [RemoveTag(both, 4, 8)]
    assert list(diff_tags(only, {REQUEST_TAGS: frozenset()})) == [RemoveTag(only, 4, 8)]


def test_namespaces_that_are_not_named_are_left_alone() -> None:
    assert list(diff_tags(SUBJECT, {})) == []


def test_key_value_pairs_are_written_once_and_copies_go() -> None:
    right, copy = KeyValues(1, 10, 7, PAIRS), KeyValues(2, 20, 8, PAIRS)
    tagged = replace(SUBJECT, key_values=frozenset({right}))
    assert diff_omero(OmeroView(5, (), (tagged,)), DESIRED) == ()
    copied = replace(SUBJECT, key_values=frozenset({copy, right}))
    assert diff_omero(OmeroView(5, (), (copied,)), DESIRED) == (RemoveKeyValues(copied, 20, 8),)
    wrong = replace(SUBJECT, key_values=frozenset({replace(right, pairs=())}))
    changed = WriteKeyValues(wrong, replace(right, pairs=()), PAIRS)
    assert diff_omero(OmeroView(5, (), (wrong,)), DESIRED) == (changed,)
    assert diff_omero(OmeroView(5, (), (SUBJECT,)), DESIRED) == (WriteKeyValues(SUBJECT, None, PAIRS),)


def test_the_archived_flag_is_set_as_the_owner_where_it_differs() -> None:
    subject = replace(SUBJECT, kind="Plate", key_values=frozenset({KeyValues(1, 10, 7, PAIRS)}))
    images = (ImageState(50, archived=True), ImageState(51))
    desired = replace(DESIRED, archived=True)
    assert diff_omero(OmeroView(5, images, (subject,)), desired) == (SetArchived(51, 7, 3, archived=True),)


def test_images_of_earlier_contents_lose_state_request_and_pairs() -> None:
    links = {TagLink(4, 1, TIER_TAGS, "tier:fast", 7), TagLink(5, 2, REQUEST_TAGS, "keep", 8), MINE}
    old = replace(SUBJECT, tags=frozenset(links), key_values=frozenset({KeyValues(1, 10, 7, PAIRS)}))
    assert diff_superseded(OmeroView(superseded=(old,))) == (
        RemoveTag(old, 5, 8),
        AddTag(old, TIER_TAGS, "superseded"),
        RemoveTag(old, 4, 7),
        RemoveKeyValues(old, 10, 7),
    )


def zone_with(*avus: Avu) -> ZoneView:
    return ZoneView(Unit(10), (data_object(10, avus=frozenset(avus)),))


PATH = "/z/home/lab/10.tiff"


def test_new_avus_come_before_old_ones_go() -> None:
    assert diff_zone(zone_with(Avu("a", "old", "u"), Avu("b", "x")), {"a": frozenset({DesiredAvu("new", "v")})}) == (
        AddAvu(10, PATH, Avu("a", "new", "v")),
        RemoveAvu(10, PATH, Avu("a", "old", "u")),
    )


def test_units_count_only_where_they_mean_something() -> None:
    zone = zone_with(Avu("a", "x", "one"), Avu("a", "x", "two"))
    assert diff_zone(zone, {"a": frozenset({DesiredAvu("x", "three", strict=False)})}) == ()
    assert diff_zone(zone, {"a": frozenset({DesiredAvu("x", "one")})}) == (RemoveAvu(10, PATH, Avu("a", "x", "two")),)
    assert diff_zone(zone, {"a": frozenset()}) == (
        RemoveAvu(10, PATH, Avu("a", "x", "one")),
        RemoveAvu(10, PATH, Avu("a", "x", "two")),
    )


def test_only_the_first_data_object_keeps_an_agreement() -> None:
    agreement = Avu(NAMES.agreement, "{}", "1")
    first, second = (data_object(number, avus=frozenset({agreement, Avu("a", "x")})) for number in (10, 11))
    assert diff_strays(ZoneView(Unit(10), (first, second)), NAMES) == (RemoveAvu(11, "/z/home/lab/11.tiff", agreement),)
