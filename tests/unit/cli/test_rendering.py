"""Plans in words: a few movements one by one, many by their number, and what they mean altogether."""

from __future__ import annotations

from irods_omero.agent.reconcile import Assessment
from irods_omero.cli.rendering import MOVES_LISTED, actions, drift_lines
from irods_omero.domain.planning.decision import Decision, Reason
from irods_omero.domain.planning.plan import EMPTY, Plan
from irods_omero.domain.state.actions import AddAvu, Move
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, ZoneView
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import TIERS


def moves(count: int, source: str = "ssd") -> tuple[Move, ...]:
    return tuple(
        Move(number, f"/z/{number}", 0, source, "tape", "g", "catalog", preserve=False, delay="")
        for number in range(count)
    )


def test_a_few_movements_are_listed_with_their_paths_and_many_by_their_number() -> None:
    few = Plan(ids=moves(MOVES_LISTED))
    assert len(actions(few)) == MOVES_LISTED
    assert actions(few)[3] == "queue the movement of replica 0 from ssd to tape: /z/3"
    avu = AddAvu(1, "/z/1", Avu("a", "v"))
    many = Plan(ids=(avu, *moves(700), *moves(300, "disk")), told=(avu,))
    assert actions(many) == [
        "add AVU 'a v': /z/1",
        "queue the movements of 300 data objects from disk to tape",
        "queue the movements of 700 data objects from ssd to tape",
        "add AVU 'a v': /z/1",
    ]


def test_a_plan_with_movements_says_what_they_mean_altogether() -> None:
    zone = ZoneView(Unit(10), (data_object(10),))
    reason = Reason("request", "archive", "asked: queued, to tier archive: 5000 data objects of 7 bytes")
    for plan, last in ((Plan(ids=moves(1)), f"archive: {reason.rule}"), (EMPTY, zone.first.path)):
        decision = Decision(plan, NOTHING_AGREED, (reason,))
        lines = drift_lines(Assessment(Observation(zone, Policy("z", "omero", TIERS), 0.0), decision))
        assert lines[-1] == last
