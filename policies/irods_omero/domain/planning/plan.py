"""The plan for one unit: what is to be done about it, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.state.actions import Action, Import, OmeroAction, RecordAgreement, Relocate, ZoneAction
from irods_omero.domain.state.one_copy.managed_files import CopyAction, Evict

Step = tuple[Action, ...]
"""Actions that are all for one side, in the order in which they are carried out."""


@dataclass(frozen=True)
class Plan:
    """What to do about one unit.

    An import stands alone: what else is to be done is decided after observing again.

    Attributes:
        do_import: The import.
        first: What would be lost if the agent were killed on the way: why a request was refused, and which value
            lost a conflict. Most plans have none.
        omero: Actions in OMERO.
        zone: Actions in the zone.
        superseded: Actions in OMERO on images of earlier contents.
        ids: Actions in the zone that come after these: the ids of images, and movements.
        told: Actions in the zone that show what is wrong, or no longer do: after all that may turn out to be.
        record: The agreement.
        copies: What is to be done in OMERO's repository when both sides say all this; it may take long, so that it is
            decided anew when its turn comes.
    """

    do_import: Import | None = None
    first: RecordAgreement | None = None
    omero: tuple[OmeroAction, ...] = ()
    zone: tuple[ZoneAction, ...] = ()
    superseded: tuple[OmeroAction, ...] = ()
    ids: tuple[ZoneAction, ...] = ()
    told: tuple[ZoneAction, ...] = ()
    record: RecordAgreement | None = None
    copies: CopyAction | None = None

    def work(self) -> tuple[Step, ...]:
        """The steps that make both sides agree; every plan has the same number of them.

        Images of earlier contents come after all else that says what they said, and before the zone gets the ids of
        the new ones: by these ids an agent without an agreement would believe that nothing is left to do.
        """
        return (self.first,) if self.first else (), self.omero, self.zone, self.superseded, self.ids

    def end(self) -> tuple[Step, ...]:
        """The steps after all work: only then is it known what is to be told and recorded."""
        return self.told, (self.record,) if self.record else ()

    def steps(self) -> tuple[Step, ...]:
        """The steps on both sides in the order in which they are carried out.

        It is safe to be killed between any two actions: whatever was done by then, the next plan ends the same.
        OMERO comes before the zone, both before the agreement, and the agent acknowledges the mark after all of them.
        """
        return (*self.work(), *self.end())

    def actions(self) -> tuple[Action | CopyAction, ...]:
        """All actions in the order in which they are carried out: an import alone, OMERO's repository last."""
        imports = (self.do_import,) if self.do_import else ()
        copies = (self.copies,) if self.copies else ()
        return (*imports, *(action for step in self.steps() for action in step), *copies)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.actions())

    @property
    def relocates(self) -> bool:
        """Whether data objects get other paths: then all that is said of them is said at the next look."""
        return any(isinstance(action, Relocate) for action in self.ids)

    @property
    def works(self) -> bool:
        """Whether there is anything to do besides an import, telling what is wrong, and recording the agreement."""
        return bool(self.omero or self.zone or self.superseded or self.ids)


def evicted_by(plan: Plan) -> int:
    """Bytes of OMERO's copies that a plan removes."""
    return plan.copies.size if isinstance(plan.copies, Evict) else 0


EMPTY = Plan()
