"""What is decided about a unit: a plan, what is agreed when it is done, and why."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.planning.plan import Plan
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.agreement import Agreement, AgreementError, encode
from irods_omero.domain.state.observation import Observation


@dataclass(frozen=True)
class Reason:
    """Why a field is as it is: which rule decided, in words."""

    field: str
    value: str
    rule: str


@dataclass(frozen=True)
class Decision:
    """What is to be done about a unit, and why.

    Attributes:
        plan: The actions.
        agreement: What is agreed when they are done.
        reasons: For each field which rule decided.
        wait: Whether to look again soon without a new mark.
    """

    plan: Plan
    agreement: Agreement
    reasons: tuple[Reason, ...] = ()
    wait: bool = False


def fits(agreement: Agreement) -> bool:
    """Whether it fits into an AVU."""
    try:
        encode(agreement)
    except AgreementError:
        return False
    return True


def record(observation: Observation, agreement: Agreement) -> RecordAgreement | None:
    """The agreement to write down, None where it is written already."""
    if agreement == observation.base or not fits(agreement):
        return None
    first = observation.zone.first
    return RecordAgreement(first.data_id, first.path, agreement)
