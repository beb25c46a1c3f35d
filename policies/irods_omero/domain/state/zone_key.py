"""By what name the keys of filesets in OMERO know a zone, and which filesets are of it.

Two zones may have the same name, as one that was rebuilt has, and ids begin at the same number in each. So keys carry
an identity, which each zone has for itself. Earlier ones did not: what a zone had imported until it got its identity
stays its own where the zone itself names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from irods_omero.domain.state.unit import import_prefix, parse_import_key

_IDENTITY = re.compile(r"[0-9a-f]{8}")

MARK = "@"
"""Between name and identity: no name of a zone has it."""


@dataclass(frozen=True)
class ZoneKey:
    """The name of a zone in keys.

    Attributes:
        name: Name of the zone.
        identity: What tells it from others of this name; empty while it has none.
        unidentified: The greatest OMERO id of a fileset that was there when it got one; 0 if it had imported nothing.
    """

    name: str
    identity: str = ""
    unidentified: int = 0

    def __str__(self) -> str:
        """As keys have it."""
        return f"{self.name}{MARK}{self.identity}" if self.identity else self.name

    def is_of(self, data_id: int, fileset: int, path: str) -> bool:
        """Whether a fileset that the zone names was imported for this data object of this very zone.

        Args:
            data_id: Catalog id.
            fileset: OMERO id.
            path: Client path of one of its entries.
        """
        if path.startswith(import_prefix(str(self), data_id)):
            return True
        return fileset <= self.unidentified and path.startswith(import_prefix(self.name, data_id))

    def data_id(self, fileset: int, path: str) -> int | None:
        """The data object that a fileset was imported for, None if that is none of this zone.

        Where the key has no identity this is a guess: the zone itself has to name the fileset.
        """
        key = parse_import_key(path)
        return key.data_id if key is not None and self.is_of(key.data_id, fileset, path) else None


def is_identity(text: str) -> bool:
    """Whether a text can be the identity of a zone."""
    return _IDENTITY.fullmatch(text) is not None


def identity_in(zone: str, name: str) -> str:
    """The identity in the name of a zone in keys; empty if there is none, or it is of a zone of another name."""
    zone_name, _, identity = zone.rpartition(MARK)
    return identity if zone_name == name and is_identity(identity) else ""
