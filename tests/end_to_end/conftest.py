"""Servers for all tests, and a scene for each: the lab's, or real ones that the environment names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest

from lab.omero import LabOmero
from tests.scene import OmeroPlace, Scene, ZonePlace, lab_places
from tests.scene.accounts import USER
from tests.scene.readiness import ready_servers
from tests.scene.turns import turn

Places = tuple[ZonePlace, OmeroPlace, Path]


class SceneFactory(Protocol):
    """Makes the scene of a test."""

    def __call__(self, **changes: Any) -> Scene:
        """``changes`` are sections of the configuration that differ from the scene's own."""


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Both servers, and where the configuration is written."""
    policy_file = tmp_path_factory.mktemp("policy") / "omero_policy.json"
    with real_or(lab_places(policy_file)) as (zone, omero_server):
        yield zone, omero_server, policy_file


@contextmanager
def real_or(lab: AbstractContextManager[tuple[ZonePlace, OmeroPlace]]) -> Iterator[tuple[ZonePlace, OmeroPlace]]:
    """Real servers, if the environment names some; otherwise those of a lab, which are started."""
    real = ready_servers(rules=True)
    if real is not None:
        yield real
        return
    with lab as places:
        yield places


@pytest.fixture
def new_scene(places: Places, request: pytest.FixtureRequest) -> Iterator[SceneFactory]:
    """Makes a scene with a collection of its own, which no other test and no other run has, and clears it away.

    What is reconciled is what is in this collection: what else there is in the zone does not count.
    """
    test = re.sub(r"\W+", "-", request.node.name, flags=re.ASCII).strip("-")[:80]
    name = f"{test}-{uuid4().hex[:8]}"
    zone, omero_server, policy_file = places
    with ExitStack() as stack:

        def make(**changes: Any) -> Scene:
            roots = {"watch": {"roots": [f"/{zone.zone}/home/{USER}/{name}"]}}
            scene = stack.enter_context(Scene(zone, omero_server, policy_file, name, **{**roots, **changes}))
            stack.callback(scene.clear)
            return scene

        stack.enter_context(turn(zone))
        yield make


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A watched collection of its own on both servers."""
    made = new_scene()
    made.watch()
    return made


@pytest.fixture
def lab(scene: Scene) -> LabOmero:
    """The lab's OMERO, for what only a lab can be asked to do."""
    assert scene.omero.lab is not None
    return scene.omero.lab
