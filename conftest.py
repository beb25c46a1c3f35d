"""What has to be so before any test module is imported."""

# Before Glacier2: imported by itself, that module hides the exception of its own that omero-py's closeSession expects,
# and closing a session that is over fails or not by the order in which test modules are collected.
import omero.clients  # noqa: F401
