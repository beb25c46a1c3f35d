"""Claims the marks of a batch together, and acknowledges or releases them when all of it is done."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.mark_batches import remove_batch, write_batches
from irods_omero.gateways.zone.marks import Mark, ack, claim, release
from irods_omero.vocabulary import PENDING, TAKEN


class ClaimedMarks:
    """Marks of data objects that are worked on together.

    Attributes:
        claimed: Those that could be claimed.
        unclaimed: Those that could not: what they are on was renamed or removed, or the zone refuses.
        released: Those that are left to a later sweep, when all is settled.
    """

    def __init__(self, connections: Connections, marks: Sequence[Mark]) -> None:
        """Claim them: a change from now on leaves a new mark, and an agent that comes after a kill finds these."""
        self._connections = connections
        zone, names = connections.zone, connections.names
        alone = [mark for mark in marks if mark.batched or TAKEN in mark.states]
        together = [mark for mark in marks if mark not in set(alone)]
        self._batches = list[Avu]()
        if len(together) > 1:
            self._batches = write_batches(zone, names, connections.settings.agent.shards, together)
            together = [replace(mark, batched=True) for mark in together]
        due = alone + together
        are_claimed = connections.side_by_side.each(due, lambda beside, mark: claim(beside, names, mark))
        self.claimed = [mark for mark, is_there in zip(due, are_claimed, strict=True) if is_there]
        self.released = list[Mark]()
        self.unclaimed = [mark for mark, is_there in zip(due, are_claimed, strict=True) if not is_there]

    def settle(self, again: Container[int]) -> int:
        """Acknowledge the marks, but release those ``again`` (by catalog id); returns how many are acknowledged."""
        names = self._connections.names
        self._connections.side_by_side.each(
            self.claimed, lambda beside, mark: (release if mark.id in again else ack)(beside, names, mark)
        )
        for each in self._batches:
            remove_batch(self._connections.zone, each)
        left = [mark for mark in self.claimed if mark.id in again]
        self.released = [replace(mark, states=frozenset({PENDING}), batched=False) for mark in left]
        return len(self.claimed) - len(left)
