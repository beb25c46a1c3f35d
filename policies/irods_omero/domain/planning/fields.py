"""What is decided about each field of a unit by itself, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest

from irods_omero.domain.planning.decision import Reason
from irods_omero.domain.rules.attributes import Attributes
from irods_omero.domain.rules.desired import Error, Errors, errors_of, tier_rule
from irods_omero.domain.rules.imports import ImportDecision
from irods_omero.domain.rules.omero_first.follow_names import PlaceDecision
from irods_omero.domain.rules.omero_first.follow_rights import RightsDecision
from irods_omero.domain.rules.one_copy.copy_decision import CopyDecision
from irods_omero.domain.rules.one_copy.copy_words import told_of
from irods_omero.domain.rules.refused_actions import RefusedActions
from irods_omero.domain.rules.requests import RequestDecision
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.tiers import Tier


@dataclass(frozen=True)
class Fields:
    """What is decided about each field by itself."""

    importing: ImportDecision
    tier: Tier | None
    request: RequestDecision
    copies: CopyDecision
    rights: RightsDecision
    place: PlaceDecision
    no_import: str
    attributes: Attributes
    invalid: str
    unplaced: str
    refusals: RefusedActions
    lost: str

    @property
    def errors(self) -> Errors:
        """What is wrong, as both sides show it.

        Not what was refused, which the zone alone shows: OMERO may be what cannot be written to.
        """
        return errors_of(
            Error(self.importing.error, self.importing.attempts, self.importing.changes),
            Error(self.request.refused),
            Error(self.no_import),
            Error(self.copies.error),
            Error(self.attributes.error),
            Error(self.invalid),
            Error(self.unplaced),
            Error(self.rights.error),
            Error(self.place.error),
            Error(self.lost),
        )

    @property
    def pending(self) -> str:
        """The pending request, empty for none."""
        return self.request.pending.request if self.request.pending else ""


def reasons_of(observation: Observation, fields: Fields, agreement: Agreement) -> tuple[Reason, ...]:
    """For each field of a unit which rule decided."""
    tier = fields.tier.name if fields.tier else "none"
    images = ", ".join(map(str, nsmallest(5, (image.id for image in observation.omero.images))))
    path = observation.zone.first.path
    return (
        Reason("import", "no", fields.importing.rule),
        Reason("tier", tier, tier_rule(fields.tier)),
        Reason("images", images or "none", "OMERO: the fileset"),
        Reason("request", agreement.request or "none", fields.request.rule),
        *_rights(fields.rights),
        *([Reason("place", path, fields.place.rule)] if fields.place.rule else []),
        *([Reason("bytes", "gone", fields.lost)] if fields.lost else []),
        *_copies(observation, fields.copies),
        *(Reason(*rule) for rule in fields.attributes.rules if observation.omero.fileset is not None),
    )


def _rights(rights: RightsDecision) -> tuple[Reason, ...]:
    if not rights.rule or rights.agreed is None:
        return ()
    return (Reason("rights", ", ".join(f"{name}: {level}" for name, level in rights.agreed.grants), rights.rule),)


def _copies(observation: Observation, copies: CopyDecision) -> tuple[Reason, ...]:
    if observation.omero.fileset is None or not observation.policy.has_repository:
        return ()
    files = observation.copies
    value = "unknown" if files is None else "yes" if all(file.disk.readable for file in files) else "no"
    return (Reason("copy in OMERO", value, copies.rule + told_of(copies.evicted)),)
