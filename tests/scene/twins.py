"""Two zones of one name whose ids begin at the same number, and one OMERO that both use: as when a zone is rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import irods.keywords as kw
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import POLICY_FILE_VARIABLE
from lab.omero import LabOmero
from lab.zone import LabZone
from tests.scene.places import AGENT_USER, REPOSITORY, OmeroPlace, ZonePlace
from tests.scene.scene import Scene

IDENTITY = "omero::identity"


@contextmanager
def twins(folder: Path, name: str = "twins") -> Iterator[tuple[Scene, Scene]]:
    """The same scene in both zones."""
    with ExitStack() as stack:
        server = stack.enter_context(LabOmero())
        omero_place = OmeroPlace(server.host, server.port, server.root, server.password, server)
        scenes = []
        for twin in ("first", "second"):
            policy_file = folder / f"{twin}.json"
            zone = stack.enter_context(LabZone(core=REPOSITORY, environment={POLICY_FILE_VARIABLE: str(policy_file)}))
            place = ZonePlace(zone.host, zone.port, zone.admin, zone.password, zone.name, zone)
            scenes.append(stack.enter_context(Scene(place, omero_place, policy_file, name)))
            scenes[-1].watch()
        first, second = scenes
        yield first, second


def identities(scene: Scene) -> list[Any]:
    """The AVUs that say which zone this is."""
    avus = scene.admin.metadata.get(Collection, _home(scene))
    return [avu for avu in avus if avu.name == IDENTITY]


def lose_identity(scene: Scene) -> None:
    """Take them away, as nobody ever should."""
    for avu in identities(scene):
        scene.admin.metadata.remove(Collection, _home(scene), avu, **{kw.ADMIN_KW: ""})


def set_identity(scene: Scene, value: str, units: str) -> None:
    """Say which zone this is, as an administrator does by imeta."""
    avu = iRODSMeta(IDENTITY, value, units)
    scene.admin.metadata.set(Collection, _home(scene), avu, **{kw.ADMIN_KW: ""})


def _home(scene: Scene) -> str:
    return f"/{scene.zone.zone}/home/{AGENT_USER}"
