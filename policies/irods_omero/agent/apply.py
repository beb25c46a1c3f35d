"""Applies decisions: each step for all units together, so that OMERO is called once for many; imports one by one."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import BinaryIO

from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_units import Directories
from irods_omero.agent.observe import Observer
from irods_omero.agent.report import Report
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.planning.failures import decide_attempt, decide_failure
from irods_omero.domain.planning.news import News, news_of, news_of_failure
from irods_omero.domain.planning.plan import Step
from irods_omero.domain.planning.removal_check import removes_anything
from irods_omero.domain.rules.causes import HELD, HELD_BACK
from irods_omero.domain.rules.refused_actions import is_in_vain, is_of_earlier
from irods_omero.domain.state.actions import (
    AddAvu,
    Import,
    Move,
    OmeroAction,
    RecordAgreement,
    Refusal,
    RemoveAvu,
    ZoneAction,
)
from irods_omero.domain.state.agreement import CONTENT, OUTSIDE, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import CopyAction
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.unit import import_prefix
from irods_omero.errors import ContentError, DestinationError, RefusedError
from irods_omero.gateways.omero.uploading import Opener
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.gateways.zone.zone_actions import apply_to_zone, record_agreement
from irods_omero.logs import log
from irods_omero.vocabulary import Names

Units = dict[int, Observation]
"""What was observed of some units, by the catalog id of the first data object of each."""


@dataclass
class _Written:
    """What came of the part of a step that is in the zone, for one unit.

    Attributes:
        done: The number of actions that were done.
        refused: The actions that the zone would not do.
        base: What is agreed, if that was recorded.
        failure: Why what the unit rests on could not be recorded: what comes after it was left.
    """

    done: int = 0
    refused: list[Refusal] = field(default_factory=list)
    base: Agreement | None = None
    failure: RefusedError | None = None


@dataclass
class _Outcome:
    """What came of a number of plans.

    Attributes:
        refused: For each unit the actions that a side would not do.
        failures: Units of which what they rest on could not be recorded: they are left at that step.
        done: For each unit the number of actions that were done.
    """

    refused: dict[int, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[int, RefusedError] = field(default_factory=dict)
    done: Counter[int] = field(default_factory=Counter)


class Applier:
    """Makes both sides of a number of units agree.

    Attributes:
        report: Counts what is done.
    """

    def __init__(self, connections: Connections, observer: Observer, report: Report, limited: bool = True) -> None:
        """``limited`` says whether removals beyond ``safety.removals`` are held."""
        self._limited = limited
        self._connections = connections
        self._observer = observer
        self.report = report
        self._annotations, self._importer = connections.writers()
        self.copies: dict[int, CopyAction] = {}
        """What is to be done in OMERO's repository, for each unit; nothing of it is done here."""
        self._missing: dict[tuple[str, Target], DestinationError] = {}
        """Users and targets that an import has missed: no other import of this sweep need try."""

    def beside(self, connections: Connections, observer: Observer) -> Applier:
        """Another one of the same sweep, for another thread."""
        other = Applier(connections, observer, Report(), self._limited)
        other._missing = self._missing
        other._importer.knows_as(self._importer)
        return other

    def apply(self, observations: Units) -> set[int]:
        """Decide about each unit, do what was decided, and import what is to be imported.

        Returns:
            Catalog ids of the units that are to be observed again soon.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the marks.
        """
        again, imports = self.apply_all_but_imports(observations)
        self.expect(imports)
        for data_id in sorted(imports):
            again |= self.import_unit(data_id)
        return again

    def apply_all_but_imports(self, observations: Units) -> tuple[set[int], set[int]]:
        """Decide about each unit and do what was decided, unless it is to be imported.

        Returns:
            Catalog ids of the units that are to be observed again soon, and of those that are to be imported.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the marks.
        """
        self._mark_entered(observations)
        decisions = {data_id: decide_or_fail(observation) for data_id, observation in observations.items()}
        if self._limited:
            self._hold(observations, decisions)
        imports = {data_id for data_id, decision in decisions.items() if decision.plan.do_import}
        rest = {data_id: decision for data_id, decision in decisions.items() if data_id not in imports}
        return self._apply(observations, rest), imports

    def _mark_entered(self, observations: Units) -> None:
        """Have the directories looked at that units have been moved into, while their images still tell of that."""
        directories = Directories(self._connections, self._observer)
        entered = directories.entered(observations.values())
        self.report.walking += len(directories.mark(entered)) if entered else 0

    def _hold(self, observations: Units, decisions: dict[int, Decision]) -> None:
        """Hold removals where more units lose something than users take away one by one."""
        losing = [id_ for id_, decision in decisions.items() if removes_anything(observations[id_], decision)]
        swept = self.report.observed + len(observations)
        if not self._connections.brake.must_hold(losing, swept, time.time()):
            return
        for data_id in losing:
            # Whatever else is decided about it in this sweep, for instance after a refusal, holds them, too.
            observations[data_id] = replace(observations[data_id], hold=True)
            decisions[data_id] = decide_or_fail(observations[data_id])
            self._connections.activity.tell(News(HELD_BACK, HELD, observations[data_id].zone.first.path))
        self.report.held += len(losing)
        log.error("removals are held: see irods-omero removals", units=len(losing))

    def expect(self, imports: Iterable[int]) -> None:
        """Search once in OMERO for all units that are going to be imported, by their ids, instead of for each."""
        zone = str(self._connections.zone_key)
        prefixes = [import_prefix(zone, data_id) for data_id in imports]
        if prefixes:
            self._importer.expect(prefixes)

    def import_unit(self, data_id: int) -> set[int]:
        """Import one unit and make both sides agree about it, before the next one: users are waiting for its tags.

        It is observed again first, as the imports before it may have taken long: the data object may even have become
        part of another unit. That one is left to whoever imports it, perhaps at this moment, and looked at again.
        """
        observations = self._observer.observe([data_id])
        if data_id in self._observer.unreadable:
            self.report.in_vain += 1
            return {data_id}
        if observations and data_id not in observations:
            return {data_id}
        self._mark_entered(observations)
        decisions = {id_: decide_or_fail(observation) for id_, observation in observations.items()}
        if self._limited:
            self._hold(observations, decisions)
        for id_, decision in list(decisions.items()):
            if decision.plan.do_import is not None:
                decisions[id_] = self._import(observations, id_, decision.plan.do_import)
        return self._apply(observations, decisions)

    def _import(self, observations: Units, data_id: int, action: Import) -> Decision:
        """Import one unit, observe what came of it, and decide again."""
        where = (action.user, action.target)
        try:
            if where in self._missing:
                raise self._missing[where]
            opens = _opener(self._connections.zone, observations[data_id])
            with self._connections.activity.importing(action, opens) as opener:
                done = self._importer.bring_in(action, opener, partial(self._begin, observations, data_id))
            seen = self._observer.observe_import(observations[data_id], action, done)
        except RefusedError as error:
            if isinstance(error, DestinationError):
                self._missing[where] = error
            kind = CONTENT if isinstance(error, ContentError) else OUTSIDE
            return _without_import(observations[data_id], self._fail(observations[data_id], error, kind))
        observations[data_id] = seen
        log.info("imported", path=action.paths[0], fileset=done.fileset)
        self.report.imported += 1
        return decide_or_fail(seen)

    def _begin(self, observations: Units, data_id: int) -> None:
        """Write down that an import is tried: what breaks a server while it is imported is known by that."""
        attempt = decide_attempt(observations[data_id])
        if attempt is not None:
            outcome = _Outcome()
            self._write(observations, {data_id: (attempt,)}, outcome)
            if data_id in outcome.failures:
                raise outcome.failures[data_id]

    def _apply(self, observations: Units, decisions: dict[int, Decision]) -> set[int]:
        """Do what was decided; returns the units that are to be observed again soon."""
        for data_id, decision in decisions.items():
            if observations[data_id].zone.objects:
                self._connections.activity.tell(*news_of(observations[data_id], decision))
        outcome = _Outcome()
        self._carry_out(observations, {id_: each.plan.work() for id_, each in decisions.items()}, outcome)
        for data_id, decision in decisions.items():
            if data_id not in outcome.failures:
                decisions[data_id] = after = self._what_came_of_it(observations[data_id], decision, outcome)
                self.report.changed += outcome.done[data_id] > 0 or bool(after.plan.record)
        told = _Outcome(failures=outcome.failures)
        self._carry_out(observations, {id_: each.plan.end() for id_, each in decisions.items()}, told)
        failures = told.failures
        for data_id, error in failures.items():
            decisions[data_id] = self._fail(observations[data_id], error, OUTSIDE)
        told_of_failures = _Outcome(refused=told.refused)
        failing = {data_id: decisions[data_id].plan.steps() for data_id in failures}
        self._carry_out(observations, failing, told_of_failures)
        self.report.in_vain += len(told_of_failures.failures)
        for data_id, error in told_of_failures.failures.items():
            log.error("failure cannot be recorded", path=observations[data_id].zone.first.path, error=str(error))
        self.copies |= {id_: each.plan.copies for id_, each in decisions.items() if each.plan.copies is not None}
        waiting = {data_id for data_id, decision in decisions.items() if decision.wait}
        return waiting | _untold(observations, told)

    def _what_came_of_it(self, observation: Observation, decision: Decision, outcome: _Outcome) -> Decision:
        """What is agreed now that all has been tried, which may not be all that was decided."""
        refused, before = outcome.refused[observation.zone.unit.data_id], observation.base.refusals_told
        if not refused and (not before or decision.plan.relocates):
            return decision
        done = decide_or_fail(replace(observation, refused=tuple(refused)))
        if done.plan.do_import:  # the next attempt is due at once: then all of it is looked at again
            return decision
        told = done.agreement.refusals_told
        if told and told != before:
            self.report.failed += 1
            log.warning("something was refused", path=observation.zone.first.path, error=told)
        return replace(done, plan=replace(done.plan, record=done.plan.record or done.plan.first))

    def _carry_out(self, observations: Units, steps: Mapping[int, Sequence[Step]], outcome: _Outcome) -> None:
        """Carry plans out step by step; only a unit of which nothing can be recorded is left at that step."""
        for step in zip(*steps.values(), strict=True):
            of_units = zip(steps, step, strict=True)
            due = {id_: actions for id_, actions in of_units if actions and id_ not in outcome.failures}
            self._annotate(observations, due, outcome)
            self._write(observations, due, outcome)

    def _annotate(self, observations: Units, due: Mapping[int, Step], outcome: _Outcome) -> None:
        """Do the part of a step that is in OMERO, for all units in as few calls as possible."""
        actions = [(id_, action) for id_, step in due.items() for action in step if isinstance(action, OmeroAction)]
        refused = self._annotations.apply(actions) if actions else {}
        # It may have been the moment, and nobody looks at images of earlier contents again.
        last_chance = [
            (id_, refusal.action)
            for id_, refusals in refused.items()
            for refusal in refusals
            if is_of_earlier(refusal, observations[id_]) and isinstance(refusal.action, OmeroAction)
        ]
        if last_chance:
            for id_, refusals in refused.items():
                refused[id_] = [each for each in refusals if not is_of_earlier(each, observations[id_])]
            for id_, refusals in self._annotations.apply(last_chance).items():
                refused[id_] = [*refused[id_], *refusals]
        outcome.done.update(id_ for id_, _ in actions)
        for data_id, refusals in refused.items():
            outcome.refused[data_id] += refusals
            outcome.done[data_id] -= len(refusals)
        self.report.omero_actions += len(actions) - sum(map(len, refused.values()))

    def _write(self, observations: Units, due: Mapping[int, Step], outcome: _Outcome) -> None:
        """Do the part of a step that is in the zone, for several units, and several movements, at the same time."""
        names, parts = self._connections.names, [(id_, part) for id_, step in due.items() for part in _zone_parts(step)]
        written = self._connections.side_by_side.each(parts, lambda zone, part: _write_one(zone, names, part[1]))
        for (data_id, _), of_unit in zip(parts, written, strict=True):
            if of_unit.base is not None:
                # What is recorded of a failure later on must not undo what is recorded now.
                observations[data_id] = replace(observations[data_id], base=of_unit.base)
            if of_unit.failure is not None:
                outcome.failures[data_id] = of_unit.failure
            outcome.refused[data_id] += of_unit.refused
            outcome.done[data_id] += of_unit.done
            self.report.zone_actions += of_unit.done

    def _fail(self, observation: Observation, error: RefusedError, kind: str = CONTENT) -> Decision:
        log.warning("unit failed", path=observation.zone.first.path, error=str(error))
        self.report.failed += 1
        decision = decide_failure(observation, str(error), kind)
        if decision.agreement.failure is not None:
            self._connections.activity.tell(news_of_failure(observation, decision.agreement.failure))
        return decision


def _untold(observations: Units, told: _Outcome) -> set[int]:
    """Units of which omero::error is out of date: their agreements do not remember that, so their marks have to."""
    untold = {data_id: refusals for data_id, refusals in told.refused.items() if refusals}
    for data_id, (first, *_) in untold.items():
        log.warning("omero::error is out of date", path=observations[data_id].zone.first.path, error=first.why)
    return set(untold)


def _zone_parts(step: Step) -> list[Step]:
    """The part of a step that is in the zone, in parts for which no order matters.

    Movements are of different data objects, and there may be very many of one unit.
    """
    in_zone = [action for action in step if isinstance(action, (RecordAgreement, ZoneAction))]
    rest = tuple(action for action in in_zone if not isinstance(action, Move))
    return [*([rest] if rest else []), *((action,) for action in in_zone if isinstance(action, Move))]


def _write_one(zone: ZoneConnection, names: Names, step: Step) -> _Written:
    """Do such a part, of one unit, in its order."""
    written = _Written()
    try:
        for action in step:
            if isinstance(action, RecordAgreement):
                record_agreement(zone, names, action)
                written.base = action.agreement
            elif isinstance(action, ZoneAction):
                try:
                    if is_in_vain(action, written.refused):
                        raise RefusedError("changing", action.path, "what comes before it was refused")
                    apply_to_zone(zone, action)
                except RefusedError as error:
                    if isinstance(action, AddAvu | RemoveAvu) and action.avu.attribute == names.request:
                        raise  # the request would seem to be taken back, or made again, at the next look
                    written.refused.append(Refusal(action, str(error)))
                    continue
            written.done += 1
    except RefusedError as error:
        written.failure = error
    return written


def _opener(zone: ZoneConnection, observation: Observation) -> Opener:
    """What opens data objects to import them, each in a replica that is in reach."""
    tiers, objects = observation.policy.tiers, {each.path: each for each in observation.zone.objects}

    def open_one(path: str) -> AbstractContextManager[BinaryIO]:
        return open_object(zone, path, tiers.replica_to_read(objects[path]) if path in objects else None)

    return open_one


def decide_or_fail(observation: Observation) -> Decision:
    """The decision about one unit; where none can be made, to say so: it is the trouble of that unit alone."""
    path = observation.zone.first.path if observation.zone.objects else ""
    try:
        return decide(observation)
    except Exception as error:
        log.exception("no decision", path=path)
        return decide_failure(observation, f"deciding about {path!r}: {type(error).__name__}: {error}")


def _without_import(observation: Observation, failed: Decision) -> Decision:
    """What else there is to do about a unit whose import failed; that it failed is recorded first.

    Nobody would look at the rest after the last attempt, and nobody should have to wait for it until then.
    """
    try:
        decision = decide(replace(observation, base=failed.agreement))
    except Exception:
        log.exception("no decision", path=observation.zone.first.path)
        return failed
    if decision.plan.do_import:
        return failed  # the next attempt is due at once
    first = decision.plan.first or failed.plan.record
    return replace(decision, plan=replace(decision.plan, first=first))
