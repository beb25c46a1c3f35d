"""Key-value pairs: the pairs of users stay, in their order, and annotations that others see are not changed."""

from __future__ import annotations

from irods_omero.domain.planning.key_values import diff_mapped_keys, diff_own_pairs
from irods_omero.domain.state.actions import RemoveKeyValues, WriteKeyValues
from irods_omero.domain.state.places import KEY, Place, tags_of
from irods_omero.domain.state.views import KeyValues, Pair, Subject

NAMESPACE = "lab.org/pairs"
STAIN = Place(KEY, NAMESPACE, "stain")
ROOM = Place(KEY, NAMESPACE, "room")
OWNER, OTHER = 7, 8


def annotation(number: int, *pairs: Pair, owner: int = OWNER, shared: bool = False) -> KeyValues:
    return KeyValues(number, number * 10, owner, pairs, NAMESPACE, shared)


def image(*annotations: KeyValues, number: int = 50) -> Subject:
    return Subject("Image", number, OWNER, 3, key_values=frozenset(annotations))


def desired(*texts: str, place: Place = STAIN) -> dict[Place, frozenset[str]]:
    return {place: frozenset(texts)}


def test_where_all_is_there_nothing_is_done() -> None:
    subject = image(annotation(1, ("stain", "a"), ("mine", "x")), annotation(2, ("stain", "b"), owner=OTHER))
    assert list(diff_mapped_keys([subject], desired("a", "b"))) == []
    assert list(diff_mapped_keys([subject], {tags_of("n"): frozenset("z")})) == []


def test_without_an_annotation_one_is_made() -> None:
    both = {**desired("b", "a"), **desired("2.13", place=ROOM)}
    pairs = (("room", "2.13"), ("stain", "a"), ("stain", "b"))
    assert list(diff_mapped_keys([image()], both)) == [WriteKeyValues(image(), None, pairs, NAMESPACE)]
    assert list(diff_mapped_keys([image()], desired())) == []


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    old = annotation(1, ("first", "1"), ("stain", "a"), ("last", "2"))
    pairs = (("first", "1"), ("stain", "b"), ("last", "2"))
    assert list(diff_mapped_keys([image(old)], desired("b"))) == [WriteKeyValues(image(old), old, pairs, NAMESPACE)]


def test_new_keys_come_last() -> None:
    old = annotation(1, ("first", "1"))
    pairs = (("first", "1"), ("stain", "b"))
    assert list(diff_mapped_keys([image(old)], desired("b"))) == [WriteKeyValues(image(old), old, pairs, NAMESPACE)]


def test_values_go_from_wherever_they_are() -> None:
    mine, others = annotation(1, ("stain", "a"), ("mine", "x")), annotation(2, ("stain", "a"), owner=OTHER)
    subject = image(mine, others)
    assert list(diff_mapped_keys([subject], desired())) == [
        WriteKeyValues(subject, mine, (("mine", "x"),), NAMESPACE),
        RemoveKeyValues(subject, 20, OTHER),
    ]


def test_an_annotation_of_another_user_gets_nothing_new() -> None:
    subject = image(annotation(1, ("mine", "x"), owner=OTHER))
    written = WriteKeyValues(subject, None, (("stain", "a"),), NAMESPACE)
    assert list(diff_mapped_keys([subject], desired("a"))) == [written]


def test_an_annotation_of_several_images_gets_what_any_of_them_lacks() -> None:
    both, more = annotation(1, ("mine", "x")), annotation(2, ("stain", "a"))
    one, other = image(both, number=50), image(both, more, number=51)
    pairs = (("mine", "x"), ("stain", "a"))
    assert list(diff_mapped_keys([other, one], desired("a"))) == [WriteKeyValues(one, both, pairs, NAMESPACE)]


def test_what_others_see_is_replaced_with_what_stays() -> None:
    shared = annotation(1, ("stain", "a"), ("mine", "x"), shared=True)
    subject = image(shared)
    assert list(diff_mapped_keys([subject], desired("a"))) == []
    assert list(diff_mapped_keys([subject], desired())) == [
        WriteKeyValues(subject, shared, (("mine", "x"),), NAMESPACE)
    ]


def test_what_others_see_is_replaced_once() -> None:
    """A killed agent may have made the replacement without leaving the shared one."""
    shared, copy = annotation(1, ("stain", "a"), ("mine", "x"), shared=True), annotation(2, ("mine", "x"))
    subject = image(shared, copy)
    assert list(diff_mapped_keys([subject], desired())) == [RemoveKeyValues(subject, 10, OWNER)]


def test_what_others_see_gets_nothing_new() -> None:
    shared = annotation(1, ("mine", "x"), shared=True)
    written = WriteKeyValues(image(shared), None, (("stain", "a"),), NAMESPACE)
    assert list(diff_mapped_keys([image(shared)], desired("a"))) == [written]


def test_our_own_annotation_is_replaced_where_others_see_it() -> None:
    pairs = (("path", "/z/a"),)
    shared, mine = KeyValues(1, 10, OWNER, pairs, shared=True), KeyValues(2, 20, OWNER, pairs)
    assert list(diff_own_pairs(image(shared), pairs)) == [WriteKeyValues(image(shared), shared, pairs)]
    both = image(shared, mine)
    assert list(diff_own_pairs(both, pairs)) == [RemoveKeyValues(both, 10, OWNER)]
