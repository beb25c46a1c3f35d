"""Carries decisions out: OMERO for all units together, then the zone unit by unit; imports one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from policies.agent.looking import Observer, look_in_omero, subjects_of
from policies.agent.report import Report
from policies.agent.sides import Sides
from policies.domain.decide import Decision, decide, decide_failure
from policies.domain.plan import Import, OmeroAction, Plan, RecordAgreement, ZoneAction
from policies.domain.situation import Situation
from policies.domain.views import NOTHING_IN_OMERO
from policies.errors import RefusedError
from policies.gateways.zone.streaming import open_object
from policies.gateways.zone.writing import apply_to_zone, record_agreement

log = structlog.get_logger()

Units = dict[int, Situation]


class Doing:
    """Makes both sides of a number of units agree."""

    def __init__(self, sides: Sides, observer: Observer, report: Report) -> None:
        self._sides = sides
        self._observer = observer
        self._report = report
        self._annotating, self._importing = sides.tools()

    def carry_out(self, situations: Units) -> set[int]:
        """Decide about each unit and do it.

        Returns:
            Catalog ids of the units that are to be looked at again soon.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the marks.
        """
        again, imports = self.agree(situations)
        for data_id in sorted(imports):
            again |= self.bring_in(data_id)
        return again

    def agree(self, situations: Units) -> tuple[set[int], set[int]]:
        """Decide about each unit and do it, unless it is to be imported.

        Returns:
            Catalog ids of the units that are to be looked at again soon, and of those that are to be imported.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the marks.
        """
        decisions = {data_id: decide(situation) for data_id, situation in situations.items()}
        imports = {data_id for data_id, decision in decisions.items() if decision.plan.do_import}
        rest = {data_id: decision for data_id, decision in decisions.items() if data_id not in imports}
        return self._agree(situations, rest), imports

    def bring_in(self, data_id: int) -> set[int]:
        """Import one unit and have both sides agree about it, before the next one: users are waiting for its tags.

        It is looked at again first, as the imports before it may have taken long: the data object may even have become
        part of another unit, which may belong to another agent.
        """
        observed, shards = self._observer.observe([data_id]), self._sides.shards
        situations = {found: each for found, each in observed.items() if each.zone.unit.shard in shards}
        decisions = {found: decide(situation) for found, situation in situations.items()}
        for found, decision in list(decisions.items()):
            if decision.plan.do_import is not None:
                decisions[found] = self._import(situations, found, decision.plan.do_import)
        return self._agree(situations, decisions)

    def _agree(self, situations: Units, decisions: dict[int, Decision]) -> set[int]:
        """Do what was decided about some units; returns those that are to be looked at again soon."""
        failures = self._write_first(situations, decisions)
        rest = ((id_, found) for id_, found in decisions.items() if id_ not in failures)
        failures.update(self._annotate([(id_, action) for id_, found in rest for action in found.plan.omero]))
        for data_id, error in failures.items():
            decisions[data_id] = self._fail(situations[data_id], error)
        return {data_id for data_id, decision in decisions.items() if self._finish(situations[data_id], decision)}

    def _import(self, situations: Units, data_id: int, action: Import) -> Decision:
        """Import one unit, look at what came of it, and decide again."""
        situation = situations[data_id]
        try:
            done = self._importing.bring_in(action, lambda path: open_object(self._sides.zone, path))
        except RefusedError as error:
            return _without_import(situation, self._fail(situation, error))
        log.info("imported", path=action.paths[0], fileset=done.fileset)
        self._report.imported += 1
        view = look_in_omero(self._sides, situation.policy, {data_id: done.fileset}).get(data_id, NOTHING_IN_OMERO)
        strays = situation.omero.superseded
        earlier = subjects_of(self._sides, done.earlier)
        superseded = tuple(subject for fileset in sorted(earlier) for subject in earlier[fileset])
        agreed = earlier.get(situation.base.fileset or 0, ())
        view = replace(view, superseded=superseded + strays, earlier=agreed)
        situations[data_id] = replace(situation, omero=view, imported=action.content)
        return decide(situations[data_id])

    def _write_first(self, situations: Units, decisions: dict[int, Decision]) -> dict[int, RefusedError]:
        """Write down what a kill in the middle would lose; a failure later on must not write over it."""
        failures: dict[int, RefusedError] = {}
        for data_id, decision in decisions.items():
            if decision.plan.first is not None:
                try:
                    self._record(decision.plan.first)
                    situations[data_id] = replace(situations[data_id], base=decision.plan.first.agreement)
                except RefusedError as error:
                    failures[data_id] = error
        return failures

    def _annotate(self, work: Sequence[tuple[int, OmeroAction]]) -> dict[int, RefusedError]:
        self._report.omero_actions += len(work)
        return self._annotating.apply(work) if work else {}

    def _fail(self, situation: Situation, error: RefusedError) -> Decision:
        log.warning("unit failed", path=situation.zone.first.path, error=str(error))
        self._report.failed += 1
        return decide_failure(situation, str(error))

    def _finish(self, situation: Situation, decision: Decision) -> bool:
        """Do a plan's part after OMERO's; returns whether the unit is to be looked at again soon."""
        try:
            self._apply_the_rest(decision.plan)
        except RefusedError as error:
            failure = self._fail(situation, error)
            self._apply_or_log(failure.plan, situation)
            return failure.wait
        if decision.plan:
            self._report.changed += 1
        return decision.wait

    def _apply_the_rest(self, plan: Plan) -> None:
        self._apply_to_zone(plan.zone)
        for error in self._annotate([(0, action) for action in plan.superseded]).values():
            raise error
        self._apply_to_zone(plan.ids)
        if plan.record is not None:
            self._record(plan.record)

    def _apply_to_zone(self, actions: Sequence[ZoneAction]) -> None:
        for action in actions:
            apply_to_zone(self._sides.zone, action)
            self._report.zone_actions += 1

    def _record(self, action: RecordAgreement) -> None:
        record_agreement(self._sides.zone, self._sides.names, action)
        self._report.zone_actions += 1

    def _apply_or_log(self, plan: Plan, situation: Situation) -> None:
        try:
            self._apply_the_rest(plan)
        except RefusedError as error:
            log.error("failure cannot be written down", path=situation.zone.first.path, error=str(error))


def _without_import(situation: Situation, failed: Decision) -> Decision:
    """What else there is to do about a unit whose import failed; that it did is written down first.

    Nobody would look at the rest after the last attempt, and nobody should have to wait for it until then.
    """
    decision = decide(replace(situation, base=failed.agreement))
    if decision.plan.do_import:
        return failed  # the next attempt is due at once
    first = decision.plan.first or failed.plan.record
    return replace(decision, plan=replace(decision.plan, first=first))
