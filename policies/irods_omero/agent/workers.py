"""Work that takes long, side by side: each job is done by one thread, with connections of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.agent.report import Report
from irods_omero.domain.rules.imports import next_attempt
from irods_omero.domain.state.agreement import OUTSIDE, Failure
from irods_omero.errors import PolicyError
from irods_omero.logs import log

STOP_SECONDS = 60.0
"""How long work under way may take when the agent is stopped; what takes longer is found again by the next agent."""

LOOK_SECONDS = 0.25
"""How long it may take until the loop notices that something is done."""

SHORTEST_REST = 1.0
"""Seconds that something rests at least: others have their turn also where failures are to be tried again at once."""

Key = tuple[str, int]
"""What a job is about, and its id: no two jobs about the same thing wait or are done at the same time."""


@dataclass(frozen=True)
class Job:
    """Something to do.

    Attributes:
        key: What it is about.
        work: Does it, with the connections of a thread; returns what was done.
        ids: Data objects that nobody else touches meanwhile, by catalog id.
        owner: Whose it is: those go first of whom nothing is being done, and do not wait for one who has several.
        late: Whether it comes after all others, and by itself: it may bring a server down.
    """

    key: Key
    work: Callable[[Connections], Report]
    ids: frozenset[int] = frozenset()
    owner: str = ""
    late: bool = False


class Rest(NamedTuple):
    """That a job was done in vain.

    Attributes:
        attempts: How often in a row.
        until: When it may be done again, by the clock of the workers.
        ids: The data objects that it is about.
    """

    attempts: int
    until: float
    ids: frozenset[int]


class Workers:
    """At most ``imports.parallel`` jobs at the same time, or of as many owners.

    Where somebody has several under way, whoever has none does not wait for one of them to end, which may take days: of
    each owner one is done beside them, until these are as many owners as there may be jobs.

    Where a job breaks off a side is down, as what is wrong with one unit is told on that unit: nothing else begins, and
    what is under way goes on. What nobody has foreseen is the trouble of that job alone.

    A job that was done in vain, or broke off, rests, in the memory of this agent. Of a failure that is written down the
    unit itself says when the next attempt is due; of one that the zone does not let be written down nothing would, and
    the same few would take all the room that there is, again and again.
    """

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives the time in seconds, since whenever."""
        self._connections = connections
        self._most = connections.settings.imports.parallel
        self._backoff = connections.settings.imports.backoff_seconds
        self._clock = clock
        self._resting: dict[Key, Rest] = {}
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._running: dict[Key, Job] = {}
        self._threads = 0
        self._idle: list[Connections] = []
        self._done = Report()
        self._error: Exception | None = None

    @property
    def are_several(self) -> bool:
        """Whether there is more than one."""
        return self._most > 1

    def busy(self) -> tuple[frozenset[Key], frozenset[int]]:
        """What is being done, or waits for it, and the data objects that this is about."""
        with self._changed:
            jobs = [*self._waiting, *self._running.values()]
        return frozenset(job.key for job in jobs), frozenset(id_ for job in jobs for id_ in job.ids)

    def owners(self) -> frozenset[str]:
        """Of whom something is being done, or waits for it."""
        with self._changed:
            return frozenset(job.owner for job in (*self._waiting, *self._running.values()))

    def count(self, kind: str) -> int:
        """How many jobs of a kind are being done, or wait for it."""
        return sum(key[0] == kind for key in self.busy()[0])

    def resting(self, kind: str) -> dict[int, frozenset[int]]:
        """What is not to be done again yet, by the id of the key, with the data objects that it is about."""
        now = self._clock()
        with self._changed:
            resting = list(self._resting.items())
        return {key[1]: rest.ids for key, rest in resting if key[0] == kind and now < rest.until}

    def work(self, jobs: Iterable[Job]) -> Report:
        """Do all of some jobs, and others that were begun, with the caller as one of the workers.

        Raises:
            Exception: The first that any of them has raised; what had not begun is left.
        """
        self._take_in(jobs, callers=1)
        self._work(self._connections)
        with self._changed:
            self._changed.wait_for(self._is_idle)
        return self.collect()

    def begin(self, jobs: Iterable[Job]) -> None:
        """Have some jobs done in threads, and come back at once: ``collect`` says what has become of them."""
        self._take_in(jobs, callers=0)

    def collect(self) -> Report:
        """What was done since the last time; raises what a job has raised meanwhile, and tells of the rest after it."""
        with self._changed:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            done, self._done = self._done, Report()
            return done

    def pause(self, stop: threading.Event, seconds: float) -> None:
        """Wait at most this long, until ``stop`` is set, or until there is something to tell of what was begun."""
        end = time.monotonic() + seconds
        while not self._has_news and (left := end - time.monotonic()) > 0:
            if stop.wait(min(left, LOOK_SECONDS if self._threads else left)):
                return

    @property
    def _has_news(self) -> bool:
        """Whether something has come to its end: what only has to wait is no reason to look again at once."""
        done = self._done
        ended = done.observed, done.imported, done.taken, done.evicted, done.refilled, done.failed, done.in_vain
        return any(ended) or self._error is not None

    def stop(self) -> None:
        """Begin nothing any more, and wait for what is under way, for a while."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(self._is_idle, STOP_SECONDS)
            if self._running:
                log.info("left to the next agent", jobs=len(self._running))

    def _is_idle(self) -> bool:
        return not self._running and not self._threads

    def _take_in(self, jobs: Iterable[Job], callers: int) -> None:
        """Start as many threads as there is work for, without what the callers do; nothing is begun twice."""
        with self._changed:
            known = {job.key for job in self._waiting} | self._running.keys()
            self._waiting += (job for job in jobs if job.key not in known)
            waiting, running = list(self._waiting), list(self._running.values())
            while job := choose(waiting, running, self._most):
                waiting.remove(job)
                running.append(job)
            for _ in range(len(running) - callers - self._threads):
                threading.Thread(target=self._run, name="worker", daemon=True).start()
                self._threads += 1

    def _run(self) -> None:
        """Work until there is nothing to do, and then leave both sides: sessions that nobody uses would idle out."""
        with self._changed:
            connections = self._idle.pop() if self._idle else self._connections.another()
        while True:
            self._work(connections)
            connections.start_anew()
            with self._changed:
                if self._choose() is None:  # what came meanwhile has started no other thread
                    self._threads -= 1
                    self._idle.append(connections)
                    self._changed.notify_all()
                    return

    def _work(self, connections: Connections) -> None:
        """Do jobs as long as there are any that may begin, and none breaks off."""
        while job := self._next():
            done, error = Report(), None
            try:
                done = job.work(connections)
            except Exception as raised:
                unforeseen = not isinstance(raised, PolicyError)
                log.error("job broken off", job=job.key, error=str(raised), exc_info=unforeseen)
                if unforeseen:
                    done = Report(failed=1, in_vain=1)
                    connections.start_anew()
                else:
                    error = raised
            with self._changed:
                del self._running[job.key]
                self._done = self._done.with_more(done)
                self._rest_or_not(job, in_vain=bool(done.in_vain) or error is not None)
                if error is not None:
                    self._error = self._error or error
                    self._waiting.clear()  # the marks are there
                self._changed.notify_all()
            if error is not None:
                return

    def _rest_or_not(self, job: Job, in_vain: bool) -> None:
        before, now = self._resting.pop(job.key, None), self._clock()
        if in_vain:
            attempts = before.attempts + 1 if before else 1
            due = next_attempt(Failure(attempts, int(now), "", kind=OUTSIDE), self._backoff)
            self._resting[job.key] = Rest(attempts, max(due, now + SHORTEST_REST), job.ids)

    def _next(self) -> Job | None:
        """Begin the next job, if there is one that may begin."""
        with self._changed:
            job = self._choose()
            if job is not None:
                self._waiting.remove(job)
                self._running[job.key] = job
            return job

    def _choose(self) -> Job | None:
        return choose(self._waiting, self._running.values(), self._most)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def choose(waiting: Collection[Job], running: Collection[Job], most: int) -> Job | None:
    """The job that may begin now: of somebody of whom the fewest are being done.

    What may bring a server down comes after all others, and has no other beside it, which would go down with it:
    whoever ends last takes it. It waits as long as others come.

    Args:
        waiting: Those that have not begun.
        running: Those that are being done.
        most: How many may be at the same time, or of how many owners.
    """
    if not waiting or any(job.late for job in running):
        return None
    of_owner = Counter(job.owner for job in running)
    job = min(waiting, key=lambda each: (each.late, of_owner[each.owner]))
    is_full = len(running) >= most and (job.owner in of_owner or len(of_owner) >= most)
    return None if is_full or (job.late and running) else job
