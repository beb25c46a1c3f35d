"""What has to be so before any test module is imported."""

import gc
import os

# Before Glacier2: imported by itself, that module hides the exception of its own that omero-py's closeSession expects,
# and closing a session that is over fails or not by the order in which test modules are collected.
import omero.clients  # noqa: F401

# Tests start hundreds of processes, and each connection to the lab's zone loads the hooks anew: what Python has
# compiled is kept for the next one, though whoever calls may have switched that off.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Leave what all tests share, which stays to the end, out of the garbage collections to come."""
    gc.collect()
    gc.freeze()
