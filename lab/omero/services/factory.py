"""The service factory that a client gets when it logs in: hands out the services, runs commands."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import omero
import omero.api
import omero.cmd

from lab.omero import errors
from lab.omero.commands.submit import submit
from lab.omero.repository.files import StoredFile
from lab.omero.servants import Call, writes
from lab.omero.services.admin import Admin
from lab.omero.services.config import Config, Types
from lab.omero.services.container import Container
from lab.omero.services.ldap import Ldap
from lab.omero.services.query import QueryService
from lab.omero.services.resources import SharedResources
from lab.omero.services.session import SessionService
from lab.omero.services.update import Update

STATELESS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "omero.api.IAdmin": ("IAdmin", "api", Admin),
    "omero.api.IConfig": ("IConfig", "api", Config),
    "omero.api.IContainer": ("IContainer", "api", Container),
    "omero.api.ILdap": ("ILdap", "api", Ldap),
    "omero.api.IQuery": ("IQuery", "api", QueryService),
    "omero.api.ISession": ("ISession", "api", SessionService),
    "omero.api.ITypes": ("ITypes", "api", Types),
    "omero.api.IUpdate": ("IUpdate", "api", Update),
    "omero.grid.SharedResources": ("SharedResources", "grid", SharedResources),
}


class Factory:
    """One client's service factory."""

    def __init__(self, client: str, leave: Callable[[], bool]) -> None:
        self._client = client
        self._leave = leave
        self.closes = True

    def _service(self, call: Call, name: str) -> Any:
        known = STATELESS.get(name)
        if known is None:
            raise errors.refused(f"the service {name}")
        interface, module, implementation = known
        names = getattr(omero, module)
        proxy = call.host.offer(call.session, self._client, getattr(names, interface), implementation(), name)
        return getattr(names, f"{interface}Prx").uncheckedCast(proxy)

    def getByName(self, call: Call, name: str) -> Any:
        return omero.api.ServiceInterfacePrx.uncheckedCast(self._service(call, name))

    def getAdminService(self, call: Call) -> Any:
        return self._service(call, "omero.api.IAdmin")

    def getConfigService(self, call: Call) -> Any:
        return self._service(call, "omero.api.IConfig")

    def getContainerService(self, call: Call) -> Any:
        return self._service(call, "omero.api.IContainer")

    def getLdapService(self, call: Call) -> Any:
        return self._service(call, "omero.api.ILdap")

    def getQueryService(self, call: Call) -> Any:
        return self._service(call, "omero.api.IQuery")

    def getSessionService(self, call: Call) -> Any:
        return self._service(call, "omero.api.ISession")

    def getTypesService(self, call: Call) -> Any:
        return self._service(call, "omero.api.ITypes")

    def getUpdateService(self, call: Call) -> Any:
        return self._service(call, "omero.api.IUpdate")

    def sharedResources(self, call: Call) -> Any:
        return self._service(call, "omero.grid.SharedResources")

    def createRawFileStore(self, call: Call) -> Any:
        name = f"{uuid.uuid4()}omero.api.RawFileStore"
        stored = StoredFile(call.host.store, call.host.control, call.caller)
        proxy = call.host.offer(call.session, self._client, omero.api.RawFileStore, stored, name, stateful=True)
        return omero.api.RawFileStorePrx.uncheckedCast(proxy)

    def activeServices(self, call: Call) -> list[str]:
        return call.host.names(call.session)

    def setCallback(self, call: Call, callback: Any) -> None:
        """Accept a callback; the real server has made no use of it for years either."""

    def subscribe(self, call: Call, topic: str, proxy: Any) -> None:
        """Accept a subscription to a topic; nothing is ever published."""

    def closeOnDestroy(self, call: Call) -> None:
        self.closes = True

    def detachOnDestroy(self, call: Call) -> None:
        self.closes = False

    def keepAlive(self, call: Call, proxy: Any) -> bool:
        return proxy is not None and proxy.ice_getIdentity().name in call.host.names(call.session)

    def keepAllAlive(self, call: Call, proxies: list[Any]) -> int:
        names = call.host.names(call.session)
        gone = [n for n, proxy in enumerate(proxies) if proxy is None or proxy.ice_getIdentity().name not in names]
        return sum(1 << place for place in gone) if proxies else -1

    def getSecurityContexts(self, call: Call) -> list[Any]:
        groups = dict.fromkeys((*call.caller.member_of, *call.caller.leader_of))
        return [Admin().getGroup(call, group) for group in groups]

    def setSecurityPassword(self, call: Call, password: str) -> None:
        if not call.host.sessions.may_login(call.session.user_name, password):
            raise errors.violation(f"Bad password for {call.session.user_name}")

    def destroy(self, call: Call) -> None:
        self._leave()

    @writes
    def submit(self, call: Call, request: Any) -> Any:
        return submit(call, request)
