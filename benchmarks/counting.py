"""Which calls the lab's servers served, by their own logs, and what those to the zone would take a real one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from irods_omero.vocabulary import Names
from tests.scene import Scene

QUERY = "query, a page"
REAL_MS = {QUERY: 23.0, "add": 4.5, "rm": 4.5, "set": 8.2}
"""Milliseconds that calls of python-irodsclient took on the real zone that was recorded. Of removing none was measured:
it is taken for adding."""

ATOMIC_MS = 41.5
"""What one call with several operations took there."""


@dataclass
class Calls:
    """Calls to both servers.

    Attributes:
        zone: How many to the zone, by what they are.
        written: How often the zone was told something about a path.
        omero: How many to OMERO, by service and operation.
        omero_writes: How many of those to OMERO write.
    """

    zone: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    omero: Counter[str] = field(default_factory=Counter)
    omero_writes: int = 0

    @property
    def zone_writes(self) -> int:
        """All calls to the zone but queries."""
        return self.zone.total() - self.zone[QUERY]

    def real_seconds(self) -> float:
        """What the calls to the zone would take a real one; one that nobody has measured is an error."""
        return sum(REAL_MS[_kind(name)] * count for name, count in self.zone.items()) / 1000


@dataclass
class Taken:
    """What a block took.

    Attributes:
        seconds: On the clock.
        cpu_seconds: Of this process, in which the lab's servers are not.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Taken]:
    """Take the time of a block."""
    taken, start, cpu_start = Taken(), time.perf_counter(), time.process_time()
    yield taken
    taken.seconds, taken.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start


@contextmanager
def counted(scene: Scene) -> Iterator[Calls]:
    """Count what both servers serve for the length of the block; logging in and out is left out."""
    zone, server = scene.zone.lab, scene.omero.lab
    if zone is None or server is None:
        raise NotImplementedError("calls are counted in the lab only")
    calls = Calls()
    zone_before, omero_before = len(zone.requests()), len(server.requests())
    yield calls
    for request in zone.requests()[zone_before:]:
        if request["by"] == "client" and request["api"] != "AUTHENTICATION_APN":
            calls.zone[_named(request)] += 1
            calls.written.update(request.get("arguments", [])[1:2])
    for done in server.requests()[omero_before:]:
        if not _is_logging_in(done.service, done.operation):
            calls.omero[f"{done.service}.{done.operation}"] += 1
            calls.omero_writes += done.write


def _named(request: dict[str, Any]) -> str:
    if request["api"] == "GEN_QUERY_AN":
        return QUERY
    if request["api"] != "MOD_AVU_METADATA_AN":
        return str(request["api"])
    _, _, attribute, value, _ = request["arguments"]
    return " ".join([request["operation"], attribute, *([value] if attribute == Names().sync else [])])


def _kind(name: str) -> str:
    return name if name in REAL_MS else name.partition(" ")[0]


def _is_logging_in(service: str, operation: str) -> bool:
    if service == "ServiceFactory":
        return operation.endswith("Service") or operation == "setCallback"
    return service in ("session", "Router", "ISession", "IAdmin")
