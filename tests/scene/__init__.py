"""A zone and an OMERO server with users, tiers and a watched collection, for end-to-end tests and the demo."""

from tests.scene.places import OmeroPlace, ZonePlace, lab_places, real_places
from tests.scene.scene import Scene
from tests.scene.snapshot import Snapshot

__all__ = ["OmeroPlace", "Scene", "Snapshot", "ZonePlace", "lab_places", "real_places"]
