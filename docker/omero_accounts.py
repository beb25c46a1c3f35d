"""Makes in a new OMERO server the agent's account, and a group with a user; what is there already stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import omero
import omero.clients
import omero.model
from omero.rtypes import rbool, rstring

GROUP, PERMISSIONS = "microscopy", "rwra--"
USER = "alice"
AGENT, PRIVILEGES = "irods-agent", ("Sudo",)


def make_accounts(host: str, port: int, secrets: Path) -> None:
    """Make what is missing, as root."""
    client = omero.client(host, port)
    client.createSession("root", _secret(secrets, "omero_root"))
    try:
        admin = client.getSession().getAdminService()
        if _is_missing(admin.lookupGroup, GROUP):
            admin.createGroup(_group())
        if _is_missing(admin.lookupExperimenter, USER):
            everybody = omero.model.ExperimenterGroupI(admin.getSecurityRoles().userGroupId, False)
            groups = (admin.lookupGroup(GROUP), [everybody])
            admin.createExperimenterWithPassword(_person(USER), rstring(_secret(secrets, "alice")), *groups)
        if _is_missing(admin.lookupExperimenter, AGENT):
            known = client.getSession().getTypesService().allEnumerations("AdminPrivilege")
            granted = [privilege for privilege in known if privilege.getValue().getValue() in PRIVILEGES]
            password = rstring(_secret(secrets, "omero_agent"))
            admin.createRestrictedSystemUserWithPassword(_person(AGENT), granted, password)
    finally:
        client.closeSession()


def _is_missing(look_up: Any, name: str) -> bool:
    try:
        look_up(name)
    except omero.ApiUsageException:
        return True
    return False


def _group() -> Any:
    group = omero.model.ExperimenterGroupI()
    group.name, group.ldap = rstring(GROUP), rbool(False)
    group.details.permissions = omero.model.PermissionsI(PERMISSIONS)
    return group


def _person(name: str) -> Any:
    person = omero.model.ExperimenterI()
    person.omeName, person.firstName, person.lastName = rstring(name), rstring(name), rstring(name)
    person.ldap = rbool(False)
    return person


def _secret(secrets: Path, name: str) -> str:
    return (secrets / name).read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    make_accounts(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
