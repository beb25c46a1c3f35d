"""Directories that are one unit each, among all else that may happen: what people do to their files, and what must be.

As with single files, nothing here knows how the product decides: what a directory holds in the end is what OMERO has to
have, as one fileset, if all of it is where it can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import irods.keywords as kw
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from irods.exception import DataObjectDoesNotExist
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import REQUEST_NAMESPACE, TIER_NAMESPACE
from tests.faults.end_state import query
from tests.model.machine import BREAKS, CALLS, PLACES, REQUESTS, Machine
from tests.model.servers import move_data
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST
from tests.scene.snapshot import good_resources, image_shown, names_in

OPENED = "a.ome.tiff"


@dataclass
class Directory:
    """One directory.

    Attributes:
        path: Where it is now.
    """

    path: str


class MachineWithDirectories(Machine):
    """One run, with units of several files as well, which several workers import side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Directory] = []

    @initialize(target=Machine.things)
    def begin(self) -> Any:
        """As without directories, and with one that is not imported yet."""
        things = super().begin()
        self.put_directory(notes=2)
        return things

    @rule(notes=st.integers(0, 3))
    def put_directory(self, notes: int) -> None:
        directory = Directory(f"{self.scene.collection}/run {next(self.values)}")
        self.scene.user.collections.create(directory.path)
        watched = iRODSMeta("omero::import", "directory", "self")
        self.scene.user.metadata.set(Collection, directory.path, watched)
        self.made.append(directory)
        for _ in range(notes):
            self.add_a_file(-1)
        self._write(f"{directory.path}/{OPENED}", is_picture=True)

    @rule(notes=st.integers(1, 3), how=BREAKS, at=CALLS)
    def put_a_directory_and_break_the_import(self, notes: int, how: str, at: int) -> None:
        self.put_directory(notes)
        self.broken_sweep(how, at)

    @rule(which=PLACES)
    def add_a_file(self, which: int) -> None:
        directory = self.made[which % len(self.made)]
        self._write(f"{directory.path}/note {next(self.values)}.txt", is_picture=False)

    @rule(which=PLACES)
    def write_over_what_is_opened(self, which: int) -> None:
        directory = self.made[which % len(self.made)]
        self._write(f"{directory.path}/{OPENED}", is_picture=True)

    @rule(which=PLACES, place=PLACES)
    def remove_a_note(self, which: int, place: int) -> None:
        directory = self.made[which % len(self.made)]
        notes = [name for name in names_in(self.scene.admin, directory.path) if name != OPENED]
        if notes:
            path = f"{directory.path}/{notes[place % len(notes)]}"
            self.scene.user.data_objects.unlink(path, force=True)

    @rule(which=PLACES)
    def rename_a_directory(self, which: int) -> None:
        directory = self.made[which % len(self.made)]
        path = f"{self.scene.collection}/renamed run {next(self.values)}"
        self.scene.user.collections.move(directory.path, path)
        directory.path = path

    @rule(which=PLACES, place=PLACES)
    def move_a_file_of_it_by_hand(self, which: int, place: int) -> None:
        directory = self.made[which % len(self.made)]
        names = names_in(self.scene.admin, directory.path)
        path = f"{directory.path}/{names[place % len(names)]}"
        (source,) = good_resources(self.scene.admin, path)
        move_data(self.scene, path, source, ARCHIVE if source == FAST else FAST)

    @rule(which=PLACES, request=REQUESTS)
    def ask_on_a_directory(self, which: int, request: str) -> None:
        directory = self.made[which % len(self.made)]
        if request not in said(self.scene, directory, "omero::request"):
            self.scene.user.metadata.add(Collection, directory.path, iRODSMeta("omero::request", request))

    @rule(which=PLACES)
    def withdraw_on_a_directory(self, which: int) -> None:
        directory = self.made[which % len(self.made)]
        for request in said(self.scene, directory, "omero::request"):
            self.scene.user.metadata.remove(Collection, directory.path, iRODSMeta("omero::request", request))

    def complaints(self) -> list[str]:
        """What is wrong with single files, and with directories."""
        of_directories = (f"{each}: {text}" for each in self.made for text in wrong_with(self.scene, each))
        return [*super().complaints(), *of_directories]

    def _write(self, path: str, is_picture: bool) -> None:
        try:
            (resource,) = good_resources(self.scene.admin, path)
        except DataObjectDoesNotExist:
            resource = FAST
        with self.scene.user.data_objects.open(path, "w", **{kw.DEST_RESC_NAME_KW: resource}) as stream:
            stream.write(self._content(next(self.versions), is_picture))


def said(scene: Scene, directory: Directory, attribute: str) -> list[str]:
    """The values of an attribute on the collection."""
    avus = scene.admin.metadata.get(Collection, directory.path)
    return sorted(avu.value for avu in avus if avu.name == attribute)


def wrong_with(scene: Scene, directory: Directory) -> Iterator[str]:
    """What is not as it must be."""
    paths = {name: f"{directory.path}/{name}" for name in names_in(scene.admin, directory.path)}
    files = {name: scene.shown(path) for name, path in paths.items()}
    for mark in ("omero::sync", "omero::gather"):
        if said(scene, directory, mark) or any(shown.values(mark) for shown in files.values()):
            yield f"{mark} is left"
    requests, filesets = (said(scene, directory, f"omero::{what}") for what in ("request", "fileset"))
    if requests not in ([], ["keep"]):
        yield f"neither served nor refused: {requests}"
    # What came later, while another file is out of reach, is no part of the unit yet.
    members = [shown for shown in files.values() if shown.values("omero::unit")]
    if any(shown.values("omero::request") != requests for shown in members):
        yield f"{requests} is asked of it, and not of all files of the unit"
    resources = {resource for shown in files.values() for resource in shown.resources}
    of_unit = _filesets_of(scene, files[OPENED].data_id)
    sizes = [scene.admin.data_objects.get(path).size for path in paths.values()]
    present = [of_unit.get(int(fileset)) for fileset in filesets]
    if resources == {FAST} and present != [(sum(sizes), len(sizes))]:
        why = said(scene, directory, "omero::error")
        yield f"{len(sizes)} files of {sum(sizes)} bytes are shown by {present} of {of_unit}: {why}"
    if any(shown.values("omero::fileset") != filesets * (name == OPENED) for name, shown in files.items()):
        yield f"its first file alone has to name {filesets}"
    tier = f"tier:{ARCHIVE if ARCHIVE in resources else FAST}"
    for fileset in of_unit:
        is_present = [str(fileset)] == filesets
        state = {"registered", tier} if is_present else {"superseded"}
        yield from _wrong_images(scene, fileset, state | set(requests if is_present else ()))


def _wrong_images(scene: Scene, fileset: int, wanted: set[str]) -> Iterator[str]:
    for (id_,) in query(scene, "select i.id from Image i where i.fileset.id = :id", id=fileset):
        image = image_shown(scene.root, id_)
        ours = {text for namespace, text in image.tags if namespace in (TIER_NAMESPACE, REQUEST_NAMESPACE)}
        if ours != wanted:
            yield f"{wanted} is wanted, not {image}"


def _filesets_of(scene: Scene, first: int) -> dict[int, tuple[int, int]]:
    """The filesets that were imported for a unit: bytes, as the client paths say, and number of files of each."""
    text = "select e.fileset.id, e.clientPath from FilesetEntry e where e.clientPath like :pattern"
    filesets: dict[int, tuple[int, int]] = {}
    for fileset, path in query(scene, text, pattern=f"irods/{scene.zone.zone}@________/{first}/%"):
        filesets[fileset] = (int(path.split("/")[3].partition("-")[0]), filesets.get(fileset, (0, 0))[1] + 1)
    return filesets
