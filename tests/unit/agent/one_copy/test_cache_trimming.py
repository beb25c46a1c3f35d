"""The limit of the cache is shared by the agents of a zone, each by its shards."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.agent.connections import Connections
from irods_omero.agent.one_copy.cache_trimming import limit_of
from irods_omero.vocabulary import SHARDS

AGENTS = st.lists(st.integers(0, 4), min_size=SHARDS, max_size=SHARDS)
"""For each shard the agent that has it."""


def limit(most: int | None, shards: frozenset[int]) -> int | None:
    settings = SimpleNamespace(cache=SimpleNamespace(most_bytes=most))
    return limit_of(cast(Connections, SimpleNamespace(settings=settings, shards=shards)))


@given(st.integers(1, 10**15), AGENTS)
def test_the_parts_of_all_agents_are_the_whole_but_for_what_cannot_be_shared(most: int, agents: list[int]) -> None:
    parts = [
        limit(most, frozenset(shard for shard in range(SHARDS) if agents[shard] == agent)) or 0 for agent in set(agents)
    ]
    assert most - len(parts) < sum(parts) <= most


def test_without_a_limit_nobody_has_a_part_of_it() -> None:
    assert limit(None, frozenset(range(SHARDS))) is None
