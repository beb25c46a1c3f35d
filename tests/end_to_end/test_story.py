"""The story of the README, step by step, on real protocols and real image files."""

from __future__ import annotations

import io

from rich.console import Console

from tests.demo.stage import Stage
from tests.demo.story import Story
from tests.end_to_end.conftest import Places
from tests.scene import Scene


def test_every_step_of_the_demo_is_seen_to_happen(places: Places, lab_only: None) -> None:
    zone, omero_server, policy_file = places
    printed = io.StringIO()
    stage = Stage(Console(file=printed, width=140))
    with Scene(zone, omero_server, policy_file, "demo") as scene:
        Story(stage, scene).play()
    assert not stage.failures, printed.getvalue()
