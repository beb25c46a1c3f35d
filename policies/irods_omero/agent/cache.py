"""Removes OMERO's copies of files, brings them back, and compares them, one unit after the other, after all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import structlog

from irods_omero.agent.apply import Applier, decide_or_fail
from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.agent.report import Report
from irods_omero.agent.repository import ProvenRepository, proven_repository
from irods_omero.domain.planning.decision import record
from irods_omero.domain.rules.one_copy import candidates, failing
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.managed_files import CopyAction, Evict, ManagedFile, Refill, Verify
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.repository.copies import REFILLING, clear, evict, is_file_in, refill
from irods_omero.gateways.zone.avus import record_agreement
from irods_omero.gateways.zone.streaming import blocks_of

log = structlog.get_logger()

STEPS = 4
"""At most so many actions of one unit in a row: after bytes were compared a copy may be removed, and that is all."""


class Cache:
    """What is to be done in OMERO's repository."""

    def __init__(self, connections: Connections, observer: Observer, report: Report) -> None:
        self._connections = connections
        self._observer = observer
        self._report = report
        self._repository: ProvenRepository | None = None

    def run(self, due: Mapping[int, CopyAction], most: int) -> None:
        """Work on units, those first for which users are waiting.

        Args:
            due: For the id of each unit what was decided; it is decided anew when its turn comes.
            most: Number of units of which bytes are read at most; removing takes next to no time.

        Raises:
            UnreachableError: A side is down; what was not done is found again by the marks.
        """
        for data_id in sorted(
            due, key=lambda id_: (not isinstance(due[id_], Refill), isinstance(due[id_], Verify), id_)
        ):
            reads = isinstance(due[data_id], Refill | Verify)
            if reads and most <= 0:
                self._report.postponed += 1
                continue
            most -= reads
            self._settle(data_id)

    def _settle(self, data_id: int) -> None:
        """Look at a unit again, do what is then to be done, and have both sides say so."""
        for _ in range(STEPS):
            seen = self._observer.observe([data_id])
            if data_id not in seen or not self._is_settled(seen[data_id]):
                return

    def _is_settled(self, observation: Observation) -> bool:
        """Do the next thing for a unit; returns whether there may be more to do."""
        decision = decide_or_fail(observation)
        if decision.plan.do_import is not None:
            return False
        data_id = observation.zone.unit.data_id
        Applier(self._connections, self._observer, self._report).apply_all_but_imports({data_id: observation})
        action = decision.plan.copies
        if action is None:
            return False
        if type(action) is Evict and not all(image.archived for image in observation.omero.images):
            return True  # the next look sees whether they have got their lock: no copy is missing without one
        try:
            self._do(replace(observation, base=decision.agreement), action)
        except RefusedError as error:
            log.warning("OMERO's copy cannot be changed", path=observation.zone.first.path, error=str(error))
            self._report.failed += 1
            failed = failing(observation.base, str(error), observation.now)
            self._record(observation, replace(decision.agreement, copy_failure=failed))
        return True

    def _do(self, observation: Observation, action: CopyAction) -> None:
        if self._repository is None:
            self._repository = proven_repository(self._connections)
        if self._repository is None:
            return
        if isinstance(action, Verify):
            self._verify(observation, action)
        elif isinstance(action, Refill):
            self._refill(observation, action)
        else:
            for file in action.files:
                self._report.freed_bytes += evict(self._repository.directory, file)
            self._report.evicted += 1
            log.info("OMERO's copy removed", path=observation.zone.first.path, bytes=action.size)

    def _refill(self, observation: Observation, action: Refill) -> None:
        assert self._repository is not None
        for file in action.files:
            clear(self._repository.directory, file)
            if not file.disk.readable:
                self._report.refilled_bytes += self._bring_back(observation, file)
        self._report.refilled += bool(action.size)
        log.info("OMERO's copy brought back", path=observation.zone.first.path, bytes=action.size)

    def _bring_back(self, observation: Observation, file: ManagedFile) -> int:
        """Bring a file back from the data object that has its bytes; the last one that might says why not."""
        assert self._repository is not None
        refused = RefusedError(REFILLING, file.path, "no data object of the unit has a file of that size")
        for data_object in candidates(file, observation.zone.objects):
            try:
                return refill(self._repository.directory, file, self._blocks(observation, data_object))
            except RefusedError as error:
                refused = error
        raise refused

    def _verify(self, observation: Observation, action: Verify) -> None:
        """Compare the data objects with OMERO's hashes, and with their own checksums at the same time."""
        left = list(observation.zone.objects)
        for file in action.files:
            same = next(
                (each for each in candidates(file, left) if is_file_in(file, self._checked(observation, each))), None
            )
            if same is None:
                raise RefusedError("comparing with iRODS", file.path, "no data object of the unit has the same bytes")
            left.remove(same)
        content = observation.content
        assert content is not None
        self._record(observation, replace(observation.base, verified=content.checksum))

    def _blocks(self, observation: Observation, data_object: DataObject) -> Iterator[bytes]:
        replica = observation.policy.tiers.best_replica(data_object)
        return blocks_of(self._connections.zone, data_object.path, replica)

    def _checked(self, observation: Observation, data_object: DataObject) -> Iterator[bytes]:
        """The bytes of a data object, which are seen to have its checksum."""
        content = data_object.content()
        digest = digest_of(content.checksum) if content else None
        doing = "comparing with its checksum"
        if content is None or digest is None:
            raise RefusedError(doing, data_object.path, "iRODS has no checksum of it that can be compared")
        for block in self._blocks(observation, data_object):
            digest.update(block)
            yield block
        if not digest.is_that_of(content.checksum):
            raise RefusedError(doing, data_object.path, "its bytes do not have the checksum of the catalog: ichksum -K")

    def _record(self, observation: Observation, agreement: Agreement) -> None:
        """Write an agreement down; one that is too long by what is new in it stays as it is."""
        action = record(observation, agreement)
        if action is not None:
            record_agreement(self._connections.zone, self._connections.names, action)
