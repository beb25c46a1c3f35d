"""Where the parts of an iRODS server are, which version it is, and what makes it use what was changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

PLUGINS = (Path("/usr/lib64/irods/plugins/rule_engines"), Path("/usr/lib/irods/plugins/rule_engines"))
"""Where packages put rule engines: on Enterprise Linux, and elsewhere."""

PYTHON = Path("/usr/bin/python3")
"""The distribution's own, which the packages of the Python rule engine are built for."""

HOME = Path("/var/lib/irods")

PACKAGE = "irods-omero-rules"
PACKAGED = Path("/usr/share") / PACKAGE / "version"
"""Says which version of the rules the distribution's package has installed, if it has."""

RELOAD = "systemctl reload irods (it checks server_config.json first, and keeps to the old one if the new one is wrong)"
RESTART = "systemctl restart irods"
RELOADS_SINCE = 5
"""The major version from which on the server reads its configuration at its start and on a signal only."""


@dataclass(frozen=True)
class ServerLayout:
    """Where the parts of an iRODS server are.

    Attributes:
        etc: The folder of core.py.
        server_config: The server_config.json.
        plugins: The folder of the rule engine plugins.
        python: The Python that the rule engine was built for.
        home: The home of the service account, where version.json is.
    """

    etc: Path
    server_config: Path
    plugins: Path
    python: Path = PYTHON
    home: Path = HOME


def usual_plugins() -> Path:
    """The folder of the rule engine plugins on this machine."""
    return next((folder for folder in PLUGINS if folder.is_dir()), PLUGINS[-1])


def major_version(layout: ServerLayout) -> int | None:
    """The major version of the server; None where it cannot be read."""
    try:
        version = json.loads((layout.home / "version.json").read_text(encoding="utf-8"))["irods_version"]
        return int(version.partition(".")[0])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def activation(layout: ServerLayout, config_changed: bool) -> str:
    """What an administrator does so that the running server uses what was changed.

    Each connection is a new process that imports core.py and the package, so these need nothing.
    """
    if not config_changed:
        return "nothing has to be restarted: each new connection loads the rules"
    version = major_version(layout)
    if version is None:
        return f"have the server read its configuration: iRODS 5: {RELOAD}; iRODS 4.3: {RESTART}"
    return "have the server read its configuration: " + (RELOAD if version >= RELOADS_SINCE else RESTART)
