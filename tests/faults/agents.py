"""Agents in processes of their own, forked from one that has everything loaded, which takes little time."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from irods_omero.agent import adopt, sweep
from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first.intake import Taken
from irods_omero.agent.reconcile import Reconciler
from irods_omero.agent.report import Report
from irods_omero.errors import PolicyError
from irods_omero.gateways.omero.fileset_pages import last_fileset
from irods_omero.settings import Settings
from tests.faults.calls import KILL, Call, Calls, Changes, Disturbance

SWEEP = "sweep"
RECONCILE = "reconcile"
ADOPT = "adopt"
"""The command, for all that is left."""
REGISTER = "register"
"""The command, for the last fileset."""
PATIENCE = 300.0
"""Seconds that an agent may take: before some scenarios it imports hundreds of images."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__, "tests.faults.frozen"])


@dataclass(frozen=True)
class Outcome:
    """What became of an agent.

    Attributes:
        calls: Its calls to both sides; none are known of one that was killed.
        report: What it did; None when it was broken off or killed.
        error: Why it was broken off.
        drifted: Of a reconcile, the units that did not agree, and the filesets of removed ones that did not say so.
        killed: Whether it was.
    """

    calls: tuple[Call, ...] = ()
    report: Report | None = None
    error: str = ""
    drifted: int = 0
    killed: bool = False


@dataclass(frozen=True)
class Agents:
    """Starts agents with the same settings.

    Attributes:
        settings: Their configuration.
        environment: Variables that they need.
        databases: Files of the lab's servers, by which an agent sees whether a call has changed anything.
    """

    settings: Settings
    environment: Mapping[str, str] = field(default_factory=dict)
    databases: Sequence[Path] = ()

    def run(self, disturbance: Disturbance | None = None, task: str = SWEEP, times: int = 1) -> Outcome:
        """Start a new agent that sweeps some times, or a command that works without it, and wait for its end."""
        here, there = _forks.Pipe(duplex=False)
        secrets, databases = dict(self.environment), tuple(self.databases)
        order = _Order(self.settings.model_dump_json(), secrets, databases, disturbance, task, times)
        process = _forks.Process(target=_work, args=(there, order), daemon=True)
        process.start()
        there.close()
        try:
            if not here.poll(PATIENCE):
                process.kill()
                raise AssertionError(f"an agent was not done after {PATIENCE:.0f} seconds")
            answer = here.recv()
        except EOFError:
            answer = None
        finally:
            here.close()
            process.join(PATIENCE)
        if answer is None and process.exitcode == -signal.SIGKILL and disturbance and disturbance.how == KILL:
            return Outcome(killed=True)
        assert isinstance(answer, Outcome), f"an agent ended with {process.exitcode}: {answer}"
        return answer


@dataclass(frozen=True)
class _Order:
    settings: str
    environment: dict[str, str]
    databases: tuple[Path, ...]
    disturbance: Disturbance | None
    task: str
    times: int


def _work(connection: Connection, order: _Order) -> None:
    """Be an agent; the parent gets an Outcome, or the text of what nobody has thought of."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    os.environ.update(order.environment)
    calls = Calls(order.disturbance, Changes(order.databases) if order.databases else None)
    calls.install()
    try:
        with Connections(Settings.model_validate_json(order.settings)) as connections:
            outcome = _outcome(connections, order, calls)
            calls.end()
            connection.send(outcome)
    except Exception:
        connection.send(traceback.format_exc())


def _outcome(connections: Connections, order: _Order, calls: Calls) -> Outcome:
    drifted = 0
    try:
        if order.task in (ADOPT, REGISTER):
            reasons = [taken.reason for taken in _taken(connections, order.task) if taken.reason]
            return Outcome(tuple(calls.made), error="; ".join(reasons))
        if order.task == SWEEP:
            sweeper = sweep.Sweeper(connections)
            for _ in range(order.times):
                report = sweeper.drain()
        else:
            reconciler = Reconciler(connections)
            for _ in chain(reconciler.run(), reconciler.orphans()):
                pass
            report, drifted = reconciler.done.report, reconciler.done.drifted + reconciler.done.orphaned
    except PolicyError as error:
        return Outcome(tuple(calls.made), error=str(error))
    return Outcome(tuple(calls.made), report, drifted=drifted)


def _taken(connections: Connections, task: str) -> Iterable[Taken]:
    """Do what one of the commands does that take filesets in."""
    if task == ADOPT:
        return adopt.adopt(connections, adopt.choose(connections, adopt.Wanted()).filesets)
    what = f"Fileset:{last_fileset(connections.omero.service())}"
    rule = connections.placement_rules()[0]
    return [adopt.register(connections, what, rule, "")]
