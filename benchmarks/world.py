"""A lab in which many units were imported long ago, for the figures of the agent."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import omero

from benchmarks.units import Place, load
from irods_omero.agent.reconcile import Manner, Reconciler
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.watched import read_watched
from irods_omero.vocabulary import TIER_NAMESPACE
from tests.pictures import retina
from tests.scene import Scene, lab_places
from tests.scene.accounts import USER

CHUNK = 10_000


class World:
    """Both lab servers with a watched collection, and a loader of units."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._place = _place(scene)
        self.load("the first to move", 1, moved=True)
        scene.sweep()  # makes the tags of the other tier

    def load(self, name: str, count: int, moved: bool = False) -> range:
        """Load units that both sides agree about, into a collection of their own; see ``units.load``."""
        place = replace(self._place, collection=f"{self._place.collection}/{name}")
        self.scene.user.collections.create(place.collection)
        names = [f"{number:07}.ome.tiff" for number in range(count)]
        parts = [load(place, chunk, moved) for chunk in in_batches(names, CHUNK)]
        return range(parts[0].start, parts[-1].stop)

    def assessment(self, after: int = 0) -> int:
        """How many units with ids above this both sides do not agree about."""
        with self.scene.connections() as connections:
            reconciler = Reconciler(connections, Manner.DRY_RUN)
            for _ in reconciler.run(after):
                pass
            return reconciler.done.drifted


@contextmanager
def lab_world() -> Iterator[World]:
    """The lab's servers, for the length of the block."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            yield World(scene)


def _place(scene: Scene) -> Place:
    """The watched collection, with one real import: it makes the tags and the dataset."""
    zone, server = scene.zone.lab, scene.omero.lab
    if zone is None or server is None:
        raise NotImplementedError("units are loaded into a lab only")
    scene.watch()
    scene.put("first.ome.tiff", retina(64))
    with scene.connections() as connections:
        Sweeper(connections).sweep()
        policy, watched = connections.policy(), read_watched(connections.zone, connections.names)
    tags = _rows(scene, f"select t.id, t.ns, t.textValue from TagAnnotation t where t.ns = '{TIER_NAMESPACE}'")
    ((dataset,),) = _rows(scene, "select d.id from Dataset d")
    ((owner,),) = _rows(scene, f"select e.id from Experimenter e where e.omeName = '{USER}'")
    return Place(
        zone=zone,
        server=server,
        collection=scene.collection,
        dataset=dataset,
        owner=owner,
        group=scene.group_id,
        tags={(namespace, text): id_ for id_, namespace, text in tags},
        policy=policy,
        rule=watched.rule_for(f"{scene.collection}/first.ome.tiff"),
    )


def _rows(scene: Scene, text: str) -> list[list[Any]]:
    query = scene.root.getSession().getQueryService()
    rows = query.projection(text, omero.sys.ParametersI(), {"omero.group": "-1"})
    return [[omero.rtypes.unwrap(value) for value in row] for row in rows]
