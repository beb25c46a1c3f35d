"""Sweeps: one pass through what the hooks have marked and what OMERO's event log hints at, imports last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from irods_omero.agent.apply import Applier
from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_members import carry_out
from irods_omero.agent.directories.directory_units import Directories
from irods_omero.agent.importing import Imports
from irods_omero.agent.listener import Listener
from irods_omero.agent.marks.backlog import look_ahead
from irods_omero.agent.marks.batch_claiming import ClaimedMarks
from irods_omero.agent.marks.periodic_checks import PeriodicChecks
from irods_omero.agent.marks.posting import Posting
from irods_omero.agent.marks.walks import (
    COLLECTIONS,
    FIRST_TURN,
    SweepState,
    begin_walk,
    clear_position,
    in_turn,
    offer_requests,
    save_position,
    write_corrections,
)
from irods_omero.agent.observe import Observer
from irods_omero.agent.omero_first.intake import Intake
from irods_omero.agent.one_copy.cache_trimming import CacheTrimmer
from irods_omero.agent.one_copy.copy_jobs import CopyJobs
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import ZoneView
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches, read_apart
from irods_omero.gateways.zone.mark_batches import MarkBatch, remove_batch
from irods_omero.gateways.zone.marks import Mark, ack, claim, drop, find_marks, release
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.gateways.zone.walk_positions import BEGINNING, WalkPosition, positions
from irods_omero.gateways.zone.watched import members
from irods_omero.logs import log
from irods_omero.vocabulary import PENDING, shard_of

DIRECTORIES = 100
"""At most this many directories are looked at in one sweep."""


class Sweep:
    """One pass; what was marked is not observed again when it is hinted at."""

    def __init__(
        self, connections: Connections, clock: Callable[[], float], workers: Workers, turn: SweepState, report: Report
    ) -> None:
        """``turn`` says where the last pass left off, and ``workers`` are who does what takes long.

        What is done is added to ``report``.
        """
        self.report = report
        self.turn = turn
        self._connections = connections
        self._clock = clock
        self._observer = Observer(connections, clock)
        self._directories = Directories(connections, self._observer, clock)
        self._batch = connections.settings.agent.batch
        self._marks_per_sweep = min(self._batch, turn.marks_per_sweep)
        self._settled = 0
        self._done: set[int] = set()
        self._imports = Imports(connections, workers, clock)
        self._posted: dict[str, Mark] = {}
        self._waiting: dict[str, Mark] = {}
        self.posting = Posting(connections, self.report)
        self.copies = CopyJobs(connections, clock)

    def process_marks(self, marks: Iterable[Mark], is_bounded: bool = True) -> None:
        """Work on what is marked, a batch at a time, and on a page of what marked collections hold.

        What is too much for one sweep is left to the next (``is_bounded``), but not the marks on collections: these
        come first.
        """
        collections, arriving = list[Mark](), list[tuple[int, Mark]]()
        for batch in in_batches(self._free(marks), self._marks_per_sweep):
            if is_bounded and self._settled >= self._marks_per_sweep:
                self.report.left += len(batch)
                break
            rest, posted = self._directories.pass_on(mark for mark in batch if not mark.collection)
            arriving += self._objects(rest)
            self._posted |= posted
            collections += (mark for mark in batch if mark.collection)
        for unit, mark in sorted(arriving, key=lambda one: one[1].id):  # who came first is imported first
            self._put_off(unit, mark)
        if collections or self._posted:
            self._observer.look_anew()  # what they say may have changed since this pass began
            self._collections(self._directories_among(collections))

    def process_batches(self, batches: Iterable[MarkBatch]) -> None:
        """Work on what a sweep that was broken off, of this agent or of an earlier one, had claimed together."""
        for each in batches:
            self.process_marks(free := list(self._free(each.marks)), is_bounded=False)
            if len(free) == len(each.marks):
                remove_batch(self._connections.zone, each.avu)

    def process_hints(self, ids: Iterable[int]) -> None:
        """Look at units that have no marks."""
        for batch in in_batches(self._ours(data_id for data_id in ids if data_id not in self._done), self._batch):
            self._unmarked(batch)

    def imports(self) -> list[Job]:
        """What is to be done after all else: the imports that were put off."""
        self.report.walking += len(self._posted)
        return self._imports.jobs(self._observer) + self._directories.jobs()

    def _free(self, marks: Iterable[Mark]) -> Iterator[Mark]:
        """The marks without those of what is being imported; these wait."""
        for mark in marks:
            if mark.collection or mark.id not in self._imports.busy:
                yield mark
            else:
                self.report.waiting += 1

    def _objects(self, marks: Sequence[Mark]) -> list[tuple[int, Mark]]:
        """Claim the marks of a batch, work, and acknowledge them; what has to wait keeps its mark untouched.

        Returns:
            Those that ask for an import, each with the unit that is to be imported.
        """
        untouched = [mark.id for mark in marks if mark.states == {PENDING}]
        ahead = look_ahead(self._connections, self._observer, self._clock(), untouched, self._imports.busy)
        self.report.waiting += len(ahead.resting)
        self._done.update(mark.id for mark in marks if mark.id not in ahead.resting)  # hints may say more of these
        self._imports.know(ahead.units, ahead.suspects)
        self._mark_directories(self._directories.doubtful(ahead.units, set(ahead.arriving.values())))
        arriving = [(ahead.arriving[mark.id], mark) for mark in marks if mark.id in ahead.arriving]
        waiting = ahead.resting.union(ahead.arriving)
        due = [mark for mark in marks if mark.id not in waiting]
        batch = ClaimedMarks(self._connections, due)
        self.posting.tell_of_unclaimed(batch.unclaimed)
        observations = self._observer.observe(mark.id for mark in batch.claimed)
        theirs = self._theirs(observations)
        unposted = [each.first.data_id for each in theirs if not self.posting.post(each.first.data_id, each.first.path)]
        again, imports = (_objects_of(observations, ids) for ids in self._work(observations))
        again |= dict.fromkeys(self._observer.unreadable, 0) | _objects_of(observations, unposted)
        seen = {each.data_id: each.path for one in observations.values() for each in one.zone.objects}
        # What is at that path now may be another one, whose mark it was.
        known = seen | {mark.id: mark.path for mark in batch.claimed if mark.id in self._observer.being_taken_in}
        again |= {mark.id: 0 for mark in batch.claimed if known.get(mark.id) != mark.path}
        self._settled += batch.settle(again.keys() | imports.keys())
        return arriving + [(imports[mark.id], mark) for mark in batch.released if mark.id in imports]

    def _put_off(self, unit: int, mark: Mark) -> None:
        """Import the unit at the end of this pass, or leave it to the next one if it is one too many."""
        self._done.add(mark.id)
        if self._imports.has_room(unit):
            self._imports.put_off(unit, mark)
            return
        self.report.postponed += 1

    def _unmarked(self, ids: Iterable[int], is_walk: bool = False) -> set[int]:
        """Look at units without marks; those that have to wait get one, not to be forgotten.

        Returns:
            The data objects of those that get none though they are to be imported: in a walk, which comes back to them,
            those that are too many for this pass.
        """
        zone, names, left = self._connections.zone, self._connections.names, set[int]()
        asked = list(ids)
        observations = self._observer.observe(asked)
        unread = [data_id for data_id in asked if data_id in self._observer.unreadable]
        there = read_apart(unread, lambda some: read_objects(zone, some, [names.sync]), lambda *_: None)
        for data_id, data_object in there.items():
            self.posting.post(data_id, data_object.path)  # nobody would come back to what only a hint has told of
        self.posting.pass_on(
            {unit.first.data_id: observations[unit.first.data_id] for unit in self._theirs(observations)}
        )
        again, imports = self._work(observations)
        for data_id, data_object in read_objects(zone, again | imports, [names.sync]).items():
            if is_walk and data_id in imports and not self._imports.has_room(data_id):
                left.update(_objects_of(observations, [data_id]))
                self.report.postponed += 1
                continue
            if not self.posting.post(data_id, data_object.path):
                continue
            if data_id in imports:
                self._put_off(data_id, Mark(data_id, data_object.path, shard_of(data_id), frozenset({PENDING})))
        return left

    def _theirs(self, observations: Mapping[int, Observation]) -> list[ZoneView]:
        """The units that belong to other agents: only some of their data objects are of this one's shards."""
        shards = self._connections.shards
        return [observation.zone for observation in observations.values() if observation.zone.unit.shard not in shards]

    def _work(self, observations: Mapping[int, Observation]) -> tuple[set[int], set[int]]:
        """Work on the units of this agent; returns which are to be looked at again soon, and which to be imported."""
        ours = {id_: observations[id_] for id_ in self._ours(observations)}
        busy = self._imports.busy & ours.keys()
        self._imports.know(each.zone for each in ours.values())
        ours = {id_: each for id_, each in ours.items() if id_ not in busy}
        self._done.update(_objects_of(ours, ours))
        applier = Applier(self._connections, self._observer, self.report)
        again, imports = applier.apply_all_but_imports(ours)
        self._mark_directories(self._directories.doubtful((each.zone for each in ours.values()), imports))
        self.copies.put_off(ours, applier.copies)
        self.report.observed += len(ours) - len(imports) - len(applier.copies)
        again |= busy
        self.report.waiting += len(again)
        return again, imports

    def _mark_directories(self, paths: Iterable[str]) -> dict[str, Mark]:
        """Mark directories, to be looked at in this pass if it is not too late for that; returns the marks."""
        posted = self._directories.mark(path for path in paths if path not in self._waiting)
        self._posted |= posted
        return self._waiting | posted

    def _directories_among(self, marks: Sequence[Mark]) -> list[Mark]:
        """Look at the directories that marks are about, and at those that have just got marks; returns the others."""
        directory_of = {mark: self._directories.of_mark(mark) for mark in marks}
        rest = [mark for mark in marks if self._directories.leads_to_all(mark, directory_of[mark])]
        at = (mark for mark in marks if mark.path == directory_of[mark] and mark not in rest)
        due = {mark.path: mark for mark in sorted(at, key=lambda mark: mark.gather)}
        # What has lost something may have held parts of files that lie elsewhere.
        above = {self._directories.of_collection(mark.path) for mark in rest if PENDING in mark.states}
        passed = {mark: directory for mark, directory in directory_of.items() if mark not in rest}
        passed = {mark: directory for mark, directory in passed.items() if due.get(mark.path) != mark}
        self._mark_directories({*passed.values(), *above} - {"", *due})
        posted, self._posted = self._posted, {}
        passed |= {due.pop(path): path for path in posted if path in due and not due[path].gather}
        for mark, directory in passed.items():
            if not directory or directory in posted or directory in due:
                drop(self._connections.zone, self._connections.names, mark)
        for path, mark in posted.items():
            if mark.shard in self._connections.shards:
                due[path] = replace(mark, states=mark.states | due.get(path, mark).states)
        ordered = in_turn(due.values(), self.turn.looked_at)
        looked = [self._directory(mark) for mark in ordered[:DIRECTORIES]]
        if looked:
            self.turn = replace(self.turn, looked_at=ordered[len(looked) - 1].id)
        if any(looked):  # where all wait, going on at once is of no use
            self.report.walking += len(ordered[DIRECTORIES:])
        return rest

    def _directory(self, mark: Mark) -> bool:
        """Look at one directory; one that has to wait keeps its mark untouched. Returns whether it is done."""
        zone, names = self._connections.zone, self._connections.names
        again = True
        try:
            if mark.states == {PENDING} and self._directories.look(mark.path).only_waits:
                self.report.waiting += 1
                self._waiting[mark.path] = mark
                return False
            if not claim(zone, names, mark):
                return False
            look = self._directories.look(mark.path)
            marked, refused = carry_out(self._connections, look)
            self.report.walking += marked
            self.report.zone_actions += look.actions
        except RefusedError as error:
            log.warning("directory failed", path=mark.path, error=str(error))
            self.report.failed += 1
        else:
            # Also of what is to be imported already: the marks that this rests on may be on files that have left.
            self._unmarked(look.due)
            for refusal in refused[:1]:
                log.warning("directory failed in part", path=mark.path, error=str(refusal), more=len(refused) - 1)
            self.report.failed += bool(refused)
            again = bool(look.waits or refused or look.due & (self._observer.unreadable.keys() | self.posting.unmarked))
        (release if again else ack)(zone, names, mark)
        self.report.waiting += again
        return not again

    def _collections(self, marks: Sequence[Mark]) -> None:
        """Look at a page of what each of some marked collections holds.

        Each became watched, stopped being so, or lost something.
        """
        connections, begun = self._connections, list[tuple[Mark, WalkPosition]]()
        due, now = in_turn(marks, self.turn.walked), time.monotonic()
        marks = [mark for mark in due if not self.turn.rests(mark, now)]
        self.report.waiting += len(due) - len(marks)
        known = positions(connections.zone, connections.names)
        tried = 0
        for mark in marks:
            if len(begun) == COLLECTIONS:
                break
            tried += 1
            position = begin_walk(connections, mark, known.get(mark.path, BEGINNING))
            if position is not None:
                begun.append((mark, position))
        for mark, position in begun:
            self._walk(mark, position)
            self.turn = self.turn.after(mark, now)
        if begun:  # where none of the marks can be claimed, trying again is of no use
            self.report.walking += len(marks) - tried

    def _walk(self, mark: Mark, position: WalkPosition) -> None:
        connections = self._connections
        if position == BEGINNING:
            write_corrections(connections, self._observer.watched, mark.path)
            offer_requests(connections, self._observer, mark.path)
        page = members(connections.zone, mark.path, position.after, self._batch)
        loose = self._directories.unassigned_among(page.ids)
        posted = self._mark_directories(loose)
        passed = {data_id for path in loose.keys() & posted for data_id in loose[path]}
        # What was looked at before the mark was claimed is looked at once more; what is to be imported will be anyway.
        ids = [data_id for data_id in page.ids if data_id not in self._imports and data_id not in passed]
        left = self._unmarked(ids, is_walk=True).intersection(page.ids)
        if not left and not page.last:
            if position != BEGINNING:
                clear_position(connections, mark.path, position)
            ack(connections.zone, connections.names, mark)
            return
        after = min(left) - 1 if left else page.last
        if after > position.after:
            done = sum(data_id <= after for data_id in page.ids)
            self.report.walking += save_position(connections, mark.path, WalkPosition(after, position.count + done))

    def _ours(self, ids: Iterable[int]) -> Iterator[int]:
        return (data_id for data_id in ids if shard_of(data_id) in self._connections.shards)


def _objects_of(observations: Mapping[int, Observation], ids: Iterable[int]) -> dict[int, int]:
    """The catalog ids of all data objects of some units, each with the id of its unit."""
    return {data_object.data_id: id_ for id_ in ids for data_object in observations[id_].zone.objects}


class Sweeper:
    """Sweeps the zone, one pass at each call."""

    def __init__(
        self, connections: Connections, clock: Callable[[], float] = time.time, workers: Workers | None = None
    ) -> None:
        """With ``workers`` a pass begins imports and does not wait for them; without, it does them to their end."""
        self._connections = connections
        self._clock = clock
        self._workers = workers or Workers(connections)
        self._waits = workers is None or not workers.are_several
        self._listener: Listener | None = None
        self._room = CacheTrimmer(connections, clock)
        self._periodic_checks = PeriodicChecks(connections)
        self._turn = FIRST_TURN
        self._before = 0

    def sweep(self) -> Report:
        """One pass.

        Raises:
            UnreachableError: A side is down; nothing is lost, the next one goes on.
            RefusedError: A side refuses what concerns all units, for instance the log-in.
        """
        begun, began = self._workers.collect(), time.monotonic()
        self._connections.brake.before = self._before
        work = Sweep(self._connections, self._clock, self._workers, self._turn, begun)
        if self._listener is None:
            self._listener = Listener(self._connections)
        heard = self._listener.heard()
        work.process_batches(self._periodic_checks.batches())
        work.process_marks(find_marks(self._connections.zone, self._connections.names, self._connections.shards))
        work.process_hints(sorted(heard | self._periodic_checks.pending() | self._turn.unmarked))
        self._listener.followed()
        self._turn = replace(work.turn, unmarked=frozenset(work.posting.unmarked))
        self._do(work, work.imports())
        self._do(work, work.copies.jobs(work.report, self._workers))
        self._do(work, self._room.looks(self._workers))
        self._do(work, self._room.jobs(work.report, self._workers))
        intake = Intake(self._connections, work.report, self._clock)
        intakes = intake.jobs(self._workers, self._turn.taken)
        self._turn = replace(self._turn, taken=intake.last)
        self._do(work, intakes)
        if self._waits and work.report.taken:  # whoever has imported them is waiting for their tags
            marks = find_marks(self._connections.zone, self._connections.names, self._connections.shards)
            work.process_marks(mark for mark in marks if not mark.collection)
        self._before = self._before + work.report.observed if work.report.left else 0
        if work.report.left:
            self._turn = self._turn.at_pace(time.monotonic() - began)
        return work.report

    def _do(self, sweep: Sweep, jobs: Sequence[Job]) -> None:
        if not self._waits:
            self._workers.begin(jobs)
        elif jobs:
            sweep.report.add(self._workers.work(jobs))

    def drain(self) -> Report:
        """Sweep until nothing is left for later but what has to wait; returns what all these sweeps did together.

        Raises:
            UnreachableError: A side is down; nothing is lost, the next one goes on.
            RefusedError: A side refuses what concerns all units, for instance the log-in.
        """
        last = done = self.sweep()
        while self.has_more(last):
            last = self.sweep()
            done = done.followed_by(last)
        return done

    def has_more(self, report: Report) -> bool:
        """Whether after this one a pass has something to do at once; what is too much for the workers waits for one."""
        return report.goes_on if not self._waits else report.is_unfinished
