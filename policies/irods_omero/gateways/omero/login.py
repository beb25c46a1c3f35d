"""The agent's connections to OMERO: its own session, and sessions as the owners of data, by sudo."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import Any

import Ice
import omero
import omero.clients
from omero.constants import CLIENTUUID
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from irods_omero.errors import ForbiddenError, RefusedError, SideError, UnreachableError
from irods_omero.gateways.omero.session import AGENT, OmeroSession, describe, is_down
from irods_omero.settings import OMERO_PASSWORD_VARIABLE, OmeroSettings, read_secret

SESSIONS_KEPT = 16
"""At most this many sessions as other users stay open; the one that was not used for longest is closed first."""

IDLE_MS = 2 * 60 * 1000
"""How long a session may have no call before the server closes it: those of an agent that was killed go so soon."""

FRESH_SECONDS = IDLE_MS / 1000 / 2
"""A session that had no call for longer is replaced, as the server may close it at any moment."""

SERVICE_FRESH_SECONDS = 300.0
"""The same of the service account's own session, which the server closes after ten minutes unless told otherwise."""

ATTEMPTS = 6
"""To reach a session again whose connection broke: within half a minute, before the server closes it."""

UNEXPLAINED = "Error creating session"
"""What OMERO says of a group that does not exist, and nothing more (omero-14)."""

ALL_GROUPS = {"omero.group": "-1"}


class OmeroConnection:
    """Sessions at one OMERO server, used by one thread.

    The service account is a restricted administrator with the privilege Sudo: it reads across all groups, and
    writes nothing itself. What is written is written as the owner of the data, as administrators cannot annotate
    in private groups.
    """

    def __init__(self, settings: OmeroSettings) -> None:
        self.settings = settings
        self._service: OmeroSession | None = None
        self._others: OrderedDict[tuple[str, str], OmeroSession] = OrderedDict()

    def service(self) -> OmeroSession:
        """The session of the service account, which reads across all groups."""
        if self._service is not None and self._service.idle_seconds() > SERVICE_FRESH_SECONDS:
            self._service.close()
            self._service = None
        if self._service is None:
            password = read_secret(self.settings.password_file, OMERO_PASSWORD_VARIABLE)
            client = self._client()
            user = self.settings.user
            _log_in(client, lambda: client.createSession(user, password), user, self._address())
            self._service = _session(client, ALL_GROUPS)
        return self._service

    def as_user(self, name: str, group: str) -> OmeroSession:
        """A session as another user in one group, both by name.

        Raises:
            RefusedError: There is no such user or group, the user is not in the group, or sudo is not allowed.
        """
        key = (name, group)
        session = self._others.pop(key, None)
        if session is not None and session.idle_seconds() > FRESH_SECONDS:
            session.kill()
            session = None
        self._others[key] = session = session or self._sudo(name, group)
        if len(self._others) > SESSIONS_KEPT:
            self._others.popitem(last=False)[1].kill()
        return session

    def join(self, uuid: str, name: str, client_uuid: str = "") -> OmeroSession:
        """A session that is open already, of an agent that was killed for instance; the caller ends it.

        Args:
            uuid: That of the session.
            name: Login name of its user, for messages.
            client_uuid: That of the client to be taken for, which is gone; empty for a new one.
        """
        client = self._client()
        try:
            if client_uuid:
                client.getImplicitContext().put(CLIENTUUID, client_uuid)
            client.joinSession(uuid)
            return OmeroSession(client, {})
        except (Ice.Exception, omero.ClientError, SideError) as error:
            with suppress(Ice.Exception, omero.ClientError):
                client.closeSession()  # not killed: what goes on in it would end
            if isinstance(error, SideError):
                raise
            raise _refused_log_in(error, name, self._address()) from error

    def rejoin(self, session: OmeroSession) -> OmeroSession:
        """The session of a user whose connection broke, over another one, with all that is open in it (omero-106).

        Raises:
            UnreachableError: OMERO is down, or takes the broken connection for one that works.
            RefusedError: The session is over.
        """
        uuid, client_uuid = session.uuid, session.client_uuid
        keys = [key for key, each in self._others.items() if each is session]
        for key in keys:
            del self._others[key]
        if self._service is not None:  # what broke one connection may have broken the other
            self._service.close()
            self._service = None
        session.close()
        is_down_yet = retry_if_exception_type(UnreachableError)
        trying = Retrying(retry=is_down_yet, wait=wait_exponential(), stop=stop_after_attempt(ATTEMPTS), reraise=True)
        joined = trying(self.join, uuid, session.name, client_uuid)
        self._others.update(dict.fromkeys(keys, joined))
        return joined

    def drop(self, name: str, group: str) -> None:
        """End the session as a user in a group, if there is one: a name may be another one's by now."""
        session = self._others.pop((name, group), None)
        if session is not None:
            session.kill()

    def close(self) -> None:
        """End all sessions; the next call makes new ones."""
        for session in self._others.values():
            session.kill()
        self._others.clear()
        if self._service is not None:
            self._service.close()
            self._service = None

    def _sudo(self, name: str, group: str) -> OmeroSession:
        """Become another user; a failure is a refusal as long as the agent's own session goes on."""
        service, doing, on = self.service(), "becoming the OMERO user", f"{name} in {group}"
        principal = omero.sys.Principal(name=name, group=group, eventType="User")
        sessions = service.client.getSession().getSessionService()
        client = None
        try:
            made = service.call(
                doing, on, lambda: sessions.createSessionWithTimeouts(principal, 0, IDLE_MS, {"omero.agent": AGENT})
            )
            client = self._client()
            _log_in(client, lambda: client.joinSession(made.uuid.val), name, self._address())
            return OmeroSession(client, {})
        except SideError as error:
            if client is not None:
                _discard(client)
            # OMERO says the same of an account that does not exist as of a session that is over.
            service.ping()
            hint = f" (is there an OMERO group {group}, and is {name} in it?)" if UNEXPLAINED in error.cause else ""
            raise ForbiddenError(doing, on, f"{error.cause}{hint}") from error

    def _address(self) -> str:
        host = self.settings.host
        return host if "://" in host else f"{host}:{self.settings.port}"

    def _client(self) -> Any:
        host = self.settings.host
        client = omero.client(host) if "://" in host else omero.client(host, self.settings.port)
        client.setAgent(AGENT)
        return client

    def __enter__(self) -> OmeroConnection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _log_in(client: Any, function: Any, user: str, address: str) -> None:
    try:
        function()
    except (Ice.Exception, omero.ClientError) as error:
        _discard(client)
        raise _refused_log_in(error, user, address) from error


def _refused_log_in(error: Exception, user: str, address: str) -> SideError:
    kind = UnreachableError if is_down(error) else RefusedError
    return kind(f"logging in to OMERO at {address} as", user, describe(error))


def _session(client: Any, context: dict[str, str]) -> OmeroSession:
    try:
        return OmeroSession(client, context)
    except SideError:
        _discard(client)
        raise


def _discard(client: Any) -> None:
    """Let go of what a client holds whose session is of no use."""
    with suppress(Ice.Exception, omero.ClientError):
        client.killSession()
    with suppress(Ice.Exception, omero.ClientError):
        client.closeSession()
