"""Users and groups of OMERO by id and by name, sessions as one of them, and who can act in whose place."""

from __future__ import annotations

from irods_omero.errors import ForbiddenError, RefusedError
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.session import OmeroSession

NAME_OF = {
    "user": "select e.omeName from Experimenter e where e.id = :id",
    "group": "select g.name from ExperimenterGroup g where g.id = :id",
}

OWNERS_TRIED = 3
"""At most this many owners of a group are tried."""


EXISTS = "User already exists"
"""What OMERO says of an account that it has, were it made at this moment."""


def has_directory(session: OmeroSession) -> bool:
    """Whether OMERO has a directory (LDAP) switched on."""
    doing = "asking whether OMERO has LDAP"
    ldap = session.call(doing, "", session.client.getSession().getLdapService)
    return bool(session.call(doing, "", ldap.getSetting))


def make_user(session: OmeroSession, name: str) -> str:
    """Have OMERO make an account for somebody whom its directory knows (``ILdap.createUser``), in the groups of that.

    Args:
        session: A session of the service account: it takes no other privilege than being an administrator.
        name: Login name.

    Returns:
        Why there is none, and what to do; empty if there is one.
    """
    doing = "making the OMERO user"
    ldap = session.call(doing, name, session.client.getSession().getLdapService)
    try:
        session.call(doing, name, lambda: ldap.createUser(name))
    except RefusedError as error:
        if EXISTS in error.cause:
            return ""
        if not has_directory(session):
            return "OMERO has LDAP switched off (omero.ldap.config): make the user by hand"
        return f"{error.cause}: make the user in the directory, or by hand"
    return ""


class People:
    """Looks users and groups up, once in the life of the agent's connection."""

    def __init__(self, connection: OmeroConnection) -> None:
        self._connection = connection
        self._names: dict[tuple[str, int], str] = {}

    def service(self) -> OmeroSession:
        """The session of the service account, which reads across all groups."""
        return self._connection.service()

    def acting_as(self, user: int, group: int) -> OmeroSession:
        """A session as the user in the group, both by id.

        Raises:
            RefusedError: There is no such user or group, or the user is not in the group.
        """
        try:
            return self._session(user, group)
        except RefusedError:
            # One of them may have been renamed since it was looked up.
            if not self._forget(("user", user), ("group", group)):
                raise
        return self._session(user, group)

    def in_place_of(self, group: int) -> list[int]:
        """Ids of those who may do in a group what the owners of data cannot do themselves, in the order to try them.

        The owners of the group may change what its members have, and annotate it unless the group is private. So may
        an administrator with the privileges for that, which the service account need not have.
        """
        text = (
            "select e.id, m.owner from GroupExperimenterMap m join m.child e where m.parent.id = :group order by e.id"
        )
        rows = self.service().rows("looking for the owners of the group", text, {"group": group})
        owners = [int(member) for member, is_owner in rows if is_owner]
        return [*owners[:OWNERS_TRIED], self.service().user]

    def owner_session(self, name: str, group: str, is_arrival: bool = False) -> OmeroSession:
        """A session as an OMERO user who is to own images.

        Args:
            name: Login name of the user.
            group: Name of the OMERO group, empty for the user's default group.
            is_arrival: Whether something is to be imported: who has no account may get one then.
        """
        try:
            return self._connection.as_user(name, group or self._default_group(name))
        except RefusedError as error:
            if not (is_arrival and self._connection.settings.create_users):
                raise
            if why_not := make_user(self.service(), name):
                raise RefusedError(error.doing, error.on, f"{error.cause}; omero.create_users: {why_not}") from error
        return self._connection.as_user(name, group or self._default_group(name))

    def join(self, uuid: str, user: int) -> OmeroSession:
        """A session of a user, by id, that is open already; the caller ends it."""
        return self._connection.join(uuid, self._name("user", user))

    def rejoin(self, session: OmeroSession) -> OmeroSession:
        """A session whose connection broke, over another one."""
        return self._connection.rejoin(session)

    def _session(self, user: int, group: int) -> OmeroSession:
        """A session by the names as they are known; a name that somebody else has taken over leads to nobody."""
        names = self._name("user", user), self._name("group", group)
        session = self._connection.as_user(*names)
        if (session.user, session.group) != (user, group):
            self._connection.drop(*names)
            session = self._connection.as_user(*names)
        if (session.user, session.group) != (user, group):
            raise ForbiddenError("becoming the OMERO user", " in ".join(names), "these are the names of others now")
        return session

    def _default_group(self, name: str) -> str:
        """The first of the user's groups, as OMERO orders them, that is not one of the system's own."""
        text = (
            "select g.name from GroupExperimenterMap m join m.parent g join m.child e "
            "where e.omeName = :name and g.name not in (:system) order by m.id"
        )
        rows = self.service().rows(
            "looking for the groups of", text, {"name": name, "system": ["system", "user", "guest"]}
        )
        if not rows:
            raise RefusedError(
                "looking for the OMERO user", name, "there is no such user in any group; see omero.users"
            )
        return str(rows[0][0])

    def _name(self, kind: str, id_: int) -> str:
        """The name of a user or group, as it was when it was looked up."""
        if (kind, id_) not in self._names:
            rows = self.service().rows(f"looking for the {kind}", NAME_OF[kind], {"id": id_})
            if not rows:
                raise ForbiddenError(f"looking for the OMERO {kind}", str(id_), "it does not exist")
            self._names[kind, id_] = str(rows[0][0])
        return self._names[kind, id_]

    def _forget(self, *keys: tuple[str, int]) -> bool:
        """Have names looked up again; returns whether any of them has changed."""
        before = [self._names.pop(key, None) for key in keys]
        return [self._name(*key) for key in keys] != before
