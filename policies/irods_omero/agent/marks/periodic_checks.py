"""What is checked once a minute, as no mark tells of it."""

from __future__ import annotations

import time

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.request_lookup import PASSING
from irods_omero.gateways.zone.mark_batches import MarkBatch, find_batches
from irods_omero.gateways.zone.objects import ids_with

SECONDS = 60.0


class PeriodicChecks:
    """What is looked for at the first sweep, and then once a minute: each in another sweep, so that none is long."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._batches_at = self._pending_at = 0.0

    def batches(self) -> list[MarkBatch]:
        """The marks that a sweep had claimed together which was broken off.

        At first they are those of an agent that was killed; later ones are of an agent that went on for a while when
        this one had started, and was killed then.
        """
        now = time.monotonic()
        if now < self._batches_at:
            return []
        self._batches_at = now + (SECONDS if self._batches_at else 1.5 * SECONDS)
        connections = self._connections
        return find_batches(connections.zone, connections.names, connections.shards)

    def pending(self) -> set[int]:
        """The data objects that wait for a movement: the rule that storage tiering has queued for it may be gone."""
        now = time.monotonic()
        if now < self._pending_at:
            return set()
        self._pending_at = now + SECONDS
        return ids_with(self._connections.zone, self._connections.names.request, PASSING)
