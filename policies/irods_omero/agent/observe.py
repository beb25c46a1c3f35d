"""Observes both sides of many units at once, and gives for each the observation that decisions rest on."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from irods_omero.agent.connections import Connections
from irods_omero.agent.formats.hierarchies import with_hierarchies
from irods_omero.agent.movements import with_movements
from irods_omero.agent.omero_first.access import with_rights
from irods_omero.agent.omero_first.destinations import with_places
from irods_omero.agent.omero_first.intake_leases import IntakeLeases
from irods_omero.agent.omero_first.registration import with_lost
from irods_omero.agent.repository import ProvenRepository, copies_of, proven_repository
from irods_omero.agent.request_times import with_times
from irods_omero.agent.residency_commands import units_with_residency
from irods_omero.agent.vaults import Vaults
from irods_omero.domain.rules.membership import is_left_over, membership, units_named, units_of
from irods_omero.domain.rules.one_copy.links import with_own_links
from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.agreement import Agreement, read
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import TIER_TAGS
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit, import_prefix, parse_import_key, size_prefix
from irods_omero.domain.state.views import (
    NOTHING_IN_OMERO,
    Avu,
    DataObject,
    OmeroView,
    Subject,
    UnitCollection,
    ZoneView,
)
from irods_omero.errors import PolicyError, RefusedError
from irods_omero.gateways.batches import in_batches, read_apart
from irods_omero.gateways.omero.fileset_pages import filesets_below
from irods_omero.gateways.omero.filesets import client_paths, read_filesets, unplaced
from irods_omero.gateways.omero.importer import Imported
from irods_omero.gateways.zone.collection_paths import avus_of
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import intake_root
from irods_omero.gateways.zone.member_lists import MemberReader
from irods_omero.gateways.zone.objects import ids_with
from irods_omero.gateways.zone.queries import IDS_A_QUERY
from irods_omero.gateways.zone.resources import RootResources, parts_below
from irods_omero.gateways.zone.watched import Watched, read_watched
from irods_omero.logs import log
from irods_omero.vocabulary import SUPERSEDED, Names, is_part_of_zarr, zarr_of

MANY = 20
"""Units of more data objects than this are read as such: most of their data objects carry the same AVUs."""

BEING_DONE = "somebody else is taking it in at this moment"


class Observer:
    """Observes units, by the rules that the zone has when it is first used.

    There is one for each sweep, and one for each worker that goes on with the imports of that.
    """

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._connections, self._vaults = connections, Vaults(connections)
        self._clock = clock
        self.unreadable: dict[int, str] = {}
        """Data objects that could not be observed, by their catalog ids, and why."""
        self.being_taken_in: set[int] = set()
        """Those of units that came through OMERO first and are not all in their place, by their catalog ids: they are
        left out, as nobody else touches them until they are, which leaves a mark."""

    @cached_property
    def policy(self) -> Policy:
        """The administrator's choices."""
        return self._connections.policy()

    @cached_property
    def watched(self) -> Watched:
        """The watched collections."""
        return read_watched(
            self._connections.zone, self._connections.names, self._connections.settings.imports.own_rules()
        )

    @cached_property
    def _root_resources(self) -> RootResources:
        return RootResources(self._connections.zone)

    def look_anew(self) -> None:
        """Forget what collections say: it is read again when it is needed."""
        self.__dict__.pop("watched", None)

    def units(self, ids: Iterable[int], each_once: bool = False) -> dict[int, ZoneView]:
        """What the zone says about the units of these data objects; by id, and chosen, as ``observe`` does."""
        connections = self._connections
        units = gather(connections.zone, connections.names, ids, connections.attributes(), each_once)
        units = with_hierarchies(connections.zone, units_with_residency(connections.programs, units))
        return self._with_collections({id_: self._with_surroundings(unit) for id_, unit in units.items()})

    def _with_collections(self, units: dict[int, ZoneView]) -> dict[int, ZoneView]:
        """Add the collections that are units as a whole, read now: a request may be there since the zone was read."""
        paths = {id_: path for id_, unit in units.items() if (path := self._collection_of(unit))}
        names = self._connections.names
        attributes = [
            *(names.request, names.error, names.fileset, names.image, names.url),
            *(mapped.avu for mapped in self._connections.settings.attributes),
        ]
        avus = avus_of(self._connections.zone, set(paths.values()), attributes) if paths else {}
        for id_, path in paths.items():
            own = avus.get(path, frozenset())
            collection = UnitCollection(path, own, tuple((avu, 0) for avu in sorted(own)))
            units[id_] = replace(units[id_], collection=collection)
        return units

    def _collection_of(self, unit: ZoneView) -> str:
        """The collection that is a unit as a whole; empty where there is none."""
        path = unit.first.path
        if unit.trouble or is_part_of_zarr(path):
            return ""
        return zarr_of(path) or (self.watched.directory_of(path) if unit.is_directory else "")

    def _with_surroundings(self, unit: ZoneView) -> ZoneView:
        """Add what the collection says, and of a hierarchy where its parts are."""
        path, names = unit.first.path, self._connections.names
        if unit.trouble and is_left_over(unit.first, names) and not self.watched.directory_of(path):
            unit = replace(unit, trouble="")  # nobody looks any more which unit it is of: it is by itself
        zarr = "" if is_part_of_zarr(path) else zarr_of(path)
        parts = parts_below(self._connections.zone, zarr, self._root_resources) if zarr else ()
        return replace(unit, rule=self.watched.rule_for(path), parts=parts)

    def observe(self, ids: Iterable[int], each_once: bool = False) -> dict[int, Observation]:
        """The observations of the units of these data objects, by the catalog id of a unit's first.

        Objects that are gone are left out, and so are those of which anything cannot be read (see ``unreadable``). With
        ``each_once`` so are the units whose first is none of these: where one goes through all objects, each unit is
        observed once.
        """
        return read_apart(sorted(set(ids)), lambda some: self._observe(some, each_once), self._cannot_read)

    def _cannot_read(self, data_id: int, error: Exception) -> None:
        is_ours = isinstance(error, PolicyError)  # somebody has thought of it, so that nobody needs its traceback
        log.error("data object cannot be observed", data_id=data_id, error=str(error), exc_info=not is_ours)
        self.unreadable[data_id] = str(error)

    def _observe(self, ids: Iterable[int], each_once: bool) -> dict[int, Observation]:
        connections = self._connections
        units = self._in_place(self.units(ids, each_once))
        firsts = {data_id: unit.first for data_id, unit in units.items()}
        agreed = {data_id: _agreed(first, connections.names) for data_id, first in firsts.items()}
        bases = {data_id: base for data_id, (base, _) in agreed.items()}
        for data_id in self._left_to_others(bases):
            self.unreadable |= {each.data_id: BEING_DONE for each in units.pop(data_id).objects}
            del firsts[data_id], bases[data_id]
        views = _omero_views(connections, self.policy, firsts, bases)
        views = _with_places(connections, bases, views)
        views = _with_strays(connections, self.policy, units, views)
        now = self._clock()
        observations = {
            data_id: Observation(
                zone=unit,
                policy=self.policy,
                now=now,
                omero=views.get(data_id, NOTHING_IN_OMERO),
                base=bases[data_id],
                strays=agreed[data_id][1],
                refill_rate=connections.activity.refill_rate,
            )
            for data_id, unit in units.items()
        }
        observations = with_rights(connections, with_times(connections, observations))
        observations = with_lost(connections, with_places(connections, observations))
        return self._with_copies(with_movements(connections, observations, self._root_resources))

    def _in_place(self, units: dict[int, ZoneView]) -> dict[int, ZoneView]:
        """The units without those that are being taken in."""
        below = f"{intake_root(self._connections.zone, self._connections.settings.omero.name)}/"
        left_out = {id_ for id_, unit in units.items() if any(each.path.startswith(below) for each in unit.objects)}
        self.being_taken_in.update(each.data_id for id_ in left_out for each in units[id_].objects)
        return {id_: unit for id_, unit in units.items() if id_ not in left_out}

    def _left_to_others(self, bases: Mapping[int, Agreement]) -> list[int]:
        """Those of some units that are in their place, and that whoever has taken them in is about to describe."""
        new = {id_: base.fileset for id_, base in bases.items() if base.fileset is not None and not base.since}
        leases = IntakeLeases(self._connections, self._clock)
        return [id_ for id_, fileset in new.items() if leases.others_on(fileset)]

    def _with_copies(self, observations: dict[int, Observation]) -> dict[int, Observation]:
        """Add what is in OMERO's repository, where the agent sees it."""
        repository = self.repository
        if repository is None:
            return observations
        filesets = {id_: each.omero.fileset for id_, each in observations.items() if each.omero.fileset is not None}
        copies = copies_of(self._connections, repository, filesets.values()) if filesets else {}
        for data_id, fileset in filesets.items():
            seen = observations[data_id]
            own = with_own_links(copies.get(fileset, ()), seen.base)
            observations[data_id] = replace(seen, copies=own, vault_files=self._vaults.files(repository, seen.zone))
        return observations

    @cached_property
    def repository(self) -> ProvenRepository | None:
        """OMERO's repository; None where the agent is not to see it, and where it does not at the moment."""
        try:
            return proven_repository(self._connections)
        except RefusedError as error:
            log.error("OMERO's repository cannot be looked into", error=str(error))
            return None

    def observe_import(self, observation: Observation, action: Import, done: Imported) -> Observation:
        """What is observed of a unit whose import has just been done."""
        connections, data_id = self._connections, observation.zone.unit.data_id
        view = look_in_omero(connections, self.policy, {data_id: done.fileset}).get(data_id, NOTHING_IN_OMERO)
        # One that was taken in, and not imported from here, is not among those that the importer knows.
        before = observation.omero.fileset
        others = set() if before is None or before == done.fileset else {before}
        earlier = subjects_of(connections, {*done.earlier, *others})
        superseded = tuple(subject for fileset in sorted(earlier) for subject in earlier[fileset])
        view = replace(
            view,
            unplaced=bool(unplaced(connections.omero.service(), [done.fileset])),
            superseded=superseded + observation.omero.superseded,
            earlier=earlier.get(observation.base.fileset or 0, ()),
        )
        seen = replace(observation, omero=view, imported=action.content, compared=done.compared, copies=None)
        return self._with_copies({data_id: seen})[data_id]


def look_in_omero(connections: Connections, policy: Policy, filesets: Mapping[int, int | None]) -> dict[int, OmeroView]:
    """What OMERO has for these data objects.

    Args:
        connections: Both sides.
        policy: The administrator's choices.
        filesets: For each catalog id the fileset that the zone says is its. Believed only if the fileset itself was
            imported for that data object: an AVU must not lead the agent to somebody else's images.
    """
    named = {data_id: fileset for data_id, fileset in filesets.items() if fileset is not None}
    if not named:
        return {}
    session = connections.omero.service()
    paths = client_paths(session, named.values())
    views = read_filesets(session, paths, connections.scope())
    return {
        data_id: views[fileset]
        for data_id, fileset in named.items()
        if fileset in views and policy.zone_key.is_of(data_id, fileset, paths[fileset])
    }


def subjects_of(connections: Connections, filesets: Iterable[int]) -> dict[int, tuple[Subject, ...]]:
    """What carries the annotations of some filesets, for each of them."""
    ids = list(filesets)
    if not ids:
        return {}
    views = read_filesets(connections.omero.service(), ids, connections.scope())
    return {fileset: view.subjects for fileset, view in views.items()}


def agreement_of(data_object: DataObject, names: Names) -> Agreement:
    """What was agreed about a data object; nothing, where that cannot be read."""
    return _agreed(data_object, names)[0]


def _agreed(data_object: DataObject, names: Names) -> tuple[Agreement, tuple[Avu, ...]]:
    return read(avu for avu in data_object.avus if avu.attribute == names.agreement)


def _omero_views(
    connections: Connections, policy: Policy, objects: Mapping[int, DataObject], bases: Mapping[int, Agreement]
) -> dict[int, OmeroView]:
    """What OMERO has: the fileset that was agreed on, or where there is none such the one that the zone names.

    Where neither is there, though one was agreed on, the unit's own is looked for: what names it may be spoilt.
    """
    agreed = {data_id: base.fileset for data_id, base in bases.items()}
    views = look_in_omero(connections, policy, agreed)
    named = {
        data_id: _named_fileset(data_object, connections.names)
        for data_id, data_object in objects.items()
        if data_id not in views and not bases[data_id].gone
    }
    others = {data_id: fileset for data_id, fileset in named.items() if fileset != agreed[data_id]}
    views |= look_in_omero(connections, policy, others)
    lost = {data_id: base for data_id, base in bases.items() if base.fileset is not None and data_id not in views}
    return views | own_filesets(connections, policy, lost)


def _with_places(
    connections: Connections, bases: Mapping[int, Agreement], views: dict[int, OmeroView]
) -> dict[int, OmeroView]:
    """Add whether images can be found in OMERO, where that is not known to be so: users may put it right."""
    doubtful = {
        data_id: view.fileset
        for data_id, view in views.items()
        if view.fileset is not None and (bases[data_id].unplaced or bases[data_id].fileset != view.fileset)
    }
    lost = unplaced(connections.omero.service(), doubtful.values()) if doubtful else set()
    return views | {id_: replace(views[id_], unplaced=True) for id_, fileset in doubtful.items() if fileset in lost}


def _with_strays(
    connections: Connections, policy: Policy, units: Mapping[int, ZoneView], views: dict[int, OmeroView]
) -> dict[int, OmeroView]:
    """Add, as superseded, the images that others than the first have of the time when they were units of their own."""
    named = {
        data_object.data_id: (data_id, fileset)
        for data_id, unit in units.items()
        for data_object in unit.objects[1:]
        if (fileset := _named_fileset(data_object, connections.names)) != views.get(data_id, NOTHING_IN_OMERO).fileset
    }
    strays = look_in_omero(connections, policy, {member: fileset for member, (_, fileset) in named.items()})
    for member, stray in strays.items():
        data_id = named[member][0]
        view = views.get(data_id, NOTHING_IN_OMERO)
        views[data_id] = replace(view, superseded=view.superseded + stray.subjects)
    return views


def _named_fileset(data_object: DataObject, names: Names) -> int | None:
    ids = [int(value) for value in data_object.values(names.fileset) if value.isdecimal()]
    return max(ids, default=None)


def gather(
    zone: ZoneConnection, names: Names, ids: Iterable[int], attributes: Sequence[str], each_once: bool = False
) -> dict[int, ZoneView]:
    """The units of these data objects with all their data objects, by the id of the first; those gone are left out.

    Args:
        zone: The zone.
        names: The AVU attributes.
        ids: Catalog ids.
        attributes: The AVU attributes to read, among them the one for units.
        each_once: Only the units whose first data object is among these: where one goes through all data objects.
    """
    members = MemberReader(zone, names)
    objects = members.read(ids, attributes)
    named = {unit.data_id for data_object in objects.values() for unit in units_named(data_object, names)}
    if not named:
        return {data_id: ZoneView(Unit(data_id), (data_object,)) for data_id, data_object in objects.items()}
    asked_for = set(objects)
    missing = named - set(objects)
    objects |= members.read(missing, attributes) if missing else {}
    places = {data_id: membership(objects[data_id], objects, names).unit for data_id in asked_for}
    if each_once:
        asked_for = {data_id for data_id in asked_for if places[data_id].data_id == data_id}
    firsts = {places[data_id].data_id for data_id in asked_for if places[data_id].is_of_several}
    listed = {data_id for each in members.lists.values() if each and each.first in firsts for data_id in each.ids}
    missing = (_naming(zone, names, firsts) | listed) - set(objects)
    is_one = len(missing) > MANY * len(firsts)
    objects |= members.read(missing, attributes, of_one_unit=is_one) if missing else {}
    return units_of(asked_for, objects, names)


def _naming(zone: ZoneConnection, names: Names, firsts: Iterable[int]) -> set[int]:
    """Catalog ids of the data objects that say that they belong to the units of these firsts."""
    chunks = in_batches(sorted(firsts), IDS_A_QUERY)
    return {data_id for chunk in chunks for data_id in ids_with(zone, names.unit, [str(first) for first in chunk])}


def own_filesets(connections: Connections, policy: Policy, lost: Mapping[int, Agreement]) -> dict[int, OmeroView]:
    """What OMERO has for units whose agreed fileset it does not have, by catalog id.

    Only the latest fileset with images of the agreed size counts, and none that has been superseded: where its
    successor was deleted the unit has no images any more, and shall not get those of an earlier content back.
    """
    if not lost:
        return {}
    session = connections.omero.service()
    paths = filesets_below(session, (_prefix(str(policy.zone_key), data_id, base) for data_id, base in lost.items()))
    views = read_filesets(session, paths, connections.scope())
    own: dict[int, list[OmeroView]] = defaultdict(list)
    for fileset, view in sorted(views.items()):
        key = parse_import_key(paths[fileset])
        if key is not None and not _is_superseded(view):
            own[key.data_id].append(view)
    return {data_id: of_unit[-1] for data_id, of_unit in own.items()}


def _prefix(zone: str, data_id: int, base: Agreement) -> str:
    return size_prefix(zone, data_id, base.content.size) if base.content else import_prefix(zone, data_id)


def _is_superseded(view: OmeroView) -> bool:
    links = (link for subject in view.subjects for link in subject.tags)
    return any((link.place, link.text) == (TIER_TAGS, SUPERSEDED) for link in links)
