"""Plans: one that holds anything is something to do."""

from __future__ import annotations

from irods_omero.domain.planning.plan import EMPTY, Plan
from irods_omero.domain.state.actions import RecordAgreement, RemoveAvu, SetArchived
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.views import Avu

RECORD = RecordAgreement(1, "/z/a", NOTHING_AGREED)


def test_an_empty_plan_is_nothing_to_do() -> None:
    assert not EMPTY


def test_any_action_is_something_to_do() -> None:
    assert Plan(record=RECORD)
    assert Plan(first=RECORD)
    assert Plan(omero=(SetArchived(1, 2, 3, archived=True),))
    assert Plan(zone=(RemoveAvu(1, "/z/a", Avu("a", "b")),))
