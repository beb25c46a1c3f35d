"""The file requirements/runtime.txt: of the locked requirements those that the program needs itself, as constraints.

Made from requirements/dev.txt and the metadata of the packages that are installed here; no network.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[1]
DISTRIBUTION = "irods-omero-policies"
HEAD = """# The versions that the tests ran with of all that the program needs, for pip install --constraint.
# Made by `make generate` from requirements/dev.txt. (zeroc-ice is not in it: irods_omero.install.zeroc_ice brings it.)
"""


def runtime_text() -> str:
    """The whole file."""
    needed = names_below(DISTRIBUTION)
    locked = (TOP / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pins = [line.removesuffix("\\").strip() for line in locked.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    kept = [pin for pin in pins if canonicalize_name(pin.partition("==")[0]) in needed]
    return HEAD + "\n".join(kept) + "\n"


def names_below(distribution: str) -> set[str]:
    """The names of all packages that a distribution needs, directly or not, on whatever system.

    What is optional for the distribution itself counts, too. A package that is not installed, because this system does
    not need it, counts without what it needs itself.
    """
    names: set[str] = set()
    waiting = [distribution]
    while waiting:
        try:
            name = waiting.pop()
            requirements = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        wanted = [each for each in requirements if name == DISTRIBUTION or not _is_optional(each)]
        new = {canonicalize_name(each.name) for each in wanted} - names
        names |= new
        waiting += sorted(new)
    return names


def _is_optional(requirement: Requirement) -> bool:
    return requirement.marker is not None and re.search(r"\bextra\b", str(requirement.marker)) is not None
