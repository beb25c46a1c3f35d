from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from irods_omero.cli import main
from irods_omero.install.layout import ServerLayout
from tests.unit.install.conftest import contents
from tests.unit.install.test_corepy import SITE

EXAMPLE = Path(__file__).parents[3] / "irods_config" / "omero_policy.example.json"


def run(command: str, server: ServerLayout, *options: Any) -> Result:
    where = ["--etc", str(server.etc), "--home", str(server.home)]
    if command == "install":
        where += ["--plugins", str(server.plugins), "--python", str(server.python)]
    return CliRunner().invoke(main, [command, *where, *map(str, options)])


def test_install_and_uninstall_end_with_0_and_leave_nothing(server: ServerLayout) -> None:
    before = contents(server.etc)
    installed = run("install", server, "--policy", EXAMPLE)
    assert installed.exit_code == 0, installed.output
    assert "iadmin mkuser" in installed.output
    assert "irods-omero doctor" in installed.output
    again = run("install", server)
    assert (again.exit_code, again.output) == (0, "nothing to change\n")
    assert run("uninstall", server).exit_code == 0
    assert contents(server.etc) == before


def test_at_an_update_nobody_is_told_to_make_the_account_that_is_there(server: ServerLayout) -> None:
    assert "iadmin mkuser" not in run("install", server).output, "whose name nobody knows yet"
    assert "iadmin mkuser" in run("install", server, "--policy", EXAMPLE).output
    (server.etc / "irods_omero" / "hooks" / "content.py").unlink()
    update = run("install", server).output
    assert "irods-omero doctor" in update
    assert "iadmin mkuser" not in update


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_configuration_of_the_server_that_is_none_is_named_with_its_path(server: ServerLayout, command: str) -> None:
    run("install", server)
    server.server_config.write_text("{}")
    result = run(command, server)
    assert (result.exit_code, f"{server.server_config} has no list" in result.stderr) == (1, True)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_where_there_is_no_server_one_line_says_so(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(main, ["install", "--etc", str(tmp_path / "nowhere"), *options])
    assert (result.exit_code, result.output) == (
        1,
        f"irods-omero: {tmp_path}/nowhere is not there: is this an iRODS server?\n",
    )


def test_a_dry_run_shows_a_diff_and_changes_nothing(server: ServerLayout) -> None:
    before = contents(server.etc)
    result = run("install", server, "--policy", EXAMPLE, "--dry-run")
    assert result.exit_code == 0
    assert '+                "plugin_name": "irods_rule_engine_plugin-python",' in result.output
    assert f"would write {server.etc}/irods_omero/hooks/content.py" in result.output
    assert contents(server.etc) == before
    run("install", server, "--policy", EXAMPLE)
    installed = contents(server.etc)
    assert (
        '-                "plugin_name": "irods_rule_engine_plugin-python",'
        in run("uninstall", server, "--dry-run").output
    )
    assert contents(server.etc) == installed


def test_programs_get_json(server: ServerLayout) -> None:
    said = json.loads(run("install", server, "--policy", EXAMPLE, "--json").stdout)
    assert said["problems"] == said["left"] == []
    changed = {Path(one["path"]).name: one for one in said["changed"]}
    assert changed["server_config.json"]["action"] == "change"
    assert Path(changed["server_config.json"]["backup"]).exists()
    assert changed["core.py"]["action"] == "write"


def test_what_stands_in_the_way_ends_with_1_and_changes_nothing(server: ServerLayout) -> None:
    (server.etc / "irods_omero").mkdir()
    (server.etc / "irods_omero" / "__init__.py").write_text("# the site's\n")
    before = contents(server.etc)
    result = run("install", server)
    assert result.exit_code == 1
    assert "in the way" in result.stderr
    assert contents(server.etc) == before


def test_what_is_left_to_the_administrator_ends_with_3(server: ServerLayout) -> None:
    (server.etc / "core.py").write_text(SITE)
    result = run("install", server, "--policy", EXAMPLE)
    assert result.exit_code == 3
    assert "from irods_omero.hooks import *" in result.stderr
    assert run("install", server, "--compose").exit_code == 0


def test_a_policy_with_a_mistake_ends_with_2_and_changes_nothing(server: ServerLayout, tmp_path: Path) -> None:
    before = contents(server.etc)
    policy = tmp_path / "policy.json"
    policy.write_text("{}")
    result = run("install", server, "--policy", policy)
    assert result.exit_code == 2
    assert "zone: is missing" in result.stderr
    assert contents(server.etc) == before


@pytest.mark.parametrize("missing", ["server_config.json"])
def test_a_folder_that_is_no_servers_is_refused(tmp_path: Path, missing: str) -> None:
    result = run("install", ServerLayout(tmp_path, tmp_path / missing, tmp_path))
    assert result.exit_code == 1
    assert "is this an iRODS server?" in result.stderr


def test_what_a_running_server_needs_depends_on_its_version_and_on_what_changed(server: ServerLayout) -> None:
    version = json.loads((server.home / "version.json").read_text())["irods_version"]
    needed, other = ("reload", "restart") if version.startswith("5") else ("restart", "reload")
    said = run("install", server, "--policy", EXAMPLE).output
    assert f"systemctl {needed} irods" in said
    assert f"systemctl {other} irods" not in said
    (server.etc / "irods_omero" / "hooks" / "content.py").unlink()
    said = run("install", server).output
    assert "nothing has to be restarted" in said
    assert "systemctl" not in said
    (server.home / "version.json").unlink()
    said = run("uninstall", server).output
    assert "systemctl restart irods" in said
    assert "systemctl reload irods" in said


def test_compiling_is_said(server: ServerLayout) -> None:
    assert "would compile" in run("install", server, "--policy", EXAMPLE, "--dry-run").output
    compiled = json.loads(run("install", server, "--policy", EXAMPLE, "--json").stdout)["compiled"]
    assert str(server.etc / "core.py") in compiled
    assert "would remove" in run("uninstall", server, "--dry-run").output
    assert f"remove {len(compiled)} compiled modules" in run("uninstall", server).output


def test_a_python_that_is_not_there_ends_with_3(server: ServerLayout) -> None:
    result = run("install", server, "--policy", EXAMPLE, "--python", "/nowhere/python3")
    assert result.exit_code == 3
    assert "/nowhere/python3" in result.stderr


def test_an_account_that_cannot_be_made_is_left_to_do_and_all_else_is_done_and_told(
    server: ServerLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRODS_OMERO_ZONE_PASSWORD", "secret")
    monkeypatch.delenv("IRODS_AUTHENTICATION_FILE", raising=False)
    environment = tmp_path / "irods_environment.json"
    options = ["--policy", EXAMPLE, "--create-account", "--environment", environment]
    missing = run("install", server, *options)
    assert missing.exit_code == 3, missing.output
    assert f"write {server.etc}/core.py" in missing.output
    assert f"left to do: the account omero-agent could not be made: there is no {environment}" in missing.output

    known = {"irods_host": "127.0.0.1", "irods_port": 1247, "irods_user_name": "rods", "irods_zone_name": "tempZone"}
    environment.write_text(json.dumps({**known, "irods_authentication_file": str(tmp_path / ".irodsA")}))
    nobody = run("install", server, *options, "--json")
    assert nobody.exit_code == 3, nobody.output
    (left,) = json.loads(nobody.output)["left"]
    assert "is not logged in: log in as an iRODS administrator with iinit" in left
