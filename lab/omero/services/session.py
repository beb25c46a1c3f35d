"""The session service: sudo, and a look at open sessions."""

from __future__ import annotations

from typing import Any

from omero.rtypes import unwrap

from lab.omero import errors
from lab.omero.caller import privileges_of
from lab.omero.loading import Loader
from lab.omero.servants import Call, writes
from lab.omero.sessions import Session


def _described(call: Call, session: Session) -> Any:
    """Return the session as omero-py's object, as seen by the server itself."""
    query = "select s from Session s left outer join fetch s.owner left outer join fetch s.sudoer where s.uuid = :uuid"
    caller = call.host.sessions.internal_caller()
    return Loader(call.host.store, caller, query, {"uuid": session.uuid}).objects(None, None)[0]


class SessionService:
    """Starts, finds and ends sessions."""

    @writes
    def createSessionWithTimeouts(self, call: Call, principal: Any, live: int, idle: int) -> Any:
        caller, session = call.caller, call.session
        self._may_sudo(call, principal.group)
        started = call.host.sessions.start(
            principal.name,
            principal.group,
            principal.eventType,
            call.current.ctx.get("omero.agent", "OMERO.sudo"),
            session.sudoer if session.sudoer is not None else caller.user,
            live,
            idle,
        )
        return _described(call, started)

    @writes
    def createSessionWithTimeout(self, call: Call, principal: Any, live: int) -> Any:
        return self.createSessionWithTimeouts(call, principal, live, 0)

    @writes
    def createUserSession(self, call: Call, live: int, idle: int, group: str) -> Any:
        agent = call.current.ctx.get("omero.agent", "createSession")
        session = call.session
        started = call.host.sessions.start(session.user_name, group, "User", agent, session.sudoer, live, idle)
        return _described(call, started)

    def getSession(self, call: Call, uuid: str) -> Any:
        return _described(call, call.host.sessions.get(uuid))

    def getReferenceCount(self, call: Call, uuid: str) -> int:
        return call.host.sessions.get(uuid).references

    @writes
    def closeSession(self, call: Call, session: Any) -> int:
        uuid = unwrap(session.uuid)
        known = call.host.sessions.find(uuid)
        if known is None:
            return -1
        if known.references > 1:
            return call.host.sessions.detach(uuid)
        call.host.close_session(known)
        return -2

    def getMyOpenSessions(self, call: Call) -> list[Any]:
        return [_described(call, session) for session in call.host.sessions.of_user(call.session.user)]

    def getMyOpenAgentSessions(self, call: Call, agent: str) -> list[Any]:
        own = call.host.sessions.of_user(call.session.user)
        return [_described(call, session) for session in own if session.agent == agent]

    def getInput(self, call: Call, uuid: str, key: str) -> Any:
        return call.host.sessions.get(uuid).environment["input"].get(key)

    def getOutput(self, call: Call, uuid: str, key: str) -> Any:
        return call.host.sessions.get(uuid).environment["output"].get(key)

    def setInput(self, call: Call, uuid: str, key: str, value: Any) -> None:
        call.host.sessions.get(uuid).environment["input"][key] = value

    def setOutput(self, call: Call, uuid: str, key: str, value: Any) -> None:
        call.host.sessions.get(uuid).environment["output"][key] = value

    @staticmethod
    def _may_sudo(call: Call, group: str) -> None:
        """Let administrators with the privilege act as anybody, and group owners as members within their group."""
        caller = call.caller
        store = call.host.store
        if caller.is_admin and "Sudo" in privileges_of(store, caller.user) & privileges_of(store, call.session.sudoer):
            return
        rows = store.run('select id from "experimentergroup" where name = ?', [group])
        if not rows or rows[0][0] not in caller.leader_of:
            raise errors.violation(f"Group sudo is not permitted for group {group}")
