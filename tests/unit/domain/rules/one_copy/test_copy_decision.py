"""When OMERO has a copy, when it is locked, and what is never removed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.one_copy.compared_bytes import compared
from irods_omero.domain.rules.one_copy.copy_decision import candidates, failing, sharing, still_shared
from irods_omero.domain.state.agreement import Agreement, Failure, Verified
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import TIER, Eviction
from irods_omero.domain.state.one_copy.managed_files import COPY, Clear, Evict, Refill, Share, Verify
from irods_omero.domain.state.policy import NEVER, WITH_TIER, Policy
from irods_omero.domain.state.views import DataObject, ImageState, Replica
from tests.unit.domain.rules.one_copy.copied import (
    AGREED,
    AHEAD,
    CONTENT,
    LATELY,
    LIMITED,
    LONG_AGO,
    MADE_ROOM,
    MOVED,
    NOW,
    ON_TAPE,
    POLICY,
    STATES,
    SUM,
    UNSURE,
    aging,
    checked,
    decided,
    managed,
    observed,
)


def test_the_copy_goes_with_its_tier_and_the_lock_comes_when_its_bytes_were_seen_to_be_right() -> None:
    for archived in (True, False):
        before = decided(observed("copy", archived=archived))
        assert isinstance(before.action, Evict)
        assert (before.locked, before.wait, before.evicted) == (None, True, None)
    decision = decided(checked(observed("copy")))
    assert decision.action == before.action
    assert (decision.locked, decision.wait, decision.evicted) == (True, True, Eviction(NOW, TIER, ON_TAPE))


def test_what_is_gone_stays_gone_and_locked_with_the_record_of_when_it_went() -> None:
    decision = decided(observed("absent", base=replace(AGREED, evicted=Eviction(NOW - 100)), archived=True))
    assert (decision.action, decision.locked, decision.wait) == (None, True, False)
    assert decision.evicted == Eviction(NOW - 100)


def test_what_was_refused_otherwise_keeps_no_copy() -> None:
    undone = replace(AGREED, refusals_told="not done: AVU lab::stain on /z/a.tiff: refused")
    decision = decided(checked(observed("copy", base=undone)))
    assert isinstance(decision.action, Evict)
    assert decision.locked


def test_it_comes_back_with_the_data_and_is_locked_until_it_is_there() -> None:
    decision = decided(observed("copy", "absent", resource="disk"))
    assert isinstance(decision.action, Refill)
    assert [file.id for file in decision.action.files] == [2]
    assert (decision.locked, decision.wait) == (True, True)
    after = decided(observed("copy", "copy", resource="disk", base=replace(AGREED, evicted=Eviction(1))))
    assert (after.action, after.locked, after.evicted) == (None, False, None)


@pytest.mark.parametrize("is_compared", [True, False])
def test_a_checksum_counts_after_an_import_only_if_it_was_compared_with_the_bytes(is_compared: bool) -> None:
    """An import that was found done may be of a time when the catalog had no checksum."""
    observation = observed("copy", resource="disk", base=Agreement())
    assert observation.copies is not None
    decision = decide(replace(observation, imported=CONTENT, compared=is_compared))
    assert decision.agreement.verified == (compared(CONTENT, observation.copies, NOW) if is_compared else None)


def test_what_was_compared_is_not_believed_of_another_fileset() -> None:
    observation = observed("copy", resource="disk", base=replace(AGREED, fileset=2))
    assert decide(observation).agreement.verified is None


@pytest.mark.parametrize("base", UNSURE.values(), ids=UNSURE)
def test_what_might_be_the_only_good_copy_is_not_removed(base: Agreement) -> None:
    decision = decided(observed("copy", base=base))
    assert (decision.action, decision.locked) == (None, False)
    assert "not removed" in decision.rule
    aside = decided(observed("killed while removing", base=base))
    assert (type(aside.action), aside.locked) == (Clear, True)


@pytest.mark.parametrize("resource", ["disk", "tape"])
def test_people_are_told_when_omero_knows_other_bytes_than_those_that_were_compared(resource: str) -> None:
    base = replace(AGREED, verified=Verified(SUM, "another"))
    observation = observed("copy", resource=resource, base=base)
    told = decided(replace(observation, policy=replace(POLICY, evict=NEVER)))
    assert "another size or hash" in told.error
    assert told.action is None
    assert decided(replace(observation, base=replace(base, fileset=2))).error == ""


def test_comparing_anew_says_whether_what_omero_knows_now_is_right() -> None:
    base = replace(AGREED, verified=Verified(SUM, "another"))
    assert isinstance(decided(observed("copy", resource="disk", base=base)).action, Verify)


@pytest.mark.parametrize(
    ("states", "there"), [(("copy", "copy"), "yes"), (("copy", "absent"), "no"), (("stub",), "no"), ((), "yes")]
)
def test_omero_is_said_to_have_a_copy_where_it_can_read_all_of_it(states: tuple[str, ...], there: str) -> None:
    observation = observed(*states)
    assert _reason(observation) == there
    assert _reason(replace(observation, copies=None)) == "unknown"


def _reason(observation: Observation) -> str:
    (value,) = [reason.value for reason in decide(observation).reasons if reason.field == "copy in OMERO"]
    return value


def test_clearing_up_on_an_offline_tier_reads_nothing_from_it() -> None:
    never = replace(POLICY, evict=NEVER)
    for state in ("killed while linking", "killed while writing", "killed while removing", "killed while putting back"):
        decision = decided(replace(observed("absent", state), policy=never))
        assert isinstance(decision.action, Clear)
        assert [file.id for file in decision.action.files] == [2]
    assert isinstance(decided(observed("killed while writing")).action, Clear)
    assert isinstance(decided(observed("killed while removing")).action, Evict)


@pytest.mark.parametrize("word", ["keep", "restage"])
def test_a_request_that_stands_holds_the_copy(word: str) -> None:
    assert decided(observed("copy"), word).action is None
    assert isinstance(decided(observed("copy"), "archive").action, Evict)


def test_without_the_policy_nothing_is_removed_and_what_is_away_waits_for_its_data() -> None:
    for state, locked in (("copy", False), ("absent", True)):
        observation = observed(state)
        decision = decided(replace(observation, policy=replace(POLICY, evict=NEVER)))
        assert (decision.action, decision.locked) == (None, locked)


@pytest.mark.parametrize("state", ["link", "stub"])
@pytest.mark.parametrize("resource", ["disk", "tape"])
def test_what_is_none_of_ours_is_never_touched_nor_what_lies_beside_it(state: str, resource: str) -> None:
    decision = decided(observed("absent", state, resource=resource))
    assert decision.action is None
    assert decision.locked
    assert bool(decision.error) is (state == "stub")


def test_bytes_are_compared_while_they_can_be_read_and_only_where_copies_are_removed() -> None:
    unsure = observed("copy", resource="disk", base=replace(AGREED, verified=None))
    assert isinstance(decided(unsure).action, Verify)
    assert decided(replace(unsure, policy=replace(POLICY, evict=NEVER))).action is None
    assert decided(observed("copy", resource="disk")).action is None


@pytest.mark.parametrize("base", [LONG_AGO, AHEAD, AGREED], ids=["long ago", "in the future", "nobody knows when"])
def test_what_was_compared_too_long_ago_stays_on_an_offline_tier_and_is_compared_anew_on_another(
    base: Agreement,
) -> None:
    decision = decided(aging(observed("copy", base=base)))
    assert decision.action is None
    assert "too long ago: restage it" in decision.rule
    assert isinstance(decided(aging(observed("copy", resource="disk", base=base))).action, Verify)
    assert isinstance(decided(observed("copy", base=base)).action, Evict), "where no age is set"


def test_what_was_compared_lately_is_not_compared_anew() -> None:
    assert isinstance(decided(aging(observed("copy", base=LATELY))).action, Evict)
    assert decided(aging(observed("copy", resource="disk", base=LATELY))).action is None


def test_what_failed_is_tried_again_later_and_told_of_until_then() -> None:
    failed = replace(AGREED, copy_failure=Failure(2, NOW - 100, "no room"))
    resting = decided(observed("copy", base=failed))
    assert (resting.action, resting.error, resting.wait, resting.locked) == (None, "no room", True, False)
    due = decided(replace(checked(observed("copy", base=failed)), now=NOW + 20))
    assert isinstance(due.action, Evict)
    assert due.error == "no room"


def test_the_pause_after_a_failure_grows_as_that_of_an_import_does_up_to_an_hour() -> None:
    base, at = AGREED, 0.0
    pauses = []
    for _ in range(12):
        base = replace(base, copy_failure=failing(base, "no room", at))
        resting = observed("absent", resource="disk", base=base)
        pause = next(step for step in range(30, 10**4, 30) if decided(replace(resting, now=at + step)).action)
        pauses.append(pause)
        at += pause
    assert pauses[:7] == [60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[7:]) == {3600}


def test_nobody_who_cannot_look_changes_a_lock() -> None:
    assert decided(replace(observed("copy"), copies=None)).locked is None


def test_without_a_repository_the_lock_says_what_the_tier_says() -> None:
    policy = replace(POLICY, has_repository=False, evict=NEVER)
    assert decided(replace(observed(), policy=policy, copies=None)).locked
    assert not decided(replace(observed(resource="disk"), policy=policy, copies=None)).locked
    assert decided(observed()).locked  # its files are elsewhere


OBSERVED = st.builds(
    lambda states, resource, base, evicted, to_move, archived: observed(
        *states, resource=resource, base=replace(base, evicted=evicted, to_move=to_move), archived=archived
    ),
    st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=3),
    st.sampled_from(["disk", "tape"]),
    st.sampled_from([AGREED, *UNSURE.values()]),
    st.sampled_from([None, MADE_ROOM, MOVED, Eviction(NOW - 100)]),
    st.booleans(),
    st.booleans(),
)


@given(
    OBSERVED,
    st.builds(
        lambda policy, days: replace(policy, verify_days=days),
        st.sampled_from([POLICY, LIMITED, replace(LIMITED, evict=WITH_TIER)]),
        st.sampled_from([None, 30]),
    ),
    st.sampled_from([frozenset(), frozenset({"disk"}), frozenset({"disk", "tape"})]),
    st.booleans(),
    st.sampled_from(["", "keep", "restage", "show", "archive"]),
)
def test_done_once_there_is_nothing_more_to_do_and_no_image_without_its_files_is_unlocked(
    observation: Observation, policy: Policy, shares: frozenset[str], makes_room: bool, pending: str
) -> None:
    policy = replace(policy, shares=shares)
    observation = replace(observation, policy=policy, makes_room=makes_room)
    states = [next(name for name, disk in STATES.items() if disk == file.disk) for file in observation.copies or ()]
    for _ in range(6):
        decision = decided(observation, pending)
        was_locked = observation.omero.images[0].archived
        locked = was_locked if decision.locked is None else decision.locked
        assert locked or decision.locked is None or all(STATES[state].readable for state in states)
        before = observation
        observation = replace(
            observation,
            base=replace(
                observation.base,
                evicted=decision.evicted,
                to_move=decision.to_move,
                shared=still_shared(observation),
            ),
            omero=replace(observation.omero, images=(ImageState(1, locked),)),
            checked=(),
        )
        match decision.action:
            case Verify(files):
                anew = compared(CONTENT, files, observation.now)
                observation = replace(observation, base=replace(observation.base, verified=anew))
            case Share():
                assert all(state == "copy" for state in states), "what is no copy"
                observation = replace(observation, base=replace(observation.base, shared=sharing(observation)))
            case Refill(files) | Clear(files):
                for file in files:
                    is_there = file.disk.state == COPY or file.disk.aside or isinstance(decision.action, Refill)
                    states[file.id - 1] = "copy" if is_there else "absent"
            case Evict(files):
                verified = observation.base.verified
                assert verified is not None, "what nobody has compared"
                assert verified == compared(CONTENT, files, verified.at), "what nobody has compared"
                assert policy.verify_days is None or verified.at == NOW, "what was compared long ago"
                if before.checked == files:
                    assert locked
                    assert observation.base.evicted is not None
                    states = ["absent"] * len(states)
                observation = replace(observation, checked=files)
        files = tuple(managed(state, number) for number, state in enumerate(states, 1))
        observation = replace(observation, copies=files)
    assert decided(observation, pending).action is None


def test_bytes_are_looked_for_where_the_name_says_and_then_wherever_the_size_is_right() -> None:
    def data_object(data_id: int, path: str, size: int = 10) -> DataObject:
        return DataObject(data_id, path, "alice", (Replica(0, "disk", good=True, size=size),))

    objects = [data_object(1, "/z/b/a.tiff"), data_object(2, "/z/run/a.tiff"), data_object(3, "/z/run/a.tiff", 11)]
    file = managed("absent", client_path="irods/z/1/1/run/a.tiff")
    assert [each.data_id for each in candidates(file, objects)] == [2, 1]
