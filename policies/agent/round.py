"""One round of the agent through what is marked or hinted at: take, look, decide, do, and clear the marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from policies.agent.doing import Doing
from policies.agent.looking import Observer, agreement_of
from policies.agent.report import Report
from policies.agent.sides import Sides
from policies.domain.decide import decide
from policies.domain.importing import next_attempt
from policies.domain.situation import Situation
from policies.domain.views import ZoneView
from policies.gateways.batches import in_batches
from policies.gateways.zone.marks import Mark, clear, give_back, leave, take
from policies.gateways.zone.reading import ids_among, read_objects
from policies.gateways.zone.watching import members
from policies.vocabulary import PENDING, shard_of


class Round:
    """One round; what was marked is not looked at again when it is hinted at."""

    def __init__(self, sides: Sides, clock: Callable[[], float]) -> None:
        self.report = Report()
        self._sides = sides
        self._clock = clock
        self._observer = Observer(sides, clock)
        self._batch = sides.settings.agent.batch
        self._done: set[int] = set()

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

    def _objects(self, marks: Sequence[Mark]) -> None:
        """Take the marks of a batch, work, and clear them; what has to wait keeps its mark untouched."""
        zone, names = self._sides.zone, self._sides.names
        self._done.update(mark.id for mark in marks)
        resting = self._resting([mark.id for mark in marks if mark.states == {PENDING}])
        self.report.waiting += len(resting)
        taken = [mark for mark in marks if mark.id not in resting and take(zone, names, mark)]
        situations = self._observer.observe(mark.id for mark in taken)
        for unit in self._theirs(situations):
            leave(zone, names, unit.first.data_id, unit.first.path)
        again = {found.data_id for id_ in self._work(situations) for found in situations[id_].zone.objects}
        for mark in taken:
            (give_back if mark.id in again else clear)(zone, names, mark)

    def _unmarked(self, ids: Iterable[int]) -> None:
        """Look at units without marks; those that have to wait get one, not to be forgotten."""
        zone, names = self._sides.zone, self._sides.names
        situations = self._observer.observe(ids)
        self._pass_on({unit.first.data_id: situations[unit.first.data_id] for unit in self._theirs(situations)})
        again = self._work(situations)
        for data_id, found in read_objects(zone, again, [names.sync]).items():
            leave(zone, names, data_id, found.path)

    def _theirs(self, situations: Mapping[int, Situation]) -> list[ZoneView]:
        """The units that belong to other agents: only some of their data objects are of this one's shards."""
        shards = self._sides.shards
        return [situation.zone for situation in situations.values() if situation.zone.unit.shard not in shards]

    def _work(self, situations: Mapping[int, Situation]) -> set[int]:
        """Work on the units of this agent; returns the ids of those that are to be looked at again soon."""
        ours = {id_: situations[id_] for id_ in self._ours(situations)}
        self._done.update(found.data_id for situation in ours.values() for found in situation.zone.objects)
        self.report.looked += len(ours)
        again = Doing(self._sides, self._observer, self.report).carry_out(ours)
        self.report.waiting += len(again)
        return again

    def _resting(self, ids: Sequence[int]) -> set[int]:
        """Those whose last attempt failed and whose next one is not due: looking at them would only write marks."""
        failed = ids_among(self._sides.zone, ids, self._sides.names.error)
        units = self._observer.units(failed).values() if failed else ()
        return {found.data_id for unit in units if self._is_resting(unit) for found in unit.objects} & set(ids)

    def _is_resting(self, unit: ZoneView) -> bool:
        policy = self._observer.policy
        failure, content = agreement_of(unit.first, self._sides.names).failure, unit.content()
        if failure is None or failure.content is None or content is None or not content.same_as(failure.content):
            return False
        return failure.attempts < policy.attempts and self._clock() < next_attempt(failure, policy)

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
