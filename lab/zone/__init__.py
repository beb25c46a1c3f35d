"""A small iRODS zone that speaks the real protocol to python-irodsclient, for tests, the demo and benchmarks."""

from lab.zone.bulk import BulkObject
from lab.zone.lab import LabZone

__all__ = ["BulkObject", "LabZone"]
