"""Whatever happens in whatever order, one reconcile leaves both sides as they must be, and the next one writes nothing.

``MODEL=deep`` plays longer runs, and others each time; a run that failed is printed with the line that plays it again.
"""

from __future__ import annotations

import os

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.model.directories import MachineWithDirectories
from tests.model.profile import DEEP, profile

RUNS = int(os.environ.get("MODEL_RUNS", "300" if DEEP else "4"))
PROFILE = profile(RUNS, 60 if DEEP else 35)


@pytest.mark.usefixtures("servers")
@pytest.mark.timeout(24 * 3600 if DEEP else 900)
def test_whatever_happens_both_sides_agree_in_the_end() -> None:
    run_state_machine_as_test(MachineWithDirectories, settings=PROFILE)
