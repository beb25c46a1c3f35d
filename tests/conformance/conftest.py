"""The servers that the suite asks, with the people, resources and groups that its tests need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest

from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE, OmeroSettings, ZoneSettings
from tests.conformance.gateway import Agent
from tests.conformance.server import ALICE as OMERO_ALICE
from tests.conformance.server import ANNOTATE, WORKER, Server, set_up_server
from tests.conformance.server import PASSWORD as OMERO_PASSWORD
from tests.conformance.trace import TRACING
from tests.conformance.tracing.core import TRACE_VARIABLE
from tests.conformance.zone import ALICE, BOB, Zone, set_up_zone
from tests.scene.accounts import AGENT_PASSWORD, PASSWORD
from tests.scene.clearing import remove_marks
from tests.scene.places import AGENT_USER, OmeroPlace, ZonePlace, lab_places
from tests.scene.readiness import ready_servers
from tests.scene.turns import turn

Places = tuple[ZonePlace, OmeroPlace]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call a test the same in all test processes, though its parameters name their users and groups."""
    return val.removesuffix(WORKER) if WORKER and isinstance(val, str) else None


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Both servers: the real ones that the environment names, or the lab's, whose zone is traced."""
    real = ready_servers(rules=False)
    if real is not None:
        yield real
        return
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(TRACE_VARIABLE, str(folder / "trace.jsonl"))
        with lab_places(folder / "omero_policy.json", core=TRACING) as started:
            yield started


@pytest.fixture(scope="session")
def prepared_zone(places: Places) -> ZonePlace:
    """The zone with the users, resources and tiers of the suite."""
    with turn(places[0]):  # two test processes would both make what is missing
        set_up_zone(places[0])
    return places[0]


@pytest.fixture(scope="session")
def sessions(prepared_zone: ZonePlace) -> Iterator[tuple[Any, Any, Any]]:
    """An administrator's session, alice's and bob's: logging in takes longer than most tests."""
    place = prepared_zone
    with place.session() as rods, place.session(ALICE, PASSWORD) as alice, place.session(BOB, PASSWORD) as bob:
        yield rods, alice, bob
        remove_marks(rods, f"/{place.zone}/home/{ALICE}")


@pytest.fixture
def folder(prepared_zone: ZonePlace, tmp_path: Path) -> Iterator[Path]:
    """Where the files of a test are: on a real zone where the user that its server runs as may read and write, too."""
    if prepared_zone.lab is not None:
        yield tmp_path
        return
    mask = os.umask(0)
    with TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o777)
        yield Path(name)
    os.umask(mask)


@pytest.fixture
def zone(prepared_zone: ZonePlace, sessions: tuple[Any, Any, Any], folder: Path) -> Iterator[Zone]:
    """Sessions, and a collection of this test's own, which is removed at the end."""
    collection = f"/{prepared_zone.zone}/home/{ALICE}/conformance-{uuid4().hex[:12]}"
    sessions[1].collections.create(collection)
    yield Zone(prepared_zone, *sessions, collection, folder)
    for left in (collection, collection.replace("/home/", "/trash/home/", 1)):
        if sessions[1].collections.exists(left):
            sessions[1].collections.remove(left, recurse=True, force=True)


@pytest.fixture
def agent_zone(prepared_zone: ZonePlace, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneConnection]:
    """The zone as the agent reaches it."""
    place = prepared_zone
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, AGENT_PASSWORD)
    with ZoneConnection(ZoneSettings(name=place.zone, host=place.host, port=place.port, user=AGENT_USER)) as agent:
        yield agent


@pytest.fixture(scope="session")
def server(places: Places) -> Iterator[Server]:
    """The OMERO server with the groups and users of the suite."""
    with turn(places[0]):
        made = set_up_server(places[1])
    yield made
    made.clear()
    made.close()


@pytest.fixture
def agent_omero(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[OmeroConnection]:
    """The OMERO server as the agent reaches it."""
    place = server.place
    monkeypatch.setenv(OMERO_PASSWORD_VARIABLE, OMERO_PASSWORD)
    with OmeroConnection(OmeroSettings(host=place.host, port=place.port, user=server.service)) as agent:
        yield agent


@pytest.fixture
def agent(server: Server, agent_omero: OmeroConnection) -> Agent:
    """The gateway to OMERO, with the service account."""
    return Agent(server, agent_omero)


@pytest.fixture
def alice(server: Server) -> Any:
    """A client in the group where everybody may annotate."""
    client = server.new_client(OMERO_ALICE)
    client.getImplicitContext().put("omero.group", str(server.groups[ANNOTATE]))
    yield client
    client.closeSession()


@pytest.fixture
def client_path() -> str:
    """A path that nothing was imported from."""
    return f"conformance/{uuid4().hex}/a.ome.tiff"
