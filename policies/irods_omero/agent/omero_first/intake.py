"""Takes filesets that came through OMERO first into iRODS, each exactly once.

The bytes are written into a collection of the agent's own, named after the fileset, where nobody else has rights. They
are compared with OMERO's hash, described, agreed on, and only then moved to where they belong. What was broken off at
any call is taken up again by what is there: the collection says that the fileset is not done, the AVU with its id finds
what was moved already, and the key on the fileset in OMERO names the data object for good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial

from irods_omero.agent.connections import Connections
from irods_omero.agent.omero_first.destinations import check_resource, free_collection, placement_for
from irods_omero.agent.omero_first.intake_errors import show_error
from irods_omero.agent.omero_first.intake_leases import IntakeLeases
from irods_omero.agent.omero_first.intake_progress import IntakeProgress, intake_progress, objects_of
from irods_omero.agent.omero_first.intake_queue import IntakeQueue
from irods_omero.agent.omero_first.intake_transfer import IntakeTransfer
from irods_omero.agent.report import Report
from irods_omero.agent.repository import compared_when_read
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.rules.omero_first.placement import (
    MOVE,
    REGISTER,
    Placement,
    PlacementError,
    PlacementRule,
    rule_for,
)
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.agreement import REASON_BYTES, UNTOLD, Agreement
from irods_omero.domain.state.omero_first.relocation import digest_of_place
from irods_omero.domain.state.omero_first.rights import Rights
from irods_omero.domain.state.omero_first.source import Source
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.unit import Unit, import_key
from irods_omero.domain.state.views import Avu, DataObject, ZoneView
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import keys_of
from irods_omero.gateways.omero.sources import owners_of, possession_of, read_sources, write_key
from irods_omero.gateways.omero.tags import Tags
from irods_omero.gateways.zone import intake_objects as zone_intake
from irods_omero.gateways.zone.avus import add_avu
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.objects import ids_of, read_objects
from irods_omero.gateways.zone.zone_actions import record_agreement
from irods_omero.logs import log
from irods_omero.vocabulary import FILE, LIST

INTAKE = "intake"

PLACING = threading.Lock()
"""Held while a fileset is put into its place, which another one may want as well, or make a part of."""


@dataclass(frozen=True)
class Taken:
    """What became of a fileset.

    Attributes:
        fileset: OMERO id.
        size: Bytes of its files.
        paths: Logical paths of its data objects, or where they would go; empty if it cannot be taken.
        reason: Why not, or why not now, or what its images do not say yet; empty if all is done.
    """

    fileset: int
    size: int
    paths: tuple[str, ...] = ()
    reason: str = ""


def _leave_to_sweeps(_: DataObject) -> str:
    """What the agent does about what it has taken in: its next sweep finds the mark."""
    return ""


class Intakes:
    """What takes in the filesets of one sweep, one for each thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made: dict[int, Intake] = {}

    def take(self, fileset: int, connections: Connections) -> Report:
        """Take one in; returns what was done."""
        intake = self._made.get(id(connections))
        if intake is None:
            intake = self._made.setdefault(id(connections), Intake(connections, Report(), self._clock))
        intake.report = Report()
        intake.take(fileset)
        return intake.report


class Intake:
    """Takes filesets in, one after the other."""

    def __init__(
        self,
        connections: Connections,
        report: Report,
        clock: Callable[[], float] = time.time,
        finish: Callable[[DataObject], str] = _leave_to_sweeps,
    ) -> None:
        """``clock`` gives the time, seconds since 1970.

        ``finish`` has the images of what is in its place say so; given is its first data object, which is marked, and
        what could not be done is returned.
        """
        self._connections = connections
        self._finish = finish
        self.report = report
        self._clock = clock
        self._rules = connections.placement_rules()
        self._tags = Tags()
        self._bringing = IntakeTransfer(connections)
        self._queue = IntakeQueue(connections, clock)
        self._leases = IntakeLeases(connections, clock)
        self._planned = set[str]()
        self.last = 0
        """The last one, in their order, of which there is a job."""

    def jobs(self, workers: Workers, last: int) -> list[Job]:
        """To take in what is new in the groups of ``omero_first``, and what was not done before.

        Args:
            workers: What they do already leaves less room; the rest is left to the next sweep.
            last: The last one that was tried: those after it come first, as some are not complete for a long time.

        Raises:
            UnreachableError: A side is down; nothing is lost.
        """
        if not self._rules:
            return []
        most = self._connections.settings.imports.per_sweep - workers.count(INTAKE)
        jobs, unfinished, of = list[Job](), set(self._queue.unfinished()), Intakes(self._clock)
        avus = self._queue.all_avus() if unfinished else {}
        self.last = last
        under_way = {(INTAKE, fileset) for fileset in workers.resting(INTAKE)} | workers.busy()[0]
        due = list[int]()
        for fileset in sorted(unfinished | self._queue.new(), key=lambda fileset: (fileset <= last, fileset)):
            if (INTAKE, fileset) in under_way:
                continue
            if fileset in unfinished and self._is_not_due(avus.get(fileset, ())):
                self.report.waiting += 1
                continue
            due.append(fileset)
        owners, served = owners_of(self._connections.omero.service(), due), set(workers.owners())
        for fileset in due:
            owner = owners.get(fileset, "")
            if len(jobs) >= most and owner in served:  # nobody waits for the backlog of somebody else
                self.report.postponed += 1
                continue
            if len(jobs) < most:
                self.last = fileset
            served.add(owner)
            jobs.append(Job((INTAKE, fileset), partial(of.take, fileset), owner=owner))
        return jobs

    def _is_not_due(self, avus: Collection[Avu]) -> bool:
        """Whether the next attempt to do the rest of one is due later, or somebody else is doing it."""
        return self._queue.is_resting(avus) or bool(self._leases.others(avus))

    def take(self, fileset: int, rule: PlacementRule | None = None, owner: str = "", dry_run: bool = False) -> Taken:
        """Take one fileset in, or say why not; what cannot be done is noted, shown on its images, and tried anew later.

        Args:
            fileset: OMERO id.
            rule: Where it goes, by default as was said before, or by the configuration.
            owner: The iRODS user who shall own it, by default the one who stands for its owner in OMERO.
            dry_run: Whether only to say where it would go.

        Raises:
            UnreachableError: A side is down.
        """
        source = read_sources(self._connections.omero.service(), [fileset]).get(fileset)
        if source is None:
            if not dry_run:
                self._give_up(fileset)
            return Taken(fileset, 0, reason="it is not in OMERO any more")
        by_hand = rule is not None or bool(owner)
        try:
            if not by_hand:
                rule, owner = self._queue.said(fileset)
                by_hand = rule is not None or bool(owner)
            rule = rule or rule_for(source.group, self._rules)
            placement = placement_for(self._connections, source, rule, owner)
            check_resource(self._connections, source, rule)
            why_not = self._why_not(source)
            if why_not:
                if not dry_run and self._queue.is_unfinished(fileset):
                    self._note(source, why_not, shown=False)
                self.report.waiting += 1
                return Taken(fileset, source.size, reason=why_not)
            if dry_run:
                return Taken(fileset, source.size, self._would_go(source, placement))
            return self._take_alone(source, placement, rule, owner, by_hand)
        except (PlacementError, RefusedError) as error:
            if not dry_run:
                self._fail(source, error, by_hand)
            return Taken(fileset, source.size, reason=str(error))

    def leave(self, fileset: int, rule: PlacementRule | None, owner: str) -> Taken:
        """Leave one fileset to the agent of its shard, with what is said of it; see ``take``.

        Raises:
            UnreachableError: A side is down.
        """
        by_hand = rule is not None or bool(owner)
        try:
            source = read_sources(self._connections.omero.service(), [fileset])[fileset]
            rule = rule or rule_for(source.group, self._rules)
            placement_for(self._connections, source, rule, owner)
            check_resource(self._connections, source, rule)
        except (PlacementError, RefusedError) as error:
            return Taken(fileset, 0, reason=str(error))
        if by_hand:
            self._queue.say(fileset, rule, owner)
        else:
            self._queue.mark(fileset)
        return Taken(fileset, source.size)

    def _give_up(self, fileset: int) -> None:
        """Remove what is left of a fileset that was deleted; what is in its place already is to say so."""
        try:
            if self._queue.is_unfinished(fileset):
                for each in objects_of(self._connections, fileset):
                    post(self._connections.zone, self._connections.names, each.data_id, each.path)
            self._queue.forget(fileset)
        except RefusedError as error:
            self.report.in_vain += 1
            log.error("what is left of it cannot be removed", fileset=fileset, error=str(error))

    def _would_go(self, source: Source, placement: Placement) -> tuple[str, ...]:
        """The paths that a fileset would get, after all others that were asked about."""
        moved = intake_progress(self._connections, source.fileset, self._queue.staging(source.fileset)).moved
        there = placement.collection_of(moved, source.fileset)
        paths = placement.paths(there or free_collection(self._connections, source, placement, planned=self._planned))
        self._planned.update(paths)
        self._planned.update(path[:end] for path in paths for end, letter in enumerate(path) if letter == "/")
        return paths

    def _why_not(self, source: Source) -> str:
        """Why a fileset is not taken in now, empty if it is."""
        if not source.completed:
            return "it has no images yet: its import goes on, or has failed"
        if abs(self._clock() - source.completed) < self._connections.settings.imports.settle_seconds:
            return "its import has only just ended"
        return ""

    def _fail(self, source: Source, error: PlacementError | RefusedError, by_hand: bool) -> None:
        log.warning("fileset cannot be taken in", fileset=source.fileset, error=str(error))
        self.report.failed += 1
        if by_hand and isinstance(error, PlacementError) and not self._queue.is_unfinished(source.fileset):
            return  # who has said where it goes can say it again, and nobody else is to try
        self._note(source, str(error))

    def _note(self, source: Source, reason: str, shown: bool = True) -> None:
        """Write down why a fileset was not taken in, for the next attempt and for its owner."""
        reason = printable(reason, REASON_BYTES) or UNTOLD
        try:
            attempts = self._queue.note(source.fileset, reason)
            if shown:
                first = intake_progress(self._connections, source.fileset, self._queue.staging(source.fileset)).first
                show_error(self._connections, source.fileset, reason, attempts, first)
        except RefusedError as error:
            self.report.in_vain += 1
            log.error("failure cannot be recorded", fileset=source.fileset, error=str(error))

    def _take_alone(
        self, source: Source, placement: Placement, rule: PlacementRule, owner: str, by_hand: bool
    ) -> Taken:
        """Do it, unless somebody else is doing so at this moment."""
        with self._leases.held(source.fileset) as why_not:
            if why_not:
                self.report.waiting += 1
                return Taken(source.fileset, source.size, reason=why_not)
            if by_hand:
                self._queue.say(source.fileset, rule, owner)
            return self._take(source, placement, rule, None if by_hand else placement.access.rights(source))

    def _take(self, source: Source, placement: Placement, rule: PlacementRule, rights: Rights | None) -> Taken:
        """Do it, or the rest of it; ``rights`` are those that may have to follow OMERO."""
        zone, names = self._connections.zone, self._connections.names
        staging = self._queue.staging(source.fileset)
        before = intake_progress(self._connections, source.fileset, staging)
        ready, moved, unit, _ = before
        if len(moved) == len(source.files):
            final = sorted(self._objects(moved), key=lambda each: each.data_id != unit)
        else:
            there = placement.collection_of(moved, source.fileset)
            gone = {name for name in placement.names if f"{there}/{name}" in moved}
            staged_files = zip(source.files, placement.names, placement.paths(staging), strict=True)
            missing = [(file, staged) for file, name, staged in staged_files if name not in gone]
            self._bringing.bring([each for each in missing if each[1] not in ready], source, rule, staging)
            self._check_possession(source)
            in_place = rule.resource if rule.how == REGISTER else ""
            agreed = Agreement(fileset=source.fileset, rights=rights, to_move=rule.how == MOVE, in_place=in_place)
            final = self._put(source, placement, before, agreed)
        post(zone, names, final[0].data_id, final[0].path)
        untold = self._finish(final[0])
        if not untold:  # otherwise doing it again says the rest
            self._queue.forget(source.fileset)
        self.report.taken += 1
        self.report.observed += 1
        log.info("taken in", fileset=source.fileset, path=final[0].path)
        return Taken(source.fileset, source.size, tuple(each.path for each in final), untold)

    def _check_possession(self, source: Source) -> None:
        """Make sure that rights are given as they are in OMERO now: bringing the bytes may have taken hours."""
        now = possession_of(self._connections.omero.service(), source.fileset)
        if now is not None and now != (source.owner_id, source.group_id, source.members_may):
            on = f"Fileset:{source.fileset}"
            raise RefusedError("taking in", on, "its owner, its group or what members may do has just changed in OMERO")

    def _put(self, source: Source, placement: Placement, before: IntakeProgress, agreed: Agreement) -> list[DataObject]:
        """Describe what was brought, and put it into its place: one fileset at a time, as places meet."""
        staging, moved = self._queue.staging(source.fileset), before.moved
        with PLACING:
            collection = self._collection(source, placement, moved)
            paths = list(zip(placement.paths(staging), placement.paths(collection), strict=True))
            left = [(staged, path) for staged, path in paths if path not in moved]
            objects = self._objects(path if path in moved else staged for staged, path in paths)
            self._describe(placement, objects, [staged for staged, _ in left])
            places = () if agreed.rights is None else (digest_of_place(collection),)
            self._agree(source, objects, replace(agreed, places=places), not (before.ready or before.moved))
            self._move(left, placement)
            return self._objects(path for _, path in paths)

    def _collection(self, source: Source, placement: Placement, moved: set[str]) -> str:
        """Where the files go: where the first of them have gone, or where nothing is in their way."""
        if there := placement.collection_of(moved, source.fileset):
            return there
        return free_collection(self._connections, source, placement)

    def _objects(self, paths: Iterable[str]) -> list[DataObject]:
        """The data objects at some paths, in their order."""
        zone, names = self._connections.zone, self._connections.names
        ids = ids_of(zone, list(paths))
        objects = read_objects(zone, ids, [names.unit, names.fileset, names.agreement])
        return [objects[data_id] for data_id in ids]

    def _describe(self, placement: Placement, objects: list[DataObject], staged: list[str]) -> None:
        """Give the data objects that are not in their place yet their owner, rights and AVUs."""
        zone, names = self._connections.zone, self._connections.names
        access = placement.access
        if access.group and not zone_intake.kind_of_user(zone, access.group):
            zone_intake.make_group(zone, access.group)
        avus = list(placement.avus)
        if len(objects) > 1:
            avus.append(Avu(names.unit, str(objects[0].data_id), LIST))
        for path in staged:
            zone_intake.set_owner(zone, path, access.owner)
            for grant in access.grants:
                zone_intake.grant(zone, path, *grant)
            for avu in avus:
                add_avu(zone, path, avu)

    def _agree(self, source: Source, objects: list[DataObject], agreed: Agreement, is_all_read: bool) -> None:
        """Record that this fileset has the content of these data objects, on both sides.

        What an earlier agent has read was compared with what OMERO said of it then, which need not be what it says now.
        """
        connections, first = self._connections, objects[0]
        unit = Unit(first.data_id, LIST if len(objects) > 1 else FILE)
        content = ZoneView(unit, tuple(objects)).content()
        if content is None:
            raise RefusedError("taking in", first.path, "a replica of it is not good")
        verified = compared_when_read(connections, source, content, self._clock()) if is_all_read else None
        agreement = replace(agreed, content=content, verified=verified)
        record_agreement(connections.zone, connections.names, RecordAgreement(first.data_id, first.path, agreement))
        service = connections.omero.service()
        as_owner = connections.acting_as(source.owner_id, source.group_id)
        self._tags.offer_requests(as_owner, source.group_id)
        key = import_key(str(connections.zone_key), first.data_id, content)
        if source.fileset not in keys_of(service, [source.fileset]):
            write_key(as_owner, source.fileset, key)

    def _move(self, moves: list[tuple[str, str]], placement: Placement) -> None:
        """Put the data objects into their place, with rights on the collections that are made for it."""
        zone, access = self._connections.zone, placement.access
        zone_intake.make_places(zone, {path.rpartition("/")[0] for _, path in moves}, access.owner, access.grants)
        for staged, path in moves:
            zone_intake.move_object(zone, staged, path)
