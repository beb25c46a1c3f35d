"""A sweep over everything, marked or not: the guarantee behind the hints."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from policies.agent.doing import Doing
from policies.agent.looking import Observer
from policies.agent.report import Report
from policies.agent.sides import Sides
from policies.domain.decide import Decision, decide
from policies.domain.orphan import orphan_difference
from policies.domain.plan import OmeroAction
from policies.domain.situation import Situation
from policies.errors import RefusedError
from policies.gateways.omero.importing import Existing, half_made
from policies.gateways.omero.listing import fileset_pages
from policies.gateways.omero.reading import read_filesets
from policies.gateways.zone.listing import pages
from policies.gateways.zone.marks import leave
from policies.gateways.zone.reading import existing
from policies.vocabulary import shard_of

log = structlog.get_logger()

REPAIR = "repair"
MARK = "mark"
SHOW = "show"


@dataclass(frozen=True)
class Drift:
    """A unit whose sides do not agree, and what would make them."""

    situation: Situation
    decision: Decision


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
        orphaned: Filesets that did not say yet that their data object is gone.
        position: The last catalog id; an interrupted reconcile goes on after it.
        report: What was done.
    """

    units: int = 0
    drifted: int = 0
    orphaned: int = 0
    position: int = 0
    report: Report = field(default_factory=Report)


class Reconciler:
    """Looks at every unit, a page at a time, and makes both sides of it agree."""

    def __init__(self, sides: Sides, manner: str = REPAIR, clock: Callable[[], float] = time.time) -> None:
        """``manner`` says what happens to a unit that drifted.

        It is to ``repair`` it at once, which no other agent of the same shards may be at work for; to ``mark`` it for
        the agent; or only to ``show`` it.
        """
        self._sides = sides
        self._manner = manner
        self._clock = clock
        self.done = Reconciled()

    def run(self, after: int = 0) -> Iterator[list[Drift]]:
        """Go through all units; yields after each page what had drifted in it.

        Raises:
            UnreachableError: A side is down; ``done.position`` says where to go on.
            RefusedError: A side refuses what concerns all units.
        """
        sides, self.done.position = self._sides, after
        observer = Observer(sides, self._clock)
        for ids in pages(sides.zone, sides.settings.watch.roots, sides.names.agreement, after):
            yield self._page(observer, [id_ for id_ in ids if shard_of(id_) in sides.shards])
            self.done.position = ids[-1]

    def orphans(self) -> Iterator[list[Orphan]]:
        """Go through all filesets of this zone for those that outlived their data objects; yields them by pages.

        Nobody else can find them: the agreement was gone with the data object. They are put right whatever the manner,
        except when they are only to be shown. Imports that were cut off are found, too, of whatever data object; not
        when units are only marked, as the agent that works on these may be importing.
        """
        session = self._sides.omero.service()
        for page in fileset_pages(session, self._sides.settings.zone.name):
            ours = {fileset: data_id for fileset, data_id in page.items() if shard_of(data_id) in self._sides.shards}
            there = existing(self._sides.zone, ours.values())
            gone = {fileset: data_id for fileset, data_id in ours.items() if data_id not in there}
            views = read_filesets(session, gone, self._sides.looked())
            differences = {fileset: orphan_difference(view.subjects) for fileset, view in views.items()}
            found = [Orphan(fileset, gone[fileset], actions) for fileset, actions in differences.items() if actions]
            if self._manner != MARK:
                found += [Orphan(left.id, ours[left.id], half_made=left) for left in half_made(session, ours)]
            self.done.orphaned += len(found)
            if found and self._manner != SHOW:
                self._put_right(found)
            yield found

    def _put_right(self, orphans: list[Orphan]) -> None:
        annotating, importing = self._sides.tools()
        failures = annotating.apply([(orphan.fileset, action) for orphan in orphans for action in orphan.actions])
        for left in (orphan.half_made for orphan in orphans if orphan.half_made):
            try:
                importing.clear_away(left)
            except RefusedError as refusal:
                failures[left.id] = refusal
        self.done.report.failed += len(failures)
        for fileset, error in failures.items():
            log.warning("orphan failed", fileset=fileset, error=str(error))

    def _page(self, observer: Observer, ids: Iterable[int]) -> list[Drift]:
        situations = observer.observe(ids, each_once=True)
        drifts = [Drift(situation, decide(situation)) for situation in situations.values()]
        drifts = [drift for drift in drifts if drift.decision.plan]
        self.done.units += len(situations)
        self.done.drifted += len(drifts)
        if drifts and self._manner == REPAIR:
            drifted = {drift.situation.zone.unit.data_id: drift.situation for drift in drifts}
            again = Doing(self._sides, observer, self.done.report).carry_out(drifted)
            self._mark(drifts, again)
        elif self._manner == MARK:
            self._mark(drifts, {drift.situation.zone.unit.data_id for drift in drifts})
        return drifts

    def _mark(self, drifts: Iterable[Drift], ids: Container[int]) -> None:
        """Leave units to the agent: all that drifted, or those that could not be finished at once."""
        for drift in drifts:
            first = drift.situation.zone.first
            if first.data_id in ids:
                leave(self._sides.zone, self._sides.names, first.data_id, first.path)
