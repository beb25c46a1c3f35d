"""Data objects of which each plays one scenario once, on servers that all of them share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import irods.keywords as kw
import omero
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE
from irods_omero.vocabulary import POLICY_FILE_VARIABLE
from lab.omero import LabOmero
from lab.omero.setup import add_group, add_user
from lab.zone import LabZone
from tests.faults.agents import Agents
from tests.pictures import lab_book, retina
from tests.scene import OmeroPlace, Scene, ZonePlace
from tests.scene.accounts import ARCHIVE, FAST, PASSWORD, USER
from tests.scene.places import KEEP_ALIVE, REPOSITORY
from tests.zarr import METADATA, files_of, root_of

KEYWORD, KEYWORDS = "keyword", "lab/keyword"
LABEL, LABELS = "label", "Label"
STAGE, STAGES = "stage", "lab/stage"
ATTRIBUTES = [
    {"avu": KEYWORD, "tag_namespace": KEYWORDS},
    {"avu": LABEL, "key": LABELS},
    {"avu": STAGE, "tag_namespace": STAGES, "single": True, "winner": "irods"},
]
PICTURE, OTHER_PICTURE, NO_PICTURE = retina(16), retina(24), lab_book()
EVERYWHERE = {"omero.group": "-1"}
NEVER = 3600.0
"""Seconds between two looks into the delay queue: movements stay there, so that all runs see the same."""


class Case:
    """One data object with what people do to it."""

    def __init__(self, scene: Scene, name: str) -> None:
        self.scene = scene
        self.name = name
        self.collection = scene.collection
        self.path = f"{scene.collection}/{name}.ome.tiff"
        self.others: list[str] = []

    @property
    def image(self) -> int:
        """The image that its AVUs name."""
        (image,) = self.scene.avus(self.path, "omero::image")
        return int(image)

    def live_apart(self) -> None:
        """Watch a collection of its own, whose images go to a group of OMERO that has no tags yet."""
        self.collection = f"{self.scene.collection}/{self.name}"
        self.path = f"{self.collection}/a.ome.tiff"
        user = self.scene.user
        user.collections.create(self.collection)
        group = add_group(self.scene.root, self.name)
        member = add_user(self.scene.root, USER, PASSWORD, [])
        admin = self.scene.root.getSession().getAdminService()
        groups = [omero.model.ExperimenterGroupI(group, False)]
        admin.addGroups(omero.model.ExperimenterI(member, False), groups)
        user.metadata.set(Collection, self.collection, iRODSMeta("omero::target", f"{self.name}/arrivals", self.name))

    def watch(self, kind: str = "file") -> None:
        """Have its own collection watched."""
        self.scene.user.metadata.set(Collection, self.collection, iRODSMeta("omero::import", kind))

    def watch_nothing(self, name: str) -> None:
        """Make a collection in which nothing is imported."""
        path = f"{self.scene.collection}/{name}"
        self.scene.user.collections.create(path)
        self.scene.user.metadata.set(Collection, path, iRODSMeta("omero::import", "off"))

    def put(self, content: bytes = PICTURE, resource: str = FAST) -> None:
        """Write it, new or over what was there."""
        with self.scene.user.data_objects.open(self.path, "w", **{kw.DEST_RESC_NAME_KW: resource}) as stream:
            stream.write(content)

    def put_two(self, content: bytes = PICTURE, other: bytes = NO_PICTURE) -> None:
        """Write it and a second file, and have both made one unit."""
        self.others = [self.scene.put(f"{self.name}.txt", other)]
        self.put(content)
        first = self.scene.admin.data_objects.get(self.path).id
        for path in (*self.others, self.path):
            avu = iRODSMeta("omero::unit", str(first), "list")
            self.scene.admin.metadata.set(DataObject, path, avu, **{kw.ADMIN_KW: ""})

    def put_directory(self, content: bytes = PICTURE, other: bytes = NO_PICTURE) -> None:
        """Write it and two other files into a collection of its own, which is watched as one directory."""
        self.collection = f"{self.scene.collection}/{self.name}"
        self.path, *self.others = (f"{self.collection}/{name}" for name in ("a.ome.tiff", "b.txt", "c/c.txt"))
        user = self.scene.user
        user.collections.create(f"{self.collection}/c")
        user.metadata.set(Collection, self.collection, iRODSMeta("omero::import", "directory", "self"))
        for path in self.others:
            self.scene.put(path.removeprefix(f"{self.scene.collection}/"), other)
        self.put(content)

    def put_auto(self, content: bytes = PICTURE, other: bytes = NO_PICTURE) -> None:
        """Write it, what belongs to it and what belongs to nothing, where the agent is to tell which is which."""
        self.collection = f"{self.scene.collection}/{self.name}"
        self.path, *self.others = (f"{self.collection}/{name}" for name in ("a.tif", "a.txt", "a.json", "b.log"))
        user = self.scene.user
        user.collections.create(self.collection)
        self.watch("auto")
        for path in self.others:
            self.scene.put(path.removeprefix(f"{self.scene.collection}/"), other)
        self.put(content)

    def put_zarr(self, name: str = "ome-zarr-py 0.4") -> None:
        """Write a hierarchy of OME-Zarr; what speaks for it is the data object."""
        zarr = f"{self.name}.zarr"
        self.path = f"{self.scene.collection}/{zarr}/{root_of(METADATA[name])}"
        for path, content in files_of(METADATA[name], chunks=1).items():
            self.scene.user.collections.create(f"{self.scene.collection}/{zarr}/{path}".rpartition("/")[0])
            self.scene.put(f"{zarr}/{path}", content)

    def rename_zarr(self) -> None:
        """Give the hierarchy another name."""
        zarr, _, root = self.path.rpartition("/")
        self.path = f"{zarr.removesuffix('.zarr')} renamed.zarr/{root}"
        self.scene.user.collections.move(zarr, self.path.rpartition("/")[0])

    def ask_on_collection(self, request: str) -> None:
        """Ask for something on its own collection."""
        self.scene.user.metadata.add(Collection, self.collection, iRODSMeta("omero::request", request))

    def add(self, attribute: str, *values: str) -> None:
        """Add AVUs."""
        for value in values:
            self.scene.set_avu(self.path, attribute, value)

    def remove(self, attribute: str, value: str, units: str = "") -> None:
        """Take an AVU away."""
        self.scene.remove_avu(self.path, attribute, value, units)

    def tag(self, namespace: str, *texts: str) -> None:
        """Put tags on its image."""
        for text in texts:
            self.scene.add_own_tag(self.image, namespace, text)

    def move_data(self, source: str = FAST, destination: str = ARCHIVE) -> None:
        """Bring the bytes to another resource, as an administrator does by hand."""
        objects = self.scene.user.data_objects
        objects.replicate(self.path, destination)
        (replica,) = [replica for replica in objects.get(self.path).replicas if replica.resource_name == source]
        objects.trim(self.path, **{kw.REPL_NUM_KW: str(replica.number), kw.COPIES_KW: "1"})

    def rename(self) -> None:
        """Give it another name."""
        path = self.path.replace(self.name, f"{self.name} renamed")
        self.scene.user.data_objects.move(self.path, path)
        self.path = path

    def throw_away(self) -> None:
        """Put it into the trash."""
        self.scene.user.data_objects.unlink(self.path)
        self.path = self.path.replace("/home/", "/trash/home/")

    def delete_fileset(self) -> None:
        """Delete its images in OMERO."""
        (fileset,) = self.scene.avus(self.path, "omero::fileset")
        request = omero.cmd.Delete2(targetObjects={"Fileset": [int(fileset)]})
        self.scene.microscopist.submit(request, ctx={"omero.group": str(self.scene.group_id)}).close(True)


@contextmanager
def scene_of_its_own(
    policy_file: Path,
    name: str,
    wake_up: float = NEVER,
    parallel: int = 1,
    *,
    state: Path | None = None,
    random_paths: bool = False,
    changes_are: str = "import",
) -> Iterator[tuple[Scene, Agents]]:
    """Both lab servers with one watched collection, and agents for them, whose calls come in an order that is known.

    Args:
        policy_file: Where the configuration is written.
        name: That of the collection.
        wake_up: Seconds between two looks of the delay server.
        parallel: Number of imports side by side, and of connections to the zone; with more than one the order of calls
            is another each time.
        state: Where the servers keep what they have; by default in temporary directories.
        random_paths: Whether the zone makes up the paths of files in vaults at random.
        changes_are: What ``imports.changes`` says.
    """
    zone_state, omero_state = (state / "zone", state / "omero") if state else (None, None)
    variables = {POLICY_FILE_VARIABLE: str(policy_file)}
    lab_zone = LabZone(REPOSITORY, state=zone_state, environment=variables, wake_up=wake_up, random_paths=random_paths)
    with (
        lab_zone as zone,
        LabOmero(state=omero_state) as server,
    ):
        places = (
            ZonePlace(zone.host, zone.port, zone.admin, zone.password, zone.name, zone),
            OmeroPlace(server.host, server.port, server.root, server.password, server),
        )
        changes = {
            "imports": {"parallel": parallel, "changes": changes_are},
            "zone": {"connections": parallel},
            "omero": {"zarr": "s3://s3.example.org{path}"},
        }
        with Scene(*places, policy_file, name, attributes=ATTRIBUTES, **changes) as scene:
            scene.watch()
            for client in (scene.microscopist, scene.root):
                client.enableKeepAlive(KEEP_ALIVE)
            secrets = {name: os.environ[name] for name in (ZONE_PASSWORD_VARIABLE, OMERO_PASSWORD_VARIABLE)}
            databases = (zone.state / "catalog.sqlite", server.state / "omero.db")
            yield scene, Agents(scene.settings, secrets, databases if parallel == 1 else ())


def catch_up(scene: Scene) -> None:
    """Put the agents' place in OMERO's event log, if they have one, at its end, when all has come to rest.

    An agent moves it where others than agents did something, or after thousands of rows: without this each of the many
    agents of a matrix would read anew what all before it have done. What the next one does is still read by all that
    come after it.
    """
    (last,) = scene.root.getSession().getQueryService().projection("select max(l.id) from EventLog l", None, EVERYWHERE)
    home = f"/{scene.zone.zone}/home/{scene.settings.zone.user}"
    for avu in scene.admin.metadata.get(Collection, home):
        if avu.name.startswith("omero::cursor:") and not avu.name.endswith(":edits"):
            place = iRODSMeta(avu.name, str(last[0].val))
            scene.admin.metadata.set(Collection, home, place, **{kw.ADMIN_KW: ""})


def avus_of(scene: Scene, path: str) -> list[tuple[str, str, str]]:
    """All the AVUs of a data object."""
    avus = scene.admin.metadata.get(DataObject, path)
    return sorted((avu.name, avu.value, avu.units or "") for avu in avus)
