"""One lab zone without hooks for the tests here, with two users, and a collection of its own for each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from lab.zone import LabZone
from lab.zone.setup import add_user, set_up_tiers

_numbers = count(1)
_PATIENCE = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process is doing."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@dataclass
class World:
    """The zone, sessions of two users and of the administrator, and a collection of alice's."""

    zone: LabZone
    alice: Any
    bob: Any
    rods: Any
    home: str

    def path(self, name: str) -> str:
        return f"{self.home}/{name}"

    def put(self, name: str, content: bytes = b"content", **options: Any) -> str:
        """A data object of alice's."""
        path = self.path(name)
        with self.alice.data_objects.open(path, "w", **options) as stream:
            stream.write(content)
        return path

    def read(self, path: str, session: Any = None) -> bytes:
        with (session or self.alice).data_objects.open(path, "r") as stream:
            content: bytes = stream.read()
        return content


@pytest.fixture(scope="session")
def zone() -> Iterator[LabZone]:
    with LabZone(wake_up=0.05) as running:
        with running.session() as session:
            add_user(session, "alice")
            add_user(session, "bob")
            set_up_tiers(session, delay=0)
        yield running


@pytest.fixture
def world(zone: LabZone) -> Iterator[World]:
    with zone.session("alice") as alice, zone.session("bob") as bob, zone.session() as rods:
        alice.default_resource = "fast"
        home = f"/tempZone/home/alice/{next(_numbers)}"
        alice.collections.create(home)
        yield World(zone, alice, bob, rods, home)
