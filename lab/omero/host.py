"""What all parts of a running server share: the database, sessions, and the Ice objects that are on offer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import Ice

from lab.omero.control import Control
from lab.omero.requests_log import RequestsLog
from lab.omero.servants import servant
from lab.omero.sessions import Session, Sessions
from lab.omero.store import Store
from lab.omero.work import index, release_held, release_late


def connection_of(current: Any) -> str:
    """Return what tells the connection that a call came over from all others."""
    info = current.con.getInfo()
    return f"{info.remoteAddress}:{info.remotePort}"


@dataclass
class Offered:
    """One Ice object on offer in a session."""

    identity: Any
    client: str
    implementation: Any
    stateful: bool


@dataclass
class Host:
    """A running server."""

    state: Path
    store: Store
    control: Control
    sessions: Sessions
    requests: RequestsLog
    adapter: Any
    connections: dict[str, tuple[str, str]] = field(default_factory=dict)
    """For connections the uuids of the client that has logged in, and of the session that it is in."""
    _offered: dict[str, dict[str, Offered]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def repository(self) -> Path:
        """Return the folder of the managed repository."""
        return self.state / "ManagedRepository"

    def refresh(self) -> None:
        """Take in what a test has switched on or off."""
        if self.control.refresh():
            release_held(self.store)
        if self.control.was_late:
            release_late(self.store)
        if self.control.indexer_was_down and not self.control.indexer_down:
            self.control.indexer_was_down = False
            index(self.store)

    def offer(  # noqa: PLR0917
        self,
        session: Session,
        client: str,
        interface: Any,
        implementation: Any,
        name: str,
        stateful: bool = False,
        identity: Any = None,
    ) -> Any:
        """Put an object on offer, once for a name, and return a proxy for it."""
        key = client + name
        with self._lock:
            known = self._offered.setdefault(session.uuid, {})
            if key not in known:
                identity = identity or Ice.Identity(key, session.uuid)
                self.adapter.add(servant(self, session, interface, implementation), identity)
                known[key] = Offered(identity, client, implementation, stateful)
            return self.adapter.createProxy(known[key].identity)

    def check_reach(self, session: Session, current: Any) -> None:
        """Refuse calls over connections over which nobody has logged in, or into another session (omero-106)."""
        known = self.connections.get(connection_of(current))
        if known is None:
            current.con.close(True)
            raise Ice.ConnectionLostException()
        if known[1] != session.uuid:
            raise Ice.ObjectNotExistException()

    def forget_client(self, client: str) -> None:
        """Have the connection of a client be of no more use."""
        self.connections = {key: known for key, known in self.connections.items() if known[0] != client}

    def has_client(self, session: Session, client: str) -> bool:
        """Tell whether a client is in a session."""
        return (client, session.uuid) in self.connections.values()

    def offers(self, kind: type) -> list[tuple[Any, Any]]:
        """List what is on offer of one class in all sessions, each with its proxy."""
        with self._lock:
            known = [offered for of_session in self._offered.values() for offered in of_session.values()]
        return [
            (offered.implementation, self.adapter.createProxy(offered.identity))
            for offered in known
            if isinstance(offered.implementation, kind)
        ]

    def names(self, session: Session) -> list[str]:
        """List what is on offer in a session."""
        return list(self._offered.get(session.uuid, {}))

    def withdraw(self, session: Session, identity: Any) -> None:
        """Take one object off offer."""
        with self._lock:
            self._offered.get(session.uuid, {}).pop(identity.name, None)
            self._remove(identity)

    def withdraw_client(self, session: Session, client: str) -> None:
        """Take off what only one client used; what has state stays for those who have joined the session."""
        with self._lock:
            known = self._offered.get(session.uuid, {})
            for key in [key for key, offered in known.items() if offered.client == client and not offered.stateful]:
                self._remove(known.pop(key).identity)

    def withdraw_session(self, session: Session) -> None:
        """Take off all that a session used, closing what can be closed."""
        with self._lock:
            known = self._offered.pop(session.uuid, {})
        for offered in known.values():
            self._remove(offered.identity)
            abandon = getattr(offered.implementation, "abandon", None)
            if abandon is not None:
                abandon()

    def close_session(self, session: Session) -> None:
        """End a session with all that it had."""
        self.withdraw_session(session)
        self.sessions.close(session.uuid)

    def _remove(self, identity: Any) -> None:
        try:
            self.adapter.remove(identity)
        except (Ice.NotRegisteredException, Ice.ObjectAdapterDeactivatedException):
            return
