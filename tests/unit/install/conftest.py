from __future__ import annotations

from pathlib import Path

import pytest

from irods_omero.install.engines import DEFAULT_POLICY, PYTHON, TIERING
from irods_omero.install.planner import ServerLayout
from tests.unit.install.configs import WITH_TIERING, as_text, document


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their paths, without what Python compiled and what is kept from before."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and "backup" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.suffix != ".pyc"}


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
    return ServerLayout(etc, config, plugins)
