"""The two lab servers of a run, which go down, come back and lose connections, and what an operator sees to."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

import irods.keywords as kw
from irods.exception import DataObjectDoesNotExist
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, RuleExec
from irods.rule import Rule

from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE
from irods_omero.vocabulary import POLICY_FILE_VARIABLE
from lab.omero import LabOmero
from lab.zone import LabZone
from tests.faults.agents import Agents
from tests.faults.cases import ATTRIBUTES, NEVER
from tests.scene import OmeroPlace, Scene, ZonePlace
from tests.scene.accounts import FAST, GROUP, USER
from tests.scene.places import KEEP_ALIVE, REPOSITORY
from tests.scene.snapshot import good_resources

SOON = 0.02
"""Seconds between two looks into the delay queue while it is worked on."""

PATIENCE = 120
"""Seconds within which a rule that has not failed is due."""

AS_ADMIN = {kw.ADMIN_KW: ""}


class Servers:
    """Both servers; the delay queue is worked on only when a run says so."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.policy_file = self.folder / "policy.json"
        self.omero = LabOmero(state=self.folder / "omero")
        self.zone = self._zone(NEVER)

    def _zone(self, wake_up: float, port: int = 0) -> LabZone:
        variables = {POLICY_FILE_VARIABLE: str(self.policy_file)}
        return LabZone(core=REPOSITORY, state=self.folder / "zone", environment=variables, wake_up=wake_up, port=port)

    def __enter__(self) -> Servers:
        self.zone.start()
        self.omero.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.zone.stop()
        self.omero.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart_zone(self, wake_up: float = NEVER) -> None:
        """Stop the zone and start it again."""
        self.zone.stop()
        self.zone = self._zone(wake_up, self.zone.port)
        self.zone.start()

    def scene(self, name: str, changes: str = "import") -> Scene:
        """A watched collection of its own; ``changes`` is what ``imports.changes`` says."""
        zone, omero_server = self.zone, self.omero
        places = (
            ZonePlace(zone.host, zone.port, zone.admin, zone.password, zone.name, zone),
            OmeroPlace(omero_server.host, omero_server.port, omero_server.root, omero_server.password, omero_server),
        )
        place = f"/{zone.name}/home/{USER}/{name}/taken in"
        rule = {"groups": [GROUP], "to": place, "resource": FAST, "share": False}
        sections = {"attributes": ATTRIBUTES, "omero_first": [rule], "imports": {"changes": changes}}
        scene = Scene(*places, self.policy_file, name, **sections)
        scene.watch()
        return scene

    def agents(self, scene: Scene) -> Agents:
        """Agents that work for the scene."""
        secrets = {name: os.environ[name] for name in (ZONE_PASSWORD_VARIABLE, OMERO_PASSWORD_VARIABLE)}
        return Agents(scene.settings, secrets)


def reconnect(scene: Scene) -> None:
    """Log people in again after a server was down."""
    for session in (scene.admin, scene.user):
        session.cleanup()
    for client in (scene.microscopist, scene.root):
        client.closeSession()
    connect(scene)


def connect(scene: Scene) -> None:
    """Log people in to OMERO, for as long as they want."""
    scene.connect_to_omero()
    for client in (scene.microscopist, scene.root):
        client.enableKeepAlive(KEEP_ALIVE)


def queued(scene: Scene) -> list[tuple[int, str, str, str]]:
    """The queued movements: id of the rule, path, from which resource, to which."""
    movements = []
    for row in scene.admin.query(RuleExec.id, RuleExec.name):
        rule = json.loads(row[RuleExec.name])
        parameters = rule.get("parameters", rule)
        if parameters.get("rule-engine-operation") == "irods_policy_data_movement":
            names = ("object-path", "source-resource", "destination-resource")
            movements.append((row[RuleExec.id], *(parameters[name] for name in names)))
    return movements


def work_on_queue(scene: Scene) -> list[str]:
    """Move what is queued as storage tiering does, once; what has become impossible is given up.

    Returns:
        What was moved.
    """
    moved = []
    for rule, path, source, destination in sorted(queued(scene)):
        if destination not in good_resources_or_none(scene, path) and source in good_resources_or_none(scene, path):
            move_data(scene, path, source, destination)
            moved.append(path)
        Rule(scene.admin).remove_by_id(rule)
    return moved


def good_resources_or_none(scene: Scene, path: str) -> list[str]:
    """Where a data object is; nowhere, if it is not."""
    try:
        return good_resources(scene.admin, path)
    except DataObjectDoesNotExist:
        return []


def postponed(scene: Scene) -> bool:
    """Whether all that is queued was tried and failed, or there is nothing."""
    soon = time.time() + PATIENCE
    return all(row[RuleExec.time].timestamp() > soon for row in scene.admin.query(RuleExec.id, RuleExec.time))


def move_data(scene: Scene, path: str, source: str, destination: str) -> None:
    """Bring the bytes from one resource to another."""
    objects = scene.admin.data_objects
    (replica,) = [replica for replica in objects.get(path).replicas if replica.resource_name == source]
    objects.replicate(path, destination, **AS_ADMIN)
    objects.trim(path, **{kw.REPL_NUM_KW: str(replica.number), kw.COPIES_KW: "1"}, **AS_ADMIN)


def lose_marks(scene: Scene, path: str) -> None:
    """Take the marks of a data object away, as nobody ever should."""
    for avu in scene.admin.metadata.get(DataObject, path):
        if avu.name == "omero::sync":
            scene.admin.metadata.remove(DataObject, path, avu, **AS_ADMIN)


def mark(scene: Scene, path: str, *states: str) -> None:
    """Leave marks, of which some may be there already."""
    shard = str(scene.admin.data_objects.get(path).id % 64)
    present = {(avu.name, avu.value) for avu in scene.admin.metadata.get(DataObject, path)}
    for state in states:
        if ("omero::sync", state) not in present:
            scene.admin.metadata.add(DataObject, path, iRODSMeta("omero::sync", state, shard), **AS_ADMIN)


def lose_events(scene: Scene) -> None:
    """Make agents believe that they have followed all that has happened in OMERO."""
    text = "select max(l.id) from EventLog l"
    rows = scene.root.getSession().getQueryService().projection(text, None, {"omero.group": "-1"})
    home = f"/{scene.zone.zone}/home/{scene.settings.zone.user}"
    for avu in scene.admin.metadata.get(Collection, home):
        if avu.name.startswith("omero::cursor"):
            latest = iRODSMeta(avu.name, str(rows[0][0].val))
            scene.admin.metadata.set(Collection, home, latest, **AS_ADMIN)


def take_requests_away(scene: Scene, path: str) -> None:
    """The user takes all requests off a data object, whoever made them."""
    for avu in scene.admin.metadata.get(DataObject, path):
        if avu.name == "omero::request":
            scene.user.metadata.remove(DataObject, path, avu)
