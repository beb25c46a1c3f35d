"""Reads what storage tiering will move next, as far as the catalog tells: counts and sums only, by resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from irods.column import Criterion, In, Like
from irods.models import Collection, DataObject, DataObjectMeta, Resource, ResourceMeta

from irods_omero.domain.state.counts import Due, Outlook
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import GOOD
from irods_omero.gateways.zone.queries import IDS_A_QUERY, rows, sums
from irods_omero.gateways.zone.resources import root_names
from irods_omero.gateways.zone.stranded import SCHEDULED
from irods_omero.gateways.zone.watched import patterns_below, read_tiers
from irods_omero.settings import Settings
from irods_omero.vocabulary import ACCESS_TIME, TIER_TIME

DOING = "reading what will be moved"

DAYS = (0, 7, 30)
"""How far the outlook goes: what is old enough now, and what will be within this many days if nobody uses it."""

DAY = 86_400


def read_outlook(settings: Settings, zone: ZoneConnection, now: float) -> Outlook:
    """What storage tiering will move next below the watched roots; ``now`` in seconds since 1970.

    Raises:
        UnreachableError: The zone is down.
        RefusedError: The zone refuses.
    """
    roots = root_names(zone)
    scheduled = list(_sums(settings, zone, DataObjectMeta.units == SCHEDULED))
    counts: dict[tuple[str, int], tuple[int, int]] = {}
    for top, seconds in sorted(_stays(zone).items()):
        leaves = [str(id_) for id_, name in roots.items() if name == top]
        for days in DAYS:
            # As texts, as storage tiering compares them itself (zone-88): all have ten digits until 2286.
            before = DataObjectMeta.value < str(int(now) + days * DAY - seconds)
            where = (before, DataObjectMeta.units != SCHEDULED)
            counted = [
                each
                for ids in in_batches(leaves, IDS_A_QUERY)
                for each in _sums(settings, zone, *where, In(DataObject.resc_id, ids))
            ]
            counts[top, days] = sum(count for _, count, _ in counted), sum(size for _, _, size in counted)
    return Outlook(
        due=tuple(Due(*key, *count) for key, count in sorted(counts.items())),
        scheduled=sum(count for _, count, _ in scheduled),
        scheduled_size=sum(size for _, _, size in scheduled),
    )


def _stays(zone: ZoneConnection) -> dict[str, int]:
    """For how many seconds unused data stays on the tiers that it leaves, by resource; the longest of several."""
    left = {tier.resource for tier in read_tiers(zone, {}).left()}
    longest: dict[str, int] = defaultdict(int)
    columns = (Resource.name, ResourceMeta.value)
    for resource, value in rows(zone, DOING, columns, ResourceMeta.name == TIER_TIME):
        if str(resource) in left and str(value).isdecimal():
            longest[str(resource)] = max(longest[str(resource)], int(value))
    return longest


def _sums(settings: Settings, zone: ZoneConnection, *conditions: Criterion) -> Iterator[tuple[str, int, int]]:
    of_access = (DataObjectMeta.name == ACCESS_TIME, DataObject.replica_status == GOOD)
    for pattern in patterns_below(settings.watch.roots):
        where = (Like(Collection.name, pattern), *of_access, *conditions)
        yield from sums(zone, DOING, DataObject.resc_id, DataObject.id, DataObject.size, *where)
