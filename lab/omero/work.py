"""One unit of work on the database: a transaction, the event that it belongs to, and its log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lab.omero.caller import Caller
from lab.omero.control import Control
from lab.omero.model import ENTITIES, Entity
from lab.omero.store import Store

UNLOGGED = ("Event", "EventLog")


def now() -> int:
    """Return the time as OMERO keeps it: milliseconds since 1970."""
    return int(time.time() * 1000)


class Work:
    """What one call writes: committed together, under one event, logged row by row."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self.store = store
        self.caller = caller
        self._event = 0
        self._logs: list[tuple[int, str, str, int]] = []
        self._touched: dict[tuple[int, str], int] = {}

    @property
    def event(self) -> int:
        """Return the id of the event of this work; it is made by the first write."""
        if not self._event:
            kind = self.store.run('select id from "eventtype" where value = ?', [self.caller.session.event_type])
            row = {
                "time": now(),
                "experimenter": self.caller.user,
                "experimenterGroup": self.caller.event_group,
                "type": kind[0][0],
                "session": self.caller.session.id,
            }
            self._event = self.store.insert(ENTITIES["Event"], row)
        return self._event

    @property
    def changes(self) -> int:
        """Return how many rows were written so far."""
        return len(self._logs)

    def log(self, action: str, entity: Entity, identities: Sequence[int]) -> None:
        """Note what was done to which objects."""
        if entity.name not in UNLOGGED:
            self._logs += [(identity, entity.java, action, self.event) for identity in identities]

    def touch(self, link: Entity, parents: Sequence[int], times: int = 1) -> None:
        """Note whose annotations have changed: the search indexer is told of these objects, in so many rows each."""
        java = ENTITIES[link.fields["parent"].target].java
        for parent in parents:
            self._touched[parent, java] = max(times, self._touched.get((parent, java), 0))

    def _reindexed(self) -> list[tuple[int, str, str, int]]:
        logged = {(identity, java) for identity, java, _, _ in self._logs}
        return [
            (*key, "REINDEX", self.event)
            for key, times in self._touched.items()
            if key not in logged
            for _ in range(times)
        ]

    def write_logs(self, control: Control) -> None:
        """Write the event log, with ids in order; where they are held back, the ids are taken but not shown.

        Those of a large piece of work may show later, as a transaction that commits after others above it (omero-29).

        The real server adds the rows for the search indexer when that runs, every two seconds; the lab at once.
        """
        last, reindexed = int(self.store.setting("last_eventlog", "-1")), self._reindexed()
        if control.indexer_down:
            self.store.run_many("insert into unindexed values (?, ?, ?, ?)", reindexed)
            reindexed = []
        rows = [(last + 1 + place, *entry) for place, entry in enumerate(self._logs + reindexed)]
        if not rows:
            return
        if control.late_from and len(self._logs) >= control.late_from:
            due = now() + int(control.late_seconds * 1000)
            self.store.run_many("insert into late values (?, ?, ?, ?, ?, ?)", [(*row, due) for row in rows])
        else:
            table = "held" if control.holds_events else ENTITIES["EventLog"].table
            self.store.run_many(
                f"insert into {table} (id, entityid, entitytype, action, event) values (?, ?, ?, ?, ?)", rows
            )
        self.store.set_setting("last_eventlog", str(rows[-1][0]))


@contextmanager
def working(store: Store, caller: Caller, control: Control) -> Iterator[Work]:
    """Run a unit of work: commit it with its log, or leave nothing of it."""
    with store.transaction():
        work = Work(store, caller)
        yield work
        work.write_logs(control)


def release_held(store: Store) -> None:
    """Show the event log rows that were held back, under the ids that they had taken."""
    with store.transaction():
        table = ENTITIES["EventLog"].table
        store.run(
            f"insert into {table} (id, entityid, entitytype, action, event) "
            "select id, entityid, entitytype, action, event from held"
        )
        store.run("delete from held")


def index(store: Store) -> None:
    """Write the rows of the search indexer that it was down for."""
    with store.transaction():
        rows = store.run("select entityid, entitytype, action, event from unindexed order by rowid")
        if rows:
            last = int(store.setting("last_eventlog", "-1"))
            store.run_many(
                f"insert into {ENTITIES['EventLog'].table} (id, entityid, entitytype, action, event) "
                "values (?, ?, ?, ?, ?)",
                [(last + 1 + place, *row) for place, row in enumerate(rows)],
            )
            store.set_setting("last_eventlog", str(last + len(rows)))
            store.run("delete from unindexed")


def release_late(store: Store) -> None:
    """Show the event log rows of large pieces of work whose time has come."""
    if not store.run("select 1 from late where due <= ? limit 1", [now()]):
        return
    with store.transaction():
        moment, table = now(), ENTITIES["EventLog"].table
        store.run(
            f"insert into {table} (id, entityid, entitytype, action, event) "
            "select id, entityid, entitytype, action, event from late where due <= ?",
            [moment],
        )
        store.run("delete from late where due <= ?", [moment])
