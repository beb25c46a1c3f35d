"""What only a lab offers: quick starts, kept state, counted requests, faults on order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import irods.exception as ex
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, DataObjectMeta

from lab.tests.zone.conftest import World
from lab.zone import BulkObject, LabZone, wire
from lab.zone.errors import CODES
from lab.zone.setup import add_user, set_up_tiers


def test_what_is_kept_is_there_after_a_restart_on_the_same_port(tmp_path: Path) -> None:
    with LabZone(state=tmp_path / "state", resources=["extra"]) as zone:
        port = zone.port
        with zone.session() as rods:
            add_user(rods, "alice", "a password")
            with rods.data_objects.open("/tempZone/home/rods/file", "w", destRescName="extra") as stream:
                stream.write(b"bytes")
        zone.stop()
        with pytest.raises(ex.NetworkException):
            zone.session().collections.exists("/tempZone")
        zone.start()
        assert zone.port == port
        with zone.session() as rods:
            assert rods.data_objects.open("/tempZone/home/rods/file", "r").read() == b"bytes"
            set_up_tiers(rods)
    with LabZone(state=tmp_path / "state") as zone, zone.session("alice", "a password") as alice:
        assert alice.collections.exists("/tempZone/home/alice")


def test_a_server_that_stops_leaves_no_process_and_unlocks_what_was_open(tmp_path: Path) -> None:
    with LabZone(state=tmp_path / "state") as zone:
        session = zone.session()
        stream = session.data_objects.open("/tempZone/home/rods/open", "w", auto_close=False)
        stream.write(b"half")
        stream.flush()
        assert zone._process is not None
        server = zone._process.pid
        children = _children(server)
        assert children
        zone.stop()
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        zone.start()
        with zone.session() as rods:
            assert rods.data_objects.get("/tempZone/home/rods/open").replicas[0].status == "0"
            rods.data_objects.open("/tempZone/home/rods/open", "w").close()


def test_a_client_that_does_not_speak_xml_is_refused(tmp_path: Path) -> None:
    with LabZone(state=tmp_path / "state") as zone:
        with socket.create_connection((zone.host, zone.port)) as connection:
            wire.Message("RODS_CONNECT", wire.pack("StartupPack_PI", [("irodsProt", 0)]).encode()).send(connection)
            assert wire.receive(connection).int_info == CODES["SYS_NOT_SUPPORTED"]
        assert "native protocol" in zone.server_log()


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in tasks.read_text().split()]


def test_a_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab.zone", "--state", str(tmp_path), "--until-stdin-closes"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().startswith("irods://rods:rods@127.0.0.1:")
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()


def test_a_server_on_the_command_line_ends_with_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab.zone", "--port", "0", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("/tempZone\n")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0


def test_requests_are_counted_by_user_program_and_call(world: World) -> None:
    before = len(world.zone.requests())
    path = world.put("file")
    world.alice.metadata.add(DataObject, path, iRODSMeta("a", "1", "u"))
    mine = [entry for entry in world.zone.requests()[before:] if entry["by"] == "client"]
    assert [entry["api"] for entry in mine if entry["api"] != "DATA_OBJ_LSEEK_AN"] == [
        "DATA_OBJ_OPEN_AN",
        "DATA_OBJ_WRITE_AN",
        "DATA_OBJ_CLOSE_AN",
        "MOD_AVU_METADATA_AN",
    ]
    assert {(entry["user"], entry["program"]) for entry in mine} == {("alice", "python-irodsclient")}
    assert mine[-1]["operation"] == "add"
    assert mine[-1]["arguments"] == ["-d", path, "a", "1", "u"]
    theirs = [entry for entry in world.zone.requests()[before:] if entry["by"] == "server"]
    assert {(entry["user"], entry["program"]) for entry in theirs} == {("rods", "python-irodsclient")}


def test_the_nth_call_fails_is_cut_or_waits(world: World) -> None:
    path = world.put("file")

    def add(value: str) -> None:
        world.alice.metadata.add(DataObject, path, iRODSMeta("a", value))

    world.zone.fault("MOD_AVU_METADATA_AN", nth=2, action="fail", code=-806000, user="alice")
    add("1")
    with pytest.raises(ex.CAT_SQL_ERR):
        add("2")
    add("2")
    world.zone.fault("MOD_AVU_METADATA_AN", action="cut", user="alice")
    with pytest.raises(ex.NetworkException):
        add("3")
    world.zone.fault("MOD_AVU_METADATA_AN", action="cut", user="alice", moment="after")
    with pytest.raises(ex.NetworkException):
        add("4")
    values = {avu.value for avu in world.alice.metadata.get(DataObject, path) if avu.name == "a"}
    assert values == {"1", "2", "4"}
    world.zone.fault("MOD_AVU_METADATA_AN", action="delay", seconds=0.5, user="alice")
    start = time.monotonic()
    add("5")
    assert time.monotonic() - start >= 0.5


def test_ten_thousand_objects_with_avus_are_found_page_by_page(world: World) -> None:
    objects = [
        BulkObject(f"{number:05}", number, "fast", (("mark", "pending", str(number % 64)), ("n", str(number), "")))
        for number in range(10_000)
    ]
    world.zone.bulk_register(world.home, objects, owner="alice")
    rows = world.alice.query(DataObject.id, DataObject.size, DataObjectMeta.units).filter(
        Collection.name == world.home, DataObjectMeta.name == "mark", DataObjectMeta.units == "7"
    )
    assert sorted(row[DataObject.size] for row in rows) == list(range(7, 10_000, 64))


def test_many_clients_at_once_lose_nothing(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = world.put("shared")

    def add(number: int) -> Any:
        with world.zone.session("alice") as alice:
            for step in range(5):
                alice.metadata.add(DataObject, path, iRODSMeta("n", str(number * 5 + step)))

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(add, range(8)))
    values = {avu.value for avu in world.alice.metadata.get(DataObject, path) if avu.name == "n"}
    assert values == {str(number) for number in range(40)}
