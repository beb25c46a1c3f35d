"""Asks the Python of the rule engine: what it would import in place of our files, and to compile them.

It is run under the account that owns server_config.json, which is the server's: so it sees the modules in the home of
that account, the compiled files belong to it, and nothing that it may have changed is run with the rights of root.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from irods_omero.errors import PolicyError
from irods_omero.install.layout import ServerLayout

SECONDS = 60

FIND = """
import importlib.util, json, sys
sys.path[:] = [folder for folder in sys.path if folder]
specs = [(name, importlib.util.find_spec(name)) for name in sys.argv[1:]]
print(json.dumps({name: spec.origin for name, spec in specs if spec and spec.origin not in (None, "namespace")}))
"""
"""Runs on Python 3.6. An embedded Python does not look into the current folder, which is the empty name. A folder
without __init__.py (a namespace) hides no package that comes later."""


def origins(layout: ServerLayout, names: Iterable[str]) -> dict[str, Path]:
    """The files that the rule engine's Python finds for these modules when it has not got to ``layout.etc``.

    The rule engine appends that folder to the path, so each of these is imported in place of what is there.

    Raises:
        PolicyError: This Python cannot be run.
    """
    answer = _run(layout, ("-c", FIND, *names))
    try:
        # The lines before the last are what somebody's sitecustomize prints.
        files: dict[str, str] = json.loads(answer.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise PolicyError(f"{layout.python} does not work: {_last_line(answer.stderr)}") from None
    return {name: Path(origin) for name, origin in files.items()}


def compile_files(layout: ServerLayout, paths: Sequence[Path]) -> list[Path]:
    """Have the rule engine's Python compile files.

    Returns:
        Those that were not compiled yet, or in an older state.

    Raises:
        PolicyError: This Python cannot be run, or one of them cannot be compiled.
    """
    before = {path: _stamps(path) for path in paths}
    answer = _run(layout, ("-I", "-m", "compileall", "-q", *map(str, paths)))
    if answer.returncode:
        raise PolicyError(f"{layout.python} cannot compile the rules: {_last_line(answer.stdout + answer.stderr)}")
    return [path for path in paths if _stamps(path) != before[path]]


def compiled_files(path: Path) -> list[Path]:
    """What Pythons of any version have compiled from a file."""
    folder = path.parent / "__pycache__"
    # Root must not be led elsewhere by who owns the folder.
    return [] if folder.is_symlink() else sorted(folder.glob(f"{path.stem}.*.pyc"))


def _stamps(path: Path) -> dict[Path, int]:
    return {compiled: compiled.stat().st_mtime_ns for compiled in compiled_files(path)}


def _run(layout: ServerLayout, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [str(layout.python), *arguments]
    identity = _identity(layout)
    environment = _environment(layout)
    try:
        return subprocess.run(  # noqa: S603 - a program that the administrator names
            command, capture_output=True, check=False, cwd="/", env=environment, text=True, timeout=SECONDS, **identity
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PolicyError(f"{layout.python} cannot be run: {error}") from None


def _identity(layout: ServerLayout) -> dict[str, Any]:
    owner = _owner(layout)
    if os.geteuid() != 0 or owner.st_uid == 0:
        return {}
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def _environment(layout: ServerLayout) -> dict[str, str]:
    """The part of the server's environment that Python goes by; server_config.json may set it."""
    try:
        home = pwd.getpwuid(_owner(layout).st_uid).pw_dir
    except KeyError:
        home = "/"
    environment = {"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8"}
    try:
        variables = json.loads(layout.server_config.read_text(encoding="utf-8"))["environment_variables"]
        return {**environment, **{name: str(variables[name]) for name in variables if name.startswith("PYTHON")}}
    except (OSError, ValueError, KeyError, TypeError):
        return environment


def _owner(layout: ServerLayout) -> os.stat_result:
    return (layout.server_config if layout.server_config.exists() else layout.etc).stat()


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it says nothing")
