"""Marks that are left for a later sweep, or for another agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from irods_omero.agent.apply import decide_or_fail
from irods_omero.agent.connections import Connections
from irods_omero.agent.report import Report
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import read_apart
from irods_omero.gateways.zone.marks import Mark, post
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.logs import log


class Posting:
    """Leaves marks; that the zone refuses one is the trouble of that data object.

    Attributes:
        unmarked: Catalog ids of what the zone would not have marked: nobody would come back to it.
    """

    def __init__(self, connections: Connections, report: Report) -> None:
        self.unmarked = set[int]()
        self._connections = connections
        self._report = report

    def post(self, data_id: int, path: str) -> bool:
        """Mark a data object; returns whether it is."""
        try:
            post(self._connections.zone, self._connections.names, data_id, path)
        except RefusedError as error:
            log.warning("it cannot be marked", path=path, error=str(error))
            self._report.failed += 1
            self.unmarked.add(data_id)
            return False
        return True

    def pass_on(self, observations: Mapping[int, Observation]) -> None:
        """Mark, for the agents of their shards, the units of which the sides do not agree, or that wait."""
        for data_id, observation in observations.items():
            decision = decide_or_fail(observation)
            if decision.plan or decision.wait:
                self.post(data_id, observation.zone.first.path)

    def tell_of_unclaimed(self, marks: Iterable[Mark]) -> None:
        """Tell of marks that the zone does not let be claimed, though what they are on is where it was."""
        paths = {mark.id: mark.path for mark in marks}
        there = read_apart(sorted(paths), lambda ids: read_objects(self._connections.zone, ids, ()), lambda *_: None)
        for data_id, each in there.items():
            if each.path == paths[data_id]:
                log.warning("its mark cannot be claimed", path=each.path)
                self._report.in_vain += 1
