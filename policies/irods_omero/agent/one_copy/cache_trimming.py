"""Looks at all of OMERO's copies now and then: tells iRODS what was used, and has the oldest removed to make room."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from math import inf
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer, agreement_of, gather
from irods_omero.agent.one_copy.cache import Cache
from irods_omero.agent.one_copy.copy_jobs import COPYING
from irods_omero.agent.report import Report
from irods_omero.agent.repository import ProvenRepository, copies_of
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.rules.access_times import LaterUse, later_uses
from irods_omero.domain.rules.one_copy.cache_limit import Cached, Room, in_cache, make_room, was_read
from irods_omero.domain.rules.one_copy.links import with_own_links
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import OmeroView
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import read_apart
from irods_omero.gateways.zone.avus import change_value
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.gateways.zone.replica_times import bring_forward
from irods_omero.logs import log
from irods_omero.vocabulary import ACCESS_TIME, SHARDS, shard_of

LOOKING = ("cache", 0)

PAUSE_SECONDS = 600.0
"""Between two looks at all copies, at least."""

PART = 20
"""Looking takes at most one part of this many of the time."""


class Before(NamedTuple):
    """What is known from before a look at all copies.

    Attributes:
        looked: When the last one that came to its end began, seconds since 1970; infinite for none.
        begun: When this one begins.
        resting: Units that stay for now, by catalog id: making room of them was tried in vain.
    """

    looked: float = inf
    begun: float = inf
    resting: Collection[int] = ()


NOTHING_BEFORE = Before()


def limit_of(connections: Connections) -> int | None:
    """How many bytes of copies this agent leaves at most, None for any number: its shards' part of what all do."""
    most = connections.settings.cache.most_bytes
    return None if most is None else most * len(connections.shards) // SHARDS


def look_at_cache(
    connections: Connections,
    most: int | None,
    clock: Callable[[], float] = time.time,
    report: Report | None = None,
    before: Before = NOTHING_BEFORE,
) -> Room | None:
    """What OMERO has of the units of this agent, and what is to go.

    Args:
        connections: Both sides.
        most: Bytes that there are to be at most, None for any number.
        clock: Gives the time, seconds since 1970.
        report: Counts the access times in the zone that are brought up to those of OMERO's copies, and what was read;
            without it nothing is written.
        before: What is known from before.

    Returns:
        None where there is no limit, or OMERO's repository cannot be looked into.

    Raises:
        UnreachableError: A side is down.
    """
    observer = Observer(connections, clock)
    repository = observer.repository
    if repository is None:
        return None
    seen = units_with_copies(connections, observer, repository, clock)
    if report is not None:
        seen = _told(connections, seen, report, before)
    if most is None:
        deque(seen, maxlen=0)
        return None
    cached = (each for one in chain.from_iterable(seen) if (each := _in_cache(one)) is not None)
    return make_room(
        (each._replace(may_go=each.may_go and each.data_id not in before.resting) for each in cached), most
    )


def _in_cache(observation: Observation) -> Cached | None:
    """What OMERO has of a unit; nothing where that cannot be decided, which is the trouble of that unit alone."""
    try:
        return in_cache(observation)
    except Exception:
        log.exception("OMERO's copy is not counted", path=observation.zone.first.path)
        return None


def _told(
    connections: Connections, pages_seen: Iterable[Collection[Observation]], report: Report, before: Before
) -> Iterator[Collection[Observation]]:
    """Go through what is seen, count what was read, and tell the zone of what was used in OMERO."""
    for page in pages_seen:
        report.hits += sum(was_read(observation, before.looked, before.begun) for observation in page)
        uses = [use for observation in page for use in later_uses(observation)]
        report.zone_actions += sum(connections.side_by_side.each(uses, _tell_use))
        yield page


def _tell_use(zone: ZoneConnection, use: LaterUse) -> bool:
    """Bring an access time up to a later use; returns whether it was still the one that was known.

    Those of replicas come first: if the agent is killed between them, the next look finds the data object's.
    """
    try:
        for number in use.replicas:
            bring_forward(zone, use.data_id, use.path, number, use.used)
        return change_value(zone, use.path, use.known, str(use.used))
    except RefusedError as error:
        log.info("its access time cannot be brought up to its use in OMERO", path=use.path, error=str(error))
        return False


def units_with_copies(
    connections: Connections, observer: Observer, repository: ProvenRepository, clock: Callable[[], float]
) -> Iterator[Collection[Observation]]:
    """The units with copies, as far as these matter; a page at a time, so that memory does not grow with the cache."""
    zone, names = connections.zone, connections.names
    attributes = [names.agreement, names.unit, ACCESS_TIME, *connections.residencies()]

    def read(ids: Sequence[int]) -> dict[int, Observation]:
        units = gather(zone, names, ids, attributes, each_once=True)
        bases = {data_id: agreement_of(unit.first, names) for data_id, unit in units.items()}
        filesets = {data_id: base.fileset for data_id, base in bases.items() if base.fileset and not base.gone}
        copies = copies_of(connections, repository, filesets.values()) if filesets else {}
        return {
            data_id: Observation(
                units[data_id],
                observer.policy,
                clock(),
                OmeroView(fileset),
                bases[data_id],
                copies=with_own_links(copies.get(fileset, ()), bases[data_id]),
            )
            for data_id, fileset in filesets.items()
        }

    for page in pages(zone, (), names.agreement):
        # What cannot be read is told of when it is observed.
        yield read_apart([id_ for id_ in page if shard_of(id_) in connections.shards], read, _skip).values()


def _skip(data_id: int, error: Exception) -> None:
    log.info("OMERO's copy is not counted", data_id=data_id, error=str(error))


class CacheTrimmer:
    """What one agent does about the size of the cache, from sweep to sweep."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._most = limit_of(connections)
        tells = any(tier.access_hours for tier in connections.settings.tiers.values())
        self._is_wanted = self._most is not None or tells
        self._per_sweep = connections.settings.imports.per_sweep
        self._clock = clock
        self._looked = inf
        self._leaving = deque[Cached]()
        self._due = time.monotonic()

    def looks(self, workers: Workers) -> list[Job]:
        """To look at all copies, when it is time and what the last look has found is done."""
        is_at_work = any(key == LOOKING or key[0] == COPYING for key in workers.busy()[0])
        if not self._is_wanted or self._leaving or is_at_work or time.monotonic() < self._due:
            return []
        return [Job(LOOKING, partial(self._look, workers.resting(COPYING)))]

    def jobs(self, report: Report, workers: Workers) -> list[Job]:
        """To remove what was found.

        Args:
            report: Counts the units that are too many: the bytes of each are read.
            workers: What they do already leaves less room.
        """
        count, jobs = workers.count(COPYING), list[Job]()
        busy = workers.busy()[1].union(workers.resting(COPYING))
        while self._leaving and len(jobs) + count < self._per_sweep:
            data_id = self._leaving.popleft().data_id
            if data_id not in busy:
                jobs.append(Job((COPYING, data_id), partial(_settle, self._clock, data_id), frozenset({data_id})))
        report.postponed += len(self._leaving)
        return jobs

    def _look(self, resting: Collection[int], connections: Connections) -> Report:
        begun, report = time.monotonic(), Report()
        before = Before(self._looked, self._clock(), resting)
        self._due = begun + PAUSE_SECONDS
        try:
            room = look_at_cache(connections, self._most, self._clock, report, before)
        except RefusedError as error:
            log.error("OMERO's copies cannot be looked at", error=str(error))
            return report
        self._looked = before.begun
        now = time.monotonic()
        self._due = max(self._due, now + PART * (now - begun))
        if room is not None:
            connections.activity.looked_at_cache(room.size, room.most)
            log.info("looked at OMERO's copies", bytes=room.size, most=room.most, leaving=room.freed)
            if not room.is_all:
                self._due = now
            self._leaving = deque(room.leaving)
        return report


def _settle(clock: Callable[[], float], data_id: int, connections: Connections) -> Report:
    return Cache(connections, clock, makes_room=True).settle(data_id)
