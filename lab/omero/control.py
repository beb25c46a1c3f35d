"""Faults and oddities that a test switches on while the server runs, through a file in its state directory."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import Glacier2
import Ice

from lab.omero import errors

ACTIONS = ("fail", "delay", "cut", "cut-after", "die")


@dataclass
class Fault:
    """What happens at the nth call of an operation from now on; `times` calls in a row."""

    operation: str
    action: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    message: str = "lab OMERO was told to fail"
    service: str = ""
    calls: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"action is {self.action!r}, must be one of {', '.join(ACTIONS)}")

    def strikes(self, service: str, operation: str) -> bool:
        """Count a call, and tell whether it is one to disturb."""
        if operation != self.operation or (self.service and service != self.service):
            return False
        self.calls += 1
        return self.nth <= self.calls < self.nth + self.times


@dataclass
class Control:
    """The server's side: reads the file again whenever it has changed."""

    path: Path
    holds_events: bool = False
    releases: int = 0
    down: bool = False
    holds_imports: bool = False
    indexer_down: bool = False
    indexer_was_down: bool = True
    late_from: int = 0
    late_seconds: float = 0.0
    was_late: bool = False
    directory: dict[str, list[str]] | None = None
    faults: list[Fault] = field(default_factory=list)
    _seen: tuple[int, int] = (0, 0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> bool:
        """Read the file if it is new; tell whether held events are to be shown."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        with self._lock:
            seen = (status.st_mtime_ns, status.st_ino)
            if seen == self._seen:
                return False
            self._seen = seen
            wanted = json.loads(self.path.read_text())
            released = bool(wanted["releases"] != self.releases)
            self.holds_events, self.releases = wanted["holds_events"], wanted["releases"]
            self.down = wanted["down"]
            self.holds_imports = wanted["holds_imports"]
            self.indexer_down = wanted["indexer_down"]
            self.indexer_was_down = self.indexer_was_down or self.indexer_down
            self.late_from, self.late_seconds = wanted["late_from"], wanted["late_seconds"]
            self.directory = wanted["directory"]
            self.was_late = self.was_late or self.late_from > 0
            self.faults = [Fault(**fault) for fault in wanted["faults"]]
            return released

    def strike(self, service: str, operation: str, current: Any) -> str:
        """Do what is due before an operation runs; return what is due after it.

        While the server is down behind its router, log-ins are refused (omero-54) and calls come to nothing (omero-56).
        """
        if self.down and service == "Router":
            raise Glacier2.PermissionDeniedException("internal server error")
        if self.down:
            raise Ice.UnknownLocalException("Ice::ConnectionRefusedException")
        with self._lock:
            due = [fault for fault in self.faults if fault.strikes(service, operation)]
        for fault in due:
            if fault.action == "delay":
                self.path.with_name("delayed").write_text(operation)
                time.sleep(fault.seconds)
            elif fault.action == "die":
                os._exit(9)
            elif fault.action == "fail":
                raise errors.made("InternalException", fault.message)
            elif fault.action == "cut":
                current.con.close(True)
                raise Ice.ConnectionLostException()
            else:
                return fault.action
        return ""


def write_control(path: Path, faults: list[Fault], **switches: Any) -> None:
    """Replace the file as a whole, so that the server never reads half of it; the switches are fields of Control."""
    wanted = {**switches, "faults": [asdict(fault) for fault in faults]}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(wanted))
    fresh.replace(path)
