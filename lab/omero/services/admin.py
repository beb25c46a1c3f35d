"""The administration service: who is who, in which group, with which privileges."""

from __future__ import annotations

from typing import Any

import omero
import omero.model
import omero.sys
from omero.rtypes import rlong, rstring

from lab.omero import errors, permissions
from lab.omero.caller import GUEST, ROOT, SYSTEM, USER, memberships, privileges_of
from lab.omero.loading import Loader
from lab.omero.model import entity_of
from lab.omero.seed import GUEST_USER
from lab.omero.servants import Call
from lab.omero.services.members import Members

EXPERIMENTER = (
    "select distinct e from Experimenter e left outer join fetch e.groupExperimenterMap m "
    "left outer join fetch m.parent g"
)
GROUP = (
    "select distinct g from ExperimenterGroup g left outer join fetch g.groupExperimenterMap m "
    "left outer join fetch m.child u left outer join fetch u.groupExperimenterMap m2 left outer join fetch m2.parent"
)


def _all(call: Call, query: str, **given: Any) -> list[Any]:
    with call.host.store.reading():
        return Loader(call.host.store, call.caller, query, given).objects(None, None)


def _one(call: Call, what: str, query: str, wanted: int | str) -> Any:
    objects = _all(call, query, wanted=wanted)
    if not objects:
        raise errors.api_usage(f"No such {what}: {wanted}")
    return objects[0]


class Admin(Members):
    """Looks up users and groups; changing them is inherited."""

    def getEventContext(self, call: Call) -> Any:
        caller, session = call.caller, call.session
        names = dict(call.host.store.run('select id, name from "experimentergroup"'))
        users = dict(call.host.store.run('select id, "omeName" from "experimenter"'))
        made = omero.sys.EventContext()
        made.shareId, made.sessionId, made.sessionUuid = -1, session.id, session.uuid
        made.userId, made.userName = caller.user, caller.user_name
        if session.sudoer is not None:
            made.sudoerId, made.sudoerName = rlong(session.sudoer), rstring(users[session.sudoer])
        made.groupId, made.groupName = caller.group, names.get(caller.group, "")
        made.isAdmin, made.adminPrivileges = caller.is_admin, sorted(caller.privileges)
        made.eventId, made.eventType = -1, session.event_type
        made.memberOfGroups, made.leaderOfGroups = list(caller.member_of), list(caller.leader_of)
        made.groupPermissions = omero.model.PermissionsI(caller.group_permissions)
        return made

    def getSecurityRoles(self, call: Call) -> Any:
        return omero.sys.Roles(ROOT, "root", SYSTEM, "system", USER, "user", GUEST_USER, "guest", GUEST, "guest")

    def getExperimenter(self, call: Call, identity: int) -> Any:
        return _one(call, "experimenter", f"{EXPERIMENTER} where e.id = :wanted", identity)

    def lookupExperimenter(self, call: Call, name: str) -> Any:
        return _one(call, "experimenter", f"{EXPERIMENTER} where e.omeName = :wanted", name)

    def lookupExperimenters(self, call: Call) -> list[Any]:
        return _all(call, f"{EXPERIMENTER} order by e.id")

    def getGroup(self, call: Call, identity: int) -> Any:
        return _one(call, "group", f"{GROUP} where g.id = :wanted", identity)

    def lookupGroup(self, call: Call, name: str) -> Any:
        return _one(call, "group", f"{GROUP} where g.name = :wanted", name)

    def lookupGroups(self, call: Call) -> list[Any]:
        return _all(call, f"{GROUP} order by g.id")

    def containedExperimenters(self, call: Call, group: int) -> list[Any]:
        members = "select m.child from GroupExperimenterMap m where m.parent.id = :group"
        return _all(call, f"{EXPERIMENTER} where e.id in ({members}) order by e.id", group=group)

    def containedGroups(self, call: Call, user: int) -> list[Any]:
        groups = "select m3.parent from GroupExperimenterMap m3 where m3.child.id = :user"
        return _all(call, f"{GROUP} where g.id in ({groups}) order by g.id", user=user)

    def getDefaultGroup(self, call: Call, user: int) -> Any:
        others = [group for group in memberships(call.host.store, user).member_of if group != USER]
        if not others:
            raise errors.validation(f"The user {user} has no default group set.")
        return self.getGroup(call, others[0])

    def getMemberOfGroupIds(self, call: Call, user: Any) -> list[int]:
        return list(memberships(call.host.store, user.id.val).member_of)

    def getLeaderOfGroupIds(self, call: Call, user: Any) -> list[int]:
        return list(memberships(call.host.store, user.id.val).leader_of)

    def getCurrentAdminPrivileges(self, call: Call) -> list[Any]:
        return self._enumerated(call, call.caller.privileges)

    def getAdminPrivileges(self, call: Call, user: Any) -> list[Any]:
        identity = user.id.val
        if SYSTEM not in memberships(call.host.store, identity).member_of:
            return []
        return self._enumerated(call, privileges_of(call.host.store, identity))

    def canUpdate(self, call: Call, instance: Any) -> bool:
        return "edit" in self._allowed(call, instance)

    def canAnnotate(self, call: Call, instance: Any) -> bool:
        return "annotate" in self._allowed(call, instance)

    @staticmethod
    def _allowed(call: Call, instance: Any) -> set[str]:
        entity = entity_of(instance)
        row = call.host.store.row(entity, instance.id.val)
        if row is None:
            raise errors.unavailable(entity.java, instance.id.val)
        return permissions.allowed(call.caller, entity, row)

    @staticmethod
    def _enumerated(call: Call, names: frozenset[str]) -> list[Any]:
        if not names:
            return []
        return _all(call, "select p from AdminPrivilege p where p.value in (:names)", names=sorted(names))
