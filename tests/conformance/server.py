"""An OMERO server as the suite uses it: a group of each kind of permissions, and the same people in all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import Ice
import omero
import omero.clients
import omero.model
from omero.rtypes import rlist, rlong, rstring, unwrap, wrap

from lab.omero.setup import add_group, add_restricted_admin, add_user
from tests.scene.clearing import clear_omero, last_ids
from tests.scene.places import KEEP_ALIVE, OmeroPlace

PASSWORD = "held to the facts"

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Each test process has groups and users of its own: what is there is counted, and deleted at the end."""

PRIVATE, READ_ONLY, ANNOTATE, SHARED = (f"c-{kind}{WORKER}" for kind in ("private", "read-only", "annotate", "shared"))
GROUPS = {PRIVATE: "rw----", READ_ONLY: "rwr---", ANNOTATE: "rwra--", SHARED: "rwrw--"}
ELSEWHERE = "c-elsewhere"
"""A group without members."""

ALICE, BOB, SERVICE = f"c-alice{WORKER}", f"c-bob{WORKER}", "c-service"

Context = dict[str, str]
EVERYWHERE: Context = {"omero.group": "-1"}


@dataclass
class Server:
    """The server: ids of its groups and users by name, and a client for each user who was needed.

    ``service`` is a restricted administrator whose only privilege is Sudo.
    """

    place: OmeroPlace
    groups: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    service: str = SERVICE
    _clients: dict[str, Any] = field(default_factory=dict)
    _made: list[Any] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)

    def client(self, user: str) -> Any:
        """A client that stays logged in; an empty name is the administrator's."""
        if user not in self._clients:
            self._clients[user] = self.new_client(user)
            self._clients[user].enableKeepAlive(KEEP_ALIVE)
        return self._clients[user]

    def new_client(self, user: str = "") -> Any:
        """A client that the test may close."""
        client = self.unconnected()
        client.createSession(user or self.place.user, PASSWORD if user else self.place.password)
        return client

    def unconnected(self) -> Any:
        """A client that has not logged in yet."""
        host, port = self.place.host, self.place.port
        self._made.append(omero.client(host) if "://" in host else omero.client(host, port))
        return self._made[-1]

    def within(self, group: str) -> Context:
        """The context of calls in a group."""
        return {"omero.group": str(self.groups[group])}

    @contextmanager
    def sudo(self, user: str, group: str, agent: str = "") -> Iterator[Any]:
        """A client of the service account's, acting as a user in a group."""
        sessions = self.client(self.service).getSession().getSessionService()
        principal = omero.sys.Principal(name=user, group=group, eventType="User")
        context = {"omero.agent": agent} if agent else None
        made = sessions.createSessionWithTimeouts(principal, 0, 600_000, context)
        client = self.unconnected()
        client.joinSession(made.uuid.val)
        try:
            yield client
        finally:
            client.closeSession()

    def begin(self) -> None:
        """Note what there is, so that the rest can be cleared away."""
        self._last = last_ids(self.client(""))

    def clear(self) -> None:
        """Delete what the users of this test process have made since."""
        for user in (ALICE, BOB):
            clear_omero(self.client(""), self._last, user)

    def close(self) -> None:
        """Log everybody out."""
        for client in self._made:
            with suppress(Ice.Exception):  # its session was ended by a test
                client.closeSession()


def set_up_server(place: OmeroPlace) -> Server:
    """Make the groups and users of the suite, where they are missing."""
    server = Server(place)
    root = server.client("")
    for name, permissions in GROUPS.items():
        server.groups[name] = add_group(root, name, permissions)
    add_group(root, ELSEWHERE)
    for user in (ALICE, BOB):
        server.users[user] = add_user(root, user, PASSWORD, list(GROUPS))
    server.users[SERVICE] = add_restricted_admin(root, SERVICE, PASSWORD)
    server.begin()
    return server


def named(kind: str, name: str) -> Any:
    """A new object with a name."""
    made = getattr(omero.model, f"{kind}I")()
    made.name = rstring(name)
    return made


def tag(text: str, namespace: str | None = None) -> Any:
    """A new tag."""
    made = omero.model.TagAnnotationI()
    made.textValue = rstring(text)
    made.ns = rstring(namespace) if namespace else None
    return made


def pairs(namespace: str, *given: tuple[str, str]) -> Any:
    """A new key-value annotation."""
    made = omero.model.MapAnnotationI()
    made.ns = rstring(namespace)
    made.setMapValue([omero.model.NamedValue(name, value) for name, value in given])
    return made


def linked(kind: str, parent: Any, child: Any) -> Any:
    """A new link; what is saved already goes in by its id."""
    made = getattr(omero.model, f"{kind}I")()
    made.parent = parent.proxy() if parent.id is not None else parent
    made.child = child.proxy() if child.id is not None else child
    return made


def save(client: Any, instance: Any, context: Context | None = None) -> Any:
    """Save an object and return it as the server has it."""
    return client.getSession().getUpdateService().saveAndReturnObject(instance, context)


def rows(client: Any, hql: str, context: Context | None = None, **given: Any) -> list[list[Any]]:
    """The rows of a projection as plain values."""
    values: list[list[Any]] = unwrap(client.getSession().getQueryService().projection(hql, _parameters(given), context))
    return values


def objects(client: Any, hql: str, context: Context | None = None, **given: Any) -> list[Any]:
    """The objects that a query finds."""
    return list(client.getSession().getQueryService().findAllByQuery(hql, _parameters(given), context))


def run(client: Any, request: Any, context: Context | None = None) -> Any:
    """Run a command and return its response; what it refuses is raised as CmdError."""
    callback = client.submit(request, loops=600, ms=500, ctx=context)
    try:
        return callback.getResponse()
    finally:
        callback.close(True)


def delete(client: Any, context: Context | None = None, **targets: list[int]) -> Any:
    """Delete objects, given by the names of their classes."""
    return run(client, omero.cmd.Delete2(targetObjects=targets), context).deletedObjects


def _parameters(given: dict[str, Any]) -> Any:
    parameters = omero.sys.ParametersI()
    for name, value in given.items():
        parameters.add(name, _typed(value))
    return parameters


def _typed(value: Any) -> Any:
    """Return a value as a parameter: whole numbers are long ones, as a query wants them (omero-02)."""
    if isinstance(value, (list, set)):
        return rlist([_typed(member) for member in value])
    return rlong(value) if isinstance(value, int) and not isinstance(value, bool) else wrap(value)
