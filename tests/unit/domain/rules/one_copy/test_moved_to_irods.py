"""When OMERO's copy goes of what a rule has moved to iRODS, why it stays away, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.one_copy.compared_bytes import compared
from irods_omero.domain.state.actions import WriteKeyValues
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import MOVE, Eviction
from irods_omero.domain.state.one_copy.managed_files import Evict, Refill, Verify
from irods_omero.domain.state.policy import NEVER
from irods_omero.domain.state.views import Subject
from tests.unit.domain.rules.one_copy.copied import (
    AGREED,
    MOVED,
    NOW,
    ON_DISK,
    POLICY,
    UNSURE,
    checked,
    decided,
    observed,
)

TO_MOVE = replace(AGREED, to_move=True)
KEEPING = replace(POLICY, evict=NEVER)


def moving(*states: str, base: Agreement = TO_MOVE, **more: Any) -> Observation:
    """What a rule has moved, where nothing else has copies removed."""
    return replace(observed(*states, base=base, **{"resource": "disk", **more}), policy=KEEPING)


@pytest.mark.parametrize("resource", ["disk", "tape"])
def test_the_copy_goes_once_whatever_tier_it_was_taken_to_and_then_stays_away(resource: str) -> None:
    before = decided(moving("copy", resource=resource))
    assert (type(before.action), before.locked, before.evicted, before.to_move) == (Evict, None, None, True)
    going = decided(checked(moving("copy", resource=resource)))
    assert (type(going.action), going.locked, going.to_move) == (Evict, True, True)
    assert going.evicted is not None
    assert (going.evicted.at, going.evicted.why) == (NOW, MOVE)
    gone = decided(moving("absent", base=replace(TO_MOVE, evicted=MOVED), archived=True, resource=resource))
    assert (gone.action, gone.locked, gone.evicted, gone.to_move) == (None, True, MOVED, False)


@pytest.mark.parametrize("base", UNSURE.values(), ids=UNSURE)
def test_what_might_be_the_only_good_copy_is_not_given_up(base: Agreement) -> None:
    for resource in ("disk", "tape"):
        decision = decided(moving("copy", base=replace(base, to_move=True), resource=resource))
        assert not isinstance(decision.action, Evict)


def test_what_was_not_compared_while_it_was_read_is_compared_before_it_goes() -> None:
    unsure = moving("copy", base=replace(TO_MOVE, verified=None))
    decision = decided(unsure)
    assert (type(decision.action), decision.to_move) == (Verify, True)
    assert unsure.copies is not None
    assert unsure.content is not None
    anew = compared(unsure.content, unsure.copies, NOW)
    assert isinstance(decided(moving("copy", base=replace(TO_MOVE, verified=anew))).action, Evict)


@pytest.mark.parametrize("word", ["keep", "restage", "show"])
def test_a_request_holds_the_copy_and_the_rule_counts_again_when_it_is_answered(word: str) -> None:
    for resource in ("disk", "tape"):
        decision = decided(moving("copy", resource=resource), word)
        assert (decision.action, decision.to_move) == (None, True)


@pytest.mark.parametrize("word", ["show", "restage"])
def test_what_was_asked_for_when_it_had_gone_does_not_go_again(word: str) -> None:
    gone = moving("absent", base=replace(TO_MOVE, evicted=MOVED), archived=True)
    asked = decided(gone, word)
    assert (type(asked.action), asked.to_move) == (Refill, False)
    half = decided(moving("absent", "copy", base=replace(TO_MOVE, evicted=MOVED), archived=True), word)
    assert (type(half.action), half.to_move) == (Refill, False)
    back = decided(moving("copy", base=replace(AGREED, evicted=MOVED), archived=True))
    assert (back.action, back.locked, back.evicted) == (None, False, None)


def test_new_images_of_other_content_keep_their_copy() -> None:
    decision = decided(moving("copy", base=replace(TO_MOVE, fileset=2)))
    assert (decision.action, decision.to_move) == (None, False)


def test_explain_tells_when_and_why_the_copy_went_and_which_replica_has_its_bytes() -> None:
    gone = moving("absent", base=replace(AGREED, evicted=Eviction(0, MOVE, ON_DISK)), archived=True)
    (reason,) = (each for each in decide(gone).reasons if each.field == "copy in OMERO")
    assert reason.rule.endswith("removed at 1970-01-01T00:00:00Z as it was moved to iRODS: replica 0 on disk has it")


def said(observation: Observation) -> str:
    """What the pairs of the images say about the copy."""
    omero = replace(observation.omero, subjects=(Subject("Image", 1, 7, 3),))
    plan = decide(replace(observation, omero=omero)).plan
    written = (each for each in plan.omero if isinstance(each, WriteKeyValues))
    return next((dict(each.pairs).get("in OMERO", "") for each in written), "")


@pytest.mark.parametrize(("resource", "word"), [("disk", "show"), ("tape", "restage")])
def test_images_say_which_word_brings_the_copy_back(resource: str, word: str) -> None:
    gone = moving("absent", base=replace(AGREED, evicted=MOVED), resource=resource)
    assert said(gone) == f"moved to iRODS; tag it {word} to have it back"


@pytest.mark.parametrize(
    ("rate", "estimate"),
    [(None, ""), (10.0, ", in less than a minute"), (10 / 120, ", in about 2 min"), (10 / 7200, ", in about 2 h")],
)
def test_images_say_that_the_copy_is_on_its_way_back_and_how_long_that_takes_where_it_is_known(
    rate: float | None, estimate: str
) -> None:
    coming = replace(moving("absent", base=AGREED), refill_rate=rate)
    assert said(coming) == f"on its way back: 10 bytes{estimate}"
    assert said(moving("copy", base=AGREED)) == ""
