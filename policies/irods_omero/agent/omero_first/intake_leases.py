"""Leases on filesets that are being taken in: agents and commands may run at the same time, but never on one fileset.

Whoever begins writes an AVU on the collection of the fileset, and reads what is written there only then: of two that
begin at once at least one sees the other, and whoever sees another leaves the fileset alone.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from uuid import uuid4

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.views import Avu
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone.avus import add_avu, remove_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import intake_root
from irods_omero.gateways.zone.intake_objects import collection_avus, make_collection
from irods_omero.logs import log
from irods_omero.vocabulary import Names

RENEWAL_SECONDS = 60.0
"""How often a lease is renewed."""

LAPSE_SECONDS = 600.0
"""After this time a lease that was not renewed no longer counts: whoever had it was killed, on another machine."""

GONE = "another process has just taken it in, or given it up"

_PROCESS = uuid4().hex[:8]

_HELD: set[tuple[str, str]] = set()
"""The leases of this process, by collection and value: what it has left in a zone that was down counts no more."""


class LeaseHolder(NamedTuple):
    """Who takes filesets in.

    Attributes:
        host: The machine.
        pid: Number of the process there.
        process: Tells it from an earlier one of the same number.
        who: Tells those of one process from each other.
    """

    host: str
    pid: int
    process: str
    who: str

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be there no more."""
        if self.host != socket.gethostname():
            return False
        if self.pid == os.getpid():
            return self.process != _PROCESS
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # it is another user's
        return False


def holder_of(connections: Connections) -> LeaseHolder:
    """Who works with some connections: the threads of one agent are one holder."""
    return LeaseHolder(socket.gethostname(), os.getpid(), _PROCESS, connections.token)


class IntakeLeases:
    """The leases on filesets that are being taken in."""

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._connections = connections
        self._clock = clock
        self._attribute = attribute_of(connections.names)

    def others(self, avus: Iterable[Avu]) -> str:
        """That somebody else is taking a fileset in, by the AVUs of its collection; empty if nobody is."""
        others = (holder for avu in avus if (holder := self._another(avu)) is not None)
        return next((f"process {holder.pid} on {holder.host} is taking it in" for holder in others), "")

    def others_on(self, fileset: int) -> str:
        """That somebody else is taking a fileset in, empty if nobody is."""
        return self.others(collection_avus(self._connections.zone, self._collection(fileset)))

    @contextmanager
    def held(self, fileset: int) -> Iterator[str]:
        """Have a fileset for oneself, unless somebody else has it: given is why not, empty if it is.

        The lease ends with what is done inside, or before, with the collection of the fileset.

        Raises:
            UnreachableError: The zone is down.
            RefusedError: It does not let the lease be written.
        """
        zone, collection = self._connections.zone, self._collection(fileset)
        lease = Avu(self._attribute, _encoded(holder_of(self._connections)), str(int(self._clock())))
        _HELD.add((collection, lease.value))
        try:
            make_collection(zone, collection)
            add_avu(zone, collection, lease, collection=True)
            seen = collection_avus(zone, collection)
            if lease not in seen or self.others(seen):
                self._end(collection, lease)
                yield self.others(seen) or GONE
                return
            for avu in seen - {lease}:
                if avu.attribute == self._attribute:
                    remove_avu(zone, collection, avu, collection=True)
            renewal = _Renewal(self._connections, collection, lease, self._clock)
            try:
                with renewal:
                    yield ""
            finally:
                self._end(collection, renewal.lease)
        finally:
            _HELD.discard((collection, lease.value))

    def _end(self, collection: str, lease: Avu) -> None:
        with suppress(PolicyError):  # it is there no more, or lapses
            remove_avu(self._connections.zone, collection, lease, collection=True)

    def _another(self, avu: Avu) -> LeaseHolder | None:
        """Who has a lease; None where that is no lease, one's own, or one that counts no more."""
        if avu.attribute != self._attribute:
            return None
        holder = _decoded(avu.value)
        if holder is None or holder == holder_of(self._connections) or holder.is_dead:
            return None
        if holder.process == _PROCESS and not any(value == avu.value for _, value in tuple(_HELD)):
            return None
        is_fresh = avu.units.isdecimal() and abs(self._clock() - int(avu.units)) < LAPSE_SECONDS
        return holder if is_fresh else None

    def _collection(self, fileset: int) -> str:
        return f"{intake_root(self._connections.zone, self._connections.settings.omero.name)}/{fileset}"


class _Renewal:
    """Renews a lease as long as it is held, in a thread and over a connection of its own: a file may take hours."""

    def __init__(self, connections: Connections, collection: str, lease: Avu, clock: Callable[[], float]) -> None:
        self.lease = lease
        self._settings = connections.settings.zone
        self._collection = collection
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def _run(self) -> None:
        while not self._ended.wait(RENEWAL_SECONDS):
            anew = self.lease._replace(units=str(int(self._clock())))
            try:
                with ZoneConnection(self._settings, attempts=1) as zone:
                    add_avu(zone, self._collection, anew, collection=True)
                    remove_avu(zone, self._collection, self.lease, collection=True)
                self.lease = anew
            except PolicyError as error:
                log.info("lease not renewed", path=self._collection, error=str(error))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=5)  # the zone may not answer


def attribute_of(names: Names) -> str:
    """The attribute of leases, on the collections of filesets that are being taken in."""
    return f"{names.intake}:by"


def _encoded(holder: LeaseHolder) -> str:
    return " ".join(map(str, holder))


def _decoded(text: str) -> LeaseHolder | None:
    parts = text.split(" ")
    if len(parts) != len(LeaseHolder._fields) or not parts[1].isdecimal():
        return None
    return LeaseHolder(parts[0], int(parts[1]), parts[2], parts[3])
