"""What the administrator has set up in the zone: watched collections with their targets, and tier groups."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from irods.column import Criterion, In, Like, NotLike
from irods.models import Collection, CollectionMeta, DataObject, Resource, ResourceMeta

from irods_omero.domain.rules.formats.neighbour_rules import depends_on_others, place_of
from irods_omero.domain.state.directories.completion import Completion, completion_said, trouble_of_completion
from irods_omero.domain.state.formats.file_rule import OwnRules
from irods_omero.domain.state.residency import NOTHING_SAYS, Residency
from irods_omero.domain.state.target import TargetError, parse_target
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import BY_AGENT
from irods_omero.domain.state.views import Avu, Correction, ImportRule
from irods_omero.gateways.batches import BATCH
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import first_rows, rows
from irods_omero.vocabulary import (
    DIRECTORY,
    OFF,
    SELF,
    TIER_GROUP,
    UNIT_KINDS,
    ZARR,
    Names,
    is_part_of_zarr,
    zarr_of,
)

_WILD = re.compile(r"['%_\\\\]")
"""What a LIKE condition, or the text of a query, takes for something else: any one character stands for it."""


@dataclass(frozen=True)
class TierLook:
    """What the configuration says about a resource.

    Attributes:
        name: Its name in tags; empty for the name of the resource.
        offline: Whether OMERO cannot reach its bytes.
        recall_hours: Movements from it may take this long before a request is refused.
        most_objects: How many data objects a request may have moved to it or from it; None for any number.
        residency: What says so of single data objects.
        access_hours: By how many hours iRODS' access times may lag behind OMERO's reading, None for any number.
    """

    name: str = ""
    offline: bool = False
    recall_hours: float = 24.0
    most_objects: int | None = None
    residency: Residency = NOTHING_SAYS
    access_hours: float | None = None


Kind = tuple[str, str]
"""A kind of units, and the units of its AVU."""

Target = tuple[str, str]
"""The text of a target, and the OMERO group."""

UNNAMED = TierLook()

TIERING_PREFIX = "irods::storage_tiering::"
"""What the attributes start with that storage tiering reads from resources."""

REPLICA_TIME = "DATA_ACCESS_TIME"
"""What a query for old data asks for that goes by the access times of replicas (iRODS 5)."""


@dataclass(frozen=True)
class Watched:
    """What the collections of a zone say.

    Attributes:
        rules: For each that says what is to be imported what it says, None where it says that nothing is.
        troubles: For those about which nobody can tell what is meant the AVU that says so.
        told: The AVUs of this kind that there are.
        told_of_files: Those that say what is wrong with the files of a directory.
        told_of_units: Those that say what is wrong with the unit that a collection is.
        error: Their attribute.
        own_rules: Which files belong together at this site.
        completions: For each that says when directories are complete what it says.
    """

    rules: Mapping[str, ImportRule | None]
    troubles: Mapping[str, Avu] = field(default_factory=dict)
    told: Mapping[str, Sequence[Avu]] = field(default_factory=dict)
    told_of_files: Mapping[str, Sequence[Avu]] = field(default_factory=dict)
    told_of_units: Mapping[str, Sequence[Avu]] = field(default_factory=dict)
    error: str = Names().error
    own_rules: OwnRules = ()
    completions: Mapping[str, Completion] = field(default_factory=dict)

    def rule_for(self, path: str) -> ImportRule | None:
        """What the nearest collection above a path says; None when none does, or when it says ``off``.

        Nothing is said of the parts of a Zarr hierarchy.
        """
        if is_part_of_zarr(path):
            return None
        parent = path.rpartition("/")[0]
        while parent:
            if parent in self.rules:
                return self.rules[parent]
            parent = parent.rpartition("/")[0]
        return None

    def completion_for(self, path: str, default: Completion) -> Completion:
        """What says that the files in a collection are complete: what the nearest one says, from itself upwards."""
        while path:
            if path in self.completions:
                return self.completions[path]
            path = path.rpartition("/")[0]
        return default

    def directory_of(self, path: str) -> str:
        """The collection that is looked at for the unit of a data object of this path; empty where there is none.

        It is the unit itself, or the place in which it is told which files belong together.
        """
        rule = self.rule_for(path)
        if rule is not None and depends_on_others(path, rule, self.own_rules):
            place = place_of(path.removeprefix(f"{rule.collection}/"), self.own_rules)
            return f"{rule.collection}/{place}".rstrip("/")
        return rule.directory_of(path) if rule else ""

    def is_place(self, path: str) -> bool:
        """Whether in the collection of this path it is to be told which files belong together."""
        rule = self.rule_for(f"{path}/any")
        return rule is not None and rule.is_auto and self.is_directory(path)

    def has_others_in(self, path: str) -> bool:
        """Whether what lies in a collection and is no part of its unit may be watched for something else."""
        return any(collection.startswith(f"{path}/") for collection in self.rules)

    def is_directory(self, path: str) -> bool:
        """Whether the collection of this path is a unit."""
        return self.directory_of(f"{path}/any") == path

    def is_unit(self, path: str) -> bool:
        """Whether the collection of this path is a unit as a whole: a directory, or a Zarr hierarchy."""
        return zarr_of(f"{path}/") == path or (self.is_directory(path) and not self.is_place(path))

    @property
    def has_directories(self) -> bool:
        """Whether any collection is watched for directories, or for what belongs together."""
        return any(rule is not None and rule.kind in BY_AGENT for rule in self.rules.values())

    def corrections(self, path: str) -> list[Correction]:
        """What to change so that a collection says what is wrong with it, and nothing else.

        What is wrong with a directory, or with its files, is for others to say, as long as it is one.
        """
        told, trouble = set(self.told.get(path, ())), {self.troubles[path]} if path in self.troubles else set()
        if path in self.told_of_files and not self.is_directory(path):
            told.update(self.told_of_files[path])
        if path in self.told_of_units and not self.is_unit(path):
            told.update(self.told_of_units[path])
        return [Correction(avu, True) for avu in trouble - told] + [Correction(avu, False) for avu in told - trouble]

    def corrections_of_files(self, path: str, error: str, is_unit: bool) -> list[Correction]:
        """What to change so that a directory says what is wrong with its files, and nothing else.

        What is wrong with the unit that they are is for others to say, as long as they are one.
        """
        told, error = set(self.told_of_files.get(path, ())), printable(error)
        told.update(() if is_unit else self.told_of_units.get(path, ()))
        wanted = {Avu(self.error, error, DIRECTORY)} if error else set()
        return [Correction(avu, True) for avu in wanted - told] + [Correction(avu, False) for avu in told - wanted]

    def incorrect(self) -> list[str]:
        """The collections for which there are corrections."""
        return sorted(
            path
            for path in {*self.troubles, *self.told, *self.told_of_files, *self.told_of_units}
            if self.corrections(path)
        )

    def trouble(self, path: str) -> str:
        """Why nobody can tell what a collection means, empty if everybody can."""
        return self.troubles[path].value if path in self.troubles else ""


def read_watched(zone: ZoneConnection, names: Names, own_rules: OwnRules = ()) -> Watched:
    """All watched collections. A target on a collection counts for it and, until overridden, for all below."""
    columns = (Collection.name, CollectionMeta.name, CollectionMeta.value, CollectionMeta.units)
    condition = In(CollectionMeta.name, [names.import_, names.target, names.complete, names.request, names.error])
    kinds: dict[str, list[Kind]] = defaultdict(list)
    targets: dict[str, list[Target]] = defaultdict(list)
    complete: dict[str, list[tuple[str, str]]] = defaultdict(list)
    requests: dict[str, list[str]] = defaultdict(list)
    told: dict[str, list[Avu]] = defaultdict(list)
    told_of_files: dict[str, list[Avu]] = defaultdict(list)
    told_of_units: dict[str, list[Avu]] = defaultdict(list)
    for path, name, value, units in sorted(rows(zone, "reading watched collections", columns, condition), key=str):
        if name == names.import_:
            kinds[path].append((value, units or ""))
        elif name == names.target:
            targets[path].append((value, units or ""))
        elif name == names.request:
            requests[path].append(value)
        elif name == names.complete:
            complete[path].append((value, units or ""))
        else:
            of_unit = told_of_units if (units or "").isdecimal() else told
            (told_of_files if units == DIRECTORY else of_unit)[path].append(Avu(name, value, units or ""))
    rules = {path: _rule(path, of_path, targets, names) for path, of_path in kinds.items()}
    said = {path: completion_said(path, of_path, names.complete) for path, of_path in complete.items()}
    completions = {path: completion for path, completion in said.items() if completion is not None}
    watched = Watched(rules, {}, told, told_of_files, told_of_units, names.error, own_rules, completions)
    troubles = {
        path: (
            _trouble_of_kinds(kinds.get(path, ()), names),
            _trouble_of_targets(targets.get(path, ()), names),
            trouble_of_completion(complete.get(path, ()), names.complete),
            _trouble_of_requests(() if watched.is_unit(path) else requests.get(path, ()), names),
        )
        for path in {*kinds, *targets, *complete, *requests}
    }
    texts = {path: "; ".join(filter(None, of_path)) for path, of_path in troubles.items()}
    errors = {path: Avu(names.error, printable(text)) for path, text in texts.items() if text}
    return replace(watched, troubles=errors)


def _rule(path: str, kinds: Sequence[Kind], targets: Mapping[str, Sequence[Target]], names: Names) -> ImportRule | None:
    kind, units = kinds[0]
    if len(kinds) == 1 and kind == OFF:
        return None
    where, of_path = _inherited(path, targets)
    of_targets = _trouble_of_targets(of_path, names)
    above = f"{where}: " if of_targets and where != path else ""
    target, group = of_path[0] if of_path else ("", "")
    trouble = _trouble_of_kinds(kinds, names) or above + of_targets
    return ImportRule(path, kind, target, group, trouble, kind == DIRECTORY and units == SELF)


def _trouble_of_kinds(kinds: Sequence[Kind], names: Names) -> str:
    if len(kinds) > 1:
        return f"{names.import_} says {' and '.join(' '.join(kind).rstrip() for kind in kinds)}: leave one of them"
    for kind, units in kinds:
        if kind not in (*UNIT_KINDS, OFF):
            return f"{names.import_} says {kind!r}, which is none of {', '.join((*UNIT_KINDS, OFF))}"
        if kind == DIRECTORY and units not in ("", SELF):
            return f"{names.import_} says {kind} with the units {units!r}, which can be {SELF!r} only"
    return ""


def _trouble_of_targets(targets: Sequence[Target], names: Names) -> str:
    if len(targets) > 1:
        texts = " and ".join(text for text, _ in targets)
        return f"{names.target} has {len(targets)} values, {texts}: leave one of them"
    try:
        for text, group in targets:
            parse_target(text, group)
    except TargetError as error:
        return str(error)
    return ""


def _trouble_of_requests(requests: Sequence[str], names: Names) -> str:
    """What is wrong with requests on a collection that is no unit."""
    if not requests:
        return ""
    where = f"on its files, or on a directory that is one, or a *{ZARR}"
    return f"{names.request} {' and '.join(requests)} asks for nothing, as the collection is no unit: put it {where}"


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
        residency=look.residency,
        access_hours=look.access_hours,
        goes_by_replicas=REPLICA_TIME in value.get("query", "").upper(),
        recall_hours=look.recall_hours,
        most_objects=look.most_objects,
        verification=value.get("verification", "catalog"),
        preserve=value.get("preserve_replicas", "").lower() == "true",
        is_restage_tier=value.get("minimum_restage_tier") == "true",
        delay=f"<PLUSET>{pause if pause.isdecimal() else 1}s</PLUSET>"
        + value.get("data_movement_parameters", "<EF>60s REPEAT UNTIL SUCCESS OR 5 TIMES</EF>"),
    )


def like(path: str) -> str:
    """A pattern for a LIKE condition that matches the path; and maybe others of the same length."""
    return _WILD.sub("_", path)


def patterns_below(roots: Iterable[str]) -> list[str]:
    """Patterns for LIKE conditions on collections that match some of them and all below, each of these once."""
    listed = set(roots)
    outermost = [root for root in sorted(listed) if not any(root.startswith(f"{other}/") for other in listed)]
    return [pattern for root in outermost for pattern in (like(root), f"{like(root)}/%")]


def says(zone: ZoneConnection, collection: str, avu: Avu) -> bool:
    """Whether a collection has an AVU, whatever its units."""
    columns = (Collection.name, CollectionMeta.value)
    conditions = (Like(Collection.name, like(collection)), CollectionMeta.name == avu.attribute)
    value_rows = rows(zone, f"looking for {avu.attribute}", columns, *conditions)
    return any((path, value) == (collection, avu.value) for path, value in value_rows)


def is_collection(zone: ZoneConnection, path: str) -> bool:
    """Whether there is a collection of this path."""
    return zone.call("looking for", path, lambda session: bool(session.collections.exists(path)))


def owner_of(zone: ZoneConnection, collection: str) -> str:
    """The iRODS user who owns a collection, with the zone where it is another one; empty if the collection is gone."""
    columns = (Collection.owner_name, Collection.owner_zone)
    owners = rows(zone, "looking for the owner of a collection", columns, Collection.name == collection)
    return next((user_of(name, of_zone, collection) for name, of_zone in owners), "")


def user_of(name: str, zone: str, path: str) -> str:
    """A user as iRODS writes it: with the zone where it is not that of the path, whose users may have the same name."""
    return name if path.split("/")[1] == zone else f"{name}#{zone}"


@dataclass(frozen=True)
class Members:
    """Some of the data objects in a collection and below it.

    Attributes:
        ids: Their catalog ids, in ascending order.
        last: The catalog id after which there may be more; 0 if there are no more.
    """

    ids: list[int]
    last: int


NO_PARTS = NotLike(Collection.name, f"%{ZARR}/%")
"""Leaves out most of what there is in Zarr hierarchies."""


def members(
    zone: ZoneConnection,
    collection: str,
    after: int = 0,
    count: int = BATCH,
    conditions: Sequence[Criterion] = (NO_PARTS,),
) -> Members:
    """The first ``count`` data objects, or a few less, in a collection and below it whose ids are above ``after``.

    Without other ``conditions`` what lies in the collections of a Zarr hierarchy is left out.
    """
    pattern, columns, listed = like(collection), (DataObject.id, Collection.name), set[tuple[Any, ...]]()
    for condition in (Like(Collection.name, pattern), Like(Collection.name, f"{pattern}/%")):
        within = (condition, *conditions, DataObject.id > after)
        listed.update(first_rows(zone, "listing what is below", count, columns, *within))
    page = sorted(listed)[:count]
    ids = [data_id for data_id, parent in page if f"{parent}/".startswith(f"{collection}/")]
    return Members(ids, page[-1][0] if len(page) == count else 0)
