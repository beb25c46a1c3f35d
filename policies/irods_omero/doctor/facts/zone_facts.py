"""Observes the zone with the agent's account."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from irods.column import In
from irods.exception import iRODSException
from irods.models import Collection, DataObject, DataObjectMeta, Resource, ResourceMeta, RuleExec, User

from irods_omero.agent.residency_commands import programs_of
from irods_omero.doctor.facts.records import QueuedRule, RootFacts, TierAvu, TierFacts, ZoneFacts
from irods_omero.domain.rules.omero_first.placement import REGISTER
from irods_omero.domain.state.residency import RESIDENCIES
from irods_omero.errors import PolicyError
from irods_omero.gateways.zone.connection import ZoneConnection, describe
from irods_omero.gateways.zone.objects import GOOD
from irods_omero.gateways.zone.queries import first_rows, rows
from irods_omero.gateways.zone.registering import storages
from irods_omero.gateways.zone.resources import RootResources, root_names
from irods_omero.gateways.zone.stranded import stranded_below
from irods_omero.settings import Settings
from irods_omero.status.agents import Overlap, agents_of, overlaps_of
from irods_omero.status.reading import read_beats, read_errors
from irods_omero.status.summary import Cause, causes_of
from irods_omero.vocabulary import TIER_GROUP, TIER_TIME, Names

QUERY = "irods::storage_tiering::query"
MOST_VALUES = 20
RESTAGE_TIER = "irods::storage_tiering::minimum_restage_tier"


class _Resource(NamedTuple):
    name: str
    is_root: bool


def observe_zone(settings: Settings, zone: ZoneConnection) -> ZoneFacts:
    """What the agent's account sees of the zone, or why it cannot reach it."""
    try:
        version = zone.call("connecting to the zone as", settings.zone.user, lambda session: session.server_version)
        return ZoneFacts(
            version=tuple(version),
            user_type=_user_type(zone),
            tiers=_tiers(zone),
            resources=frozenset(name for (name,) in rows(zone, "listing resources", (Resource.name,))),
            queue=_queue(zone),
            roots=[_root(zone, path) for path in settings.watch.roots],
            residencies={
                tier.residency: _values(zone, tier.residency) for tier in settings.tiers.values() if tier.residency
            },
            answers=_answers(zone, settings),
            roots_of=_roots_of(zone),
            accounts=_accounts(zone) if settings.omero_first else {},
            storages=storages(zone) if any(rule.how == REGISTER for rule in settings.omero_first) else {},
            stranded=[one.path for one in stranded_below(zone, settings.watch.roots)],
        )
    except PolicyError as error:
        return ZoneFacts(unreachable=str(error))
    except iRODSException as error:
        return ZoneFacts(unreachable=f"the zone refuses {settings.zone.user}: {describe(error)}")


def observe_causes(settings: Settings, zone: ZoneConnection) -> Sequence[Cause]:
    """What is wrong with units, by cause; nothing where the zone does not say."""
    try:
        return causes_of(read_errors(settings, zone), settings.imports.attempts)
    except PolicyError:
        return ()


def observe_overlaps(settings: Settings, zone: ZoneConnection) -> Sequence[Overlap]:
    """Where two agents work on the same shards, by what they say; nothing where the zone does not say."""
    try:
        return overlaps_of(agents_of(read_beats(settings, zone, Names(settings.prefix)), time.time()))
    except PolicyError:
        return ()


def _user_type(zone: ZoneConnection) -> str:
    mine = (User.name == zone.settings.user, User.zone == zone.zone)
    return next((str(kind) for (kind,) in rows(zone, "reading the agent's account", (User.type,), *mine)), "")


def _accounts(zone: ZoneConnection) -> dict[str, str]:
    own = User.zone == zone.zone
    return {str(name): str(kind) for name, kind in rows(zone, "listing users and groups", (User.name, User.type), own)}


def _tiers(zone: ZoneConnection) -> list[TierFacts]:
    columns = (Resource.name, Resource.parent, ResourceMeta.name, ResourceMeta.value, ResourceMeta.units)
    wanted = In(ResourceMeta.name, [TIER_GROUP, TIER_TIME, QUERY, RESTAGE_TIER])
    avus: dict[_Resource, dict[str, list[TierAvu]]] = defaultdict(lambda: defaultdict(list))
    for name, parent, attribute, value, units in rows(zone, "reading tier groups", columns, wanted):
        avus[_Resource(name, not parent)][attribute].append(TierAvu(value, units or ""))
    return [
        TierFacts(
            resource=name,
            is_root=is_root,
            groups=tuple(own[TIER_GROUP]),
            times=tuple(value for value, _ in own[TIER_TIME]),
            queries=tuple(own[QUERY]),
            restages=any(value == "true" for value, _ in own[RESTAGE_TIER]),
        )
        for (name, is_root), own in sorted(avus.items())
    ]


def _values(zone: ZoneConnection, attribute: str) -> list[str]:
    """Some of the values that an attribute has on data objects: the catalog gives each once."""
    columns, condition = (DataObjectMeta.value,), DataObjectMeta.name == attribute
    return [str(value) for (value,) in first_rows(zone, "reading what it says", MOST_VALUES, columns, condition)]


def _answers(zone: ZoneConnection, settings: Settings) -> dict[str, str]:
    """What commands say of the file of one good replica on the resources that they are asked about."""
    answers = {}
    for resource, program in programs_of(settings).items():
        columns, good = (DataObject.id, DataObject.path), DataObject.replica_status == GOOD
        below = In(DataObject.resc_id, RootResources(zone).below([resource]) or [0])
        for _, file in first_rows(zone, "looking for a file to ask about", 1, columns, good, below):
            said = program.ask([str(file)]).get(str(file), "")
            answers[resource] = said if said in RESIDENCIES else ""
    return answers


def _roots_of(zone: ZoneConnection) -> dict[str, str]:
    roots = root_names(zone)
    return {str(name): roots[id_] for id_, name in rows(zone, "listing resources", (Resource.id, Resource.name))}


def _queue(zone: ZoneConnection) -> list[QueuedRule]:
    columns = (RuleExec.id, RuleExec.name, RuleExec.time, RuleExec.last_exe_time)
    return [
        QueuedRule(text=text, due=due, last=_time(last))
        for _, text, due, last in rows(zone, "reading the delay queue", columns)
    ]


def _time(value: Any) -> datetime | None:
    """A time; for a rule that never ran the catalog has an empty text, which python-irodsclient hands on as it is."""
    return value if isinstance(value, datetime) else None


def _root(zone: ZoneConnection, path: str) -> RootFacts:
    columns = (Collection.owner_name, Collection.owner_zone)
    for owner, owner_zone in rows(zone, "looking for watched roots", columns, Collection.name == path):
        return RootFacts(path, owner, owner_zone)
    return RootFacts(path)
