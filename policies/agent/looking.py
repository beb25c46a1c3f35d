"""Looks at both sides of many units at once, and gives for each the situation that decisions rest on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from policies.agent.finding import own_filesets
from policies.agent.gathering import gather
from policies.agent.sides import Sides
from policies.domain.agreement import Agreement, read
from policies.domain.places import REQUEST_TAGS, place_of_tag
from policies.domain.policy import Policy
from policies.domain.situation import Situation
from policies.domain.unit import import_prefix
from policies.domain.views import NOTHING_IN_OMERO, Avu, DataObject, OmeroView, Subject, ZoneView
from policies.gateways.omero.reading import client_paths, read_filesets
from policies.gateways.zone.movement import queued_movements
from policies.gateways.zone.reading import attached_at, read_objects
from policies.gateways.zone.watching import Watched, read_watched
from policies.vocabulary import Names


class Observer:
    """Looks at units, by the rules that the zone has when it is first used; one for each sweep."""

    def __init__(self, sides: Sides, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._sides = sides
        self._clock = clock

    @cached_property
    def policy(self) -> Policy:
        """The administrator's choices."""
        return self._sides.policy()

    @cached_property
    def watched(self) -> Watched:
        """The watched collections."""
        return read_watched(self._sides.zone, self._sides.names)

    def units(self, ids: Iterable[int], each_once: bool = False) -> dict[int, ZoneView]:
        """What the zone says about the units of these data objects; by id, and chosen, as ``observe`` does."""
        sides = self._sides
        found = gather(sides.zone, sides.names, ids, sides.attributes(), each_once)
        return {id_: replace(unit, rule=self.watched.rule_for(unit.first.path)) for id_, unit in found.items()}

    def observe(self, ids: Iterable[int], each_once: bool = False) -> dict[int, Situation]:
        """The situations of the units of these data objects, by the catalog id of a unit's first.

        Objects that are gone are left out. With ``each_once`` so are the units whose first is none of these: where
        one goes through all objects, each unit is looked at once.
        """
        sides = self._sides
        units = self.units(ids, each_once)
        firsts = {data_id: unit.first for data_id, unit in units.items()}
        agreed = {data_id: _agreed(first, sides.names) for data_id, first in firsts.items()}
        bases = {data_id: base for data_id, (base, _) in agreed.items()}
        views = _omero_views(sides, self.policy, firsts, bases)
        views = _with_strays(sides, self.policy, units, views)
        now = self._clock()
        situations = {
            data_id: Situation(
                zone=unit,
                policy=self.policy,
                now=now,
                omero=views.get(data_id, NOTHING_IN_OMERO),
                base=bases[data_id],
                strays=agreed[data_id][1],
            )
            for data_id, unit in units.items()
        }
        return _with_movements(sides, _with_times(sides, situations))


def look_in_omero(sides: Sides, policy: Policy, filesets: Mapping[int, int | None]) -> dict[int, OmeroView]:
    """What OMERO has for these data objects.

    Args:
        sides: Both sides.
        policy: The administrator's choices.
        filesets: For each catalog id the fileset that the zone says is its. Believed only if the fileset itself was
            imported for that data object: an AVU must not lead the agent to somebody else's images.
    """
    named = {data_id: fileset for data_id, fileset in filesets.items() if fileset is not None}
    if not named:
        return {}
    session = sides.omero.service()
    paths = client_paths(session, named.values())
    found = read_filesets(session, paths, sides.looked())
    return {
        data_id: found[fileset]
        for data_id, fileset in named.items()
        if fileset in found and paths[fileset].startswith(import_prefix(policy.zone, data_id))
    }


def subjects_of(sides: Sides, filesets: Iterable[int]) -> dict[int, tuple[Subject, ...]]:
    """What carries the annotations of some filesets, for each of them."""
    ids = list(filesets)
    if not ids:
        return {}
    found = read_filesets(sides.omero.service(), ids, sides.looked())
    return {fileset: view.subjects for fileset, view in found.items()}


def agreement_of(found: DataObject, names: Names) -> Agreement:
    """What was agreed about a data object; nothing, where that cannot be read."""
    return _agreed(found, names)[0]


def _agreed(found: DataObject, names: Names) -> tuple[Agreement, tuple[Avu, ...]]:
    return read(avu for avu in found.avus if avu.attribute == names.agreement)


def _omero_views(
    sides: Sides, policy: Policy, objects: Mapping[int, DataObject], bases: Mapping[int, Agreement]
) -> dict[int, OmeroView]:
    """What OMERO has: the fileset that was agreed on, or where there is none such the one that the zone names.

    Where neither is there, though one was agreed on, the unit's own is looked for: what names it may be spoilt.
    """
    agreed = {data_id: base.fileset for data_id, base in bases.items()}
    views = look_in_omero(sides, policy, agreed)
    named = {
        data_id: _named_fileset(found, sides.names)
        for data_id, found in objects.items()
        if data_id not in views and not bases[data_id].gone
    }
    others = {data_id: fileset for data_id, fileset in named.items() if fileset != agreed[data_id]}
    views |= look_in_omero(sides, policy, others)
    lost = {data_id: base for data_id, base in bases.items() if base.fileset is not None and data_id not in views}
    return views | own_filesets(sides, policy, lost)


def _with_strays(
    sides: Sides, policy: Policy, units: Mapping[int, ZoneView], views: dict[int, OmeroView]
) -> dict[int, OmeroView]:
    """Add, as superseded, the images that others than the first have of the time when they were units of their own."""
    named = {
        found.data_id: (data_id, fileset)
        for data_id, unit in units.items()
        for found in unit.objects[1:]
        if (fileset := _named_fileset(found, sides.names)) != views.get(data_id, NOTHING_IN_OMERO).fileset
    }
    strays = look_in_omero(sides, policy, {member: fileset for member, (_, fileset) in named.items()})
    for member, stray in strays.items():
        data_id = named[member][0]
        view = views.get(data_id, NOTHING_IN_OMERO)
        views[data_id] = replace(view, superseded=view.superseded + stray.subjects)
    return views


def _named_fileset(found: DataObject, names: Names) -> int | None:
    ids = [int(value) for value in found.values(names.fileset) if value.isdecimal()]
    return max(ids, default=None)


def _with_times(sides: Sides, situations: dict[int, Situation]) -> dict[int, Situation]:
    """Add when requests were made in the zone, which matters only where OMERO has another one."""
    disputed = [data_id for data_id, situation in situations.items() if _is_disputed(situation, sides.names)]
    objects_of = [found.data_id for data_id in disputed for found in situations[data_id].zone.objects]
    times = attached_at(sides.zone, objects_of, sides.names.request) if disputed else {}
    for data_id in disputed:
        situation = situations[data_id]
        objects = tuple(_with_time(found, times) for found in situation.zone.objects)
        situations[data_id] = replace(situation, zone=replace(situation.zone, objects=objects))
    return situations


def _with_time(found: DataObject, times: Mapping[tuple[int, str], int]) -> DataObject:
    asked = tuple((avu, times.get((found.data_id, avu.value), time)) for avu, time in found.asked_at)
    return replace(found, asked_at=asked)


def _is_disputed(situation: Situation, names: Names) -> bool:
    in_zone = {value for found in situation.zone.objects for value in found.values(names.request)}
    tags = (link for subject in situation.omero.subjects for link in subject.tags)
    in_omero = {link.text for link in tags if place_of_tag(link) == REQUEST_TAGS}
    return len(in_zone | in_omero) > 1


def _with_movements(sides: Sides, situations: dict[int, Situation]) -> dict[int, Situation]:
    """Add the queued movements, for which the delay queue is read only if anybody asks for anything.

    The replicas are read once more after the queue: a movement that ended between the two readings would be in
    neither, and be queued again, only to fail.
    """
    asking = {data_id: found for data_id, found in situations.items() if _is_asking(found, sides.names)}
    if not asking:
        return situations
    queued = queued_movements(sides.zone)
    present = read_objects(sides.zone, [found.data_id for each in asking.values() for found in each.zone.objects], ())
    for data_id, situation in asking.items():
        movements = tuple(
            (found.data_id, destination)
            for found in situation.zone.objects
            for destination in sorted(queued.get(found.path, ()))
        )
        objects = tuple(_where_it_is(found, present) for found in situation.zone.objects)
        situations[data_id] = replace(situation, zone=replace(situation.zone, objects=objects, movements=movements))
    return situations


def _where_it_is(found: DataObject, present: Mapping[int, DataObject]) -> DataObject:
    return replace(found, replicas=present[found.data_id].replicas) if found.data_id in present else found


def _is_asking(situation: Situation, names: Names) -> bool:
    in_zone = any(found.values(names.request) for found in situation.zone.objects)
    in_omero = any(place_of_tag(link) == REQUEST_TAGS for subject in situation.omero.subjects for link in subject.tags)
    return in_zone or in_omero
