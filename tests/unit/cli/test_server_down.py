"""What a command says when a server is down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from irods_omero.cli import main
from lab.ports import free_port


@pytest.mark.parametrize("command", [["status"], ["explain", "/tempZone/home/lab"], ["agent", "--once"]])
def test_it_names_the_address_and_promises_no_sweep(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRODS_OMERO_ZONE_PASSWORD", "a")
    monkeypatch.setenv("IRODS_OMERO_OMERO_PASSWORD", "b")
    ports = {"zone": free_port(), "omero": free_port()}
    policy = tmp_path / "policy.json"
    document = {
        "zone": {"name": "tempZone", "host": "127.0.0.1", "port": ports["zone"], "user": "omero-agent"},
        "omero": {"host": "127.0.0.1", "port": ports["omero"], "user": "irods-agent"},
        "watch": {"roots": ["/tempZone/home/lab"]},
    }
    policy.write_text(json.dumps(document))
    result = CliRunner().invoke(main, ["--config", str(policy), *command])
    assert result.exit_code == 1
    assert any(f"127.0.0.1:{port}" in result.stderr for port in ports.values()), result.stderr
    assert "next sweep" not in result.stderr.splitlines()[-1]
    assert "irods-omero doctor" in result.stderr
