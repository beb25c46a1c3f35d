"""Finds what Python would import in place of the installed files: other modules of the same names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from irods_omero.errors import PolicyError
from irods_omero.install import distribution, files, interpreter
from irods_omero.install.layout import PACKAGE, ServerLayout
from irods_omero.install.manifest import Manifest

CORE = Path(distribution.CORE).stem
EXTENSION = ".so"
"""In one folder Python takes a package first, then an extension module, then a module, then a compiled one."""


def in_folder(etc: Path, record: Manifest) -> Iterator[str]:
    """What is in the way in the folder of core.py itself."""
    package = etc / distribution.PACKAGE
    recorded = any(name.startswith(f"{distribution.PACKAGE}/") for name in record.files)
    if not recorded and any(path.is_file() and path.suffix != ".pyc" for path in package.rglob("*")):
        yield f"{package} was not installed by this program: move it away, or rename it if the site needs it"
    for path in _modules(etc, distribution.PACKAGE, {".py", ".pyc", EXTENSION}):
        yield f"{path} has the name of the package to install: rename it, and the imports of it"
    for path in (*(etc / CORE).glob("__init__.*"), *_modules(etc, CORE, {EXTENSION})):
        yield f"{path} is imported in place of {etc / distribution.CORE}: rename it, and the imports of it"


def on_path(layout: ServerLayout) -> Iterator[str]:
    """What the rule engine's Python finds before it looks into the folder of core.py.

    This distribution may be installed there as well, with the very files that are to be installed.

    Raises:
        PolicyError: This Python cannot be run.
    """
    for name, origin in interpreter.origins(layout, (distribution.PACKAGE, CORE)).items():
        if layout.etc in origin.parents or (name == distribution.PACKAGE and _is_this_version(origin.parent)):
            continue
        what = f"{origin} is imported by {layout.python} in place of "
        if name == CORE:
            yield f"{what}{layout.etc / distribution.CORE}: remove it, or rename it and the imports of it"
        elif (origin.parent / "hooks" / "__init__.py").exists():
            how = f"apt-get remove {PACKAGE}, or {layout.python} -m pip uninstall {distribution.DISTRIBUTION}"
            remedy = f"remove it ({how}), or update it"
            yield f"{what}{layout.etc / name}, and is another version of it: {remedy}"
        else:
            yield f"{what}{layout.etc / name}: remove it, or rename it and the imports of it"


def _modules(folder: Path, name: str, suffixes: set[str]) -> list[Path]:
    """Modules of a name in a folder, also those with the tag of a Python version in theirs."""
    return sorted(path for path in folder.glob(f"{name}.*") if path.suffix in suffixes)


def _is_this_version(package: Path) -> bool:
    """Whether a package has the same files as the one that is to be installed."""
    try:
        return all(files.content(package.parent / name) == data for name, data in distribution.parts().items())
    except PolicyError:
        return False
