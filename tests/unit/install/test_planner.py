from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from irods_omero.errors import PolicyError
from irods_omero.install import distribution
from irods_omero.install.execution import apply
from irods_omero.install.files import BACKUP, Change
from irods_omero.install.layout import ServerLayout
from irods_omero.install.manifest import FILE as MANIFEST
from irods_omero.install.planner import InstallChoices, InstallPlan, plan_install, plan_removal
from tests.unit.install.configs import DEFAULT_POLICY, NATIVE, as_text, document
from tests.unit.install.conftest import contents
from tests.unit.install.test_corepy import SITE


def carry_out(plan: InstallPlan, layout: ServerLayout) -> None:
    apply(plan, layout, lambda _change, _backup: None)


def install(layout: ServerLayout, **choices: object) -> InstallPlan:
    plan = plan_install(layout, InstallChoices(**choices))  # type: ignore[arg-type]
    carry_out(plan, layout)
    return plan


def test_what_is_installed_is_what_a_server_imports(server: ServerLayout) -> None:
    assert install(server).left == []
    code = "import sys; sys.path.append(sys.argv[1]); import core; print(len(vars(core)), core.__file__)"
    command = [sys.executable, "-S", "-c", code, str(server.etc)]
    count, file = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.split()
    assert int(count) > 30
    assert file == str(server.etc / "core.py")


def test_a_second_run_changes_nothing(server: ServerLayout) -> None:
    install(server)
    assert plan_install(server, InstallChoices()).changes == []


def test_what_was_put_in_is_taken_out_exactly(server: ServerLayout) -> None:
    before = contents(server.etc)
    install(server)
    (server.etc / "irods_omero" / "hooks" / "__pycache__").mkdir()
    (server.etc / "irods_omero" / "hooks" / "__pycache__" / "content.cpython-39.pyc").touch()
    carry_out(plan_removal(server), server)
    assert contents(server.etc) == before
    assert not (server.etc / "irods_omero").exists()
    assert plan_removal(server).changes == []


def test_the_configuration_is_kept_beside_with_the_same_rights(server: ServerLayout) -> None:
    before = server.server_config.read_bytes()
    install(server)
    (backup,) = server.etc.glob(f"server_config.json{BACKUP}*")
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o777 == server.server_config.stat().st_mode & 0o777 == 0o600


def test_a_configuration_behind_a_link_stays_behind_it(server: ServerLayout, tmp_path: Path) -> None:
    real = tmp_path / "managed.json"
    server.server_config.rename(real)
    server.server_config.symlink_to(real)
    install(server)
    assert server.server_config.is_symlink()
    assert "python-instance" in real.read_text()


@pytest.mark.parametrize("name", ["irods_omero/hooks/content.py", "irods_omero/__init__.py"])
def test_a_file_of_somebody_else_is_never_overwritten(server: ServerLayout, name: str) -> None:
    path = server.etc / name
    path.parent.mkdir(parents=True)
    path.write_text("# the site's own\n")
    before = contents(server.etc)
    plan = plan_install(server, InstallChoices())
    assert any(str(path) in problem for problem in plan.problems)
    with pytest.raises(PolicyError):
        carry_out(plan, server)
    assert contents(server.etc) == before


def test_a_file_that_was_changed_since_stays_whatever_is_done(server: ServerLayout) -> None:
    install(server)
    path = server.etc / "irods_omero" / "hooks" / "content.py"
    path.write_text("# changed\n")
    assert any(str(path) in problem for problem in plan_install(server, InstallChoices()).problems)
    plan = plan_removal(server)
    carry_out(plan, server)
    assert path.read_text() == "# changed\n"
    assert plan.left == [f"{path} was changed since it was installed, and stays"]


def test_a_core_of_the_site_stays_as_it_is_and_the_line_to_add_is_said(server: ServerLayout) -> None:
    core = server.etc / "core.py"
    core.write_text(SITE)
    plan = install(server)
    assert core.read_text() == SITE
    assert [text for text in plan.left if "from irods_omero.hooks import *" in text]
    core.write_text("from irods_omero.hooks import *\n" + SITE)
    assert plan_install(server, InstallChoices()).left == []


def test_a_core_of_the_site_is_joined_on_request_and_taken_apart_exactly(server: ServerLayout) -> None:
    core = server.etc / "core.py"
    core.write_text(SITE)
    before = contents(server.etc)
    assert install(server, compose=True).left == []
    assert core.read_text().startswith(SITE)
    assert plan_install(server, InstallChoices()).changes == []
    carry_out(plan_removal(server), server)
    assert contents(server.etc) == before


def test_hooks_are_not_taken_from_under_a_core_that_imports_them(server: ServerLayout) -> None:
    core = server.etc / "core.py"
    core.write_text("from irods_omero.hooks import *\n")
    install(server)
    plan = plan_removal(server)
    assert "take them out first" in plan.problems[0]


def test_a_plugin_that_is_not_there_is_not_configured(server: ServerLayout) -> None:
    (server.plugins / "libirods_rule_engine_plugin-python.so").unlink()
    plan = plan_install(server, InstallChoices())
    assert "irods_rule_engine_plugin-python is not installed" in plan.problems[0]


def test_a_server_without_tiering_is_told_so_and_gets_it_on_request(server: ServerLayout) -> None:
    server.server_config.write_text(as_text(document(5, NATIVE, DEFAULT_POLICY)))
    plan = install(server)
    assert "storage tiering is not configured" in plan.left[0]
    assert install(server, with_tiering=True).left == []
    assert plan_install(server, InstallChoices()).changes == []


def test_an_older_installation_is_brought_up_to_date(server: ServerLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    old = {
        **distribution.parts(),
        "irods_omero/hooks/content.py": b"# older\n",
        "irods_omero/hooks/gone.py": b"# not needed\n",
    }
    with monkeypatch.context() as patch:
        patch.setattr(distribution, "parts", lambda: old)
        install(server)
    install(server)
    assert (server.etc / "irods_omero/hooks/content.py").read_bytes() == distribution.parts()[
        "irods_omero/hooks/content.py"
    ]
    assert not (server.etc / "irods_omero/hooks/gone.py").exists()
    assert plan_install(server, InstallChoices()).changes == []


def test_the_policy_file_is_installed_once_and_then_the_administrators(server: ServerLayout) -> None:
    path = server.etc / "omero_policy.json"
    install(server, policy=b'{"zone": {}}\n')
    path.write_text("{}\n")
    assert "was changed since" in plan_install(server, InstallChoices(policy=b"{}")).problems[0]
    assert plan_install(server, InstallChoices()).changes == []
    carry_out(plan_removal(server), server)
    assert path.read_text() == "{}\n"


def test_an_installation_that_was_interrupted_anywhere_is_completed_by_the_next(server: ServerLayout) -> None:
    before = contents(server.etc)
    changes = len(plan_install(server, InstallChoices()).changes)
    install(server)
    complete = contents(server.etc)
    carry_out(plan_removal(server), server)
    for count in range(changes):
        plan = plan_install(server, InstallChoices())
        carry_out(replace(plan, changes=plan.changes[:count]), server)
        install(server)
        assert contents(server.etc) == complete
        carry_out(plan_removal(server), server)
        assert contents(server.etc) == before


def test_a_removal_that_was_interrupted_anywhere_is_completed_by_the_next(server: ServerLayout) -> None:
    before = contents(server.etc)
    install(server)
    for count in range(len(plan_removal(server).changes)):
        plan = plan_removal(server)
        carry_out(replace(plan, changes=plan.changes[:count]), server)
        carry_out(plan_removal(server), server)
        assert contents(server.etc) == before
        install(server)


def test_the_server_asks_for_the_hooks_only_while_they_are_there(server: ServerLayout) -> None:
    assert [change.path.name for change in plan_install(server, InstallChoices()).changes][-3:] == [
        "core.py",
        "server_config.json",
        MANIFEST,
    ]
    install(server)
    assert [change.path.name for change in plan_removal(server).changes][:2] == ["server_config.json", "core.py"]


def test_a_file_that_changes_between_looking_and_doing_is_left_alone(server: ServerLayout) -> None:
    plan = plan_install(server, InstallChoices())
    changed = server.server_config.read_text().replace("icat", "other").replace("enforce", "none")
    server.server_config.write_text(changed)
    with pytest.raises(PolicyError, match="changed by somebody else"):
        carry_out(plan, server)
    assert server.server_config.read_text() == changed


def test_a_diff_shows_no_secrets(server: ServerLayout) -> None:
    config = server.server_config
    before = config.read_bytes()
    change = Change(config, before, before.replace(b"a-zone-key", b"another").replace(b"SHA256", b"MD5"))
    assert "SHA256" in change.diff()
    whole = Change(config, b"", before).diff()
    for secret in ("a-zone-key", "a-database-password", "a-negotiation-key", "a-control-key"):
        assert secret not in whole


@pytest.mark.parametrize("name", ["core.py", "irods_omero", "irods_omero/hooks", "irods_omero/vocabulary.py"])
def test_nothing_is_written_behind_links(server: ServerLayout, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = server.etc / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "elsewhere" / "target")
    plan = plan_install(server, InstallChoices(compose=True))
    assert any(str(path) in problem and "symbolic link" in problem for problem in plan.problems)
    path.write_text(SITE) if name.endswith(".py") else path.readlink().mkdir()
    plan = plan_install(server, InstallChoices(compose=True))
    assert any(str(path) in problem and "symbolic link" in problem for problem in plan.problems)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_gives_new_files_to_the_owner_of_the_configuration(server: ServerLayout) -> None:
    os.chown(server.server_config, 12345, 12346)
    install(server)
    for path in (
        server.etc / "core.py",
        server.etc / "irods_omero" / "hooks",
        server.etc / MANIFEST,
        server.server_config,
    ):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)
