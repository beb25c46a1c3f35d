"""Whatever happens in two zones of one name, each has its own images in the OMERO that they share, and no others.

Their ids begin at the same number, and what is put into one is put into the other as well, in the same second mostly:
all that tells the imports of one from those of the other is the identity.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from irods_omero.agent.reconcile import Reconciler
from irods_omero.domain.planning.orphans import GONE
from tests.faults.end_state import query
from tests.model.profile import DEEP, profile
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.twins import twins

PLACES = st.integers(0, 1)
ZONES = st.integers(0, 1)
BOTH = (0, 1)


class Twins(RuleBasedStateMachine):
    """One run."""

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.zones: tuple[Scene, Scene] = self.stack.enter_context(twins(folder))
        self.sizes = count(32)
        self.wanted: tuple[dict[str, str], dict[str, str]] = ({}, {})
        """For each zone the SHA-1 of what is at each path."""
        self.of_zone: dict[int, int] = {}
        """For each image the zone that it was seen to be of."""
        self.put(0, True)

    @rule(place=PLACES, is_same=st.booleans())
    def put(self, place: int, is_same: bool) -> None:
        """Both zones get a data object, or new content, at one place."""
        content = retina(next(self.sizes))
        for zone in BOTH:
            self._put(zone, place, content if is_same else retina(next(self.sizes)))

    @rule(zone=ZONES, place=PLACES)
    def put_in_one(self, zone: int, place: int) -> None:
        self._put(zone, place, retina(next(self.sizes)))

    def _put(self, zone: int, place: int, content: bytes) -> None:
        path = self.zones[zone].put(f"{place}.ome.tiff", content)
        self.wanted[zone][path] = hashlib.sha1(content, usedforsecurity=False).hexdigest()

    @rule(zone=ZONES, place=PLACES)
    def remove(self, zone: int, place: int) -> None:
        path = f"{self.zones[zone].collection}/{place}.ome.tiff"
        if self.wanted[zone].pop(path, None):
            self.zones[zone].user.data_objects.unlink(path, force=True)

    @rule(zone=ZONES)
    def sweep(self, zone: int) -> None:
        self.zones[zone].sweep()
        self._check(zone)

    @rule(zone=ZONES)
    def reconcile(self, zone: int) -> None:
        with self.zones[zone].connections() as connections:
            reconciler = Reconciler(connections)
            for _ in (*reconciler.run(), *reconciler.orphans()):
                pass
        self._check(zone)

    def _check(self, zone: int) -> None:
        """What a zone has is shown, from its own bytes; the images of the other one are not among them."""
        scene = self.zones[zone]
        for path, digest in self.wanted[zone].items():
            image = scene.shown(path).image
            assert image.texts == {"registered", "tier:fast"}, (path, image)
            assert self.of_zone.setdefault(image.id, zone) == zone
            assert _digests(scene, image.id) == [digest]

    def teardown(self) -> None:
        """Each zone is reconciled once more: images without a data object say so, and all others do not."""
        if not hasattr(self, "stack"):
            return
        try:
            for zone in BOTH:
                self.reconcile(zone)
            for zone in BOTH:
                self._check(zone)
                with self.zones[zone].connections() as connections:
                    assert [page for page in Reconciler(connections).run() if page] == []
            present = {self.zones[zone].shown(path).image.id for zone in BOTH for path in self.wanted[zone]}
            for image in set(self.of_zone) - present:
                texts, pairs = self.zones[0].image(image).texts, self.zones[0].image(image).pairs
                assert "superseded" in texts or ("error", GONE) in pairs, (image, texts, pairs)
        finally:
            self.stack.close()


def _digests(scene: Scene, image: int) -> list[Any]:
    text = (
        "select o.hash from FilesetEntry e join e.originalFile o, Image i "
        "where i.fileset.id = e.fileset.id and i.id = :id"
    )
    return [row[0] for row in query(scene, text, id=image)]


@pytest.mark.timeout(24 * 3600 if DEEP else 900)
def test_two_zones_of_one_name_never_meet_in_omero() -> None:
    runs = int(os.environ.get("MODEL_RUNS", "100" if DEEP else "3"))
    run_state_machine_as_test(Twins, settings=profile(runs, 40 if DEEP else 12))
