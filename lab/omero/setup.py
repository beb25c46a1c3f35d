"""Sets up groups and users through an administrator's client, on the lab's server as on a real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import omero
import omero.model
from omero.rtypes import rbool, rstring


def add_group(client: Any, name: str, permissions: str = "rwra--") -> int:
    """Make a group, if it is not there yet, and return its id."""
    admin = client.sf.getAdminService()
    try:
        return int(admin.lookupGroup(name).id.val)
    except omero.ApiUsageException:
        group = omero.model.ExperimenterGroupI()
        group.name = rstring(name)
        group.ldap = rbool(False)
        group.details.permissions = omero.model.PermissionsI(permissions)
        return int(admin.createGroup(group))


def _user(name: str) -> Any:
    user = omero.model.ExperimenterI()
    user.omeName = rstring(name)
    user.firstName = rstring(name.capitalize())
    user.lastName = rstring("Lab")
    user.ldap = rbool(False)
    return user


def _id_of(admin: Any, name: str) -> int | None:
    try:
        return int(admin.lookupExperimenter(name).id.val)
    except omero.ApiUsageException:
        return None


def add_user(client: Any, name: str, password: str, groups: Sequence[str | int]) -> int:
    """Make a user in groups of which the first is the default, or add the one that is there; return the user's id."""
    admin = client.sf.getAdminService()
    there = _id_of(admin, name)
    known = [admin.lookupGroup(group) if isinstance(group, str) else admin.getGroup(group) for group in groups]
    if there is not None:
        admin.addGroups(admin.getExperimenter(there), known)
        return there
    everybody = omero.model.ExperimenterGroupI(admin.getSecurityRoles().userGroupId, False)
    return int(admin.createExperimenterWithPassword(_user(name), rstring(password), known[0], [*known[1:], everybody]))


def add_restricted_admin(client: Any, name: str, password: str, privileges: Sequence[str] = ("Sudo",)) -> int:
    """Make an administrator with only some privileges, unless there is one, and return the user's id."""
    admin = client.sf.getAdminService()
    if (there := _id_of(admin, name)) is not None:
        return there
    known = {kind.value.val: kind for kind in client.sf.getTypesService().allEnumerations("AdminPrivilege")}
    granted = [known[privilege] for privilege in privileges]
    return int(admin.createRestrictedSystemUserWithPassword(_user(name), granted, rstring(password)))


def set_group_owner(client: Any, group: int, user: int) -> None:
    """Make a user an owner of a group."""
    admin = client.sf.getAdminService()
    admin.setGroupOwner(omero.model.ExperimenterGroupI(group, False), omero.model.ExperimenterI(user, False))
