"""What to write down when an import, or carrying out a plan, failed."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.planning.decision import Decision, Reason, fits, record
from irods_omero.domain.planning.diff import diff_told
from irods_omero.domain.planning.plan import Plan
from irods_omero.domain.rules.desired import Error, errors_of
from irods_omero.domain.rules.imports import setting
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.agreement import (
    CONTENT,
    OUTSIDE,
    REASON_BYTES,
    UNDER_WAY,
    UNTOLD,
    Agreement,
    Failure,
)
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.unit import Content


def decide_attempt(observation: Observation) -> RecordAgreement | None:
    """What to write down before an import: what breaks a server while it is imported is known by that."""
    reason = "OMERO or iRODS went away each time while this was being imported"
    return record(observation, _failing(observation, reason, UNDER_WAY))


def decide_failure(observation: Observation, cause: str, kind: str = CONTENT) -> Decision:
    """What to write down when carrying out the plan failed.

    Args:
        observation: The unit.
        cause: What went wrong, for people.
        kind: ``CONTENT``, or ``OUTSIDE`` for a cause that does not lie in the unit.
    """
    agreement = _failing(observation, cause, kind)
    failure = agreement.failure
    assert failure is not None
    errors = errors_of(
        Error(failure.reason, failure.attempts),
        Error(agreement.refused),
        Error(agreement.no_import),
        Error(agreement.refusals_told),
    )
    plan = Plan(
        zone=diff_told(observation.zone, observation.policy, errors),
        record=record(observation, agreement),
    )
    wait = kind == OUTSIDE or failure.attempts < observation.policy.attempts
    return Decision(plan, agreement, (Reason("error", cause, f"attempt {failure.attempts}"),), wait)


def _failing(observation: Observation, cause: str, kind: str) -> Agreement:
    """The agreement with one more attempt that failed, or is under way."""
    base, content, before = observation.base, observation.content, observation.base.failure
    attempts = before.attempts if before is not None and _same(before.content, content) else 0
    if before is None or before.kind != UNDER_WAY or kind == UNDER_WAY:  # otherwise it was counted before it was made
        attempts += 1
    reason = printable(cause, REASON_BYTES) or UNTOLD
    failure = Failure(max(attempts, 1), int(observation.now), reason, content, kind, setting(observation))
    agreement = replace(base, failure=failure)
    return agreement if fits(agreement) else replace(agreement, attributes=(), refused="", no_import="")


def _same(one: Content | None, other: Content | None) -> bool:
    return one is other if one is None or other is None else one.same_as(other)
