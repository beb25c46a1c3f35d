"""Decisions as a whole: failures, what is gone, reasons, and what is written down first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning import diff
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.planning.failures import decide_failure
from irods_omero.domain.planning.plan import EMPTY
from irods_omero.domain.state.actions import AddAvu, Import, WriteKeyValues
from irods_omero.domain.state.agreement import Agreement, encode
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import ZoneView
from tests.unit.domain.agreed import RULE, Edit, agreed_world, data_object, deleted, moved_to, overwritten
from tests.unit.domain.comparing import errors, not_superseded
from tests.unit.domain.strategies import FIRST, MAPPED, NAMES, NOW, TIERS, WORLDS
from tests.unit.domain.world import World, actions_of, apply, killed, settle

POLICY = Policy("z", "omero.example", TIERS, attempts=3, backoff=60)
ARRIVED = World(POLICY, ZoneView(Unit(FIRST), (data_object(FIRST),), RULE), clock=NOW)


def fail(world: World, cause: str = "no reader for it") -> tuple[World, Decision]:
    """What the agent does when it could not do the plan."""
    decision = decide_failure(world.look(), cause)
    return killed(apply(world, actions_of(decision.plan))), decision


def attempts_shown(world: World) -> set[str]:
    return {avu.units for avu in world.zone.first.avus if avu.attribute == NAMES.error}


def noting(function: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    """The function, of which each call is noted by its name."""

    def call(*arguments: Any) -> Any:
        calls.append(function.__name__)
        return function(*arguments)

    return call


def test_nothing_is_done_about_a_unit_that_is_gone_from_the_zone() -> None:
    base = Agreement(fileset=5, tier="fast")
    decision = decide(replace(ARRIVED.look(), zone=ZoneView(Unit(FIRST), ()), base=base))
    assert (decision.plan, decision.agreement) == (EMPTY, base)


def test_an_import_stands_alone() -> None:
    plan = decide(ARRIVED.look()).plan
    assert [type(action) for action in actions_of(plan)] == [Import]


def test_a_failed_import_is_counted_given_up_and_started_anew_with_new_content() -> None:
    world = ARRIVED
    for attempt in (1, 2, 3):
        assert decide(world.look()).plan.do_import is not None
        world, decision = fail(world)
        assert decision.wait == (attempt < 3)
        assert errors(world) == {"no reader for it"}
        assert attempts_shown(world) == {str(attempt)}
        assert decide(world.look()).plan == EMPTY
        world = replace(world, clock=world.clock + 1000)
    assert decide(world.look()).wait is False
    world = overwritten(world)
    assert decide(world.look()).plan.do_import is not None
    world, _ = fail(world)
    assert attempts_shown(world) == {"1"}
    assert errors(settle(replace(world, clock=world.clock + 1000))) == set()


def test_failures_while_no_replica_is_good_are_counted_too() -> None:
    world = agreed_world(POLICY)
    first = replace(world.zone.first, replicas=())
    world = replace(world, zone=replace(world.zone, objects=(first,)))
    for attempt in (1, 2, 3):
        world, decision = fail(world)
        assert decision.agreement.failure is not None
        assert decision.agreement.failure.attempts == attempt
    assert not decision.wait


def test_new_content_that_cannot_be_imported_leaves_the_earlier_images_as_they_are_with_the_reason() -> None:
    world, _ = fail(overwritten(agreed_world(POLICY)))
    world = settle(world)
    assert errors(world) == {"no reader for it"}
    assert world.base.content != world.zone.first.content()
    assert len(world.filesets) == 1
    settled = settle(replace(world, clock=world.clock + 1000))
    assert errors(settled) == set()
    assert len(settled.filesets) == 2
    assert not_superseded(settled) == []


@given(WORLDS, st.text())
def test_writing_a_failure_down_never_raises_and_does_not_stop_the_next_sweep(world: World, cause: str) -> None:
    world, decision = fail(world, cause)
    assert decision.agreement.failure is not None
    assert errors(world)
    settle(world)


def test_a_failure_fits_even_beside_an_agreement_that_leaves_no_room() -> None:
    values = tuple(sorted(f"value {number}" for number in range(200)))
    full = replace(agreed_world(POLICY).base, attributes=(("a", values),))
    while len(encode(full)) < 2650:
        full = replace(full, tier=full.tier + "x" * 10)
    decision = decide_failure(replace(agreed_world(POLICY).look(), base=full), "x" * 1000)
    assert decision.plan.record is not None
    assert len(encode(decision.agreement)) < 2700


def test_images_that_were_deleted_in_omero_are_not_imported_again_until_the_content_changes() -> None:
    world = settle(replace(agreed_world(POLICY), filesets=()))
    assert world.base == Agreement(content=world.zone.first.content(), gone=True)
    assert {avu.attribute for avu in world.zone.first.avus} == {NAMES.agreement}
    again = settle(overwritten(world))
    assert again.omero.fileset is not None
    assert not again.base.gone


@pytest.mark.parametrize("kind", ["Image", "Plate"])
def test_images_that_nobody_finds_say_so_on_both_sides_until_they_are_in_their_place(kind: str) -> None:
    world = agreed_world(POLICY)
    subjects = tuple(replace(subject, kind=kind) for subject in world.omero.subjects)
    lost = replace(world.look(), omero=replace(world.omero, subjects=subjects, unplaced=True))
    decision = decide(lost)
    assert decision.agreement.unplaced
    actions = decision.plan.actions()
    added = [action.avu for action in actions if isinstance(action, AddAvu)]
    said = {avu.value for avu in added if avu.attribute == NAMES.error}
    assert len(said) == 1
    assert ("in no screen" if kind == "Plate" else "in no dataset") in said.pop()
    pairs = [dict(action.pairs) for action in decision.plan.omero if isinstance(action, WriteKeyValues)]
    assert pairs
    assert all("error" in each for each in pairs)
    assert not decide(
        replace(lost, omero=replace(lost.omero, unplaced=False), base=decision.agreement)
    ).agreement.unplaced


def test_the_time_is_that_of_the_tier() -> None:
    world = agreed_world(POLICY)
    since = world.base.since
    later = settle(Edit("omero", 0, "request", "keep").do(replace(world, clock=NOW + 1000)))
    assert later.base.since == since
    assert settle(moved_to(later, "ssd")).base.since > since


def test_a_checksum_is_remembered_when_another_replica_has_none() -> None:
    world = agreed_world(POLICY)
    first = world.zone.first
    replica = replace(first.replicas[0], number=1, checksum="")
    moved = settle(replace(world, zone=replace(world.zone, objects=(replace(first, replicas=(replica,)),))))
    assert moved.base.content is not None
    assert (moved.base.content.replica, moved.base.content.checksum) == (1, "sha2:x")


def test_most_plans_write_nothing_down_first() -> None:
    world = agreed_world(POLICY)
    for changed in (moved_to(world, "ssd"), Edit("omero", 0, "request", "archive").do(world)):
        plan = decide(changed.look()).plan
        assert plan
        assert plan.first is None


def test_why_a_request_is_refused_is_written_down_before_it_is_taken_away() -> None:
    world = Edit("omero", 0, "request", "archive").do(agreed_world(POLICY, resource="single"))
    plan = decide(world.look()).plan
    assert plan.first is not None
    assert plan.first.agreement.refused == "request archive refused: alone has no other tier to go to"
    assert plan.first.agreement == replace(world.base, refused=plan.first.agreement.refused)


def test_what_loses_a_conflict_is_written_down_before_it_is_taken_away() -> None:
    policy = replace(POLICY, attributes=(MappedAttribute(*MAPPED[0], single=True),))
    world = Edit("zone", 0, 0, "a").do(Edit("omero", 0, 0, "b").do(agreed_world(policy)))
    plan = decide(world.look()).plan
    assert plan.first is not None
    rule = "both sides changed it, and the configuration says that irods wins"
    assert plan.first.agreement == replace(world.base, notes=(f"{MAPPED[0][0]}: b ({rule})",))


@pytest.mark.parametrize("fields", [("import", "tier", "images", "request", MAPPED[0][0])])
def test_every_field_has_a_reason(fields: tuple[str, ...]) -> None:
    policy = replace(POLICY, attributes=(MappedAttribute(*MAPPED[0]),))
    reasons = decide(Edit("zone", 0, 0, "a").do(agreed_world(policy)).look()).reasons
    assert tuple(reason.field for reason in reasons) == fields
    assert all(reason.value and reason.rule for reason in reasons)


def test_what_data_objects_carry_alike_is_looked_at_once_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit of ten thousand data objects is decided about in a fraction of a second."""
    policy, calls, counts = (
        replace(POLICY, attributes=(MappedAttribute(*MAPPED[0]),)),
        list[str](),
        list[Counter[str]](),
    )
    for owner, name in ((Policy, "mapping_of"), (Tier, "with_bytes_of"), (diff, "_satisfies")):
        monkeypatch.setattr(owner, name, noting(getattr(owner, name), calls))
    for objects in (3, 30):
        world = Edit("zone", 1, 0, "a").do(Edit("zone", 0, "request", "keep").do(agreed_world(policy, objects)))
        observation = world.look()
        calls.clear()
        assert decide(observation).plan
        counts.append(Counter(calls))
    assert len(counts[0]) == 3
    assert counts[0] == counts[1]


def test_a_failure_that_has_passed_is_forgotten_with_images_and_without() -> None:
    """For instance a call that was refused once: the next sweep ends as if nothing had been in its way."""
    for world in (agreed_world(POLICY), settle(deleted(agreed_world(POLICY)))):
        failed, _ = fail(world, "refused once")
        assert errors(failed) == {"refused once"}
        mended = settle(failed)
        assert errors(mended) == frozenset()
        assert mended.base == world.base
