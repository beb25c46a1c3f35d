"""Which agents there are, by what they said last, and which of them work on the same shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from irods_omero.settings import parse_shards
from irods_omero.status.heartbeat_record import SECONDS, HeartbeatRecord

SILENT_SECONDS = 5 * 60
"""An agent that has said nothing for this long is not running: it speaks every minute, whatever it is doing."""


@dataclass(frozen=True)
class AgentState:
    """An agent: the shards that it works on, what it said last, and whether it still speaks."""

    shards: str
    beat: HeartbeatRecord
    speaks: bool


@dataclass(frozen=True)
class Overlap:
    """Shards that two agents work on, who do the same work at the same time.

    Attributes:
        shards: The shards.
        hosts: The machines that the two run on.
    """

    shards: tuple[int, ...]
    hosts: tuple[str, str]

    def __str__(self) -> str:
        """In words."""
        where = f"on {self.hosts[0]}" if len(set(self.hosts)) == 1 else f"on {self.hosts[0]} and on {self.hosts[1]}"
        return f"two agents {where} work on shards {shard_text(self.shards)}"


def agents_of(beats: Mapping[str, HeartbeatRecord], now: float) -> tuple[AgentState, ...]:
    """The agents; of those that are silent only the ones whose shards nobody else has taken over.

    Args:
        beats: The heartbeats, by the shards that the agents work on.
        now: Seconds since 1970.
    """
    states = [AgentState(shards, beat, now - beat.at < SILENT_SECONDS) for shards, beat in sorted(beats.items())]
    states = [state for state in states if _are_shards(state.shards)]
    at_work = {shard for state in states if state.speaks for shard in parse_shards(state.shards)}
    return tuple(state for state in states if state.speaks or not parse_shards(state.shards) <= at_work)


def overlaps_of(agents: Iterable[AgentState]) -> tuple[Overlap, ...]:
    """Where two agents work on the same shards."""
    return tuple(_overlaps([agent for agent in agents if agent.speaks]))


def _overlaps(agents: list[AgentState]) -> Iterator[Overlap]:
    for agent in agents:
        if agent.beat.beside:
            yield Overlap(tuple(sorted(parse_shards(agent.shards))), (agent.beat.host, agent.beat.beside))
    for one, other in combinations(agents, 2):
        both = parse_shards(one.shards) & parse_shards(other.shards)
        if both and _were_together(one.beat, other.beat):
            yield Overlap(tuple(sorted(both)), (one.beat.host, other.beat.host))


def _were_together(one: HeartbeatRecord, other: HeartbeatRecord) -> bool:
    """Whether both ran at the same time for longer than clocks may differ: one may have taken the other's place."""
    return min(one.at, other.at) - max(one.started, other.started) > SECONDS


def _are_shards(text: str) -> bool:
    try:
        return bool(parse_shards(text))
    except ValueError:
        return False


def shard_text(shards: Iterable[int]) -> str:
    """Shards as the configuration writes them, as in ``0-31,40``."""
    parts: list[tuple[int, int]] = []
    for shard in sorted(shards):
        if parts and parts[-1][1] == shard - 1:
            parts[-1] = (parts[-1][0], shard)
        else:
            parts.append((shard, shard))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)
