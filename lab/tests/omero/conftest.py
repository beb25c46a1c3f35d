"""One lab server for all tests here, with a group of each kind of permissions and the same people in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.omero import LabOmero
from lab.omero.setup import add_group, add_restricted_admin, add_user, set_group_owner

GROUPS = {"private": "rw----", "readonly": "rwr---", "annotate": "rwra--", "shared": "rwrw--"}


@dataclass
class World:
    """The server, ids of groups and users by name, and one client for each user."""

    lab: LabOmero
    groups: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, user: str) -> Any:
        if user not in self.clients:
            self.clients[user] = self.lab.client(user)
            self.clients[user].enableKeepAlive(20)  # or the session ends while other modules' tests run
        return self.clients[user]

    def within(self, group: str) -> dict[str, str]:
        """Return the context of calls in a group."""
        return {"omero.group": str(self.groups.get(group, -1))}

    def sudo(self, user: str, group: str) -> Any:
        """Return a client of the service's, acting as a user in a group."""
        import omero.clients

        principal = omero.sys.Principal(user, group, "User")
        session = self.client("service").sf.getSessionService().createSessionWithTimeouts(principal, 600_000, 0)
        client = omero.client(self.lab.host, self.lab.port)
        client.joinSession(session.uuid.val)
        return client


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with LabOmero() as lab:
        made = World(lab)
        root = made.client("root")
        for name, permissions in GROUPS.items():
            made.groups[name] = add_group(root, name, permissions)
        for user in ("alice", "bob", "owner"):
            made.users[user] = add_user(root, user, user, list(GROUPS))
        for group in made.groups.values():
            set_group_owner(root, group, made.users["owner"])
        made.users["stranger"] = add_user(root, "stranger", "stranger", [add_group(root, "elsewhere", "rwrw--")])
        made.users["service"] = add_restricted_admin(root, "service", "service")
        yield made
        for client in made.clients.values():
            client.closeSession()
        unexpected = [line for line in lab.server_log().splitlines() if "Traceback" in line]
        assert not unexpected, lab.server_log()
