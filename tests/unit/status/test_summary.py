from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HELD, HELD_BACK, HINDERED, REFUSED, TO_CORRECT
from irods_omero.domain.state.agreement import CONTENT, OUTSIDE, UNDER_WAY, Agreement, Failure
from irods_omero.settings import Settings
from irods_omero.status.agents import SILENT_SECONDS, shard_text
from irods_omero.status.heartbeat_record import HeartbeatRecord, UnderWay
from irods_omero.status.status_facts import (
    COLLECTION,
    GATHERED,
    KNOWN,
    NEW,
    ErrorSeen,
    MarkSeen,
    OmeroLag,
    RequestSeen,
    ResourceUse,
    StatusFacts,
)
from irods_omero.status.summary import (
    OVERDUE,
    QUEUED,
    UNSEEN,
    Cause,
    MarkCount,
    Requests,
    Status,
    TierUse,
    summarise,
)

NOW = 1_800_000_000
ALIVE = HeartbeatRecord(NOW - 30, NOW - 3600, "agent.example.org", "1.0", swept=NOW - 31, seconds=0.5)
SILENT = replace(ALIVE, at=NOW - SILENT_SECONDS)
QUIET = StatusFacts(NOW, beats={"0-63": ALIVE})
SETTINGS = Settings.model_validate(
    {
        "zone": {"name": "lab", "host": "icat", "user": "omero-agent"},
        "omero": {"host": "omero", "user": "irods-agent"},
        "watch": {"roots": ["/lab/home/lab"]},
        "tiers": {"fast": {"name": "quick", "recall_hours": 2}, "tape": {}},
        "imports": {"attempts": 3},
    }
)


def status(**changes: Any) -> Status:
    return summarise(replace(QUIET, **changes), SETTINGS)


def failed(kind: str, attempts: int, reason: str = "it failed") -> Agreement:
    return Agreement(failure=Failure(attempts, NOW, reason, kind=kind))


def kinds(errors: Sequence[ErrorSeen]) -> list[str]:
    return [cause.kind for cause in status(errors=errors).causes]


def test_a_quiet_zone_with_an_agent_has_no_problems() -> None:
    assert status().problems == ()
    assert status().unattended == ()


def test_without_an_agent_all_shards_are_unattended() -> None:
    assert status(beats={}).problems == ("no agent works on shards 0-63",)


def test_an_agent_that_is_silent_is_a_problem() -> None:
    summary = status(beats={"0-31": ALIVE, "32-63": SILENT})
    assert [agent.speaks for agent in summary.agents] == [True, False]
    assert summary.unattended == tuple(range(32, 64))
    assert "shards 32-63 on agent.example.org has not been heard from" in summary.problems[0]


def test_a_silent_agent_whose_shards_others_have_taken_over_is_forgotten() -> None:
    summary = status(beats={"0-31": ALIVE, "32-63": ALIVE, "0-63": SILENT})
    assert [agent.shards for agent in summary.agents] == ["0-31", "32-63"]
    assert summary.problems == ()


def test_two_agents_that_say_the_same_shards_of_themselves_are_a_problem() -> None:
    summary = status(beats={"0-31": replace(ALIVE, beside="other.example.org"), "32-63": ALIVE})
    text = "two agents on agent.example.org and on other.example.org work on shards 0-31"
    assert summary.problems == (text,)


def test_two_agents_that_share_some_shards_are_a_problem() -> None:
    beats = {"0-40": ALIVE, "32-63": ALIVE}
    assert status(beats=beats).problems == ("two agents on agent.example.org work on shards 32-40",)
    assert status(beats={**beats, "32-63": SILENT}).overlaps == ()


def test_an_agent_that_was_given_other_shards_has_taken_its_own_place() -> None:
    ended, begun = replace(ALIVE, at=NOW - 100), replace(ALIVE, started=NOW - 101)
    assert status(beats={"0-63": ended, "0-31": begun, "32-63": begun}).problems == ()


def test_what_is_no_heartbeat_of_an_agent_counts_for_none() -> None:
    assert status(beats={"0-63": ALIVE, "99-x": ALIVE}).problems == ()


def test_an_agent_that_cannot_sweep_is_a_problem_with_its_cause() -> None:
    (problem,) = status(beats={"0-63": replace(ALIVE, trouble="OMERO is down")}).problems
    assert "OMERO is down" in problem


def test_imports_of_agents_that_speak_are_under_way() -> None:
    one = UnderWay("/lab/a", 10, 5, NOW - 9, NOW - 1)
    beats = {"0-31": replace(ALIVE, under_way=(one,)), "32-63": replace(SILENT, under_way=(one,))}
    assert status(beats=beats).under_way == (one,)


def test_marks_are_counted_once_for_each_object_by_what_they_are_on() -> None:
    marks = [
        MarkSeen(1, "pending", 1),
        MarkSeen(1, "taken", 1),
        MarkSeen(2, "taken", 2),
        MarkSeen(3, "pending", 3, known=True),
        MarkSeen(4, "pending", 4, collection=True),
        MarkSeen(4, "pending", 4, collection=True, gathers=True),
    ]
    assert status(marks=marks).backlog == (
        MarkCount(COLLECTION, 1, 0),
        MarkCount(GATHERED, 1, 0),
        MarkCount(NEW, 1, 1),
        MarkCount(KNOWN, 1, 0),
    )


def test_the_age_of_the_oldest_mark_of_each_kind_is_told_where_the_zone_knows_it() -> None:
    marks = [MarkSeen(1, "pending", 1), MarkSeen(2, "pending", 2, known=True), MarkSeen(3, "taken", 3, collection=True)]
    summary = status(marks=marks, oldest={NEW: NOW - 90, KNOWN: NOW - 7, COLLECTION: NOW - 500})
    assert {each.kind: each.oldest_seconds for each in summary.backlog} == {NEW: 90, KNOWN: 7, COLLECTION: None}
    assert summary.oldest_seconds == 90
    assert status(marks=marks).oldest_seconds is None


@pytest.mark.parametrize(
    ("kind", "attempts", "told"),
    [(CONTENT, 3, GIVEN_UP), (CONTENT, 2, AGAIN), (OUTSIDE, 50, HINDERED), (UNDER_WAY, 3, HINDERED)],
)
def test_what_becomes_of_a_failed_import_is_told(kind: str, attempts: int, told: str) -> None:
    assert kinds([ErrorSeen("/lab/a", "it failed", 1, failed(kind, attempts))]) == [told]


def test_other_errors_are_told_apart() -> None:
    refused = Agreement(refused="request archive refused: there is no tier")
    errors = [
        ErrorSeen("/lab/a", HELD, 1, Agreement(held=True)),
        ErrorSeen("/lab/b", refused.refused, 2, refused),
        ErrorSeen("/lab/c", "/lab has 2 values of omero::target", 3),
    ]
    assert sorted(kinds(errors)) == sorted([HELD_BACK, REFUSED, TO_CORRECT])


def test_units_with_one_cause_are_one_line_with_an_example_and_the_most_frequent_is_first() -> None:
    agreement = failed(OUTSIDE, 1, "")
    errors = [ErrorSeen(f"/lab/{n}.tif", f"importing '/lab/{n}.tif': the disk is full", n, agreement) for n in (7, 8)]
    errors += [ErrorSeen("/lab/other.tif", "no such user", 9)]
    first, second = status(errors=errors).causes
    assert first == Cause(TO_CORRECT, "importing '…': the disk is full", 2, "/lab/7.tif")
    assert second.units == 1


def test_files_of_one_unit_count_as_one() -> None:
    errors = [ErrorSeen(f"/lab/{n}.tif", "no such user", 7) for n in range(3)]
    assert [cause.units for cause in status(errors=errors).causes] == [1]


def test_what_is_hindered_or_held_is_a_problem_and_what_its_users_were_told_is_none() -> None:
    assert status(errors=[ErrorSeen("/lab/a", "it failed", 1, failed(CONTENT, 3))]).problems == ()
    assert len(status(errors=[ErrorSeen("/lab/a", "it failed", 1, failed(OUTSIDE, 3))]).problems) == 1
    held = status(errors=[ErrorSeen(f"/lab/{n}", HELD, n) for n in range(5)])
    assert held.held == 5
    assert held.problems == ("removals of 5 units are held: see irods-omero removals",)


@pytest.mark.parametrize(
    ("agreement", "state"),
    [
        (Agreement(), UNSEEN),
        (Agreement(request="archive", asked=NOW - 60, moves=1, tier="quick"), QUEUED),
        (Agreement(request="archive", asked=NOW - 2 * 3600, moves=1, tier="quick"), OVERDUE),
        (Agreement(request="archive", asked=NOW - 2 * 3600, moves=1, tier="tape"), QUEUED),
    ],
)
def test_requests_are_told_by_state_with_the_patience_of_their_tier(agreement: Agreement, state: str) -> None:
    summary = status(requests=[RequestSeen(1, "archive", agreement)])
    assert summary.requests == (Requests("archive", state, 1, agreement.asked),)
    assert bool(summary.problems) == (state == OVERDUE)


def test_what_is_held_by_request_is_counted() -> None:
    assert status(holds={"keep": 4}).requests == (Requests("keep", "holds", 4),)


def test_tiers_have_the_names_that_users_see() -> None:
    use = [ResourceUse("fast", 3, 300), ResourceUse("other", 1, 7)]
    assert status(use=use).tiers == (TierUse("quick", "fast", 3, 300), TierUse("other", "other", 1, 7))


def test_how_far_each_agent_is_behind_omero_is_told_if_omero_answers() -> None:
    assert status(omero=OmeroLag(end=120, cursors={"0-63": 100})).behind == {"0-63": 20}
    assert status().behind is None
    down = status(omero=OmeroLag(unreachable="no answer"))
    assert (down.behind, down.problems) == (None, ("OMERO cannot be asked: no answer",))


def test_shards_are_written_as_in_the_configuration() -> None:
    assert shard_text([5, 0, 1, 2, 7, 8]) == "0-2,5,7-8"
