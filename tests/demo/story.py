"""The story that the README promises, step by step."""

from __future__ import annotations

import os
import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha1, sha256

from tests.demo.stage import Stage
from tests.pictures import focal_series, lab_book, retina, stained_tissue
from tests.scene import Scene, Snapshot
from tests.scene.accounts import FAST, GROUP, USER
from tests.scene.elsewhere import import_elsewhere
from tests.scene.units import entries

IMAGES = {
    "colon glands.ome.tiff": stained_tissue,
    "cell in focus 50%.ome.tiff": focal_series,
    "retina 'left' 👁.ome.tiff": retina,
}
FROM_THE_MICROSCOPE: dict[str, Callable[[], bytes]] = {
    "cells.ome.tiff": partial(retina, 64),
    "focus.ome.tiff": partial(focal_series, 3),
}
NOTES = "lab book.txt"
STATE = {"registered", "tier:fast"}
YEAR = 365 * 86_400.0


class Story:
    """The steps, in order; each leaves the stage as the next one finds it."""

    def __init__(self, stage: Stage, scene: Scene) -> None:
        self._stage = stage
        self._scene = scene
        self._paths = [f"{scene.collection}/{name}" for name in IMAGES]

    def play(self) -> None:
        """All steps."""
        self.arrive()
        self.import_()
        self.archive_by_tiering()
        self.restage_by_tag()
        self.archive_by_avu()
        self.come_through_omero()
        self.free_the_disk()
        self.keep_within_a_limit()
        self.rest()

    def arrive(self) -> None:
        """A watched collection, three images and a file that is none."""
        stage, scene = self._stage, self._scene
        stage.step("Images arrive in a watched collection")
        scene.watch()
        stage.did("alice ", f"imeta set -C '{scene.collection}' omero::target '{scene.target}' microscopy")
        stage.did("alice ", f"imeta set -C '{scene.collection}' omero::import file")
        for name, picture in IMAGES.items():
            scene.put(name, picture())
        scene.put(NOTES, lab_book())
        stage.did("alice ", f"puts three OME-TIFF images and {NOTES!r}")
        shown = [*self._shown(), self._notes()]
        stage.show(shown)
        stage.check("the hook has left exactly one mark on each", all(len(s.values("omero::sync")) == 1 for s in shown))

    def import_(self) -> None:
        """One sweep imports what is an image, and says what is wrong with the rest."""
        stage = self._stage
        stage.step("One sweep of the agent")
        stage.swept(self._scene.sweep())
        shown, notes = self._shown(), self._notes()
        stage.show([*shown, notes])
        stage.check("every image is in OMERO, in its project and dataset, owned by alice", self._are_imported(shown))
        stage.check("tagged registered and tier:fast", all(s.image.texts == STATE for s in shown if s.images))
        stage.check("key-value pairs say where each lives", all(_pair(s, "path") == s.path for s in shown))
        stage.check("ids and a link to OMERO.web are AVUs", all(s.values("omero::url") for s in shown))
        stage.check("the file that is no image has an error with a reason", bool(notes.values("omero::error")))
        for _ in range(self._scene.settings.imports.attempts):
            self._scene.sweep()
        stage.check("and is given up after three attempts", not self._notes().values("omero::sync"))

    def archive_by_tiering(self) -> None:
        """Storage tiering moves the data, and the images say so."""
        stage, scene = self._stage, self._scene
        stage.step("Time passes: storage tiering moves the data to the archive")
        scene.grow_old(*self._paths)
        scene.run_tiering()
        stage.did("tiering", "migrates what nobody has touched for long")
        scene.wait_for("archive", *self._paths)
        stage.swept(scene.sweep())
        shown = self._shown()
        stage.show(shown)
        stage.check("all are on the archive tier", all(s.resources == ("archive",) for s in shown))
        stage.check("tagged tier:archive instead of tier:fast", all("tier:archive" in s.image.texts for s in shown))
        stage.check("shown with a lock", all(s.image.archived for s in shown))
        stage.check("key-value pairs have the new place", all(_pair(s, "tier") == "archive" for s in shown))

    def restage_by_tag(self) -> None:
        """A tag in OMERO brings the data back."""
        stage, scene = self._stage, self._scene
        path = self._paths[0]
        stage.step("A user tags one image 'restage' in OMERO")
        scene.ask_by_tag(scene.shown(path).image.id, "restage")
        stage.did("alice ", "puts the tag 'restage' on the image of the colon glands")
        stage.swept(scene.sweep())
        pending = scene.shown(path)
        stage.show([pending])
        stage.check("the data object carries the request", pending.values("omero::request") == ["restage"])
        scene.wait_for("fast", path)
        stage.did("tiering", "runs the queued movement")
        stage.swept(scene.sweep())
        served = scene.shown(path)
        stage.show([served])
        stage.check("the image is back on the fast tier", "tier:fast" in served.image.texts)
        stage.check("and without its lock", not served.image.archived)
        stage.check("the request is consumed on both sides", not self._is_asking(served))

    def archive_by_avu(self) -> None:
        """An AVU does the same from the other side."""
        stage, scene = self._stage, self._scene
        path = self._paths[0]
        stage.step("A user asks in iRODS, with a plain AVU")
        scene.ask_by_avu(path, "archive")
        stage.did("alice ", "imeta add -d 'colon glands.ome.tiff' omero::request archive")
        stage.swept(scene.sweep())
        pending = scene.shown(path)
        stage.show([pending])
        stage.check("the image carries the request as a tag", "archive" in pending.image.texts)
        scene.wait_for("archive", path)
        stage.did("tiering", "runs the queued movement")
        stage.swept(scene.sweep())
        served = scene.shown(path)
        stage.show([served])
        stage.check("the image is on the archive tier", {"registered", "tier:archive"} == served.image.texts)
        stage.check("the request is consumed on both sides", not self._is_asking(served))

    def come_through_omero(self) -> None:
        """What another client imports into OMERO becomes data in iRODS, and is from then on like all the rest."""
        stage, scene = self._stage, self._scene
        stage.step("Images come through OMERO first")
        to = f"{scene.collection}/{{project}}/{{dataset}}"
        rule = {"groups": [GROUP], "to": to, "resource": FAST, "make_groups": True, "facts": "image:"}
        scene.settings = scene.with_settings(omero_first=[rule])
        scene.sweep()
        files = {name: picture() for name, picture in FROM_THE_MICROSCOPE.items()}
        for name, content in files.items():
            import_elsewhere(scene.microscopist, scene.group_id, {f"D/run 7/{name}": content}, "Screening", name[:5])
        stage.did("alice ", "imports two images into OMERO by another client, into the project 'Screening'")
        stage.swept(scene.sweep())
        paths = [f"{scene.collection}/Screening/{name[:5]}/{name}" for name in files]
        objects = [scene.admin.data_objects.get(path) for path in paths]
        stage.show([scene.shown(path) for path in paths])
        stage.check("their files are in iRODS, where omero_first says", len(objects) == len(files))
        stage.check("they belong to alice", all(each.owner_name == USER for each in objects))
        stage.check("the iRODS group of the OMERO group's name may read them", all(map(self._is_shared, paths)))
        stage.check("what iRODS has has the hash that OMERO noted", all(map(self._has_omeros_hash, paths)))
        sums = [f"sha2:{b64encode(sha256(content).digest()).decode()}" for content in files.values()]
        stage.check("and the checksum of what was imported", sums == [each.checksum for each in objects])
        stage.check("AVUs say what OMERO knows of the images", bool(scene.avus(paths[0], "image:size x")))
        stage.check("tagged registered and tier:fast", all(scene.shown(path).image.texts == STATE for path in paths))
        scene.grow_old(*paths)
        scene.run_tiering()
        stage.did("tiering", "migrates them, too")
        scene.wait_for("archive", *paths)
        stage.swept(scene.sweep())
        moved = [scene.shown(path) for path in paths]
        stage.check(
            "tagged tier:archive, with a lock", all("tier:archive" in s.image.texts and s.image.archived for s in moved)
        )
        scene.ask_by_tag(moved[0].image.id, "restage")
        stage.did("alice ", "puts the tag 'restage' on the first")
        scene.sweep()
        scene.wait_for(FAST, paths[0])
        stage.swept(scene.sweep())
        served = scene.shown(paths[0])
        stage.show([served])
        stage.check("it is back on the fast tier", served.image.texts == STATE and not served.image.archived)

    def _is_shared(self, path: str) -> bool:
        rights = self._scene.admin.acls.get(self._scene.admin.data_objects.get(path))
        return any((each.user_name, each.access_name.replace(" ", "_")) == (GROUP, "read_object") for each in rights)

    def _has_omeros_hash(self, path: str) -> bool:
        (noted,) = {file_hash for *_, file_hash in entries(self._scene, self._scene.shown(path))}
        with self._scene.user.data_objects.open(path, "r") as stream:
            return bool(sha1(stream.read(), usedforsecurity=False).hexdigest() == noted)

    def free_the_disk(self) -> None:
        """Where the agent sees OMERO's repository, OMERO's copy goes with the tier and comes back with the data."""
        stage, scene, repository = self._stage, self._scene, self._scene.omero.repository
        assert repository is not None
        stage.step("OMERO's disk is a cache: archiving frees it")
        before = scene.settings
        section = {**before.omero.model_dump(mode="json"), "repository": str(repository)}
        scene.settings = scene.with_settings(omero=section, cache={"evict": "with-tier"})
        content = stained_tissue()
        path = scene.put("large.ome.tiff", content)
        scene.user.data_objects.chksum(path)
        scene.sweep()
        (copy,) = repository.rglob("large.ome.tiff")
        stage.check("after an import the bytes are on OMERO's disk, too", copy.read_bytes() == content)
        scene.ask_by_avu(path, "archive")
        scene.sweep()
        scene.wait_for("archive", path)
        report = scene.sweep()
        stage.did("agent ", f"removes OMERO's copy: {report.freed_bytes} bytes are free")
        stage.show([scene.shown(path)])
        stage.check(
            "the copy is gone, and the image has its lock", not copy.exists() and scene.shown(path).image.archived
        )
        scene.ask_by_tag(scene.shown(path).image.id, "restage")
        scene.sweep()
        scene.wait_for(FAST, path)
        report = scene.sweep()
        stage.did("agent ", f"brings it back: {report.refilled_bytes} bytes")
        stage.show([scene.shown(path)])
        stage.check("the same bytes are back", copy.read_bytes() == content)
        stage.check("and the lock is off", not scene.shown(path).image.archived)
        scene.settings = before

    def keep_within_a_limit(self) -> None:
        """Of too many bytes of copies those go that nobody has looked at for long, and come back when somebody asks."""
        stage, scene, repository = self._stage, self._scene, self._scene.omero.repository
        assert repository is not None
        stage.step("OMERO's disk has a limit: what nobody looks at makes room")
        before = scene.settings
        section = {**before.omero.model_dump(mode="json"), "repository": str(repository)}
        scene.settings = scene.with_settings(omero=section)
        contents = {"last year.ome.tiff": retina(48), "today.ome.tiff": retina(56)}
        paths = [scene.put(name, content) for name, content in contents.items()]
        for path in paths:
            scene.user.data_objects.chksum(path)
        scene.sweep()
        old, new = (next(repository.rglob(name)) for name in contents)
        os.utime(old, (time.time() - YEAR, old.stat().st_mtime))
        scene.settings = scene.with_settings(omero=section, cache={"most_bytes": new.stat().st_size})
        report = scene.sweep()
        stage.did("agent ", f"makes room: {report.freed_bytes} bytes are free")
        shown = [scene.shown(path) for path in paths]
        stage.show(shown)
        stage.check("the one that was not looked at for a year is gone", not old.exists() and new.exists())
        stage.check("and has a lock, which the other one has not", [s.image.archived for s in shown] == [True, False])
        stage.check("though both are where they were", all("tier:fast" in s.image.texts for s in shown))
        scene.ask_by_tag(shown[0].image.id, "show")
        stage.did("alice ", "puts the tag 'show' on it")
        stage.swept(scene.sweep())
        stage.check("the same bytes are back", old.read_bytes() == contents["last year.ome.tiff"])
        stage.check("and the lock is off", not scene.shown(paths[0]).image.archived)
        scene.settings = before

    def rest(self) -> None:
        """Nothing changed means no write on either side."""
        stage, scene = self._stage, self._scene
        stage.step("Nothing changes any more")
        scene.sweep()
        before = scene.writes()
        stage.swept(scene.sweep())
        stage.swept(scene.sweep())
        zone, omero_server = (after - earlier for after, earlier in zip(scene.writes(), before, strict=True))
        stage.did("counted", f"{zone} writes in the zone and {omero_server} in OMERO by two more sweeps")
        stage.check("a quiet sweep writes nothing on either side", zone == 0 and omero_server == 0)

    def _shown(self) -> list[Snapshot]:
        return [self._scene.shown(path) for path in self._paths]

    def _notes(self) -> Snapshot:
        return self._scene.shown(f"{self._scene.collection}/{NOTES}")

    def _are_imported(self, shown: list[Snapshot]) -> bool:
        target = self._scene.target
        return all(len(s.images) == 1 and s.image.dataset == target and s.image.owner == "alice" for s in shown)

    def _is_asking(self, shown: Snapshot) -> bool:
        return bool(shown.values("omero::request")) or bool(shown.image.texts & {"archive", "restage"})


def _pair(shown: Snapshot, key: str) -> str:
    return dict(shown.image.pairs).get(key, "") if shown.images else ""
