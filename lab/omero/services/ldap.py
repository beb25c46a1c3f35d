"""The LDAP service: makes users of those whom a directory knows, if a test has given the server one."""

from __future__ import annotations

from typing import Any

from lab.omero import errors
from lab.omero.caller import USER
from lab.omero.model import ENTITIES
from lab.omero.servants import Call, writes
from lab.omero.services.admin import Admin
from lab.omero.services.members import insert, join

UNREACHED = (
    " Wrapped Exception: (org.springframework.ldap.CommunicationException):\nlocalhost:389; nested exception is javax."
    "naming.CommunicationException: localhost:389 [Root exception is java.net.ConnectException: Connection refused]"
)
"""What the real server says where LDAP is off, as it asks a directory all the same (omero-81)."""


class Ldap:
    """What is for members of the group ``system``, whatever their privileges (omero-81)."""

    def getSetting(self, call: Call) -> bool:
        _only_for_administrators(call)
        return call.host.control.directory is not None

    @writes
    def createUser(self, call: Call, name: str) -> Any:
        _only_for_administrators(call)
        call.objects = 1
        store, directory = call.host.store, call.host.control.directory
        if call.host.sessions.user_id(name) is not None:
            raise errors.validation(f"User already exists: {name}")
        if directory is None:
            raise errors.made("InternalException", UNREACHED)
        if name not in directory:
            raise errors.api_usage(f"Cannot find unique user DistinguishedName: found=0 ({name})")
        known = dict(store.run(f"select name, id from {ENTITIES['ExperimenterGroup'].table}"))
        if missing := [group for group in directory[name] if group not in known]:
            raise errors.refused(f"groups made of those of a directory ({', '.join(missing)})")
        groups = [known[group] for group in directory[name]]
        if not groups:
            raise errors.validation(f"No group found for: cn={name}")
        with call.working() as work:
            row = {"omeName": name, "firstName": name, "lastName": name, "ldap": 1}
            identity = insert(work, "Experimenter", row)
            join(work, identity, [*groups, USER])
        return Admin().getExperimenter(call, identity)


def _only_for_administrators(call: Call) -> None:
    if not call.caller.is_admin:
        raise errors.violation(f"No matching roles found in {list(call.caller.member_of)} (allowed: [system])")
