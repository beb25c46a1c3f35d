"""The screen of `irods-omero status`, on a terminal as narrow as they come."""

from __future__ import annotations

import io
from dataclasses import asdict

from rich.console import Console

from irods_omero.agent.report import Report
from irods_omero.cli.status_screen import screen
from irods_omero.status.agents import AgentState
from irods_omero.status.heartbeat_record import HeartbeatRecord
from irods_omero.status.summary import Status


def test_what_an_agent_did_can_be_read_on_80_columns() -> None:
    did = dict.fromkeys(asdict(Report()), 123456)
    beat = HeartbeatRecord(at=1000, started=0, host="provider.example.org", version="0.1.0", swept=990, report=did)
    printed = io.StringIO()
    Console(file=printed, width=80).print(screen(Status(1000.0, agents=(AgentState("0-63", beat, speaks=True),))))
    said = " ".join(printed.getvalue().split())
    assert all(f"{count} {name.replace('_', ' ')}" in said for name, count in did.items())
