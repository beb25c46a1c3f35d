"""What a release consists of installs, works without the checkout, and can be taken out again. No network is used."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from irods_omero import hooks
from irods_omero.doctor.facts.server_facts import observe_server
from irods_omero.install import distribution, layout
from irods_omero.install.layout import PACKAGE, PYTHON, ServerLayout
from irods_omero.settings.reference import schema_text
from tests.unit.hooks.interpreters import VERSIONS, find
from tests.unit.install.conftest import server
from tools.package import build_debian, build_python, debian_version

iserver = server
"""A folder as /etc/irods is."""

INTERPRETERS = find()
TOP = Path(__file__).parents[2]
VERSION = version(distribution.DISTRIBUTION)
RULES = Path("usr/lib/python3/dist-packages/irods_omero")
SHARE = Path("usr/share") / PACKAGE
EXAMPLE = Path("share/irods-omero/omero_policy.example.json")

LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
sys.path.append(sys.argv[2])
import core, irods_omero
print(irods_omero.__file__)
print(*sorted(name for name in vars(core) if name.startswith("pep_")))
"""
"""What the rule engine does: distribution packages come first, the folder of core.py last. On Python 3.6 and later."""

NO_CLIENT = """
import sys
sys.modules["Ice"] = sys.modules["omero"] = None
from irods_omero.cli import main
main()
"""
"""The program where omero-py and zeroc-ice are not installed."""


# Wheel and source archive


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build_python(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def program(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel, and beside it the libraries that are here; returns its folder."""
    folder = tmp_path_factory.mktemp("program")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, str(archives[1])], check=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    libraries = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    # A path in such a file comes after the folder that the file is in; the checkout, which is named by a file in the
    # folder that is added, is not on it.
    (Path(libraries) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(folder: Path, *arguments: str, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run something of the new virtual environment, from another folder and without what this process is set to."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    command = [str(folder / "bin" / arguments[0]), *arguments[1:]]
    return subprocess.run(
        command, cwd=at, env={**kept, **environment}, capture_output=True, text=True, timeout=100, check=False
    )


def below(folder: Path) -> set[str]:
    """The files in a folder of the checkout, by their paths in it."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in paths if "__pycache__" not in name}


def test_the_wheel_has_the_package_the_rules_and_the_examples_and_no_tests(archives: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(archives[1]) as wheel:
        names = set(wheel.namelist())
    share = f"irods_omero_policies-{VERSION}.data/data/share/irods-omero"
    expected = {*below(TOP / "policies"), "irods_omero/install/core/core.py"}
    expected |= {f"{share}/{name}" for name in (*below(TOP / "irods_config"), "runtime.txt")}
    assert "irods_omero/py.typed" in expected
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_source_archive_makes_the_same_wheel_and_has_no_tests_and_no_lab(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(archives[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (top,) = tmp_path.iterdir()
    assert not {"tests", "lab", "benchmarks"} & {path.name for path in top.iterdir()}
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "again")]
    subprocess.run(command, cwd=top, check=True, capture_output=True)
    assert (tmp_path / "again" / archives[1].name).read_bytes() == archives[1].read_bytes()


def test_the_program_runs_from_any_folder(program: Path, tmp_path: Path) -> None:
    said = run(program, "irods-omero", "--version", at=tmp_path)
    assert said.stdout.rstrip().endswith(VERSION), said
    where = run(program, "python", "-c", "import irods_omero; print(irods_omero.__file__)", at=tmp_path)
    assert where.stdout.startswith(str(program)), where
    assert run(program, "irods-omero", "config", "--schema", at=tmp_path).stdout == schema_text()
    checked = run(program, "irods-omero", "--config", str(program / EXAMPLE), "config", at=tmp_path)
    assert checked.stdout.rstrip().endswith("no mistakes found"), checked


def test_the_program_installs_the_rules_without_the_checkout(
    program: Path, iserver: ServerLayout, tmp_path: Path
) -> None:
    places = ["--etc", iserver.etc, "--plugins", iserver.plugins, "--home", iserver.home, "--python", iserver.python]
    command = ["irods-omero", "install", *map(str, places), "--policy", str(program / EXAMPLE)]
    tried = run(program, *command, "--dry-run", at=tmp_path)
    assert tried.returncode == 0, tried
    assert f"would write {iserver.etc}/irods_omero/hooks/content.py" in tried.stdout
    done = run(program, *command, at=tmp_path)
    assert done.returncode == 0, done
    assert (iserver.etc / "core.py").read_bytes() == (TOP / "core.py").read_bytes()


def test_what_needs_omero_says_what_to_type_where_its_client_is_missing(program: Path, tmp_path: Path) -> None:
    policy = str(program / EXAMPLE)
    said = run(program, "python", "-c", NO_CLIENT, "--config", policy, "agent", "--once", at=tmp_path)
    assert (said.returncode, said.stdout) == (1, ""), said
    assert said.stderr.startswith("irods-omero agent needs omero-py, which is not installed here"), said
    first, second = (line for line in said.stderr.splitlines() if " -m pip install " in line)
    assert shlex.split(second) == [f"{program}/bin/python", "-m", "pip", "install", "irods-omero-policies[omero]"]
    asked = first.partition('"$(')[2].removesuffix(')"').split()
    wheel = run(program, "python", *asked[1:], at=tmp_path, ZEROC_ICE_WHEEL="a.whl")
    assert (asked[0], wheel.stdout) == (f"{program}/bin/python", "a.whl\n"), wheel


def test_what_needs_no_omero_works_without_its_client(program: Path, tmp_path: Path) -> None:
    settings = json.loads((program / EXAMPLE).read_text())
    settings["zone"].update(host="127.0.0.1", port=1)
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(settings))
    checked = run(program, "python", "-c", NO_CLIENT, "--config", str(policy), "config", at=tmp_path)
    assert checked.returncode == 0, checked
    looked = run(program, "python", "-c", NO_CLIENT, "--config", str(policy), "doctor", "--json", at=tmp_path)
    assert "not looked at: omero-py is not installed here" in looked.stdout, looked


# The Debian package

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb here")


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_debian(tmp_path_factory.mktemp("debian"))


@pytest.fixture(scope="module")
def unpacked(debian: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the package; nothing is to be written into it."""
    root = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-x", debian, root], check=True)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a machine, where dpkg knows of Python and of the Python rule engine, and of nothing else."""
    (tmp_path / "etc" / "irods").mkdir(parents=True)
    records = tmp_path / "var" / "lib" / "dpkg"
    for folder in ("info", "updates", "triggers"):
        (records / folder).mkdir(parents=True)
    rest = "Status: install ok installed\nVersion: 5\nArchitecture: all\nMaintainer: none\nDescription: none\n\n"
    there = ("python3", "irods-rule-engine-plugin-python")
    (records / "status").write_text("".join(f"Package: {name}\n{rest}" for name in there))
    for name in there:
        (records / "info" / f"{name}.list").touch()
    return tmp_path


def dpkg(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dpkg on a machine that is a folder."""
    forced = "--force-script-chrootless,not-root,bad-path"
    command = ["dpkg", f"--root={root}", f"--log={root}/var/dpkg.log", forced, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def files(root: Path) -> set[str]:
    """All files of a machine but dpkg's own records."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if "var" not in path.relative_to(root).parts}


@needs_dpkg
def test_the_debian_package_has_the_rules_and_changes_no_configuration(unpacked: Path) -> None:
    rules = unpacked / RULES.parent
    assert {name: (rules / name).read_bytes() for name in distribution.parts()} == distribution.parts()
    assert {path.name for path in (unpacked / SHARE).iterdir()} >= {"core.py", "server_config.fragment.json"}
    assert {path.name for path in unpacked.iterdir()} == {"usr"}


@needs_dpkg
@pytest.mark.parametrize("python", VERSIONS)
def test_the_rules_of_the_debian_package_load_under(python: str, unpacked: Path) -> None:
    if python not in INTERPRETERS:
        pytest.skip(f"there is no Python {python} here: name one in IRODS_OMERO_PYTHONS")
    command = [str(INTERPRETERS[python]), "-B", "-I", "-c", LOAD, str(unpacked / RULES.parent), str(unpacked / SHARE)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert answer.stdout.splitlines() == [str(unpacked / RULES / "__init__.py"), " ".join(sorted(hooks.PEPS))], answer


@needs_dpkg
@pytest.mark.skipif(not PYTHON.exists(), reason=f"there is no {PYTHON} here, which compiles the rules")
def test_the_debian_package_is_compiled_when_installed_and_leaves_nothing(root: Path, debian: Path) -> None:
    before = files(root)
    installed = dpkg(root, "--install", str(debian))
    assert installed.returncode == 0, installed
    assert "README.Debian" in installed.stdout
    assert len(list((root / RULES).rglob("*.pyc"))) == len(distribution.parts())
    shutil.copy(root / SHARE / "core.py", root / "etc" / "irods")
    removed = dpkg(root, "--purge", PACKAGE)
    assert removed.returncode == 0, removed
    assert files(root) - before <= {"etc/irods/core.py", "usr", "usr/lib", "usr/share", "usr/share/doc"}


@needs_dpkg
@pytest.mark.skipif(not PYTHON.exists(), reason=f"there is no {PYTHON} here, which compiles the rules")
def test_the_debian_package_is_compiled_anew_when_python_is_updated(root: Path, debian: Path) -> None:
    dpkg(root, "--install", str(debian))
    folders = [path for path in (root / RULES).rglob("__pycache__") if path.is_dir()]
    for folder in folders:
        shutil.rmtree(folder)
    records = f"--admindir={root}/var/lib/dpkg"
    subprocess.run(["dpkg-trigger", records, "--by-package=python3", str(PYTHON)], check=True)
    triggered = dpkg(root, "--triggers-only", "--pending")
    assert triggered.returncode == 0, triggered
    assert len(folders) == 2
    assert len(list((root / RULES).rglob("*.pyc"))) == len(distribution.parts())


@needs_dpkg
def test_the_debian_package_stays_while_a_core_py_of_the_site_needs_it(root: Path, debian: Path) -> None:
    core = root / "etc" / "irods" / "core.py"
    core.write_text("from irods_omero.hooks import *\n")
    dpkg(root, "--install", str(debian))
    refused = dpkg(root, "--remove", PACKAGE)
    assert refused.returncode != 0
    assert "take these lines out of it first" in refused.stderr
    assert (root / RULES / "hooks" / "__init__.py").exists()
    core.write_text("# nothing of ours any more\n")
    assert dpkg(root, "--remove", PACKAGE).returncode == 0
    assert not (root / RULES).exists()


@needs_dpkg
def test_the_doctor_knows_the_rules_of_the_debian_package(
    unpacked: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "PACKAGED", unpacked / layout.PACKAGED.relative_to("/"))
    etc = root / "etc" / "irods"
    (etc / "server_config.json").write_text("{}")
    shutil.copy(unpacked / SHARE / "core.py", etc)
    seen = observe_server(etc)
    assert seen is not None
    assert (seen.installed, seen.joined, seen.changed) == (VERSION, True, [])


def test_what_comes_before_a_release_is_older_for_debian_too() -> None:
    assert [debian_version(one) for one in ("0.1.0.dev0", "1.0rc1", "1.2.3")] == ["0.1.0~dev0", "1.0~rc1", "1.2.3"]
