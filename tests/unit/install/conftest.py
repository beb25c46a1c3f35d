from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from irods_omero.install.engines import DEFAULT_POLICY, PYTHON, TIERING
from irods_omero.install.layout import ServerLayout
from tests.unit.install.configs import WITH_TIERING, as_text, document

INTERPRETER = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
"""In place of the rule engine's: this Python without its virtual environment, which has these very rules."""


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their paths, without what Python compiled and what is kept from before."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and "backup" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.suffix != ".pyc"}


@pytest.fixture(params=[4, 5], ids=["iRODS 4.3", "iRODS 5"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> ServerLayout:
    """A folder as /etc/irods is on a server with storage tiering and the Python rule engine's package."""
    etc, plugins = tmp_path / "etc", tmp_path / "plugins"
    etc.mkdir()
    plugins.mkdir()
    for plugin in (TIERING, PYTHON, DEFAULT_POLICY):
        (plugins / f"lib{plugin}.so").touch()
    config = etc / "server_config.json"
    config.write_text(as_text(document(request.param, *WITH_TIERING)))
    config.chmod(0o600)
    (etc / "core.re").write_text("# the native rules\n")
    home = tmp_path / "home"
    home.mkdir()
    version = {4: "4.3.4", 5: "5.0.2"}[request.param]
    (home / "version.json").write_text(json.dumps({"irods_version": version, "schema_name": "version"}))
    return ServerLayout(etc, config, plugins, INTERPRETER, home)
