"""A name stands for one thing: what else is called as our files are is found, and none of it is taken for ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from irods_omero import hooks
from irods_omero.install import distribution
from irods_omero.install.execution import compile_modules
from irods_omero.install.interpreter import compiled_files
from irods_omero.install.layout import PYTHON, ServerLayout
from irods_omero.install.planner import InstallChoices, InstallPlan, plan_install, plan_removal
from tests.unit.hooks.interpreters import VERSIONS, find
from tests.unit.install.conftest import contents
from tests.unit.install.test_planner import carry_out, install

INTERPRETERS = find()

SITE_POLICIES = """
def acPostProcForPut(rule_args, callback, rei):
    callback.writeLine("serverLog", "site: put")

def pep_database_reg_data_obj_post(rule_args, callback, rei):
    callback.writeLine("serverLog", "site: registered")
    return 7
"""
SITE_CORE = """from policies import *

def pep_api_coll_create_post(rule_args, callback, rei):
    callback.writeLine("serverLog", "site: collection")
"""
PLAY = """
import json, sys
sys.path.append(sys.argv[1])
import core

class Callback:
    log = []
    def writeLine(self, place, line):
        self.log.append(line)

answers = [getattr(core, name)([], Callback(), None) for name in sys.argv[2:]]
names = sorted(name for name in vars(core) if not name.startswith("__"))
print(json.dumps({"names": names, "answers": answers, "log": Callback.log}))
"""
"""What the rule engine does with core.py, on Python 3.6 and later."""


def site(server: ServerLayout) -> None:
    """A site whose rules are in a module called as our package once was."""
    (server.etc / "policies.py").write_text(SITE_POLICIES)
    (server.etc / "core.py").write_text(SITE_CORE)


def on_path(server: ServerLayout, *files: str) -> Path:
    """A folder with some files that the server's Python looks into before it gets to /etc/irods."""
    folder = server.etc.parent / "site-packages"
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("# the site's\n")
    config = json.loads(server.server_config.read_text())
    config["environment_variables"] = {"PYTHONPATH": str(folder)}
    server.server_config.write_text(json.dumps(config, indent=4))
    return folder


def refusal(server: ServerLayout, path: Path, remedy: str) -> None:
    """Nothing is done, and the problem names the path and what to do."""
    before = contents(server.etc)
    plan = plan_install(server, InstallChoices())
    assert [text for text in plan.problems if str(path) in text and remedy in text], plan.problems
    assert contents(server.etc) == before


def advised(plan: InstallPlan, text: str) -> str:
    """A core.py after an administrator did what the plan says."""
    (said,) = [left for left in plan.left if "core.py" in left]
    lines = said.partition("\n")[2] + "\n"
    return lines + text if "at its top" in said else text + lines


@pytest.mark.parametrize("server", [5], indirect=True, ids=["iRODS 5"])
@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "composed"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_functions_of_a_site_and_ours_are_both_there(server: ServerLayout, version: str, by_hand: bool) -> None:
    if version not in INTERPRETERS:
        pytest.skip(f"there is no Python {version} here: name one in IRODS_OMERO_PYTHONS")
    site(server)
    server = replace(server, python=INTERPRETERS[version])
    plan = install(server, compose=not by_hand)
    if by_hand:
        (server.etc / "core.py").write_text(advised(plan, SITE_CORE))
    else:
        assert plan.left == []
    assert compile_modules(plan, server)
    asked = ["pep_database_reg_data_obj_post", "pep_api_coll_create_post", "pep_database_unreg_replica_post"]
    seen = play(server, *asked)
    assert set(hooks.PEPS) | {"acPostProcForPut", "pep_api_coll_create_post"} <= set(seen["names"])
    assert seen["answers"] == [7, None, 5000000]
    ours, *others = seen["log"]
    assert "nothing is watched" in ours
    assert others == ["site: registered", "site: collection"]
    assert (server.etc / "policies.py").read_text() == SITE_POLICIES


@pytest.mark.parametrize("server", [5], indirect=True, ids=["iRODS 5"])
@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "composed"])
@pytest.mark.parametrize("line", ["import irods_omero.hooks\n", "from irods_omero.hooks import *\n"])
def test_hooks_that_a_site_imports_and_then_replaces_are_joined_anew(
    server: ServerLayout, line: str, by_hand: bool
) -> None:
    site(server)
    server = replace(
        server, python=Path(sys.executable).resolve()
    )  # outside of this environment, which has our package
    (server.etc / "core.py").write_text(line + SITE_CORE)
    plan = install(server, compose=not by_hand)
    if by_hand:
        (server.etc / "core.py").write_text(advised(plan, line + SITE_CORE))
    assert compile_modules(plan, server)
    assert plan_install(server, InstallChoices()).left == []
    ours, theirs = play(server, "pep_database_reg_data_obj_post")["log"]
    assert "nothing is watched" in ours
    assert theirs == "site: registered"


def play(server: ServerLayout, *peps: str) -> dict[str, list[Any]]:
    """Import core.py as the rule engine does, and call some of its functions."""
    command = [str(server.python), "-c", PLAY, str(server.etc), *peps]
    environment = {"IRODS_OMERO_POLICY": "/nowhere", "PATH": os.defpath}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", env=environment)
    seen: dict[str, list[Any]] = json.loads(answer.stdout)
    return seen


@pytest.mark.parametrize("name", ["irods_omero.py", "irods_omero.cpython-39-x86_64-linux-gnu.so", "irods_omero.pyc"])
def test_a_module_with_the_packages_name_is_refused(server: ServerLayout, name: str) -> None:
    (server.etc / name).write_text("# the site's\n")
    refusal(server, server.etc / name, "rename it")


def test_a_package_that_is_not_recorded_is_refused(server: ServerLayout) -> None:
    (server.etc / "irods_omero").mkdir()
    (server.etc / "irods_omero" / "other.py").write_text("# the site's\n")
    refusal(server, server.etc / "irods_omero", "move it away")


@pytest.mark.parametrize("name", ["core/__init__.py", "core.abi3.so"])
def test_what_is_imported_in_place_of_core_is_refused(server: ServerLayout, name: str) -> None:
    (server.etc / name).parent.mkdir(exist_ok=True)
    (server.etc / name).write_text("# the site's\n")
    refusal(server, server.etc / name, "rename it")


def test_what_only_looks_alike_is_no_problem(server: ServerLayout) -> None:
    (server.etc / "irods_omero" / "__pycache__").mkdir(parents=True)
    (server.etc / "core").mkdir()
    for name in ("core.re.bak", "core.json", "irods_omero_site.py", "irods_omero/__pycache__/x.cpython-39.pyc"):
        (server.etc / name).touch()
    on_path(server, "irods_omero_site.py", "core/data.txt", "irods_omero/data.txt")
    assert plan_install(server, InstallChoices()).problems == []


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("irods_omero.py", "rename it"),
        ("irods_omero/__init__.py", "rename it"),
        ("core.py", "rename it"),
    ],
)
def test_what_is_found_before_our_files_is_refused(server: ServerLayout, name: str, remedy: str) -> None:
    refusal(server, on_path(server, name) / name, remedy)


def test_another_version_in_the_servers_python_is_refused_and_the_same_is_not(server: ServerLayout) -> None:
    folder = on_path(server, *distribution.parts())
    refusal(server, folder / "irods_omero" / "__init__.py", "pip uninstall irods-omero-policies")
    for name, data in distribution.parts().items():
        (folder / name).write_bytes(data)
    assert plan_install(server, InstallChoices()).problems == []


def test_a_python_that_cannot_be_run_is_left_to_the_administrator(server: ServerLayout) -> None:
    for python in (server.etc / "nothing", Path("/bin/false")):
        plan = plan_install(replace(server, python=python), InstallChoices())
        assert plan.problems == []
        assert [text for text in plan.left if str(python) in text and "--python" in text]
        assert plan.modules == []


def test_what_is_installed_is_compiled_and_what_is_removed_leaves_nothing_compiled(server: ServerLayout) -> None:
    plan = install(server)
    modules = [server.etc / name for name in (*distribution.parts(), "core.py")]
    assert sorted(compile_modules(plan, server)) == sorted(modules)
    assert all(len(compiled_files(module)) == 1 for module in modules)
    assert compile_modules(plan_install(server, InstallChoices()), server) == []
    carry_out(plan_removal(server), server)
    assert sorted(path.name for path in server.etc.rglob("*") if path.suffix == ".pyc") == []
    assert not (server.etc / "__pycache__").exists()


def test_a_core_of_the_site_is_compiled_only_if_it_was_added_to(server: ServerLayout) -> None:
    site(server)
    compile_modules(install(server), server)
    assert compiled_files(server.etc / "core.py") == []
    compile_modules(install(server, compose=True), server)
    assert len(compiled_files(server.etc / "core.py")) == 1


def test_what_cannot_be_compiled_is_left_to_the_administrator(server: ServerLayout) -> None:
    plan = install(server)
    (server.etc / "irods_omero" / "vocabulary.py").write_text("def broken(:\n")
    assert compile_modules(plan, server) == []
    assert "cannot compile" in plan.left[-1]


@pytest.mark.skipif(os.geteuid() != 0 or not PYTHON.exists(), reason="only root can give files away")
def test_root_has_the_servers_account_compile(server: ServerLayout) -> None:
    # Below pytest's own folders only root gets anywhere.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        etc = shutil.copytree(server.etc, Path(folder) / "etc")
        for path in (etc, etc / "server_config.json"):
            os.chown(path, 12345, 12346)
        layout = replace(server, etc=etc, server_config=etc / "server_config.json", python=PYTHON)
        assert compile_modules(install(layout), layout)
        assert {path.stat().st_uid for path in etc.rglob("*.pyc")} == {12345}


def old_package(server: ServerLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of a version whose package was called policies."""
    old = {name.replace("irods_omero", "policies"): data for name, data in distribution.parts().items()}
    with monkeypatch.context() as patch:
        patch.setattr(distribution, "parts", lambda: old)
        patch.setattr("irods_omero.install.corepy.BLOCK", "\nimport policies.hooks\n# irods-omero: end\n")
        install(server, compose=True)


def test_lines_that_an_older_version_added_are_replaced(server: ServerLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.etc / "core.py").write_text("site = 1\n")
    old_package(server, monkeypatch)
    assert "policies.hooks" in (server.etc / "core.py").read_text()
    assert install(server).left == []
    assert "policies.hooks" not in (server.etc / "core.py").read_text()
    assert not (server.etc / "policies").exists()
    carry_out(plan_removal(server), server)
    assert (server.etc / "core.py").read_text() == "site = 1\n"


def test_an_older_package_is_not_taken_from_under_a_core_that_imports_it(
    server: ServerLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.etc / "core.py").write_text("from policies.hooks import *\n")
    old_package(server, monkeypatch)
    plan = plan_install(server, InstallChoices())
    assert [text for text in plan.problems if "policies" in text and "core.py" in text]
