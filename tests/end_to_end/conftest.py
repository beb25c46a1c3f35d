"""Servers for a module of tests, and a scene for each test: the lab's, or real ones that the environment names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scene import OmeroPlace, Scene, ZonePlace, lab_places, real_places

Places = tuple[ZonePlace, OmeroPlace, Path]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Both servers, and where the configuration is written."""
    policy_file = tmp_path_factory.mktemp("policy") / "omero_policy.json"
    real = real_places()
    if real is not None:
        yield (*real, policy_file)
        return
    with lab_places(policy_file) as (zone, omero_server):
        yield zone, omero_server, policy_file


@pytest.fixture
def scene(places: Places, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A watched collection of its own on both servers."""
    zone, omero_server, policy_file = places
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    with Scene(zone, omero_server, policy_file, name) as made:
        made.watch()
        yield made


@pytest.fixture
def lab_only(places: Places) -> None:
    """Skip, with a reason that the summary shows, what only a lab can do to a server."""
    if places[0].lab is None or places[1].lab is None:
        pytest.skip("stops, kills or counts a server: done in the lab only")
