"""One round of the agent through what is marked or hinted at: take, look, decide, do, and clear the marks.

Imports come last, and only so many of them: they take long, and whoever asks for something else should not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from policies.agent.backlog import look_ahead
from policies.agent.doing import Doing
from policies.agent.looking import Observer
from policies.agent.report import Report
from policies.agent.sides import Sides
from policies.domain.decide import decide
from policies.domain.situation import Situation
from policies.domain.views import ZoneView
from policies.gateways.batches import in_batches
from policies.gateways.zone.marks import Mark, clear, give_back, leave, take
from policies.gateways.zone.reading import read_objects
from policies.gateways.zone.watching import members
from policies.vocabulary import PENDING, TAKEN, shard_of


class Round:
    """One round; what was marked is not looked at again when it is hinted at."""

    def __init__(self, sides: Sides, clock: Callable[[], float]) -> None:
        self.report = Report()
        self._sides = sides
        self._clock = clock
        self._observer = Observer(sides, clock)
        self._batch = sides.settings.agent.batch
        self._done: set[int] = set()
        self._imports: dict[int, list[Mark]] = {}

    def marked(self, marks: Iterable[Mark]) -> None:
        """Work on what is marked, a batch at a time."""
        for batch in in_batches(marks, self._batch):
            self._objects([mark for mark in batch if not mark.collection])
            for mark in batch:
                if mark.collection:
                    self._collection(mark)

    def hinted(self, ids: Iterable[int]) -> None:
        """Look at units that have no marks."""
        for batch in in_batches(self._ours(self._new(ids)), self._batch):
            self._unmarked(batch)

    def imports(self) -> None:
        """Import what was put off, one unit after the other; the marks of each are cleared when it is done."""
        zone, names = self._sides.zone, self._sides.names
        doing = Doing(self._sides, self._observer, self.report)
        for unit, marks in self._imports.items():
            taken = [mark for mark in marks if take(zone, names, mark)]
            if taken:
                again = doing.bring_in(unit)
                self.report.looked += 1
                self.report.waiting += len(again)
                for mark in taken:
                    (give_back if again else clear)(zone, names, mark)

    def _objects(self, marks: Sequence[Mark]) -> None:
        """Take the marks of a batch, work, and clear them; what has to wait keeps its mark untouched."""
        zone, names = self._sides.zone, self._sides.names
        self._done.update(mark.id for mark in marks)
        untouched = [mark.id for mark in marks if mark.states == {PENDING}]
        ahead = look_ahead(self._sides, self._observer, self._clock(), untouched)
        self.report.waiting += len(ahead.resting)
        for mark in marks:
            if mark.id in ahead.arriving:
                self._put_off(ahead.arriving[mark.id], mark)
        waiting = ahead.resting.union(ahead.arriving)
        taken = [mark for mark in marks if mark.id not in waiting and take(zone, names, mark)]
        situations = self._observer.observe(mark.id for mark in taken)
        for unit in self._theirs(situations):
            leave(zone, names, unit.first.data_id, unit.first.path)
        again, imports = (_objects_of(situations, ids) for ids in self._work(situations))
        for mark in taken:
            if mark.id in imports:
                self._put_off(imports[mark.id], replace(mark, states=frozenset({TAKEN})))
            else:
                (give_back if mark.id in again else clear)(zone, names, mark)

    def _put_off(self, unit: int, mark: Mark) -> None:
        """Import the unit at the end of this round, or leave it to the next one if it is one too many."""
        self._done.add(mark.id)
        if unit in self._imports or len(self._imports) < self._sides.settings.imports.per_sweep:
            self._imports.setdefault(unit, []).append(mark)
            return
        self.report.postponed += 1
        if TAKEN in mark.states:
            give_back(self._sides.zone, self._sides.names, mark)

    def _unmarked(self, ids: Iterable[int]) -> None:
        """Look at units without marks; those that have to wait get one, not to be forgotten."""
        zone, names = self._sides.zone, self._sides.names
        situations = self._observer.observe(ids)
        self._pass_on({unit.first.data_id: situations[unit.first.data_id] for unit in self._theirs(situations)})
        again, imports = self._work(situations)
        for data_id, found in read_objects(zone, again | imports, [names.sync]).items():
            leave(zone, names, data_id, found.path)
            if data_id in imports:
                self._put_off(data_id, Mark(data_id, found.path, shard_of(data_id), frozenset({PENDING})))

    def _theirs(self, situations: Mapping[int, Situation]) -> list[ZoneView]:
        """The units that belong to other agents: only some of their data objects are of this one's shards."""
        shards = self._sides.shards
        return [situation.zone for situation in situations.values() if situation.zone.unit.shard not in shards]

    def _work(self, situations: Mapping[int, Situation]) -> tuple[set[int], set[int]]:
        """Work on the units of this agent; returns which are to be looked at again soon, and which to be imported."""
        ours = {id_: situations[id_] for id_ in self._ours(situations)}
        self._done.update(_objects_of(ours, ours))
        again, imports = Doing(self._sides, self._observer, self.report).agree(ours)
        self.report.looked += len(ours) - len(imports)
        self.report.waiting += len(again)
        return again, imports

    def _collection(self, mark: Mark) -> None:
        """Look at all that a marked collection holds: it became watched, stopped being so, or lost something."""
        zone, names = self._sides.zone, self._sides.names
        if not take(zone, names, mark):
            return
        for batch in in_batches(self._new(members(zone, mark.path)), self._batch):
            self._unmarked(batch)
        clear(zone, names, mark)

    def _pass_on(self, situations: Mapping[int, Situation]) -> None:
        """Mark, for the agents of their shards, those units of which the sides do not agree."""
        for data_id, situation in situations.items():
            if decide(situation).plan:
                leave(self._sides.zone, self._sides.names, data_id, situation.zone.first.path)

    def _ours(self, ids: Iterable[int]) -> Iterator[int]:
        return (data_id for data_id in ids if shard_of(data_id) in self._sides.shards)

    def _new(self, ids: Iterable[int]) -> Iterator[int]:
        return (data_id for data_id in ids if data_id not in self._done)


def _objects_of(situations: Mapping[int, Situation], ids: Iterable[int]) -> dict[int, int]:
    """The catalog ids of all data objects of some units, each with the id of its unit."""
    return {found.data_id: id_ for id_ in ids for found in situations[id_].zone.objects}
