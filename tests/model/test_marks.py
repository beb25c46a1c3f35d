"""Whatever happens while marks are taken, and wherever agents are killed, each change is looked at after it was made.

The zone is real, and so is all that agents do with marks; a look is only noted. What hooks do is done by the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta
from irods.session import iRODSSession

from irods_omero.agent.connections import Connections
from irods_omero.agent.marks.batch_claiming import ClaimedMarks
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.avus import add_avu
from irods_omero.gateways.zone.mark_batches import find_batches, remove_batch
from irods_omero.gateways.zone.marks import Mark, find_marks, post
from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE, Settings
from irods_omero.vocabulary import SHARDS, TAKEN, shard_of
from lab.zone import BulkObject, LabZone
from tests.model.profile import DEEP, profile

PROFILE = profile(500 if DEEP else 80, 20 if DEEP else 6)
NUMBER = 4
HOME = f"/{LabZone.name}/home/{LabZone.admin}"
PLACES = st.integers(0, NUMBER - 1)
CALLS = st.integers(1, 14)
"""At which of its calls something happens to an agent that works on all objects."""
MEANWHILE = st.dictionaries(CALLS, st.tuples(PLACES, PLACES), max_size=2)
"""At such calls one object takes the place of another, or changes."""


class Killed(BaseException):
    """An agent is no more."""


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[LabZone, iRODSSession]]:
    with LabZone(tiering=False) as zone, zone.session(password=zone.password) as session:
        yield zone, session


class Marks(RuleBasedStateMachine):
    """Some data objects of one zone, in which each run has a collection of its own."""

    zone: ClassVar[LabZone]
    session: ClassVar[iRODSSession]

    @initialize()
    def begin(self) -> None:
        self.collection = f"{HOME}/{len(list(self.session.collections.get(HOME).subcollections))}"
        self.session.collections.create(self.collection)
        # All of one shard: nothing but its path says which object a mark is removed from.
        ids = self.zone.bulk_register(
            self.collection, [BulkObject(str(n)) for n in range(SHARDS * NUMBER)], self.zone.admin
        )
        self.ids = [id_ for id_ in ids if shard_of(id_) == 1]
        self.paths = {id_: f"{self.collection}/{id_ - ids.start}" for id_ in self.ids}
        self.changed = dict.fromkeys(self.ids, 0)
        self.seen = dict.fromkeys(self.ids, 0)
        self.names = 0
        self.agent = Connections(settings_of(self.zone))
        self.other = Connections(settings_of(self.zone))

    # What people do, and what hooks make of it

    @rule(place=PLACES)
    def change(self, place: int) -> None:
        id_ = self.ids[place]
        self.changed[id_] += 1
        post(self.other.zone, self.agent.names, id_, self.paths[id_])

    @rule(place=PLACES)
    def rename(self, place: int) -> None:
        self.names += 1
        self._move(self.ids[place], f"{self.collection}/renamed {self.names}")

    @rule(one=PLACES, other=PLACES)
    def exchange(self, one: int, other: int) -> None:
        """One takes the place of another."""
        first, second = self.paths[self.ids[one]], self.paths[self.ids[other]]
        if first != second:
            self.rename(one)
            self._move(self.ids[other], first)

    @rule(place=PLACES)
    def an_older_agent_was_killed(self, place: int) -> None:
        """It has taken a mark by itself."""
        id_ = self.ids[place]
        self.changed[id_] += 1
        add_avu(self.other.zone, self.paths[id_], Avu(self.agent.names.sync, TAKEN, str(shard_of(id_))))

    def _move(self, id_: int, path: str) -> None:
        self.session.data_objects.move(self.paths[id_], path)
        self.paths[id_] = path
        self.change(self.ids.index(id_))

    # Agents

    @rule(places=st.sets(PLACES, min_size=2), at=CALLS, after=st.booleans(), meanwhile=MEANWHILE)
    def agent_is_killed(self, places: set[int], at: int, after: bool, meanwhile: dict[int, tuple[int, int]]) -> None:
        for place in sorted(places):
            self.change(place)
        self._work(meanwhile, at, after)

    @rule(meanwhile=MEANWHILE)
    def agent_works_while_things_change(self, meanwhile: dict[int, tuple[int, int]]) -> None:
        self._work(meanwhile)

    @rule()
    def agents_see_all(self) -> None:
        for _ in range(3):  # of what has changed places, one may be looked at for the mark of another
            self._work({})
        assert self.seen == self.changed

    def _work(self, meanwhile: dict[int, tuple[int, int]], at: int = -1, after: bool = False) -> None:
        try:
            with disturbed(self.agent.zone, at, after, lambda number: self._meanwhile(meanwhile.get(number))):
                zone, names, shards = self.agent.zone, self.agent.names, self.agent.shards
                for each in find_batches(zone, names, shards):
                    self._process(each.marks)
                    remove_batch(zone, each.avu)
                self._process([mark for mark in find_marks(zone, names, shards) if mark.id in self.ids])
        except Killed:
            pass

    def _meanwhile(self, places: tuple[int, int] | None) -> None:
        if places is not None:
            (self.change(places[0]) if places[0] == places[1] else self.exchange(*places))

    def _process(self, marks: Sequence[Mark]) -> None:
        """As a sweep does with a batch: what is at a path now may be another one, whose mark it was."""
        batch = ClaimedMarks(self.agent, marks)
        self.agent.zone.call("looking at", "", lambda _: None)
        there = {mark.id: self.paths[mark.id] for mark in batch.claimed if mark.id in self.paths}
        self.seen |= {id_: self.changed[id_] for id_ in there}
        self.agent.zone.call("making both sides agree about", "", lambda _: None)
        batch.settle({mark.id for mark in batch.claimed if there.get(mark.id) != mark.path})

    def teardown(self) -> None:
        if not hasattr(self, "agent"):
            return
        self.agents_see_all()
        names = self.agent.names
        on_home = self.session.query(CollectionMeta.value).filter(Collection.name == HOME)
        assert list(on_home.filter(CollectionMeta.name == names.taken)) == []
        marked = self.session.query(DataObject.id).filter(DataObjectMeta.name == names.sync)
        assert {row[DataObject.id] for row in marked}.isdisjoint(self.ids)
        for connections in (self.agent, self.other):
            connections.close()


def settings_of(zone: LabZone) -> Settings:
    return Settings.model_validate(
        {
            "zone": {"name": zone.name, "host": zone.host, "port": zone.port, "user": zone.admin, "connections": 1},
            "omero": {"host": "localhost", "user": "nobody"},
            "watch": {"roots": [HOME]},
        }
    )


@contextmanager
def disturbed(zone: Any, at: int, after: bool, before: Callable[[int], None]) -> Iterator[None]:
    """Have things happen before the calls of an agent, and it killed at one of them."""
    call, number = zone.call, 0

    def counting(*arguments: Any) -> Any:
        nonlocal number
        number += 1
        before(number)
        if number == at and not after:
            raise Killed
        result = call(*arguments)
        if number == at:
            raise Killed
        return result

    zone.call = counting
    try:
        yield
    finally:
        zone.call = call


@pytest.mark.timeout(24 * 3600 if DEEP else 300)
def test_each_change_is_looked_at_after_it_was_made(
    lab: tuple[LabZone, iRODSSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, lab[0].password)
    monkeypatch.setenv(OMERO_PASSWORD_VARIABLE, "")
    zone, session = lab
    monkeypatch.setattr(Marks, "zone", zone, raising=False)
    monkeypatch.setattr(Marks, "session", session, raising=False)
    run_state_machine_as_test(Marks, settings=PROFILE)
