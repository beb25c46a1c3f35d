"""Jobs side by side: whose turn it is, what an error leaves, and that nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from irods_omero.agent.connections import Connections
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.errors import UnreachableError

PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""


class Side:
    """Stands in for the connections of an agent: which threads have used them, and how often they were left."""

    def __init__(self, parallel: int) -> None:
        self.settings = SimpleNamespace(imports=SimpleNamespace(parallel=parallel, backoff_seconds=60.0))
        self.others: list[Side] = []
        self.left = 0

    def another(self) -> Side:
        self.others.append(Side(self.settings.imports.parallel))
        return self.others[-1]

    def start_anew(self) -> None:
        self.left += 1


class Desk:
    """Makes jobs that note when they begin, and of which some wait until they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.used: list[Connections] = []
        self._changed = threading.Condition()
        self._let_go: set[str] = set()

    def job(
        self,
        name: str,
        owner: str = "",
        holds: bool = False,
        fails: bool | Exception = False,
        in_vain: bool = False,
        **more: Any,
    ) -> Job:
        """A job that is about its name; ``holds`` has it wait for ``let_go``, and ``fails`` break off then."""

        def work(connections: Connections) -> Report:
            with self._changed:
                self.begun.append(name)
                self.used.append(connections)
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: not holds or name in self._let_go, PATIENCE)
            if fails:
                raise (
                    fails if isinstance(fails, Exception) else UnreachableError("working", name, "broken off by a test")
                )
            return Report(in_vain=1) if in_vain else Report(imported=1)

        return Job((name, 1), work, owner=owner, **more)

    def wait_for(self, *names: str) -> None:
        """Wait until these have begun, and no others."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= len(names), PATIENCE)
            assert sorted(self.begun) == sorted(names)

    def let_go(self, *names: str) -> None:
        with self._changed:
            self._let_go.update(names)
            self._changed.notify_all()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@contextmanager
def workers_of(side: Side) -> Iterator[Workers]:
    with Workers(cast(Connections, side)) as workers:
        yield workers


def all_done(workers: Workers) -> Report:
    """Wait until nothing is begun any more; what was done since it was last asked for."""
    return workers.work([])


def next_end(workers: Workers) -> None:
    """Wait until something has ended."""
    workers.pause(threading.Event(), PATIENCE)


def names(jobs: Iterable[tuple[str, int]]) -> set[str]:
    return {name for name, _ in jobs}


def test_the_first_of_another_owner_begins_before_the_second_of_one(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([desk.job(name, name[0], holds=True) for name in ("a1", "a2", "a3", "b1")])
        desk.wait_for("a1", "b1")
        desk.let_go("a1")
        desk.wait_for("a1", "b1", "a2")
        desk.let_go("a2", "a3", "b1")
        assert all_done(workers) == Report(imported=4)


def test_nobody_waits_for_one_who_has_several_under_way(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([desk.job("a1", "a", holds=True), desk.job("a2", "a", holds=True), desk.job("a3", "a")])
        desk.wait_for("a1", "a2")
        workers.begin([desk.job("b1", "b", holds=True), desk.job("b2", "b"), desk.job("c1", "c")])
        desk.wait_for("a1", "a2", "b1")
        assert names(workers.busy()[0]) == {"a1", "a2", "a3", "b1", "b2", "c1"}, "these are of two owners already"
        assert workers.owners() == {"a", "b", "c"}
        desk.let_go("b1")
        desk.wait_for("a1", "a2", "b1", "c1", "b2")
        desk.let_go("a1", "a2")
        assert all_done(workers) == Report(imported=6)
    assert desk.begun[-1] == "a3"


def test_what_may_bring_a_server_down_comes_after_all_others_whosever_they_are(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        late = desk.job("late", "b", late=True)
        workers.begin([late, *(desk.job(name, "a", holds=True) for name in ("a1", "a2", "a3"))])
        desk.wait_for("a1", "a2")
        desk.let_go("a1")
        desk.wait_for("a1", "a2", "a3")
        desk.let_go("a2", "a3")
        assert all_done(workers) == Report(imported=4)
    assert desk.begun[-1] == "late"


def test_one_alone_does_all_in_turn_with_the_connections_of_its_agent(desk: Desk) -> None:
    side = Side(1)
    with workers_of(side) as workers:
        jobs = [desk.job("late", late=True), desk.job("first"), desk.job("second")]
        assert workers.work(jobs) == Report(imported=3)
    assert desk.begun == ["first", "second", "late"]
    assert set(map(id, desk.used)) == {id(side)}
    assert side.others == []


def test_work_is_begun_by_as_many_as_there_may_be_and_the_caller_is_one_of_them(desk: Desk) -> None:
    side = Side(2)
    with workers_of(side) as workers:
        held = [desk.job("a", holds=True), desk.job("b", holds=True), desk.job("c")]
        with ThreadPoolExecutor() as pool:
            done = pool.submit(workers.work, held)
            desk.wait_for("a", "b")
            desk.let_go("a", "b")
            assert done.result(PATIENCE) == Report(imported=3)
    assert {id(side), *map(id, side.others)} == set(map(id, desk.used[:2]))
    assert len(side.others) == 1


def test_the_connections_of_a_thread_are_left_at_its_end_and_used_by_the_next(desk: Desk) -> None:
    side = Side(2)
    with workers_of(side) as workers:
        for number in range(3):
            workers.begin([desk.job(f"{number}")])
            all_done(workers)
    assert [other.left for other in side.others] == [3]


def test_an_error_is_raised_by_work_and_nothing_else_begins(desk: Desk) -> None:
    with workers_of(Side(1)) as workers:
        with pytest.raises(UnreachableError, match="bad"):
            workers.work([desk.job("bad", fails=True), desk.job("left")])
        assert workers.collect() == Report()
        assert workers.busy() == (frozenset(), frozenset())
        assert workers.work([desk.job("next")]) == Report(imported=1)
    assert desk.begun == ["bad", "next"]


def test_an_error_is_raised_by_collect_and_what_is_under_way_goes_on(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([desk.job("bad", holds=True, fails=True), desk.job("good", holds=True), desk.job("left")])
        desk.wait_for("bad", "good")
        desk.let_go("bad")
        next_end(workers)
        with pytest.raises(UnreachableError, match="bad"):
            workers.collect()
        assert names(workers.busy()[0]) == {"good"}
        desk.let_go("good")
        assert all_done(workers) == Report(imported=1)
    desk.wait_for("bad", "good")


def test_what_waits_or_is_being_done_is_busy_and_is_not_begun_twice(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        ids = {name: frozenset({number}) for number, name in enumerate(("a", "b", "c"))}
        jobs = [desk.job(name, holds=True, ids=of_name) for name, of_name in ids.items()]
        workers.begin(jobs)
        desk.wait_for("a", "b")
        assert names(workers.busy()[0]) == set(ids)
        assert workers.busy()[1] == {0, 1, 2}
        workers.begin(jobs)
        desk.let_go(*ids)
        assert all_done(workers) == Report(imported=3)
        assert workers.busy() == (frozenset(), frozenset())
    assert sorted(desk.begun) == sorted(ids)


def test_when_it_is_stopped_what_is_under_way_ends_and_nothing_begins(desk: Desk) -> None:
    side = Side(2)
    with workers_of(side) as workers:
        workers.begin([desk.job(name, holds=True) for name in ("a", "b", "c")])
        desk.wait_for("a", "b")
        with ThreadPoolExecutor() as pool:
            stopping = pool.submit(workers.stop)
            while "c" in names(workers.busy()[0]):  # what waits is forgotten first
                assert not stopping.done()
            desk.let_go("a", "b", "c")
            stopping.result(PATIENCE)
        assert workers.busy() == (frozenset(), frozenset())
        assert workers.collect() == Report(imported=2)
    desk.wait_for("a", "b")
    assert [other.left for other in side.others] == [1, 1]


def test_what_may_bring_a_server_down_has_nothing_beside_it(desk: Desk) -> None:
    with workers_of(Side(3)) as workers:
        workers.begin([desk.job("late", holds=True, late=True), desk.job("a", holds=True)])
        desk.wait_for("a")
        desk.let_go("a")
        desk.wait_for("a", "late")
        workers.begin([desk.job("b")])
        assert names(workers.busy()[0]) == {"late", "b"}
        desk.let_go("late")
        assert all_done(workers) == Report(imported=3)
    assert desk.begun == ["a", "late", "b"]


def test_what_was_done_beside_an_error_is_told_after_it(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([desk.job("good", holds=True), desk.job("bad", holds=True, fails=True)])
        desk.wait_for("bad", "good")
        desk.let_go("good", "bad")
        with pytest.raises(UnreachableError, match="bad"):
            all_done(workers)
        assert workers.collect() == Report(imported=1)


class Watched(threading.Event):
    """Counts how often somebody has waited for it."""

    looks = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.looks += 1
        return super().wait(timeout)


def test_what_only_has_to_wait_ends_no_pause(desk: Desk) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([Job(("waits", 1), lambda _: Report(waiting=1)), desk.job("held", holds=True)])
        desk.wait_for("held")
        stop = Watched()
        with ThreadPoolExecutor() as pool:
            paused = pool.submit(workers.pause, stop, PATIENCE)
            while "waits" in names(workers.busy()[0]):
                assert not paused.done()
            looks = stop.looks
            while stop.looks < looks + 2:
                assert not paused.done(), "it looks again and again"
            stop.set()
            paused.result(PATIENCE)
        desk.let_go("held")


def test_what_was_done_in_vain_rests_longer_each_time_until_it_is_done(desk: Desk) -> None:
    now = [0.0]
    with Workers(cast(Connections, Side(1)), clock=lambda: now[0]) as workers:
        for pause in (60.0, 120.0, 240.0):
            workers.work([desk.job("a", in_vain=True, ids=frozenset({7, 8}))])
            assert workers.resting("a") == {1: {7, 8}}
            assert workers.resting("b") == {}
            now[0] += pause - 1
            assert workers.resting("a") == {1: {7, 8}}
            now[0] += 1
            assert workers.resting("a") == {}
        workers.work([desk.job("a")])
        workers.work([desk.job("a", in_vain=True)])
        now[0] += 60
        assert workers.resting("a") == {}


def test_what_was_done_in_vain_rests_also_where_failures_are_to_be_tried_again_at_once(desk: Desk) -> None:
    side = Side(1)
    side.settings.imports.backoff_seconds = 0.0
    with Workers(cast(Connections, side), clock=lambda: 0.0) as workers:
        workers.work([desk.job("a", in_vain=True)])
        assert set(workers.resting("a")) == {1}


def test_what_breaks_off_rests(desk: Desk) -> None:
    with workers_of(Side(1)) as workers:
        with pytest.raises(UnreachableError, match="bad"):
            workers.work([desk.job("bad", fails=True)])
        assert set(workers.resting("bad")) == {1}


def test_an_error_that_nobody_has_foreseen_is_that_of_its_job_alone(desk: Desk) -> None:
    side = Side(1)
    with workers_of(side) as workers:
        done = workers.work([desk.job("bad", fails=ZeroDivisionError("a mistake")), desk.job("other")])
        assert done == Report(imported=1, failed=1, in_vain=1)
        assert set(workers.resting("bad")) == {1}
    assert side.left == 1, "what it may have spoilt is left"


@pytest.mark.parametrize("report", [Report(observed=1), Report(in_vain=1), Report(failed=1), Report(refilled=1)])
def test_what_has_come_to_its_end_ends_a_pause(desk: Desk, report: Report) -> None:
    with workers_of(Side(2)) as workers:
        workers.begin([Job(("ends", 1), lambda _: report), desk.job("held", holds=True)])
        desk.wait_for("held")
        next_end(workers)
        assert workers.collect() == report
        desk.let_go("held")
