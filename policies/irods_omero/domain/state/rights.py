"""Rights on data that came through OMERO first: what was given, and what is wanted when OMERO says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

NOTHING = ""
"""The level of somebody without rights."""


class Grant(NamedTuple):
    """One entry of an access control list.

    Attributes:
        name: A user or a group of the zone.
        level: ``read``, ``write`` or ``own``; empty for no entry.
    """

    name: str
    level: str


class Rights(NamedTuple):
    """The rights that the agent has given, and for whom they were worked out.

    Attributes:
        owner: OMERO id of the owner of the fileset.
        group: OMERO id of its group.
        grants: The entries, sorted. Several of one name while they are being changed: the agent may have come to any.
    """

    owner: int
    group: int
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class RightsView:
    """What is known of a unit whose images have another owner or group in OMERO than its rights were given for.

    Attributes:
        wanted: The rights that the rule gives now.
        user: The iRODS user who stands for the owner.
        new_group: The iRODS group among the grants that there is not yet, to be made; empty for none.
        present: For catalog ids the level that each name has; one that the agent never gives is in the zone's words.
        error: Why nobody can tell what is wanted, empty if everything is known.
    """

    wanted: Rights
    user: str = ""
    new_group: str = ""
    present: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    error: str = ""
