"""A scene whose agent sees OMERO's repository, for tests of OMERO's copies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import irods.keywords as kw
import omero
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject
from omero.rtypes import unwrap

from irods_omero.agent.monitoring.heartbeat import Heartbeat
from irods_omero.agent.monitoring.metrics import Metrics
from irods_omero.agent.sweep import Sweeper
from irods_omero.status.heartbeat_record import HeartbeatRecord
from irods_omero.status.reading import read_beats
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import focal_halves, retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST

PICTURE = retina(32)
EVERYWHERE = {"omero.group": "-1"}


class OneCopy:
    """A scene whose agent sees OMERO's repository, and what is there."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        assert scene.omero.repository is not None
        self.repository = scene.omero.repository

    def put(self, name: str = "cells.ome.tiff", content: bytes = PICTURE, checksum: bool = True) -> str:
        """The user writes a data object; returns its path."""
        path = f"{self.scene.collection}/{name}"
        self.scene.user.collections.create(path.rpartition("/")[0])
        options = {kw.DEST_RESC_NAME_KW: FAST}
        with self.scene.user.data_objects.open(path, "w", **options) as stream:
            stream.write(content)
        if checksum:
            self.scene.user.data_objects.chksum(path)
        return path

    def put_several(self) -> list[str]:
        """The user writes a unit of two data objects, and an agent imports it; returns their paths."""
        names = ("upper.ome.tiff", "more/lower.ome.tiff")
        halves = focal_halves(names)
        paths = [self.put(name, half) for name, half in zip(names, halves, strict=True)]
        first = self.scene.admin.data_objects.get(paths[0]).id
        for path in paths:
            avu = iRODSMeta("omero::unit", str(first), "list")
            self.scene.admin.metadata.set(DataObject, path, avu, **{kw.ADMIN_KW: ""})
            self.scene.mark(path)
        self.settle()
        return paths

    def spoil(self, path: str) -> Path:
        """Somebody writes other bytes over a copy, as many and with the same time; returns its place."""
        place = self.place(path)
        before = place.stat().st_mtime
        place.write_bytes(place.read_bytes()[::-1])
        os.utime(place, (before, before))
        return place

    def rows(self, path: str) -> list[list[Any]]:
        """What OMERO's database says of the files of a data object's fileset: place, size, hash, time, id."""
        (fileset,) = self.scene.avus(path, "omero::fileset")
        return self.rows_of(int(fileset))

    def rows_of(self, fileset: int) -> list[list[Any]]:
        """The same of the files of a fileset, which need be no data objects yet."""
        text = (
            "select o.path, o.name, o.size, o.hash, o.mtime, o.id from FilesetEntry e join e.originalFile o "
            "where e.fileset.id = :id order by e.id"
        )
        parameters = omero.sys.ParametersI().addLong("id", fileset)
        rows = self.scene.root.getSession().getQueryService().projection(text, parameters, EVERYWHERE)
        return [[unwrap(value) for value in row] for row in rows]

    def places(self, path: str) -> list[Path]:
        """Where these files are, or would be."""
        return self._places(self.rows(path))

    def place_of(self, fileset: int) -> Path:
        """Where the only file of a fileset is, or would be."""
        (place,) = self._places(self.rows_of(fileset))
        return place

    def _places(self, rows: list[list[Any]]) -> list[Path]:
        return [self.repository / f"{above}{name}" for above, name, *_ in rows]

    def place(self, path: str) -> Path:
        """Where the only file of a data object is, or would be."""
        (place,) = self.places(path)
        return place

    def move(self, path: str, source: str = FAST, destination: str = ARCHIVE) -> None:
        """An administrator brings the bytes to another resource by hand."""
        objects = self.scene.user.data_objects
        objects.replicate(path, destination)
        (replica,) = [each for each in objects.get(path).replicas if each.resource_name == source]
        objects.trim(path, **{kw.REPL_NUM_KW: str(replica.number), kw.COPIES_KW: "1"})

    def restore(self, path: str) -> None:
        """An administrator brings the bytes back."""
        self.move(path, ARCHIVE, FAST)

    def settle(self, sweeps: int = 2) -> None:
        """Let an agent sweep until nothing is left."""
        for _ in range(sweeps):
            self.scene.sweep()

    def told(self) -> tuple[dict[tuple[str, ...], float], HeartbeatRecord]:
        """Sweep once, and say what the metrics of the agent that did it show, by name and labels, and its heartbeat."""
        with self.scene.connections() as connections:
            heartbeat = Heartbeat(connections.settings, connections.activity)
            metrics = Metrics(connections.settings, connections.activity)
            connections.activity.swept(Sweeper(connections).sweep(), 0.0)
            assert heartbeat.beat()
            (beat,) = read_beats(self.scene.settings, connections.zone, connections.names).values()
        samples = [each for family in metrics.own() for each in family.samples]
        return {(each.name, *each.labels.values()): each.value for each in samples}, beat

    def is_locked(self, path: str) -> bool:
        """Whether its image is shown with a lock."""
        return bool(self.scene.shown(path).image.archived)

    def pixels_of(self, path: str, client: Any = None) -> bytes:
        """The bytes that OMERO gives away of the only file of a data object, to an administrator if nobody is named."""
        client = client or self.scene.root
        (*_, size, _, _, file) = self.rows(path)[0]
        store = client.getSession().createRawFileStore()
        store.setFileId(file, {**client.getImplicitContext().getContext(), **EVERYWHERE})
        try:
            return bytes(store.read(0, size))
        finally:
            store.close()


def make(new_scene: SceneFactory, evict: str = "with-tier", **changes: Any) -> OneCopy:
    scene = new_scene(**changes)
    if scene.omero.repository is None:
        pytest.skip("the managed repository of this OMERO cannot be seen from here")
    section = {**scene.settings.omero.model_dump(mode="json"), "repository": str(scene.omero.repository)}
    scene.settings = scene.with_settings(omero=section, cache={"evict": evict})
    scene.watch()
    return OneCopy(scene)
