"""Rights on data that came through OMERO first: what was given, and what is wanted when OMERO says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def grants_on(folder: str, zone: str, owner: str, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The access control list of a collection that is made for data of an owner with these rights.

    Elsewhere than in the owner's home other data may come into it, which nobody shall have in his hands: there all may
    only look into it.
    """
    if f"{folder}/".startswith(f"/{zone}/home/{owner}/"):
        return tuple(grants)
    return tuple(Grant(name, "read") for name, _ in grants)


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
