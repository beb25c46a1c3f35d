"""Several connections to the zone do several things at once, each by one thread, and say it where the zone is down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.zone.avus import add_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import recall
from irods_omero.gateways.zone.side_by_side import SideBySide
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings
from lab.zone import LabZone

PATIENCE = 60.0
HOME = f"/{LabZone.name}/home/{LabZone.admin}"


@pytest.fixture
def zone() -> Iterator[LabZone]:
    with LabZone(tiering=False) as started, pytest.MonkeyPatch.context() as environment:
        environment.setenv(ZONE_PASSWORD_VARIABLE, started.password)
        yield started


@contextmanager
def side_by_side(zone: LabZone, connections: int) -> Iterator[tuple[ZoneConnection, SideBySide]]:
    settings = ZoneSettings(name=zone.name, host=zone.host, port=zone.port, user=zone.admin, connections=connections)
    first = ZoneConnection(settings)
    made = SideBySide(first)
    yield first, made
    made.close()


def note(connection: ZoneConnection, number: int) -> int:
    add_avu(connection, HOME, Avu("noted", str(number)), collection=True)
    return number


def test_as_many_are_worked_on_at_once_as_there_are_connections(zone: LabZone) -> None:
    together, busy = threading.Barrier(3, timeout=PATIENCE), set[ZoneConnection]()

    def work(connection: ZoneConnection, number: int) -> int:
        assert connection not in busy
        busy.add(connection)
        together.wait()  # nobody goes on before three are here
        note(connection, number)
        busy.remove(connection)
        return number

    with side_by_side(zone, 3) as (first, made):
        assert made.each(range(9), work) == list(range(9))
        assert sorted(recall(first, "noted")) == [str(number) for number in range(9)]


def test_with_one_connection_the_caller_does_it_all_in_order(zone: LabZone) -> None:
    order = list[tuple[int, ZoneConnection, threading.Thread]]()
    with side_by_side(zone, 1) as (first, made):
        made.each(range(5), lambda connection, number: order.append((number, connection, threading.current_thread())))
        assert order == [(number, first, threading.current_thread()) for number in range(5)]


@pytest.mark.parametrize("connections", [1, 4])
def test_what_the_zone_refuses_of_one_is_said_of_that_one_and_all_others_are_done(
    zone: LabZone, connections: int
) -> None:
    def work(connection: ZoneConnection, number: int) -> str:
        try:
            add_avu(connection, f"{HOME}/none" if number == 3 else HOME, Avu("noted", str(number)), collection=True)
        except RefusedError as error:
            return error.cause
        return "done"

    with side_by_side(zone, connections) as (first, made):
        done = made.each(range(8), work)
        assert [number for number, what in enumerate(done) if what != "done"] == [3]
        assert len(recall(first, "noted")) == 7


@pytest.mark.parametrize("connections", [1, 4])
def test_a_zone_that_is_down_is_said_to_be_and_found_again_when_it_is_back(zone: LabZone, connections: int) -> None:
    with side_by_side(zone, connections) as (_, made):
        made.each(range(8), note)
        port = zone.port
        zone.stop()
        with pytest.raises(UnreachableError):
            made.each(range(8), note)
        with LabZone(tiering=False, port=port):
            assert made.each(range(8), note) == list(range(8))


@pytest.mark.parametrize(("cuts", "attempts", "is_done"), [(1, 2, True), (2, 2, False), (1, 1, False)])
def test_where_the_connection_breaks_a_call_is_made_again_as_often_as_was_asked(
    zone: LabZone, cuts: int, attempts: int, is_done: bool
) -> None:
    settings = ZoneSettings(name=zone.name, host=zone.host, port=zone.port, user=zone.admin)
    for nth in range(1, cuts + 1):
        zone.fault("MOD_AVU_METADATA_AN", nth=nth)
    with ZoneConnection(settings, attempts) as connection:
        with nullcontext() if is_done else pytest.raises(UnreachableError):
            note(connection, 1)
        assert recall(connection, "noted") == (["1"] if is_done else [])
