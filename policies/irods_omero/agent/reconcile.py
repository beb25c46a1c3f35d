"""A sweep over everything, marked or not: the guarantee behind the hints."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from irods_omero.agent.apply import Applier, decide_or_fail
from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_units import Directories
from irods_omero.agent.identity import check_identity
from irods_omero.agent.marks.posting import Posting
from irods_omero.agent.marks.walks import take_ids_away, write_corrections
from irods_omero.agent.observe import Observer
from irods_omero.agent.omero_first.intake_queue import IntakeQueue
from irods_omero.agent.one_copy.cache_trimming import limit_of, look_at_cache
from irods_omero.agent.report import Report
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.planning.orphans import diff_orphan
from irods_omero.domain.planning.plan import evicted_by
from irods_omero.domain.rules.one_copy.cache_limit import Cached, Room
from irods_omero.domain.state.actions import OmeroAction
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.fileset_pages import fileset_pages
from irods_omero.gateways.omero.filesets import read_filesets
from irods_omero.gateways.omero.importer import Existing, half_made
from irods_omero.gateways.zone.collection_paths import collections_carrying
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.gateways.zone.objects import existing
from irods_omero.logs import log
from irods_omero.status.collection import DirectoryState
from irods_omero.vocabulary import shard_of


class Manner(Enum):
    """What happens to a unit that drifted.

    It is repaired at once, which no other agent of the same shards may be at work for; marked for the agent; or only
    shown.
    """

    REPAIR = "repair"
    MARK = "mark"
    DRY_RUN = "dry run"


TELL_SECONDS = 60.0
"""How often the log says how far it has come."""


@dataclass(frozen=True)
class Assessment:
    """A unit whose sides do not agree, and what would make them.

    Attributes:
        observation: What was seen of it.
        decision: What is to be done.
        stranded: Its data objects that storage tiering has given up, as far as that was looked for.
        directory: The directory that it is of, as far as that was looked at.
    """

    observation: Observation
    decision: Decision
    stranded: tuple[str, ...] = ()
    directory: DirectoryState | None = None


@dataclass(frozen=True)
class Orphan:
    """A fileset whose data object is no longer in the zone, and whose images do not say so yet.

    Attributes:
        fileset: OMERO id.
        data_id: Catalog id of the data object.
        actions: What makes its images say so.
        half_made: The fileset, if it has no images: what an agent that was killed has left, which is deleted.
    """

    fileset: int
    data_id: int
    actions: tuple[OmeroAction, ...] = ()
    half_made: Existing | None = None


@dataclass
class Reconciled:
    """How far a reconcile has come.

    Attributes:
        units: Those that were looked at.
        drifted: Those whose sides did not agree.
        held: Those of which removals wait for a person.
        orphaned: Filesets that did not say yet that their data object is gone.
        evictable: Bytes of OMERO's copies that were to be removed.
        room: What OMERO's copies are together, and what of them makes room; None where it is not looked at.
        missed: Filesets that came through OMERO first, and that no agent knew of.
        position: The last catalog id; an interrupted reconcile goes on after it.
        report: What was done.
    """

    units: int = 0
    drifted: int = 0
    held: int = 0
    orphaned: int = 0
    evictable: int = 0
    missed: int = 0
    room: Room | None = None
    position: int = 0
    report: Report = field(default_factory=Report)


class Reconciler:
    """Looks at every unit, a page at a time, and makes both sides of it agree."""

    def __init__(
        self, connections: Connections, manner: Manner = Manner.REPAIR, clock: Callable[[], float] = time.time
    ) -> None:
        self._connections = connections
        self._manner = manner
        self._clock = clock
        self._told = time.monotonic()
        self.done = Reconciled()

    def run(self, after: int = 0) -> Iterator[list[Assessment]]:
        """Go through all units; yields after each page what had drifted in it.

        Raises:
            UnreachableError: A side is down; ``done.position`` says where to go on.
            RefusedError: A side refuses what concerns all units.
        """
        connections, self.done.position = self._connections, after
        check_identity(connections)
        observer = Observer(connections, self._clock)
        if self._manner is not Manner.DRY_RUN:
            for path in observer.watched.incorrect():
                write_corrections(connections, observer.watched, path)
            for path in sorted(collections_carrying(connections.zone, connections.names.fileset)):
                if not observer.watched.is_directory(path):
                    take_ids_away(connections, path)
        directories = Directories(connections, observer, self._clock)
        self._mark_directories(directories, observer.watched.told_of_files)
        for ids in pages(connections.zone, connections.settings.watch.roots, connections.names.agreement, after):
            ours = [id_ for id_ in ids if shard_of(id_) in connections.shards]
            yield self._page(observer, directories, ours)
            self.done.position = ids[-1]
            self._tell()

    def _tell(self) -> None:
        """Say now and then how far it has come, in case that it is killed."""
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            log.info("reconciling", units=self.done.units, drifted=self.done.drifted, after=self.done.position)

    def orphans(self) -> Iterator[list[Orphan]]:
        """Go through all filesets of this zone for those that outlived their data objects; yields them by pages.

        Nobody else can find them: the agreement was gone with the data object. They are put right whatever the manner,
        except when they are only to be shown. Imports that were cut off are found, too, of whatever data object; not
        when units are only marked, as the agent that works on these may be importing.
        """
        session = self._connections.omero.service()
        for page in fileset_pages(session, str(self._connections.zone_key)):
            ours = {
                fileset: data_id for fileset, data_id in page.items() if shard_of(data_id) in self._connections.shards
            }
            there = existing(self._connections.zone, ours.values())
            gone = {fileset: data_id for fileset, data_id in ours.items() if data_id not in there}
            views = read_filesets(session, gone, self._connections.scope())
            differences = {fileset: diff_orphan(view.subjects) for fileset, view in views.items()}
            orphans = [Orphan(fileset, gone[fileset], actions) for fileset, actions in differences.items() if actions]
            if self._manner is not Manner.MARK:
                orphans += [Orphan(left.id, ours[left.id], half_made=left) for left in half_made(session, ours)]
            self.done.orphaned += len(orphans)
            if orphans and self._manner is not Manner.DRY_RUN:
                self._put_right(orphans)
            yield orphans

    def leaving(self) -> Sequence[Cached]:
        """What of OMERO's copies is to make room, where there are more than ``cache.most_bytes`` of them.

        The agent finds it by itself: it is only shown.
        """
        most = limit_of(self._connections)
        if most is None or self._manner is not Manner.DRY_RUN:
            return ()
        self.done.room = look_at_cache(self._connections, most, self._clock)
        if self.done.room is None:
            return ()
        self.done.evictable += self.done.room.freed
        return self.done.room.leaving

    def missed(self) -> Iterator[list[int]]:
        """Go through all filesets for those that are to be taken in, and that no agent knows of; yields them by pages.

        They are left to the agent, except when they are only to be shown.
        """
        queue = IntakeQueue(self._connections, self._clock)
        for filesets in queue.missed():
            if self._manner is not Manner.DRY_RUN:
                for fileset in filesets:
                    queue.mark(fileset)
            self.done.missed += len(filesets)
            yield filesets

    def _put_right(self, orphans: list[Orphan]) -> None:
        annotating, importing = self._connections.writers()
        refused = annotating.apply([(orphan.fileset, action) for orphan in orphans for action in orphan.actions])
        failures = {fileset: refusals[0].why for fileset, refusals in refused.items()}
        for left in (orphan.half_made for orphan in orphans if orphan.half_made):
            try:
                importing.clear_away(left)
            except RefusedError as refusal:
                failures[left.id] = str(refusal)
        self.done.report.failed += len(failures)
        for fileset, error in failures.items():
            log.warning("orphan failed", fileset=fileset, error=error)

    def _mark_directories(self, directories: Directories, paths: Iterable[str]) -> None:
        """Leave to the agent those of some directories of which anything is to be done."""
        due = [path for path in paths if directories.of_collection(path) == path and self._is_due(directories, path)]
        self.done.drifted += len(due)
        if self._manner is not Manner.DRY_RUN:
            directories.mark(due)

    def _is_due(self, directories: Directories, path: str) -> bool:
        try:
            return not directories.look(path).is_idle
        except RefusedError as error:  # it is the trouble of that directory alone
            log.warning("directory failed", path=path, error=str(error))
            self.done.report.failed += 1
            return True

    def _page(self, observer: Observer, directories: Directories, ids: Sequence[int]) -> list[Assessment]:
        observations = observer.observe(ids, each_once=True)
        doubtful = directories.doubtful(observation.zone for observation in observations.values())
        self._mark_directories(directories, {*directories.unassigned_among(ids), *doubtful})
        assessments = [Assessment(observation, decide_or_fail(observation)) for observation in observations.values()]
        if self._manner is Manner.MARK:  # what waits for its time has lost its mark, or gets one that it has
            waiting = [each for each in assessments if each.decision.wait and not each.decision.plan]
            self._mark(waiting, {each.observation.zone.unit.data_id for each in waiting})
        assessments = [assessment for assessment in assessments if assessment.decision.plan]
        self.done.units += len(observations)
        self.done.drifted += len(assessments)
        self.done.evictable += sum(evicted_by(assessment.decision.plan) for assessment in assessments)
        self.done.held += sum(observation.is_held for observation in observations.values())
        if assessments and self._manner is Manner.REPAIR:
            held = self.done.report.held
            drifted = {assessment.observation.zone.unit.data_id: assessment.observation for assessment in assessments}
            again = Applier(self._connections, observer, self.done.report).apply(drifted)
            self._mark(assessments, again)
            assessments = [_as_held(each, drifted[each.observation.zone.unit.data_id]) for each in assessments]
            self.done.held += self.done.report.held - held
        elif self._manner is Manner.MARK:
            self._mark(assessments, {assessment.observation.zone.unit.data_id for assessment in assessments})
        return assessments

    def _mark(self, assessments: Iterable[Assessment], ids: Container[int]) -> None:
        """Leave units to the agent: all that drifted, or those that could not be finished at once."""
        for assessment in assessments:
            first = assessment.observation.zone.first
            if first.data_id in ids:
                Posting(self._connections, self.done.report).post(first.data_id, first.path)


def _as_held(assessment: Assessment, observation: Observation) -> Assessment:
    """The assessment of a unit as it is after it was repaired, if removals were held: it was not all of the plan."""
    if observation.is_held == assessment.observation.is_held:
        return assessment
    return replace(assessment, observation=observation, decision=decide_or_fail(observation))
