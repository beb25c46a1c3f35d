"""When a copy makes room for others, when it stays away, and when it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.one_copy.copy_decision import failing
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.one_copy.eviction import ROOM, Eviction
from irods_omero.domain.state.one_copy.managed_files import Evict, Refill, Verify
from tests.unit.domain.rules.one_copy.copied import (
    AGREED,
    LIMITED,
    LONG_AGO,
    MADE_ROOM,
    NOW,
    ON_DISK,
    UNSURE,
    aging,
    checked,
    decided,
    limited,
)


def test_a_copy_makes_room_only_when_it_is_told_to_and_then_stays_away() -> None:
    assert decided(limited("copy")).action is None
    before = decided(limited("copy", makes_room=True))
    assert (type(before.action), before.locked, before.evicted) == (Evict, None, None)
    decision = decided(checked(limited("copy", makes_room=True)))
    assert (type(decision.action), decision.locked, decision.evicted) == (Evict, True, Eviction(NOW, ROOM, ON_DISK))
    gone = limited("absent", base=replace(AGREED, evicted=MADE_ROOM), archived=True)
    after = decided(gone)
    assert (after.action, after.locked, after.evicted, after.wait) == (None, True, MADE_ROOM, False)
    assert "show" in after.rule
    unlimited = decided(replace(gone, policy=replace(LIMITED, most_bytes=None)))
    assert isinstance(unlimited.action, Refill)


@pytest.mark.parametrize(("word", "action"), [("", Verify), ("keep", type(None)), ("show", type(None))])
def test_what_was_compared_too_long_ago_is_compared_anew_before_it_makes_room_and_not_otherwise(
    word: str, action: type
) -> None:
    assert decided(aging(limited("copy", base=LONG_AGO)), word).action is None
    assert type(decided(aging(limited("copy", base=LONG_AGO, makes_room=True)), word).action) is action


def test_what_is_found_to_be_wrong_when_it_is_compared_anew_is_told_of_until_it_is_tried_again() -> None:
    rotten = failing(LONG_AGO, "its bytes do not have the checksum", NOW - 3600.0, makes_room=True)
    decision = decided(aging(limited("copy", base=replace(LONG_AGO, copy_failure=rotten))))
    assert (decision.action, decision.error) == (None, rotten.reason)


@pytest.mark.parametrize("base", UNSURE.values(), ids=UNSURE)
def test_what_might_be_the_only_good_copy_makes_no_room(base: Agreement) -> None:
    assert not isinstance(decided(limited("copy", makes_room=True, base=base)).action, Evict)


@pytest.mark.parametrize("word", ["keep", "restage", "show"])
def test_a_request_that_stands_holds_the_copy_that_would_make_room(word: str) -> None:
    assert decided(limited("copy", makes_room=True), word).action is None


def test_on_a_tier_that_cannot_be_read_no_copy_makes_room() -> None:
    """There it may be the only one that anybody sees quickly: ``cache.evict`` decides."""
    assert decided(limited("copy", makes_room=True, resource="tape")).action is None


def test_what_somebody_else_removed_before_its_turn_has_not_made_room() -> None:
    decision = decided(limited("absent", makes_room=True))
    assert isinstance(decision.action, Refill)
    assert decision.evicted is None


@pytest.mark.parametrize("word", ["show", "restage"])
def test_what_made_room_comes_back_when_somebody_asks(word: str) -> None:
    gone = limited("absent", base=replace(AGREED, evicted=MADE_ROOM), archived=True)
    decision = decided(gone, word)
    assert (type(decision.action), decision.locked) == (Refill, True)
    assert decided(gone, "keep").action is None
    back = decided(limited("copy", base=replace(AGREED, evicted=MADE_ROOM), archived=True), word)
    assert (back.action, back.locked, back.evicted) == (None, False, None)


def test_what_made_room_and_was_archived_since_comes_back_with_its_tier() -> None:
    archived = decided(limited("absent", base=replace(AGREED, evicted=MADE_ROOM), resource="tape"))
    assert archived.evicted == Eviction(MADE_ROOM.at)
    back = decided(limited("absent", base=replace(AGREED, evicted=archived.evicted)))
    assert isinstance(back.action, Refill)


def test_what_was_broken_off_while_it_made_room_ends_gone_or_whole() -> None:
    half = replace(AGREED, evicted=MADE_ROOM)
    assert isinstance(decided(limited("absent", "copy", base=half)).action, Evict)
    assert isinstance(decided(limited("killed while removing", base=half)).action, Evict)
    assert isinstance(decided(limited("absent", "copy", base=half), "keep").action, Refill)
    assert isinstance(decided(limited("absent", "copy", base=replace(half, held=True))).action, Refill)
    untouched = decided(limited("copy", "copy", base=half, archived=True))
    assert (untouched.action, untouched.locked, untouched.evicted) == (None, False, None)


def test_what_failed_to_make_room_is_told_of_until_it_is_tried_again() -> None:
    base = replace(AGREED, copy_failure=failing(AGREED, "other bytes", NOW - 10, makes_room=True))
    assert decided(limited("copy", base=base)).error == "other bytes"
    assert decided(limited("copy", makes_room=True, base=base)).action is None
    due = replace(limited("copy", makes_room=True, base=base), now=NOW + 100)
    assert isinstance(decided(due).action, Evict)
    refilled = replace(AGREED, copy_failure=failing(AGREED, "no room", NOW - 10))
    assert decided(limited("copy", base=refilled)).error == ""
