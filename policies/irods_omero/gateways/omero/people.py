"""Users and groups of OMERO by id and by name, and sessions as one of them."""

from __future__ import annotations

from collections.abc import Mapping

from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.session import OmeroSession

EVERYBODY = "*"


class People:
    """Looks users and groups up, once in the life of the agent's connection."""

    def __init__(self, connection: OmeroConnection, users: Mapping[str, str]) -> None:
        """``users`` names the OMERO user for an iRODS user, where the names differ."""
        self._connection = connection
        self._users = users
        self._names: dict[tuple[str, int], str] = {}

    def acting_as(self, user: int, group: int) -> OmeroSession:
        """A session as the user in the group, both by id."""
        name = self._name("select e.omeName from Experimenter e where e.id = :id", "user", user)
        group_name = self._name("select g.name from ExperimenterGroup g where g.id = :id", "group", group)
        return self._connection.as_user(name, group_name)

    def owner_session(self, owner: str, group: str) -> OmeroSession:
        """A session as the OMERO user who stands for an iRODS user.

        Args:
            owner: Name of the iRODS user.
            group: Name of the OMERO group, empty for the user's default group.
        """
        return self._connection.as_user(self.omero_name(owner), group or self._default_group(owner))

    def omero_name(self, owner: str) -> str:
        """Login name of the OMERO user who stands for an iRODS user."""
        return self._users.get(owner) or self._users.get(EVERYBODY) or owner

    def _default_group(self, owner: str) -> str:
        """The first of the user's groups, as OMERO orders them, that is not one of the system's own."""
        name = self.omero_name(owner)
        text = (
            "select g.name from GroupExperimenterMap m join m.parent g join m.child e "
            "where e.omeName = :name and g.name not in (:system) order by m.id"
        )
        found = self._connection.service().rows(
            "looking for the groups of", text, {"name": name, "system": ["system", "user", "guest"]}
        )
        if not found:
            raise RefusedError(
                "looking for the OMERO user of", owner, f"there is no OMERO user {name!r} in any group; see omero.users"
            )
        return str(found[0][0])

    def _name(self, text: str, kind: str, id_: int) -> str:
        if (kind, id_) not in self._names:
            found = self._connection.service().rows(f"looking for the {kind}", text, {"id": id_})
            if not found:
                raise RefusedError(f"looking for the OMERO {kind}", str(id_), "it does not exist")
            self._names[kind, id_] = str(found[0][0])
        return self._names[kind, id_]
