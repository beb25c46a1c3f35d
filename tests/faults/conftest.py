"""Which samples are tried is left to chance."""

from __future__ import annotations

from random import Random

import pytest


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Chooses samples: others in each run, and the same ones again with the seed that the header of a run names."""
    return Random(f"{request.config.getoption('randomly_seed', 0)} {request.node.nodeid}")
