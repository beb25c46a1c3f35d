"""What says where the bytes of a replica really are: an AVU of the site, a child of a compound resource, a command."""

from __future__ import annotations

from typing import NamedTuple

from irods_omero.domain.state.views import DataObject, Replica

ONLINE = "online"
OFFLINE = "offline"
MOVING = "moving"
RESIDENCIES = (ONLINE, OFFLINE, MOVING)
"""What can be said of where the bytes of a replica are."""


class Residency(NamedTuple):
    """What says it of the replicas on one root resource; at most one of these.

    Attributes:
        attribute: Attribute of an AVU on the data object, which its owner may write, too.
        child: Name of the resource below the root one on which a good replica is near; one on any other is not.
        command: The name of a command that was asked about the file of each replica.
    """

    attribute: str = ""
    child: str = ""
    command: str = ""

    def __bool__(self) -> bool:
        """Whether anything says it."""
        return any(self)

    def of(self, data_object: DataObject, replica: Replica | None) -> str:
        """What it says of a replica; empty for nothing, for what nobody understands, and for two things at once.

        An AVU says it of the data object, wherever its replicas are.
        """
        if self.attribute:
            values = data_object.values(self.attribute)
            return next(iter(values)) if len(values) == 1 and values.issubset(RESIDENCIES) else ""
        if replica is None:
            return ""
        if self.child:
            return ONLINE if replica.storage == self.child else OFFLINE
        return replica.said if self.command and replica.said in RESIDENCIES else ""

    def __str__(self) -> str:
        """What it is, for people."""
        if self.child:
            return f"the catalog of good replicas on {self.child}"
        return self.attribute or f"the command {self.command}"


NOTHING_SAYS = Residency()
