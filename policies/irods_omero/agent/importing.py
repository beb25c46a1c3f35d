"""The imports of one sweep: put off until all else is done, then each done by one worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from irods_omero.agent.apply import Applier
from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.domain.state.views import ZoneView
from irods_omero.gateways.zone.marks import Mark, ack, claim, release

IMPORT_JOB = "import"
"""The kind of job for the workers."""


class Imports:
    """Units that are to be imported, each with the marks that say so.

    Attributes:
        busy: Units that are being imported, or rest after that was tried in vain, and data objects whose marks led to
            that, by catalog id: nobody else is to touch them. Asked for before anything is read, so that what is done
            meanwhile is left to the next sweep.
    """

    def __init__(self, connections: Connections, workers: Workers, clock: Callable[[], float]) -> None:
        self._connections = connections
        self._clock = clock
        self._marks: dict[int, list[Mark]] = {}
        self._owners: dict[int, str] = {}
        self._suspects: set[int] = set()
        self._appliers: dict[int, Applier] = {}
        _, busy = workers.busy()
        self.busy = busy.union(*workers.resting(IMPORT_JOB).values())
        self._most = connections.settings.imports.per_sweep - workers.count(IMPORT_JOB)
        self._served = set(workers.owners())

    def __contains__(self, unit: int) -> bool:
        """Whether a unit is to be imported."""
        return unit in self._marks

    def has_room(self, unit: int) -> bool:
        """Whether a unit is to be imported, or can be without being one too many.

        There is always room for the first of an owner who has none: nobody waits for the backlog of somebody else.
        """
        return unit in self._marks or len(self._marks) < self._most or self._owner(unit) not in self._served

    def put_off(self, unit: int, mark: Mark) -> None:
        """Have a unit imported that there is room for."""
        self._marks.setdefault(unit, []).append(mark)
        self._served.add(self._owner(unit))

    def know(self, units: Iterable[ZoneView], suspects: Iterable[int] = ()) -> None:
        """Take note of whose units are, and which of them may bring a server down."""
        self._owners |= {unit.unit.data_id: unit.first.owner for unit in units if unit.objects}
        self._suspects.update(suspects)

    def _owner(self, unit: int) -> str:
        return self._owners.get(unit, "")

    def jobs(self, observer: Observer) -> list[Job]:
        """What the workers are to do; the marks of each unit are cleared when it is done."""
        first = Applier(self._connections, observer, Report())
        first.expect(self._marks)
        self._appliers[id(self._connections)] = first
        return [
            Job(
                (IMPORT_JOB, unit),
                partial(self._import, first, unit, marks),
                frozenset({unit, *(mark.id for mark in marks)}),
                self._owner(unit),
                late=unit in self._suspects,
            )
            for unit, marks in sorted(self._marks.items())
        ]

    def _import(self, first: Applier, unit: int, marks: Sequence[Mark], connections: Connections) -> Report:
        """Import one unit, with the connections of a thread and its memory of this sweep."""
        zone, names, report = connections.zone, connections.names, Report()
        applier = self._appliers.get(id(connections))
        if applier is None:
            applier = first.beside(connections, Observer(connections, self._clock))
            self._appliers[id(connections)] = applier
        applier.report = report
        taken = [mark for mark in marks if claim(zone, names, mark)]
        if not taken:
            report.in_vain = 1
        else:
            again = applier.import_unit(unit)
            report.observed += 1
            report.waiting += len(again)
            for mark in taken:
                (release if again else ack)(zone, names, mark)
        return report
