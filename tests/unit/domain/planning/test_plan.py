"""Plans: one that holds anything is something to do."""

from __future__ import annotations

from irods_omero.domain.planning.plan import EMPTY, Plan
from irods_omero.domain.state.actions import AddAvu, RecordAgreement, RemoveAvu, SetArchived
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.one_copy.managed_files import Clear
from irods_omero.domain.state.views import Avu

RECORD = RecordAgreement(1, "/z/a", NOTHING_AGREED)
COPIES = Clear(())


def test_an_empty_plan_is_nothing_to_do() -> None:
    assert not EMPTY


def test_any_action_is_something_to_do() -> None:
    assert Plan(record=RECORD)
    assert Plan(first=RECORD)
    assert Plan(omero=(SetArchived(1, 2, 3, archived=True),))
    assert Plan(zone=(RemoveAvu(1, "/z/a", Avu("a", "b")),))


def test_steps_are_the_work_and_then_what_is_told_and_recorded() -> None:
    tell = AddAvu(1, "/z/a", Avu("omero::error", "b"))
    plan = Plan(first=RECORD, omero=(SetArchived(1, 2, 3, archived=True),), told=(tell,), record=RECORD, copies=COPIES)
    assert plan.steps() == (*plan.work(), *plan.end())
    assert plan.actions() == (RECORD, SetArchived(1, 2, 3, archived=True), tell, RECORD, COPIES)
    assert [action for step in plan.end() for action in step] == [tell, RECORD]
