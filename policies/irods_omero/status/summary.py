"""What the status is, from what was read: one pure function, whose result people, programs and metrics show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from irods_omero.domain.rules.causes import HELD, HELD_BACK, HINDERED, REFUSED, TO_CORRECT, cause_of, kind_of
from irods_omero.settings import Settings, parse_shards
from irods_omero.status.agents import AgentState, Overlap, agents_of, overlaps_of, shard_text
from irods_omero.status.heartbeat_record import UnderWay
from irods_omero.status.status_facts import ErrorSeen, OmeroLag, RequestSeen, StatusFacts
from irods_omero.vocabulary import PENDING, SHARDS

HOUR = 3600.0

UNSEEN, WAITING, QUEUED, OVERDUE, HOLDS = "not seen yet", "waiting", "queued", "overdue", "holds"


@dataclass(frozen=True)
class MarkCount:
    """Marks of one kind.

    Attributes:
        kind: Whether what is marked is to be imported, has images already, is a collection, or holds files to gather.
        pending: How many wait for an agent.
        taken: How many an agent has claimed.
        oldest_seconds: For how long the oldest has been pending; None if none is, or the zone cannot tell.
    """

    kind: str
    pending: int
    taken: int
    oldest_seconds: int | None = None


@dataclass(frozen=True)
class Requests:
    """Requests with the same word, in the same state, of which the oldest waits since a time (seconds since 1970)."""

    word: str
    state: str
    units: int
    since: int = 0


@dataclass(frozen=True)
class Cause:
    """What is wrong with several units.

    Attributes:
        kind: One of the kinds of ``rules/causes.py``.
        text: The cause, without what is only one unit's own.
        units: How many units have it.
        example: Logical path of one of them.
    """

    kind: str
    text: str
    units: int
    example: str


@dataclass(frozen=True)
class TierUse:
    """What is on one tier, by its name in tags, below the watched roots."""

    tier: str
    resource: str
    replicas: int
    size: int


@dataclass(frozen=True)
class Status:
    """How things stand.

    Attributes:
        now: Seconds since 1970.
        agents: All agents that have work of their own.
        unattended: Shards that no agent works on.
        overlaps: Where two agents work on the same shards.
        backlog: Marks by kind.
        oldest_seconds: For how long the oldest mark has been pending; None if none is, or the zone cannot tell.
        under_way: What goes on that takes long.
        requests: Requests by word and state.
        causes: What is wrong, by cause, the most frequent first.
        held: Units of which removals are held.
        tiers: What is on which tier.
        omero: How far the event log was followed; None where it was not looked at.
        behind: For the shards of each agent how many rows of the event log it has not followed yet.
        cut: What there is more of than was counted.
        problems: What an administrator has to do something about, in words.
    """

    now: float
    agents: tuple[AgentState, ...] = ()
    unattended: tuple[int, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    backlog: tuple[MarkCount, ...] = ()
    oldest_seconds: int | None = None
    under_way: tuple[UnderWay, ...] = ()
    requests: tuple[Requests, ...] = ()
    causes: tuple[Cause, ...] = ()
    held: int = 0
    tiers: tuple[TierUse, ...] = ()
    omero: OmeroLag | None = None
    behind: Mapping[str, int] | None = None
    cut: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def summarise(seen: StatusFacts, settings: Settings) -> Status:
    """What the status is."""
    agents = agents_of(seen.beats, seen.now)
    covered = {shard for agent in agents if agent.speaks for shard in parse_shards(agent.shards)}
    unattended = tuple(shard for shard in range(SHARDS) if shard not in covered)
    causes = causes_of(seen.errors, settings.imports.attempts)
    requests = _requests(seen, settings)
    backlog = tuple(_backlog(seen))
    status = Status(
        now=seen.now,
        agents=agents,
        unattended=unattended,
        overlaps=overlaps_of(agents),
        backlog=backlog,
        oldest_seconds=max((each.oldest_seconds for each in backlog if each.oldest_seconds is not None), default=None),
        under_way=tuple(each for agent in agents if agent.speaks for each in agent.beat.under_way),
        requests=requests,
        causes=causes,
        held=sum(cause.units for cause in causes if cause.kind == HELD_BACK),
        tiers=tuple(
            TierUse(_tier_name(settings, used.resource), used.resource, used.replicas, used.size) for used in seen.use
        ),
        omero=seen.omero,
        behind=_behind(seen.omero, agents),
        cut=tuple(sorted(seen.cut)),
    )
    return replace(status, problems=tuple(_problems(status)))


def _backlog(seen: StatusFacts) -> Iterator[MarkCount]:
    states: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for mark in seen.marks:
        states[mark.kind][mark.id].add(mark.state)
    for kind, of_kind in sorted(states.items()):
        pending, oldest = sum(PENDING in each for each in of_kind.values()), seen.oldest.get(kind)
        age = None if oldest is None or not pending else max(int(seen.now) - oldest, 0)
        yield MarkCount(kind, pending, len(of_kind) - pending, age)


def causes_of(errors: Sequence[ErrorSeen], attempts: int) -> tuple[Cause, ...]:
    """What is wrong with units, by cause, the most frequent first; ``attempts`` as in the configuration."""
    units: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for error in errors:
        units[_kind(error, attempts), cause_of(error.text, error.path)].setdefault(error.unit, error.path)
    causes = (Cause(*key, len(paths), min(paths.values())) for key, paths in units.items())
    return tuple(sorted(causes, key=lambda cause: (-cause.units, cause.kind, cause.text)))


def _kind(error: ErrorSeen, attempts: int) -> str:
    failures = (error.agreement.failure, error.agreement.copy_failure)
    failure = next((each for each in failures if each is not None and each.reason == error.text), None)
    if error.text == HELD:
        return HELD_BACK
    if error.text == error.agreement.refused:
        return REFUSED
    if failure is None:
        return TO_CORRECT
    return kind_of(failure, attempts)


def _requests(seen: StatusFacts, settings: Settings) -> tuple[Requests, ...]:
    since: dict[tuple[str, str], list[int]] = defaultdict(list)
    for request in seen.requests:
        since[request.word, _state(request, seen.now, settings)].append(request.agreement.asked)
    moving = [Requests(*key, len(times), min(filter(None, times), default=0)) for key, times in since.items()]
    holding = [Requests(word, HOLDS, units) for word, units in seen.holds.items()]
    return tuple(sorted(moving + holding, key=lambda each: (each.word, each.state)))


def _state(request: RequestSeen, now: float, settings: Settings) -> str:
    agreement = request.agreement
    if agreement.request != request.word:
        return UNSEEN
    if agreement.asked and now >= agreement.stands_since + _recall_hours(settings, agreement.tier) * HOUR:
        return OVERDUE
    return QUEUED if agreement.moves else WAITING


def _recall_hours(settings: Settings, tier: str) -> float:
    hours = [each.recall_hours for resource, each in settings.tiers.items() if tier in (each.name, resource)]
    return max(hours, default=24.0)


def _tier_name(settings: Settings, resource: str) -> str:
    tier = settings.tiers.get(resource)
    return tier.name if tier is not None and tier.name else resource


def _behind(lag: OmeroLag | None, agents: Iterable[AgentState]) -> dict[str, int] | None:
    if lag is None or lag.unreachable:
        return None
    return {agent.shards: max(lag.end - lag.cursors.get(agent.shards, lag.end), 0) for agent in agents}


def _problems(status: Status) -> Iterator[str]:
    """What an administrator has to do something about: not what is told to the users whose files it concerns."""
    for agent in status.agents:
        if not agent.speaks:
            yield f"the agent of shards {agent.shards} on {agent.beat.host} has not been heard from: is it running?"
        elif agent.beat.trouble:
            yield f"the agent of shards {agent.shards} cannot sweep: {agent.beat.trouble}"
    if status.unattended:
        yield f"no agent works on shards {shard_text(status.unattended)}"
    yield from map(str, status.overlaps)
    if status.held:
        yield f"removals of {status.held} units are held: see irods-omero removals"
    for cause in status.causes:
        if cause.kind == HINDERED:
            fail = "unit fails" if cause.units == 1 else "units fail"
            yield f"{cause.units} {fail} for a cause outside the file: {cause.text}"
    overdue = sum(each.units for each in status.requests if each.state == OVERDUE)
    if overdue:
        yield f"{overdue} requests are not answered within the recall_hours of their tier: look at the delay queue"
    if status.omero is not None and status.omero.unreachable:
        yield f"OMERO cannot be asked: {status.omero.unreachable}"
