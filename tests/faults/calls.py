"""Every call of an agent to either side: noted, or the point at which it is killed, cut off or refused.

Loaded by the process that plays the agent, and by no other: it replaces the two places of the product through which
all calls go, and the reading of bytes.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.omero import login
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.repository import sharing
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone import intake_objects, streaming
from irods_omero.gateways.zone.connection import ZoneConnection

TRIED = os.environ.get("FAULTS", "")

ALL = TRIED == "all"
"""Break off at every call in every way. Otherwise of cuts and refusals a sample is tried, another one in each run."""

EVERY_KILL = ALL or TRIED == "kills"
"""Kill at every call, or at least at each one that has changed something: after others all is as these have left it."""

PATIENCE = 3600 if EVERY_KILL else 900
"""Seconds that a test may take."""

ZONE = "zone"
OMERO = "omero"
REPOSITORY = "repository"

KILL = "kill"
"""The agent gets SIGKILL when the call is done, before it sees the answer."""

CUT_BEFORE = "cut before"
"""The connection breaks before the call reaches the server."""

CUT_AFTER = "cut after"
"""The server has done it when the connection breaks."""

REFUSE = "refuse"
"""The server answers that it will not do it, once."""

TWICE = "twice"
"""Each call to the zone is made twice, as when all first answers are lost: no number."""


@dataclass(frozen=True)
class Disturbance:
    """What goes wrong, at which call, counted from 1; where a side is named, at which call to it.

    While bytes are read ahead, calls to two sides come in either order.
    """

    how: str
    at: int = 0
    side: str = ""


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        side: ``zone``, ``omero`` or ``repository``.
        doing: What was being done, in the words of the product.
        on: To what.
        changed: Whether what the servers keep was another when it was done, or what lies beside the file.
    """

    side: str
    doing: str
    on: str
    changed: bool = False

    def __str__(self) -> str:
        return f"{self.side}: {self.doing} {self.on}".strip()


def kills(calls: Sequence[Call], chance: Random, of: int) -> list[Disturbance]:
    """Where an agent that makes these calls is killed: where something has changed since the last call.

    Args:
        calls: What an undisturbed agent does.
        chance: Chooses.
        of: Of this many kills one is tried, and at least one, unless all are.
    """
    points = [Disturbance(KILL, number) for number, call in enumerate(calls, 1) if call.changed or ALL]
    return points if EVERY_KILL else sample(points, chance, of)


def cuts_and_refusals(calls: Sequence[Call], chance: Random, of: int) -> list[Disturbance]:
    """What else goes wrong with these calls: one way of ``of``, as with kills."""
    ways = [Disturbance(how, at) for at in range(1, len(calls) + 1) for how in (CUT_BEFORE, CUT_AFTER, REFUSE)]
    return ways if ALL else sample(ways, chance, of)


def sample(ways: Sequence[Disturbance], chance: Random, of: int) -> list[Disturbance]:
    """One way of ``of``, and at least one if there are any, in their order."""
    number = min(len(ways), max(1, round(len(ways) / of)))
    return sorted(chance.sample(ways, number), key=lambda way: way.at)


class _Function(Protocol):
    def __call__(self, *arguments: Any) -> Any: ...


class Changes:
    """Sees whether the servers have committed anything, whoever asked them to."""

    def __init__(self, databases: Sequence[Path]) -> None:
        self._databases = [
            sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False) for path in databases
        ]
        self._before = self._versions()

    def seen(self) -> bool:
        """Whether anything was committed since the last time."""
        before, self._before = self._before, self._versions()
        return before != self._before

    def _versions(self) -> list[int]:
        return [database.execute("pragma data_version").fetchone()[0] for database in self._databases]


@dataclass
class Calls:
    """The calls of this process, in order."""

    disturbance: Disturbance | None = None
    changes: Changes | None = None
    made: list[Call] = field(default_factory=list)
    numbering: threading.Lock = field(default_factory=threading.Lock)

    def install(self) -> None:
        """Stand in all the ways to the servers."""
        self._stand_in(ZoneConnection, "call", ZONE)
        self._stand_in(OmeroSession, "call", OMERO)
        self._stand_in(Repository, "call", REPOSITORY)
        read, log_in = streaming._ZoneStream.read, login._log_in
        streaming._ZoneStream.read = self._reading(read)  # type: ignore[method-assign]
        login._log_in = self._logging_in(log_in)
        write = intake_objects._write
        intake_objects._write = lambda stream, block, path: self._pass(
            ZONE, intake_objects.WRITING, path, lambda: write(stream, block, path)
        )

    def end(self) -> None:
        """Kill an agent that is done before the call at which it was to be killed.

        Of two agents that do the same one may make a few calls fewer: what happened on the servers in the last seconds
        is looked at again.
        """
        wanted = self.disturbance
        if wanted is not None and wanted.how == KILL and wanted.at > len(self._made_to(wanted.side)):
            os.kill(os.getpid(), signal.SIGKILL)

    def _made_to(self, side: str) -> list[Call]:
        return [call for call in self.made if side in {"", call.side}]

    def _stand_in(self, owner: Any, name: str, side: str) -> None:
        original: _Function = getattr(owner, name)

        def call(here: Any, doing: str, on: str, function: Callable[..., Any]) -> Any:
            if side == ZONE and self.disturbance == Disturbance(TWICE):
                function = _twice(function)
            watched = Path(here.path) / on if side == REPOSITORY and doing != sharing.SHARING else None
            return self._pass(side, doing, on, lambda: original(here, doing, on, function), watched)

        setattr(owner, name, call)

    def _reading(self, read: _Function) -> Any:
        return lambda here, size=-1: self._pass(ZONE, streaming.DOING, here._path, lambda: read(here, size))

    def _logging_in(self, log_in: _Function) -> Any:
        return lambda client, function, user, address: self._pass(
            OMERO, "logging in", user, lambda: log_in(client, function, user, address)
        )

    def _pass(self, side: str, doing: str, on: str, work: Callable[[], Any], watched: Path | None = None) -> Any:
        """Make one call, unless this is where something goes wrong; ``watched`` is the file that it may change."""
        with self.numbering:
            number = len(self.made) + 1
            self.made.append(Call(side, doing, on))
            how = self._how(side)
        if how == CUT_BEFORE:
            raise UnreachableError(doing, on, "cut off by a test before it was done")
        if how == REFUSE:
            raise RefusedError(doing, on, "refused by a test")
        before = _beside(watched)
        result = work()
        if how == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if how == CUT_AFTER:
            raise UnreachableError(doing, on, "cut off by a test after it was done")
        if self.changes is not None:
            is_other = _beside(watched) != before or (side == REPOSITORY and watched is None)
            with self.numbering:
                self.made[number - 1] = Call(side, doing, on, self.changes.seen() or is_other)
        return result

    def _how(self, side: str) -> str:
        """What goes wrong with the call to a side that has been noted last."""
        if self.disturbance is None or self.disturbance.side not in {"", side}:
            return ""
        return self.disturbance.how if self.disturbance.at == len(self._made_to(self.disturbance.side)) else ""


def _beside(file: Path | None) -> set[tuple[str | int, ...]]:
    """What lies in the directory of a file, so that one sees whether anything has changed there."""
    if file is None:
        return set()
    return {(entry.name, *_facts(entry.stat(follow_symlinks=False))) for entry in os.scandir(file.parent)}


def _facts(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_mode, status.st_nlink, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _twice(function: Callable[..., Any]) -> Callable[..., Any]:
    def work(session: Any) -> Any:
        function(session)
        return function(session)

    return work
