"""Which servers the tests talk to: real ones where the environment names them, the lab's otherwise.

``IRODS_OMERO_TEST_ZONE=irods://user:password@host:port/zone`` and
``IRODS_OMERO_TEST_OMERO=omero://user:password@host:port``, both or none of them, name accounts of administrators. On
a real zone the rules are installed already, with ``/<zone>/home`` among the watched roots and the agent's account
called as ``AGENT_USER`` says. ``IRODS_OMERO_TEST_AGENT_PASSWORD`` is the password of the agent's accounts on both
sides, if they exist already. ``IRODS_OMERO_TEST_REPOSITORY`` is the directory of OMERO's managed repository, where it
can be written to from here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import omero
import omero.clients
from irods.session import iRODSSession

from irods_omero.vocabulary import POLICY_FILE_VARIABLE
from lab.omero import LabOmero
from lab.zone import LabZone

ZONE_VARIABLE = "IRODS_OMERO_TEST_ZONE"
OMERO_VARIABLE = "IRODS_OMERO_TEST_OMERO"
REPOSITORY_VARIABLE = "IRODS_OMERO_TEST_REPOSITORY"
AGENT_PASSWORD_VARIABLE = "IRODS_OMERO_TEST_AGENT_PASSWORD"
REPOSITORY = Path(__file__).parents[2]
AGENT_USER = "omero-agent"

KEEP_ALIVE = 20
"""Seconds between two signs of life of clients that say nothing for longer.

OMERO ends the session of one that is silent for a minute.
"""


@dataclass(frozen=True)
class ZonePlace:
    """A zone, and an administrator's account there; ``lab`` is None for a real one."""

    host: str
    port: int
    user: str
    password: str
    zone: str
    lab: LabZone | None = None

    def session(self, user: str = "", password: str = "", **options: Any) -> iRODSSession:
        """A plain session of python-irodsclient."""
        return iRODSSession(
            host=self.host,
            port=self.port,
            user=user or self.user,
            password=password or self.password,
            zone=self.zone,
            **options,
        )


@dataclass(frozen=True)
class OmeroPlace:
    """An OMERO server, and an administrator's account there; ``lab`` is None for a real one."""

    host: str
    port: int
    user: str
    password: str
    lab: LabOmero | None = None

    @property
    def repository(self) -> Path | None:
        """The directory of its managed repository as this machine sees it, None if it does not."""
        if self.lab is not None:
            return self.lab.repository
        named = os.environ.get(REPOSITORY_VARIABLE)
        return Path(named) if named else None

    def client(self, user: str = "", password: str = "", group: str = "") -> Any:
        """A plain omero-py client, logged in."""
        client = omero.client(self.host) if "://" in self.host else omero.client(self.host, self.port)
        if group:
            client.getImplicitContext().put("omero.group", group)
        client.createSession(user or self.user, password or self.password)
        return client


def real_places() -> tuple[ZonePlace, OmeroPlace] | None:
    """The servers that the environment names, None if it names none."""
    zone, omero_server = os.environ.get(ZONE_VARIABLE), os.environ.get(OMERO_VARIABLE)
    if not zone and not omero_server:
        return None
    if not zone or not omero_server:
        raise RuntimeError(f"set both {ZONE_VARIABLE} and {OMERO_VARIABLE}, or none of them")
    return _zone_place(zone), _omero_place(omero_server)


@contextmanager
def lab_places(
    policy_file: Path, state: Path | None = None, core: Path = REPOSITORY, random_paths: bool = False
) -> Iterator[tuple[ZonePlace, OmeroPlace]]:
    """The lab's servers, started for the length of the block.

    Args:
        policy_file: The configuration that the hooks will read; may be written later.
        state: Where the servers keep what they have; by default it is lost.
        core: Folder of the ``core.py`` that the zone loads; by default it has our hooks.
        random_paths: Whether the zone makes up the paths of files in vaults at random.
    """
    environment = {POLICY_FILE_VARIABLE: str(policy_file)}
    zone_state, omero_state = (state / "zone", state / "omero") if state else (None, None)
    with (
        LabZone(core=core, state=zone_state, environment=environment, random_paths=random_paths) as zone,
        LabOmero(state=omero_state) as omero_server,
    ):
        yield _zone_place(zone.url, zone), _omero_place(omero_server.url, omero_server)


def _zone_place(address: str, lab: LabZone | None = None) -> ZonePlace:
    parts = urlsplit(address)
    return ZonePlace(
        host=str(parts.hostname),
        port=parts.port or 1247,
        user=unquote(str(parts.username)),
        password=unquote(str(parts.password)),
        zone=parts.path.strip("/"),
        lab=lab,
    )


def _omero_place(address: str, lab: LabOmero | None = None) -> OmeroPlace:
    parts = urlsplit(address)
    return OmeroPlace(
        host=str(parts.hostname),
        port=parts.port or 4064,
        user=unquote(str(parts.username)),
        password=unquote(str(parts.password)),
        lab=lab,
    )
