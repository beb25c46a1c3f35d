"""Claims the marks of a batch together, and acknowledges or releases them when all of it is done."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.views import Avu
from irods_omero.gateways.zone.mark_lists import remove_list, write_lists
from irods_omero.gateways.zone.marks import Mark, ack, claim, release
from irods_omero.vocabulary import PENDING, TAKEN


class Batch:
    """Marks of data objects that are worked on together.

    Attributes:
        taken: Those that could be taken.
        untaken: Those that could not: what they are on was renamed or removed, or the zone refuses.
        released: Those that are left to a later sweep, when all is settled.
    """

    def __init__(self, connections: Connections, marks: Sequence[Mark]) -> None:
        """Claim them: a change from now on leaves a new mark, and an agent that comes after a kill finds these."""
        self._connections = connections
        zone, names = connections.zone, connections.names
        alone = [mark for mark in marks if mark.listed or TAKEN in mark.states]
        together = [mark for mark in marks if mark not in set(alone)]
        self._lists = list[Avu]()
        if len(together) > 1:
            self._lists = write_lists(zone, names, connections.settings.agent.shards, together)
            together = [replace(mark, listed=True) for mark in together]
        due = alone + together
        claimed = connections.side_by_side.each(due, lambda beside, mark: claim(beside, names, mark))
        self.taken = [mark for mark, is_there in zip(due, claimed, strict=True) if is_there]
        self.released = list[Mark]()
        self.untaken = [mark for mark, is_there in zip(due, claimed, strict=True) if not is_there]

    def settle(self, again: Container[int]) -> int:
        """Acknowledge the marks, but release those ``again`` (by catalog id); returns how many are acknowledged."""
        names = self._connections.names
        self._connections.side_by_side.each(
            self.taken, lambda beside, mark: (release if mark.id in again else ack)(beside, names, mark)
        )
        for each in self._lists:
            remove_list(self._connections.zone, each)
        left = [mark for mark in self.taken if mark.id in again]
        self.released = [replace(mark, states=frozenset({PENDING}), listed=False) for mark in left]
        return len(self.taken) - len(left)
