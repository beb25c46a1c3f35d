"""Sessions: who is logged in, since when, on whose behalf, and until when."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

import omero

from lab.omero import errors
from lab.omero.caller import ROOT, USER, Caller, caller_of, memberships
from lab.omero.control import Control
from lab.omero.model import ENTITIES
from lab.omero.seed import NODE, has_password
from lab.omero.store import Row, Store
from lab.omero.work import now, working

IDLE = 600_000
SESSION = ENTITIES["Session"]


@dataclass
class Session:
    """One session of a user; several clients may have joined it."""

    id: int
    uuid: str
    user: int
    user_name: str
    group: int
    event_type: str
    agent: str | None
    sudoer: int | None = None
    started: int = 0
    to_live: int = 0
    to_idle: int = IDLE
    used: int = 0
    references: int = 0
    environment: dict[str, dict[str, object]] = field(default_factory=lambda: {"input": {}, "output": {}})

    def expiry(self, time: int) -> str:
        """Say why the session is over, if it is."""
        if 0 < self.to_live < time - self.started:
            return f"exceeded timeToLive ({self.to_live}) by {time - self.started - self.to_live} ms"
        if 0 < self.to_idle < time - self.used:
            return f"exceeded timeToIdle ({self.to_idle}) by {time - self.used - self.to_idle} ms"
        return ""


class Sessions:
    """All open sessions; they are lost when the server stops, as on the real one."""

    def __init__(self, store: Store, control: Control) -> None:
        self._store = store
        self._control = control
        self._open: dict[str, Session] = {}
        self._lock = threading.RLock()
        store.run(f"update {SESSION.table} set closed = ? where closed is null", [now()])
        self._internal = self._internal_session()

    def _internal_session(self) -> Session:
        """Make the session under which the server itself writes."""
        row = self._row(str(uuid.uuid4()), ROOT, None, "Sessions", "Internal", 0, 0)
        identity = self._store.insert(SESSION, row)
        return Session(identity, row["uuid"], ROOT, "root", 0, "Sessions", "Internal")

    @staticmethod
    def _row(  # noqa: PLR0917
        identifier: str, user: int, sudoer: int | None, event_type: str, agent: str | None, live: int, idle: int
    ) -> Row:
        return {
            "uuid": identifier,
            "node": NODE,
            "owner": user,
            "sudoer": sudoer,
            "started": now(),
            "timeToLive": live,
            "timeToIdle": idle,
            "message": "Initial message.",
            "defaultEventType": event_type,
            "userAgent": agent,
        }

    def internal_caller(self) -> Caller:
        """Return the server itself as the one who calls."""
        return caller_of(self._store, self._internal, {})

    def user_id(self, name: str) -> int | None:
        """Find a user by name."""
        rows = self._store.run('select id from "experimenter" where "omeName" = ?', [name])
        return int(rows[0][0]) if rows else None

    def may_login(self, name: str, password: str) -> bool:
        """Tell whether a name and a password, or twice the uuid of an open session, open the door."""
        if name in self._open:
            return name == password
        user = self.user_id(name)
        return user is not None and has_password(self._store, user, password)

    def login(self, name: str, group: str, event_type: str, agent: str | None) -> Session:
        """Join the session of that uuid, or start one for that user."""
        with self._lock:
            if name in self._open:
                session = self.get(name)
                session.references += 1
                return session
        return self.start(name, group, event_type, agent)

    def start(  # noqa: PLR0917
        self,
        name: str,
        group: str,
        event_type: str,
        agent: str | None,
        sudoer: int | None = None,
        live: int = 0,
        idle: int = IDLE,
    ) -> Session:
        """Start a session for a user, in the named group or else in the user's default group.

        As on the real server nobody asks here whether the user is a member of that group: the first call of a service
        is refused instead (omero-13 to omero-15).
        """
        user = self.user_id(name)
        if user is None:
            raise errors.made("RemovedSessionException", f"Cannot find a user with name {name}")
        group_id = self._group(user, name, group)
        event_type = event_type or "User"
        if not self._store.run('select id from "eventtype" where value = ?', [event_type]):
            raise errors.api_usage(f"An enumeration does not exist with the value: {event_type}")
        with working(self._store, self.internal_caller(), self._control) as work:
            row = self._row(str(uuid.uuid4()), user, sudoer, event_type, agent, live, idle)
            identity = self._store.insert(SESSION, row)
            work.log("INSERT", SESSION, [identity])
        session = Session(
            identity, row["uuid"], user, name, group_id, event_type, agent, sudoer, row["started"], live, idle
        )
        session.used, session.references = session.started, 1
        with self._lock:
            self._open[session.uuid] = session
        return session

    def _group(self, user: int, name: str, group: str) -> int:
        if group in ("", "user"):
            others = [known for known in memberships(self._store, user).member_of if known != USER]
            if not others:
                raise errors.api_usage(f"Can't find default group for {name}")
            return others[0]
        rows = self._store.run('select id from "experimentergroup" where name = ?', [group])
        if not rows:
            raise omero.AuthenticationException("Error creating session.")
        return int(rows[0][0])

    def get(self, identifier: str) -> Session:
        """Return an open session, counting the call as use of it."""
        with self._lock:
            session = self._open.get(identifier)
            if session is None:
                raise errors.made("RemovedSessionException", f"No context for {identifier}")
            reason = session.expiry(now())
            if reason:
                self.close(identifier)
                raise errors.made("SessionTimeoutException", f"Session {reason}")
            session.used = now()
            return session

    def find(self, identifier: str) -> Session | None:
        """Return an open session without using it."""
        return self._open.get(identifier)

    def of_user(self, user: int) -> list[Session]:
        """Return the open sessions of a user."""
        return [session for session in self._open.values() if session.user == user]

    def detach(self, identifier: str) -> int:
        """Count one client less, and return how many are left."""
        with self._lock:
            session = self._open.get(identifier)
            if session is None:
                return 0
            session.references -= 1
            return session.references

    def close(self, identifier: str) -> None:
        """End a session."""
        with self._lock:
            if self._open.pop(identifier, None) is not None:
                self._store.run(f"update {SESSION.table} set closed = ? where uuid = ?", [now(), identifier])
