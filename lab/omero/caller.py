"""Who makes a call: user, group context, memberships and privileges, as the real server's event context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lab.omero import errors
from lab.omero.model import ENTITIES
from lab.omero.model.description import ENUMERATIONS
from lab.omero.store import Store

if TYPE_CHECKING:
    from lab.omero.sessions import Session

SYSTEM, USER, GUEST = 0, 1, 2
ROOT = 0
ALL_GROUPS = -1
ALL_PRIVILEGES = frozenset(ENUMERATIONS["AdminPrivilege"])
PRIVILEGE_PREFIX = "AdminPrivilege:"

READ, ANNOTATE, WRITE = "r", "a", "w"
ROLES = {"user": 0, "group": 2, "world": 4}


def granted(permissions: str, role: str, right: str) -> bool:
    """Tell whether permissions such as `rwra--` grant a right to a role."""
    place = ROLES[role]
    if right == READ:
        return permissions[place] == "r"
    return permissions[place + 1] == "w" or (right == ANNOTATE and permissions[place + 1] == "a")


@dataclass(frozen=True)
class Caller:
    """The user on whose behalf a call runs, in the group that the call names."""

    session: Session
    user: int
    user_name: str
    group: int
    is_admin: bool
    privileges: frozenset[str]
    member_of: tuple[int, ...]
    leader_of: tuple[int, ...]
    permissions: Mapping[int, str]

    @property
    def group_permissions(self) -> str:
        """Return the permissions of the group of the call; none of them across all groups."""
        return self.permissions.get(self.group, "------")

    @property
    def event_group(self) -> int:
        """Return the group to write down for an event, also where the call is across all groups."""
        if self.group >= 0:
            return self.group
        others = [group for group in self.member_of if group != USER]
        return others[0] if others else USER

    def has(self, privilege: str) -> bool:
        """Tell whether the caller is an administrator with that privilege."""
        return self.is_admin and privilege in self.privileges

    def everywhere(self) -> Caller:
        """Return the same caller across all groups."""
        return Caller(**{**self.__dict__, "group": ALL_GROUPS})


class Memberships(NamedTuple):
    """The ids of the groups that a user is a member of, and of those that the user leads."""

    member_of: tuple[int, ...]
    leader_of: tuple[int, ...]


def memberships(store: Store, user: int) -> Memberships:
    """Return the groups that a user is a member of, and those that the user leads."""
    table = ENTITIES["GroupExperimenterMap"].table
    rows = store.run(f"select parent, owner from {table} where child = ? order by id", [user])
    return Memberships(tuple(group for group, _ in rows), tuple(group for group, leads in rows if leads))


def privileges_of(store: Store, user: int | None) -> frozenset[str]:
    """Return the privileges that an administrator has not been denied."""
    if user is None or user == ROOT:
        return ALL_PRIVILEGES
    config = store.get_values(ENTITIES["Experimenter"], "config", [user]).get(user, [])
    denied = {name.removeprefix(PRIVILEGE_PREFIX) for name, value in config if value.lower() != "true"}
    return ALL_PRIVILEGES - denied


def caller_of(store: Store, session: Session, context: Mapping[str, str]) -> Caller:
    """Work out who calls, from a session and the context of a call."""
    member_of, leader_of = memberships(store, session.user)
    is_admin = SYSTEM in member_of
    privileges = ALL_PRIVILEGES if is_admin else frozenset()
    if is_admin:
        privileges = privileges_of(store, session.user) & privileges_of(store, session.sudoer)
    named = context.get("omero.group", "")
    group = int(named) if named else session.group
    permissions = dict(store.run('select id, permissions from "experimentergroup"'))
    if group >= 0:
        if group not in permissions:
            raise errors.unavailable("ome.model.meta.ExperimenterGroup", group)
        if not is_admin and group not in member_of and not granted(permissions[group], "world", READ):
            reason = f"User {session.user} is not a member of group {group} and cannot login"
            raise errors.violation(reason) if named else errors.unknown("SecurityViolation", reason)
    return Caller(
        session, session.user, session.user_name, group, is_admin, privileges, member_of, leader_of, permissions
    )
