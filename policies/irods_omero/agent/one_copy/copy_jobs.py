"""The jobs of one sweep in OMERO's repository: each is done by one worker, after all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from irods_omero.agent.connections import Connections
from irods_omero.agent.one_copy.cache import Cache
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import Clear, CopyAction, Evict, Link, Refill, Share, Verify

COPYING = "copy"

ORDER = (Refill, Link, Clear, Evict, Verify, Share)
"""Those first for which users are waiting."""


class CopyJobs:
    """Units whose copies in OMERO are to be changed; their marks stay, so that a later look sees what came of it."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        """``clock`` gives the time, seconds since 1970."""
        self._most = connections.settings.imports.per_sweep
        self._clock = clock
        self._due: dict[int, tuple[CopyAction, Observation]] = {}

    def put_off(self, observations: Mapping[int, Observation], actions: Mapping[int, CopyAction]) -> None:
        """Have done what was decided about some units; it is decided anew when its turn comes."""
        self._due |= {data_id: (action, observations[data_id]) for data_id, action in actions.items()}

    def jobs(self, report: Report, workers: Workers) -> list[Job]:
        """What the workers are to do.

        Args:
            report: Counts the units that are too many: the bytes of each are read.
            workers: What they do already leaves less room.
        """
        most = self._most - workers.count(COPYING)
        due = self._due.keys() - workers.resting(COPYING)
        turns = sorted(due, key=lambda id_: (ORDER.index(type(self._due[id_][0])), id_))
        report.postponed += len(turns[most:])
        return [self._job(data_id, *self._due[data_id]) for data_id in turns[:most]]

    def _job(self, data_id: int, action: CopyAction, observation: Observation) -> Job:
        ids = frozenset({data_id, *(data_object.data_id for data_object in observation.zone.objects)})
        # What nobody is waiting for is nobody's: whoever has something to do goes before the next of these.
        owner = observation.zone.first.owner if isinstance(action, Refill) else ""
        return Job((COPYING, data_id), partial(_settle, self._clock, data_id), ids, owner)


def _settle(clock: Callable[[], float], data_id: int, connections: Connections) -> Report:
    return Cache(connections, clock).settle(data_id)
