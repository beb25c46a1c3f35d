"""The Glacier2 router: lets clients in, and looks after the connections they come by."""

from __future__ import annotations

import time
from typing import Any

import Glacier2
import Ice
import omero
import omero.api

from lab.omero.host import Host, connection_of
from lab.omero.requests_log import LoggedRequest
from lab.omero.services.factory import Factory
from lab.omero.sessions import IDLE, Session

CLIENT = "omero.client.uuid"


class _Closing(Ice.ConnectionCallback):  # type: ignore[misc]
    """Ends a client's part in a session when its connection goes away."""

    def __init__(self, router: Router, client: str, factory: Factory) -> None:
        self._router = router
        self._client = client
        self._factory = factory

    def heartbeat(self, _connection: Any) -> None:
        """Nothing to do: a heartbeat keeps the connection, not the session."""

    def closed(self, _connection: Any) -> None:
        """Forget the client, unless it has come back by another connection."""
        if self._router.factory(self._client) is self._factory:
            self._router.leave(self._client)


class Router(Glacier2.Router):  # type: ignore[misc]
    """One router for all clients; a client is known by the uuid that omero-py sends with every call."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._clients: dict[str, tuple[Session, Factory]] = {}

    def getClientProxy(self, current: Any = None) -> None:
        """Return nothing: clients reach everything by the router's own endpoint."""

    def getServerProxy(self, current: Any = None) -> Any:
        return current.adapter.createProxy(current.id)

    def addProxies(self, proxies: Any, current: Any = None) -> list[Any]:
        del proxies, current
        return []

    def getCategoryForClient(self, current: Any = None) -> str:
        return str(current.ctx.get(CLIENT, ""))

    def getSessionTimeout(self, current: Any = None) -> int:
        del current
        return IDLE // 1000

    def getACMTimeout(self, current: Any = None) -> int:
        """Return the seconds after which a quiet connection is closed, and the session with it (omero-98)."""
        return self.getSessionTimeout(current)

    def createSession_async(self, callback: Any, user: str, password: str, current: Any = None) -> None:
        request = LoggedRequest("Router", "createSession", user)
        started = time.monotonic()
        try:
            self._host.refresh()
            self._host.control.strike("Router", "createSession", current)
            callback.ice_response(self._create(user, password, current, request))
        except Exception as error:
            request.error = type(error).__name__
            raise
        finally:
            request.milliseconds = round((time.monotonic() - started) * 1000, 3)
            self._host.requests.add(request)

    def _create(self, user: str, password: str, current: Any, request: LoggedRequest) -> Any:
        host, client = self._host, current.ctx.get(CLIENT, "")
        if not client:
            raise Glacier2.CannotCreateSessionException("No omero.client.uuid in the context")
        if not host.sessions.may_login(user, password):
            raise Glacier2.PermissionDeniedException(f"Password check failed for '{user}': []")
        if client in self._clients and self._clients[client][0].uuid == user:
            raise omero.WrappedCreateSessionException("", False, -1, "Ice.AlreadyRegisteredException")  # omero-106
        try:
            session = host.sessions.login(
                user,
                current.ctx.get("omero.group", ""),
                current.ctx.get("omero.event", ""),
                current.ctx.get("omero.agent"),
            )
        except omero.ServerError as error:
            raise omero.WrappedCreateSessionException(error.message, False, -1, type(error).__name__) from None
        request.user, request.session = session.user_name, session.uuid
        factory = Factory(client, lambda: self.leave(client))
        identity = Ice.Identity(session.uuid, f"session-{client}")
        proxy = host.offer(session, client, omero.api.ServiceFactory, factory, "session", identity=identity)
        self._clients[client] = (session, factory)
        host.connections[connection_of(current)] = client, session.uuid
        current.con.setCallback(_Closing(self, client, factory))
        return Glacier2.SessionPrx.uncheckedCast(proxy)

    def createSessionFromSecureConnection_async(self, callback: Any, current: Any = None) -> None:
        del callback, current
        raise Glacier2.PermissionDeniedException("lab OMERO does not offer sessions from secure connections")

    def refreshSession_async(self, callback: Any, current: Any = None) -> None:
        if current.ctx.get(CLIENT) not in self._clients:
            raise Glacier2.SessionNotExistException()
        callback.ice_response()

    def destroySession(self, current: Any = None) -> None:
        client = current.ctx.get(CLIENT, "")
        known = self._clients.get(client)
        name, uuid = (known[0].user_name, known[0].uuid) if known else ("", "")
        self._host.requests.add(LoggedRequest("Router", "destroySession", name, uuid))
        if connection_of(current) not in self._host.connections or not self.leave(client):
            raise Glacier2.SessionNotExistException()

    def factory(self, client: str) -> Factory | None:
        """Return the service factory of a client that is there."""
        return self._clients[client][1] if client in self._clients else None

    def leave(self, client: str) -> bool:
        """End a client's part in its session, and the session with the last client."""
        known = self._clients.pop(client, None)
        if known is None:
            return False
        session, factory = known
        self._host.forget_client(client)
        left = self._host.sessions.detach(session.uuid)
        if left < 1 and factory.closes:
            self._host.close_session(session)
        else:
            self._host.withdraw_client(session, client)
        return True
