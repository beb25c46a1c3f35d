"""Says how to install omero-py where it is missing: separately from the rest, as it needs zeroc-ice."""

from __future__ import annotations

import sys

from irods_omero.install.distribution import DISTRIBUTION

MODULES = frozenset({"omero", "Ice", "IcePy", "IceImport", "Glacier2"})
"""What omero-py and zeroc-ice bring, as far as it is imported by its name."""


def is_missing(error: ImportError) -> bool:
    """Whether an import failed because omero-py or zeroc-ice is not installed, or not usable."""
    return (error.name or "").partition(".")[0] in MODULES


def commands() -> tuple[str, str]:
    """What to type, for the Python that runs this.

    Two commands, as pip by itself would try the sources of zeroc-ice, which no present compiler and Python accept.
    """
    python = sys.executable
    return (
        f'{python} -m pip install "$({python} -m irods_omero.install.zeroc_ice)"',
        f'{python} -m pip install "{DISTRIBUTION}[omero]"',
    )


def advice() -> str:
    """How to install it, on lines of their own."""
    head = "install it (the first line takes some minutes where zeroc-ice has to be compiled):"
    return "\n".join([head, *commands()])
