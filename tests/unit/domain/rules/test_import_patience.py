"""For every content and every failure: nothing that may be new passes for old, and what waits has a next look."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, example, given
from hypothesis import strategies as st

from irods_omero.domain.planning.failures import decide_attempt, decide_failure
from irods_omero.domain.rules.imports import INNOCENT, LONGEST_PAUSE, decide_import, next_attempt
from irods_omero.domain.state.agreement import CONTENT, OUTSIDE, UNDER_WAY, Agreement, Failure
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.unit import Content, import_key
from irods_omero.domain.state.views import Avu
from tests.unit.domain.rules.test_imports import ARRIVED, IMPORTED
from tests.unit.domain.rules.test_imports import CONTENT as PRESENT
from tests.unit.domain.strategies import NOW

assert PRESENT is not None
CONTENTS = st.builds(
    Content,
    size=st.integers(1, 3),
    checksum=st.sampled_from(["", "sha2:a", "sha2:b", "0" * 32]),
    replica=st.integers(0, 2),
    modified=st.integers(0, 3),
)
TIMES = st.integers(0, 2 * NOW)
FAILURES = st.builds(
    Failure,
    attempts=st.integers(1, 40),
    at=TIMES,
    reason=st.just("the disk is full"),
    content=st.just(PRESENT),
    kind=st.sampled_from([CONTENT, OUTSIDE, UNDER_WAY]),
)


@given(CONTENTS, CONTENTS)
def test_two_contents_share_an_import_key_only_if_nothing_tells_them_apart_but_a_checksum(
    one: Content, other: Content
) -> None:
    same_key = import_key("z", 1, one) == import_key("z", 1, other)
    assert same_key == (replace(one, checksum="") == replace(other, checksum=""))


@given(CONTENTS)
def test_what_may_be_another_content_never_counts_as_imported(known: Content) -> None:
    present = ARRIVED.content
    assert present is not None
    importing = decide_import(replace(ARRIVED, omero=IMPORTED, base=Agreement(content=known, fileset=5)))
    is_imported = importing.rule == "its present content is imported"
    if present.size != known.size:
        assert not is_imported
    assert is_imported == present.same_as(known)
    assert is_imported or importing.do_import or importing.error or importing.wait


@given(FAILURES)
@example(Failure(1, 2 * NOW, "a clock in the future", PRESENT, OUTSIDE))
def test_what_failed_is_tried_again_within_an_hour_unless_its_content_is_bad(failure: Failure) -> None:
    waiting = replace(ARRIVED, base=Agreement(failure=failure))
    importing = decide_import(waiting)
    assert importing.do_import or importing.wait or importing.attempts >= waiting.policy.attempts
    if importing.do_import is None:
        assert importing.error == "the disk is full", "and says why"
    assume(failure.kind != CONTENT or failure.attempts < waiting.policy.attempts)
    later = max(waiting.now, next_attempt(failure, waiting.policy.backoff)) + 1
    assert decide_import(replace(waiting, now=later)).do_import
    assert failure.at > waiting.now or later <= waiting.now + LONGEST_PAUSE + 1


@given(st.integers(INNOCENT, 12), st.integers(0, 10**6))
def test_what_was_under_way_each_time_a_connection_broke_rests_and_is_tried_again(breaks: int, pause: int) -> None:
    observation: Observation = ARRIVED
    tried = 0
    for _ in range(breaks):
        if decide_import(observation).do_import:
            attempt = decide_attempt(observation)
            assert attempt is not None
            observation, tried = replace(observation, base=attempt.agreement), tried + 1
    assert tried == INNOCENT, "not more often without a pause, however often the connection breaks"
    resting = decide_import(observation)
    assert (resting.do_import, resting.wait) == (None, True)
    assert "went away each time" in resting.error
    assert decide_import(replace(observation, now=observation.now + LONGEST_PAUSE + pause)).do_import


@given(st.text(), st.sampled_from([CONTENT, OUTSIDE]), st.lists(st.text(), max_size=3))
def test_whatever_a_server_says_and_users_write_can_be_told(reason: str, kind: str, values: list[str]) -> None:
    first, *others = ARRIVED.zone.objects
    names = ARRIVED.policy.names
    odd = {Avu(names.request, value) for value in values} | {Avu(names.error, value) for value in values}
    objects = (replace(first, avus=frozenset(odd)), *others)
    failed = replace(ARRIVED, zone=replace(ARRIVED.zone, objects=objects))
    decision = decide_failure(failed, reason, kind)
    assert decision.agreement.failure is not None
    assert decision.agreement.failure.reason
    assert decision.plan.record is not None
