"""A zone as the suite uses it: three people's sessions, resources, and a collection for each test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import irods.keywords as kw
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.vocabulary import ACCESS_TIME
from lab.zone.setup import add_resource
from tests.scene.accounts import AGENT_PASSWORD, PASSWORD, ensure_tiers, ensure_zone_user
from tests.scene.places import AGENT_USER, ZonePlace

ALICE, BOB = "alice", "bob"
FAST, MEDIUM, SLOW = "fast_resc", "medium_resc", "slow_resc"
"""Named as on the zone that was recorded."""

TIERS = "conformance" + os.environ.get("PYTEST_XDIST_WORKER", "")
UPPER, LOWER = f"{TIERS}_upper", f"{TIERS}_lower"
"""A tier group with its two resources, apart from those that the other tests write to; one for each test process, as
tests of tiering change the times of their resources."""

PATIENCE = 300.0
"""Seconds to wait for a movement: a real delay server sleeps for 30 between two looks."""

AS_ADMIN = {kw.ADMIN_KW: ""}

AvuSet = set[tuple[str, str, str]]


@dataclass
class Zone:
    """A zone in one test.

    Attributes:
        place: Its address.
        rods: An administrator's session.
        alice: An ordinary user's session.
        bob: The session of another one, who has no rights on what alice has.
        collection: A collection of alice's that nobody else uses.
        folder: A folder of this machine for files to put.
    """

    place: ZonePlace
    rods: Any
    alice: Any
    bob: Any
    collection: str
    folder: Path

    def path(self, name: str) -> str:
        """Where something of this name is, or will be."""
        return f"{self.collection}/{name}"

    def put(self, name: str, content: bytes = b"hello iRODS\n", resource: str = FAST) -> str:
        """Alice writes a data object, new or over an old one."""
        path = self.path(name)
        with self.alice.data_objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: resource}) as stream:
            stream.write(content)
        return path

    def avus(self, path: str) -> AvuSet:
        """The AVUs of a data object but for those that storage tiering and our hooks keep."""
        return {avu for avu in self.all_avus(path) if not avu[0].startswith(("irods::", "omero::"))}

    def all_avus(self, path: str) -> AvuSet:
        """The AVUs of a data object."""
        return avus_of(self.rods, DataObject, path)

    def values(self, path: str, attribute: str) -> list[tuple[str, str]]:
        """Values and units of the AVUs of a data object that have this attribute."""
        return sorted((value, units) for name, value, units in self.all_avus(path) if name == attribute)

    def replicas(self, path: str) -> list[tuple[int, str, str]]:
        """Number, resource and status of each replica."""
        replicas = self.rods.data_objects.get(path).replicas
        return sorted((replica.number, replica.resource_name, replica.status) for replica in replicas)

    def good(self, path: str) -> list[str]:
        """The resources that hold a good replica."""
        return [resource for _, resource, status in self.replicas(path) if status == "1"]

    def grow_old(self, path: str, seconds: int = 1_000_000_000) -> None:
        """An administrator has storage tiering believe that a data object was last used long ago."""
        self.rods.metadata.set(DataObject, path, iRODSMeta(ACCESS_TIME, str(seconds)), **AS_ADMIN)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the zone does by itself."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the zone did not do it"
            time.sleep(0.02)


def avus_of(session: Any, kind: Any, name: str) -> AvuSet:
    """The AVUs of an object of the catalog, without units as empty ones."""
    return {(avu.name, avu.value, avu.units or "") for avu in session.metadata.get(kind, name)}


def set_up_zone(place: ZonePlace) -> None:
    """Make the users, resources and tiers of the suite, where they are missing."""
    with place.session() as session:
        for user in (ALICE, BOB):
            ensure_zone_user(session, user, PASSWORD)
        ensure_zone_user(session, AGENT_USER, AGENT_PASSWORD, kind="rodsadmin")
        for resource in (FAST, MEDIUM, SLOW):
            add_resource(session, resource)
        ensure_tiers(session, TIERS, [(UPPER, 0), (LOWER, 1)])


def collection_avus(zone: Zone, path: str) -> AvuSet:
    """The AVUs of a collection but for those that our hooks keep."""
    return {avu for avu in avus_of(zone.rods, Collection, path) if not avu[0].startswith("omero::")}
