"""The story of the README, step by step, on real protocols and real image files."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.demo.stage import Stage
from tests.demo.story import Story
from tests.end_to_end.conftest import SceneFactory


@pytest.mark.lab_only("counts all writes of both servers")
def test_every_step_of_the_demo_is_seen_to_happen(new_scene: SceneFactory) -> None:
    printed = io.StringIO()
    stage = Stage(Console(file=printed, width=140))
    Story(stage, new_scene()).play()
    assert not stage.failures, printed.getvalue()
