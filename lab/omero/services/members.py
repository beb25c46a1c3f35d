"""The part of the administration service that changes users, groups and memberships."""

from __future__ import annotations

from typing import Any

from omero.rtypes import unwrap

from lab.omero import errors
from lab.omero.caller import PRIVILEGE_PREFIX, SYSTEM, USER, memberships, privileges_of
from lab.omero.model import ENTITIES
from lab.omero.model.description import ENUMERATIONS
from lab.omero.saving import permission_text, plain_row
from lab.omero.seed import has_password, set_password
from lab.omero.servants import Call, writes
from lab.omero.work import Work

EXPERIMENTER, GROUP, MAP = (ENTITIES[name] for name in ("Experimenter", "ExperimenterGroup", "GroupExperimenterMap"))
RESERVED_USERS = {"root", "guest"}
RESERVED_GROUPS = {"system", "user", "guest"}


def _may(call: Call, privilege: str, groups: list[int] | None = None) -> None:
    """Let administrators with a privilege pass, and the owners of all the groups concerned."""
    if call.caller.has(privilege):
        return
    if groups and all(group in (*call.caller.leader_of, USER) for group in groups):
        return
    raise errors.violation("Current user is neither admin nor group-leader for all given user(s)/group(s)")


class Members:
    """Creates and changes users and groups."""

    @writes
    def createGroup(self, call: Call, group: Any) -> int:
        _may(call, "ModifyGroup")
        call.objects = 1
        row = plain_row(GROUP, group)
        row["permissions"] = permission_text(group._details._permissions)
        row["ldap"] = row["ldap"] or 0
        with call.working() as work:
            return insert(work, "ExperimenterGroup", row)

    @writes
    def updateGroup(self, call: Call, group: Any) -> None:
        identity = group.id.val
        _may(call, "ModifyGroup", [identity])
        call.objects = 1
        row = plain_row(GROUP, group)
        if group._details is not None and group._details._permissions is not None:
            row["permissions"] = permission_text(group._details._permissions)
        with call.working() as work:
            work.store.update(GROUP, identity, row)
            work.log("UPDATE", GROUP, [identity])

    @writes
    def createUser(self, call: Call, user: Any, group: str) -> int:
        return self._create(call, user, " ", [self._group_named(call, group), USER])

    @writes
    def createSystemUser(self, call: Call, user: Any) -> int:
        return self._create(call, user, " ", [SYSTEM, USER])

    @writes
    def createRestrictedSystemUser(self, call: Call, user: Any, privileges: list[Any]) -> int:
        return self._create(call, user, " ", [SYSTEM, USER], privileges)

    @writes
    def createRestrictedSystemUserWithPassword(
        self, call: Call, user: Any, privileges: list[Any], password: Any
    ) -> int:
        return self._create(call, user, unwrap(password), [SYSTEM, USER], privileges)

    @writes
    def createExperimenter(self, call: Call, user: Any, group: Any, others: list[Any]) -> int:
        return self._create(call, user, " ", [group.id.val, *(other.id.val for other in others or [])])

    @writes
    def createExperimenterWithPassword(
        self, call: Call, user: Any, password: Any, group: Any, others: list[Any]
    ) -> int:
        groups = [group.id.val, *(other.id.val for other in others or [])]
        return self._create(call, user, unwrap(password), groups)

    @writes
    def addGroups(self, call: Call, user: Any, groups: list[Any]) -> None:
        wanted = [group.id.val for group in groups]
        _may(call, "ModifyGroupMembership", wanted)
        call.objects = len(wanted)
        known = memberships(call.host.store, user.id.val).member_of
        with call.working() as work:
            join(work, user.id.val, [group for group in wanted if group not in known])

    @writes
    def removeGroups(self, call: Call, user: Any, groups: list[Any]) -> None:
        wanted = {group.id.val for group in groups}
        _may(call, "ModifyGroupMembership", list(wanted))
        call.objects = len(wanted)
        identity = user.id.val
        left = set(memberships(call.host.store, identity).member_of) - wanted
        if not left - {USER}:
            raise errors.validation("experimenter must remain a member of some group besides 'user'")
        with call.working() as work:
            rows = [row for row in work.store.rows(MAP, "child", [identity]) if row["parent"] in wanted]
            work.store.delete(MAP, [row["id"] for row in rows])
            work.log("DELETE", MAP, [row["id"] for row in rows])

    @writes
    def setDefaultGroup(self, call: Call, user: Any, group: Any) -> None:
        """Put a membership first: the order of memberships says which group is the default."""
        identity, wanted = user.id.val, group.id.val
        if not (call.caller.has("ModifyUser") or call.caller.user == identity):
            raise errors.violation(f"User {identity} can only set own default group.")
        if wanted == USER:
            raise errors.api_usage("Cannot set default group to: user")
        call.objects = 1
        with call.working() as work:
            rows = work.store.rows(MAP, "child", [identity])
            rows.sort(key=lambda row: (row["parent"] != wanted, row["id"]))
            work.store.delete(MAP, [row["id"] for row in rows])
            for row in rows:
                work.store.insert(MAP, {name: row[name] for name in ("parent", "child", "owner")})

    @writes
    def setGroupOwner(self, call: Call, group: Any, user: Any) -> None:
        self._owner(call, group, [user], True)

    @writes
    def unsetGroupOwner(self, call: Call, group: Any, user: Any) -> None:
        self._owner(call, group, [user], False)

    @writes
    def addGroupOwners(self, call: Call, group: Any, users: list[Any]) -> None:
        self._owner(call, group, users, True)

    @writes
    def removeGroupOwners(self, call: Call, group: Any, users: list[Any]) -> None:
        self._owner(call, group, users, False)

    @writes
    def setAdminPrivileges(self, call: Call, user: Any, privileges: list[Any]) -> None:
        _may(call, "ModifyUser")
        call.objects = 1
        with call.working() as work:
            _restrict(work, user.id.val, privileges)
            work.log("UPDATE", EXPERIMENTER, [user.id.val])

    @writes
    def changePassword(self, call: Call, password: Any) -> None:
        call.objects = 1
        set_password(call.host.store, call.caller.user, unwrap(password))

    @writes
    def changePasswordWithOldPassword(self, call: Call, old: Any, password: Any) -> None:
        if not has_password(call.host.store, call.caller.user, unwrap(old)):
            raise errors.violation("Old password is invalid")
        self.changePassword(call, password)

    @writes
    def changeUserPassword(self, call: Call, name: str, password: Any) -> None:
        _may(call, "ModifyUser")
        identity = call.host.sessions.user_id(name)
        if identity is None:
            raise errors.api_usage(f"No such experimenter: {name}")
        call.objects = 1
        set_password(call.host.store, identity, unwrap(password))

    @writes
    def updateExperimenter(self, call: Call, user: Any) -> None:
        if call.caller.user != user.id.val:
            _may(call, "ModifyUser")
        call.objects = 1
        with call.working() as work:
            work.store.update(EXPERIMENTER, user.id.val, plain_row(EXPERIMENTER, user))
            work.log("UPDATE", EXPERIMENTER, [user.id.val])

    @staticmethod
    def _group_named(call: Call, name: str) -> int:
        rows = call.host.store.run(f"select id from {GROUP.table} where name = ?", [name])
        if not rows:
            raise errors.api_usage(f"No such group: {name}")
        return int(rows[0][0])

    @staticmethod
    def _create(call: Call, user: Any, password: str, groups: list[int], privileges: list[Any] | None = None) -> int:
        others = [group for group in groups if group != USER]
        _may(call, "ModifyUser", others)
        if SYSTEM in others and not call.caller.is_admin:
            raise errors.violation("Only administrators create administrators")
        call.objects = 1
        row = plain_row(EXPERIMENTER, user)
        row["ldap"] = row["ldap"] or 0
        with call.working() as work:
            identity = insert(work, "Experimenter", row)
            join(work, identity, groups)
            if privileges is not None:
                _restrict(work, identity, privileges)
            elif SYSTEM in others and privileges_of(work.store, call.caller.user) != call.caller.privileges:
                raise errors.violation("Cannot create a more privileged user.")
            set_password(work.store, identity, password)
        return identity

    @staticmethod
    def _owner(call: Call, group: Any, users: list[Any], leads: bool) -> None:
        _may(call, "ModifyGroupMembership", [group.id.val])
        call.objects = len(users)
        with call.working() as work:
            for user in users:
                rows = [row for row in work.store.rows(MAP, "child", [user.id.val]) if row["parent"] == group.id.val]
                identity = rows[0]["id"] if rows else join(work, user.id.val, [group.id.val])[0]
                work.store.update(MAP, identity, {"owner": int(leads)})
                work.log("UPDATE", MAP, [identity])


def insert(work: Work, name: str, row: dict[str, Any]) -> int:
    """Make a user or a group."""
    reserved, column = (RESERVED_USERS, "omeName") if name == "Experimenter" else (RESERVED_GROUPS, "name")
    if not row[column] or row[column] in reserved:
        raise errors.validation(f"not a name for a new {name}: {row[column]}")
    if work.store.rows(ENTITIES[name], column, [row[column]]):
        raise errors.validation(f"could not insert: [{ENTITIES[name].java}]; {column} is taken: {row[column]}")
    identity = work.store.insert(ENTITIES[name], row)
    work.log("INSERT", ENTITIES[name], [identity])
    return identity


def join(work: Work, user: int, groups: list[int]) -> list[int]:
    """Make a user a member of groups; return the ids of the memberships."""
    made = [work.store.insert(MAP, {"parent": group, "child": user, "owner": 0}) for group in groups]
    work.log("INSERT", MAP, made)
    return made


def _restrict(work: Work, user: int, privileges: list[Any]) -> None:
    granted = {unwrap(privilege.getValue()) for privilege in privileges}
    unknown = granted - set(ENUMERATIONS["AdminPrivilege"])
    if unknown:
        raise errors.api_usage(f"unknown privilege: {', '.join(sorted(unknown))}")
    denied = [name for name in ENUMERATIONS["AdminPrivilege"] if name not in granted]
    work.store.set_values(EXPERIMENTER, "config", user, [(PRIVILEGE_PREFIX + name, "false") for name in denied])
