"""What the administrator has set up in the zone: watched collections with their targets, and tier groups."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from irods.column import Criterion, In, Like
from irods.models import Collection, CollectionMeta, DataObject, Resource, ResourceMeta

from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.views import ImportRule
from irods_omero.gateways.batches import BATCH
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import first_rows, rows
from irods_omero.vocabulary import OFF, TIER_GROUP, UNIT_KINDS, Names

LISTED = 10 * BATCH
"""So many data objects of a collection are held in memory."""

_WILD = re.compile(r"['%_\\\\]")
"""What a LIKE condition, or the text of a query, takes for something else: any one character stands for it."""


@dataclass(frozen=True)
class TierLook:
    """What the configuration says about a resource.

    Attributes:
        name: Its name in tags; empty for the name of the resource.
        offline: Whether OMERO cannot reach its bytes.
        recall_hours: Movements from it may take this long before a request is refused.
    """

    name: str = ""
    offline: bool = False
    recall_hours: float = 24.0


Target = tuple[str, str]
"""The text of a target, and the OMERO group."""

UNNAMED = TierLook()

TIERING_PREFIX = "irods::storage_tiering::"
"""What the attributes start with that storage tiering reads from resources."""


class Watched:
    """The watched collections of a zone."""

    def __init__(self, rules: Mapping[str, ImportRule | None]) -> None:
        """``rules`` says for a collection what it says, None for one that switches watching off."""
        self._rules = rules

    def rule_for(self, path: str) -> ImportRule | None:
        """What the nearest collection above a path says; None when none does, or when it says ``off``."""
        parent = path.rpartition("/")[0]
        while parent:
            if parent in self._rules:
                return self._rules[parent]
            parent = parent.rpartition("/")[0]
        return None


def read_watched(zone: ZoneConnection, names: Names) -> Watched:
    """All watched collections. A target on a collection counts for it and, until overridden, for all below."""
    columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    condition = In(CollectionMeta.name, [names.import_, names.target])
    kinds: dict[str, list[str]] = defaultdict(list)
    targets: dict[str, list[Target]] = defaultdict(list)
    for path, name, value, units in sorted(rows(zone, "reading watched collections", columns, condition), key=str):
        if name == names.import_:
            kinds[path].append(value)
        else:
            targets[path].append((value, units or ""))
    return Watched({path: _rule(path, of_path, targets, names) for path, of_path in kinds.items()})


def _rule(path: str, kinds: Sequence[str], targets: Mapping[str, Sequence[Target]], names: Names) -> ImportRule | None:
    if list(kinds) == [OFF]:
        return None
    where, of_path = _inherited(path, targets)
    trouble = ""
    if len(kinds) > 1:
        trouble = f"{names.import_} says {' and '.join(kinds)}: leave one of them"
    elif kinds[0] not in UNIT_KINDS:
        trouble = f"{names.import_} says {kinds[0]!r}, which is none of {', '.join((*UNIT_KINDS, OFF))}"
    elif len(of_path) > 1:
        texts = " and ".join(text for text, _ in of_path)
        trouble = f"{where} has {len(of_path)} values of {names.target}, {texts}: leave one of them"
    target, group = of_path[0] if of_path else ("", "")
    return ImportRule(path, kinds[0], target, group, trouble)


def _inherited(path: str, targets: Mapping[str, Sequence[Target]]) -> tuple[str, Sequence[Target]]:
    """The nearest collection, from a path upwards, that has a target, and what it has."""
    while path:
        if path in targets:
            return path, targets[path]
        path = path.rpartition("/")[0]
    return "", ()


def read_tiers(zone: ZoneConnection, looks: Mapping[str, TierLook]) -> Tiers:
    """The tier groups as the storage tiering plugin reads them from resources: group as value, index as units.

    What the plugin reads there for its own movements is read, too, and so are its defaults: ``storage_tiering.cpp`` and
    ``configuration.hpp``.
    """
    columns = (Resource.name, ResourceMeta.name, ResourceMeta.value, ResourceMeta.units)
    condition = Like(ResourceMeta.name, f"{TIERING_PREFIX}%")
    avus: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for resource, attribute, value, units in sorted(rows(zone, "reading tier groups", columns, condition), key=str):
        avus[resource].setdefault(attribute, (value, units or ""))
    members = {resource for resource, own in avus.items() if TIER_GROUP in own}
    return Tiers(
        _tier(resource, looks.get(resource, UNNAMED), avus[resource]) for resource in sorted({*members, *looks})
    )


def _tier(resource: str, look: TierLook, avus: Mapping[str, tuple[str, str]]) -> Tier:
    group, index = avus.get(TIER_GROUP, ("", ""))
    value = {attribute.removeprefix(TIERING_PREFIX): value for attribute, (value, _) in avus.items()}
    pause = value.get("minimum_delay_time_in_seconds", "")
    return Tier(
        name=look.name or resource,
        resource=resource,
        group=group,
        index=int(index) if index.isdecimal() else 0,
        offline=look.offline,
        recall_hours=look.recall_hours,
        verification=value.get("verification", "catalog"),
        preserve=value.get("preserve_replicas", "").lower() == "true",
        is_restage_tier=value.get("minimum_restage_tier") == "true",
        delay=f"<PLUSET>{pause if pause.isdecimal() else 1}s</PLUSET>"
        + value.get("data_movement_parameters", "<EF>60s REPEAT UNTIL SUCCESS OR 5 TIMES</EF>"),
    )


def like(path: str) -> str:
    """A pattern for a LIKE condition that matches the path; and maybe others of the same length."""
    return _WILD.sub("_", path)


def owner_of(zone: ZoneConnection, collection: str) -> str:
    """The iRODS user who owns a collection, with the zone where it is another one; empty if the collection is gone."""
    columns = (Collection.owner_name, Collection.owner_zone)
    owners = rows(zone, "looking for the owner of a collection", columns, Collection.name == collection)
    return next((user_of(name, of_zone, collection) for name, of_zone in owners), "")


def user_of(name: str, zone: str, path: str) -> str:
    """A user as iRODS writes it: with the zone where it is not that of the path, whose users may have the same name."""
    return name if path.split("/")[1] == zone else f"{name}#{zone}"


def members(zone: ZoneConnection, collection: str) -> Iterator[int]:
    """Catalog ids of the data objects in a collection and below it."""
    pattern = like(collection)
    for condition in (Like(Collection.name, pattern), Like(Collection.name, f"{pattern}/%")):
        for data_id, parent in _listed(zone, condition):
            if parent == collection or parent.startswith(collection + "/"):
                yield data_id


def _listed(zone: ZoneConnection, condition: Criterion) -> Iterator[tuple[int, str]]:
    """Catalog ids and collections of data objects, so many at a time that a query is not begun too often."""
    columns, after = (DataObject.id, Collection.name), 0
    while page := first_rows(zone, "listing what is below", LISTED, columns, condition, DataObject.id > after):
        yield from page
        if len(page) < LISTED:
            break
        after = page[-1][0]
