"""How long random histories are, and how many are played; ``MODEL=deep`` plays more, and others each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, Verbosity, settings

DEEP = os.environ.get("MODEL") == "deep"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def profile(runs: int, steps: int) -> settings:
    """Settings for a state machine on real servers."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        derandomize=not DEEP,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes hours with real servers
        deadline=None,
        print_blob=True,
        suppress_health_check=SLOW,
        verbosity=Verbosity.verbose if os.environ.get("MODEL_VERBOSE") else Verbosity.normal,
    )
