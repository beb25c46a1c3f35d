"""A lease on a fileset counts as long as whoever has it may be at work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first.intake_leases import LAPSE_SECONDS, IntakeLeases, attribute_of, holder_of
from irods_omero.domain.state.views import Avu
from tests.unit.agent.monitoring.test_metrics import settings

NOW = 1_000_000


@pytest.fixture
def connections() -> Connections:
    return Connections(settings())


def lease(connections: Connections, text: str, at: int = NOW) -> Avu:
    return Avu(attribute_of(connections.names), text, str(at))


def others(connections: Connections, *leases: Avu) -> str:
    return IntakeLeases(connections, lambda: float(NOW)).others(leases)


def test_one_of_another_counts_until_it_lapses(connections: Connections) -> None:
    elsewhere = "otherhost 42 0a1b2c3d 9f8e7d6c"
    assert others(connections, lease(connections, elsewhere)) == "process 42 on otherhost is taking it in"
    assert others(connections, lease(connections, elsewhere, NOW - int(LAPSE_SECONDS))) == ""


def test_ones_own_stands_in_nobodys_way_and_neither_does_what_is_no_lease(connections: Connections) -> None:
    own = " ".join(map(str, holder_of(connections)))
    assert others(connections, lease(connections, own), lease(connections, "x"), Avu("study", "a b c d")) == ""
    assert holder_of(connections) == holder_of(connections.another())


def test_one_of_a_process_that_is_there_no_more_counts_no_more(connections: Connections) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host = socket.gethostname()
    assert others(connections, lease(connections, f"{host} {process.pid} 0a1b2c3d 9f8e7d6c")) == ""
    assert others(connections, lease(connections, f"{host} {os.getpid()} earlier 9f8e7d6c")) == "", "a number is reused"
    assert others(connections, lease(connections, f"{host} {os.getppid()} 0a1b2c3d 9f8e7d6c")) != ""
