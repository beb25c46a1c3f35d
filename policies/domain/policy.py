"""What the decisions depend on besides the two views: the administrator's choices, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.domain.tiers import Tiers
from policies.vocabulary import Names

BOTH = "both"
TO_OMERO = "to-omero"
TO_IRODS = "to-irods"


@dataclass(frozen=True)
class MappedAttribute:
    """An AVU attribute of data objects that is a tag or a key in OMERO.

    Attributes:
        avu: The attribute in iRODS.
        tag_namespace: Namespace of the OMERO tags whose texts are the values.
        direction: ``both``, ``to-omero`` or ``to-irods``.
        single: Whether there is at most one value.
        winner: ``irods`` or ``omero``: whose value stands when both sides changed a single value.
    """

    avu: str
    tag_namespace: str
    direction: str = BOTH
    single: bool = False
    winner: str = "irods"


@dataclass(frozen=True)
class Policy:
    """The administrator's choices.

    Attributes:
        zone: Name of the zone.
        server: Name of the OMERO server, the units of ids in the zone.
        tiers: The zone's tiers.
        names: The AVU attributes of this installation.
        web: Address of OMERO.web without a trailing slash, empty for none.
        attempts: How often an import or a movement is tried.
        backoff: Seconds before a second attempt; twice as long before each further one.
        attributes: What else is kept the same on both sides.
    """

    zone: str
    server: str
    tiers: Tiers
    names: Names = field(default_factory=Names)
    web: str = ""
    attempts: int = 3
    backoff: float = 60.0
    attributes: tuple[MappedAttribute, ...] = ()
