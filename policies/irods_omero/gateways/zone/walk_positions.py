"""How far the walk over what a marked collection holds has got: an AVU of the collection."""

from __future__ import annotations

from dataclasses import dataclass

from irods.models import Collection, CollectionMeta

from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.vocabulary import Names


@dataclass(frozen=True)
class WalkPosition:
    """How far a walk has come.

    Attributes:
        after: All data objects up to this catalog id were looked at.
        count: How many that were.
    """

    after: int = 0
    count: int = 0


BEGINNING = WalkPosition()


def positions(zone: ZoneConnection, names: Names) -> dict[str, WalkPosition]:
    """How far the walks have come that are under way, by the collections' paths."""
    columns = (Collection.name, CollectionMeta.value, CollectionMeta.units)
    avus = rows(zone, "looking for walks", columns, CollectionMeta.name == names.walked)
    return {path: WalkPosition(_number(value), _number(units)) for path, value, units in avus}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
