"""Where data that came through OMERO first is, and where the rule puts it now that OMERO calls it otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from irods_omero.domain.state.omero_first.rights import Grant

PlaceDigests = tuple[str, ...]
"""Collections that the agent has put a unit into, each as a short digest; several while it is on its way."""

DIGITS = 16


@dataclass(frozen=True)
class PlaceView:
    """What is known of a unit that the rule would put elsewhere now.

    Attributes:
        collection: The collection that the template gives, or where something is in the way, one of its own in that.
        names: The paths of all its files below the collection.
        owner: The iRODS user who stands for its owner.
        grants: Who may look into the collections that are made.
        error: Why nobody can tell where it goes, empty if everything is known.
    """

    collection: str = ""
    names: tuple[str, ...] = ()
    owner: str = ""
    grants: tuple[Grant, ...] = ()
    error: str = ""


def own_place(collection: str, fileset: int) -> str:
    """The collection that a fileset goes into where others are in its way."""
    return f"{collection}/Fileset-{fileset}"


def digest_of_place(collection: str) -> str:
    """What is remembered of a collection."""
    return hashlib.sha256(collection.encode()).hexdigest()[:DIGITS]


def is_what_a_template_gives(places: PlaceDigests, collection: str, fileset: int) -> bool:
    """Whether a unit is where a template puts it, and not on its way; it may have got a collection of its own there."""
    return places in ((digest_of_place(collection),), (digest_of_place(own_place(collection, fileset)),))
