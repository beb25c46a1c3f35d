"""A small OMERO server for tests: speaks Ice to an unmodified omero-py."""

from lab.omero.lab import LabOmero

__all__ = ["LabOmero"]
