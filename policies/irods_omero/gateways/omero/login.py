"""The agent's connections to OMERO: its own session, and sessions as the owners of data, by sudo."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import Any

import Glacier2
import Ice
import omero
import omero.clients

from irods_omero.errors import RefusedError, SideError, UnreachableError
from irods_omero.gateways.omero.session import AGENT, OmeroSession, describe
from irods_omero.settings import OMERO_PASSWORD_VARIABLE, OmeroSettings, read_secret

SESSIONS_KEPT = 16
"""Sessions as other users that stay open; the one that was not used for longest is closed first."""

IDLE_MS = 10 * 60 * 1000
"""After so long without a call the server closes a session of a killed agent."""

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
        if self._service is None:
            password = read_secret(self.settings.password_file, OMERO_PASSWORD_VARIABLE)
            client = self._client()
            _log_in(client, lambda: client.createSession(self.settings.user, password), self.settings.user)
            self._service = _session(client, ALL_GROUPS)
        return self._service

    def as_user(self, name: str, group: str) -> OmeroSession:
        """A session as another user in one group, both by name.

        Raises:
            RefusedError: There is no such user or group, the user is not in the group, or sudo is not allowed.
        """
        key = (name, group)
        if key in self._others:
            self._others.move_to_end(key)
            return self._others[key]
        session = self._sudo(name, group)
        self._others[key] = session
        if len(self._others) > SESSIONS_KEPT:
            self._others.popitem(last=False)[1].kill()
        return session

    def close(self) -> None:
        """End all sessions; the next call makes new ones."""
        for session in self._others.values():
            session.kill()
        self._others.clear()
        if self._service is not None:
            self._service.close()
            self._service = None

    def _sudo(self, name: str, group: str) -> OmeroSession:
        service = self.service()
        principal = omero.sys.Principal(name=name, group=group, eventType="User")
        sessions = service.client.getSession().getSessionService()
        made = service.call(
            "becoming the OMERO user",
            name,
            lambda: sessions.createSessionWithTimeouts(principal, 0, IDLE_MS, {"omero.agent": AGENT}),
        )
        client = self._client()
        _log_in(client, lambda: client.joinSession(made.uuid.val), name)
        return _session(client, {})

    def _client(self) -> Any:
        host = self.settings.host
        client = omero.client(host) if "://" in host else omero.client(host, self.settings.port)
        client.setAgent(AGENT)
        return client

    def __enter__(self) -> OmeroConnection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _log_in(client: Any, function: Any, user: str) -> None:
    doing = "logging in to OMERO as"
    try:
        function()
    except Glacier2.PermissionDeniedException as error:
        _discard(client)
        raise RefusedError(doing, user, describe(error)) from error
    except (Ice.Exception, omero.ClientError) as error:
        _discard(client)
        raise UnreachableError(doing, user, describe(error)) from error


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
