"""Which samples are tried is left to chance."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.calls import EVERY_KILL

SCENARIOS = 10
"""Number of scenarios of agents that are killed that are played, unless all kills are tried."""

MATRIX = "test_wherever_an_agent_is_broken_off_the_next_one_ends_the_same["
ALWAYS = "[new-image]"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Chooses samples: others in each run, and the same ones again with the seed that the header of a run names."""
    return _chance(request.config, request.node.nodeid)


@pytest.hookimpl(trylast=True)  # when others have chosen by name
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave scenarios out of this run, which counts them as deselected; whoever names one gets it."""
    several = sorted(item.nodeid for item in items if MATRIX in item.nodeid and not item.nodeid.endswith(ALWAYS))
    if EVERY_KILL or len(several) <= SCENARIOS:
        return
    out = {*several} - {*_chance(config, MATRIX).sample(several, SCENARIOS)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in out])
    items[:] = [item for item in items if item.nodeid not in out]


def _chance(config: pytest.Config, what: str) -> Random:
    return Random(f"{config.getoption('randomly_seed', 0)} {what}")
