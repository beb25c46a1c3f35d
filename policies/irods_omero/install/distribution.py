"""The part of this distribution that goes into the iRODS server."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import irods_omero
from irods_omero.errors import PolicyError

DISTRIBUTION = "irods-omero-policies"
PACKAGE = "irods_omero"
"""The name of the package inside the server, as outside it."""

CORE = "core.py"
POLICY = "omero_policy.json"

_PACKAGE = Path(irods_omero.__file__).parent


def installed_version() -> str:
    """Version of this distribution."""
    return version(DISTRIBUTION)


def parts() -> dict[str, bytes]:
    """The files of the package that the server imports, by their paths below the folder of core.py."""
    names = [_PACKAGE / "__init__.py", _PACKAGE / "vocabulary.py", *sorted((_PACKAGE / "hooks").glob("*.py"))]
    return {f"{PACKAGE}/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in names}


def core() -> bytes:
    """The core.py of a server that has none: beside the package in a source tree, and within it in a wheel."""
    for path in (_PACKAGE / "install" / "core" / CORE, _PACKAGE.parents[1] / CORE):
        if path.is_file():
            return path.read_bytes()
    raise PolicyError(f"this installation of {DISTRIBUTION} is incomplete: it has no {CORE}")


def examples() -> Path:
    """The folder of example policy, tier set-up and rules: beside the program, or in the source tree it runs from."""
    installed = Path(sys.prefix) / "share" / "irods-omero"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "irods_config"
