from __future__ import annotations

import pytest

from irods_omero.agent.report import Report
from irods_omero.agent.service import pause_after


@pytest.mark.parametrize(
    ("changed", "seconds", "pause"),
    [(0, 0.1, 2.0), (7, 0.1, 2.0), (7, 2.1, 0.0), (0, 2.1, 2.0)],
)
def test_who_came_during_a_long_sweep_does_not_wait_for_the_pause_too(
    changed: int, seconds: float, pause: float
) -> None:
    assert pause_after(Report(observed=7, changed=changed), seconds, interval=2.0) == pause
