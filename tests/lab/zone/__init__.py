"""A small iRODS zone that speaks the real protocol to python-irodsclient, for tests, the demo and benchmarks."""

from tests.lab.zone.bulk import BulkObject
from tests.lab.zone.lab import LabZone

__all__ = ["BulkObject", "LabZone"]
