"""Everything that a decision about one unit rests on."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.domain.state.actions import Refusal
from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement
from irods_omero.domain.state.carried import own_annotations
from irods_omero.domain.state.omero_first.relocation import PlaceView
from irods_omero.domain.state.omero_first.rights import RightsView
from irods_omero.domain.state.one_copy.managed_files import ManagedFile, VaultFile
from irods_omero.domain.state.places import PATH
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import NOTHING_IN_OMERO, Avu, OmeroView, ZoneView


@dataclass(frozen=True)
class Observation:
    """What is known about one unit at one moment.

    Attributes:
        zone: What the zone says.
        policy: The administrator's choices.
        now: Seconds since 1970, for the time that a change is shown with.
        omero: What OMERO says.
        base: What was agreed last.
        strays: Agreement AVUs that cannot be read, and all but the first of those that can.
        imported: The content of ``omero.fileset`` if it has just been imported: the agreement does not name it yet.
        compared: Whether the checksums of ``imported`` were compared with the bytes that OMERO got.
        copies: The files in OMERO's repository, None where nobody could look.
        vault_files: The files of its good replicas on resources whose files OMERO may be linked to, None where nobody
            has looked.
        checked: Those of ``copies`` whose bytes were just seen to be the ones that OMERO knows.
        refill_rate: How many bytes a second were brought back of late, None where nobody knows.
        makes_room: Whether their copies are to go because OMERO's disk has too many of them.
        refused: What a side has refused of what was to be done, None while nothing was tried.
        rights: What is known of the rights on it, where these follow OMERO and its owner or group there has changed.
        place: What is known of its place, where that follows OMERO and is another one now.
        lost: Logical path of a data object that was registered where OMERO had it, and that iRODS cannot read any more,
            as its images are gone; empty for none.
        hold: Whether what would be removed is to be held for a person to decide about: too many units lose something.
    """

    zone: ZoneView
    policy: Policy
    now: float
    omero: OmeroView = NOTHING_IN_OMERO
    base: Agreement = NOTHING_AGREED
    strays: tuple[Avu, ...] = ()
    imported: Content | None = None
    compared: bool = False
    copies: tuple[ManagedFile, ...] | None = None
    vault_files: tuple[VaultFile, ...] | None = None
    checked: tuple[ManagedFile, ...] = ()
    refill_rate: float | None = None
    makes_room: bool = False
    rights: RightsView | None = None
    place: PlaceView | None = None
    lost: str = ""
    hold: bool = False
    refused: tuple[Refusal, ...] | None = None

    @property
    def has_moved(self) -> bool:
        """Whether the images still say another path than the unit has now."""
        pairs = (pair for subject in self.omero.subjects for each in own_annotations(subject) for pair in each.pairs)
        return any(key == PATH and path != self.zone.first.path for key, path in pairs)

    @property
    def is_held(self) -> bool:
        """Whether nothing of mapped attributes and of images that are missing is changed on either side."""
        return self.hold or self.base.held

    @property
    def content(self) -> Content | None:
        """The present content of the unit."""
        return self.zone.content()

    @property
    def known_content(self) -> Content | None:
        """The content that was imported, None when it is not known."""
        return self.imported or self.base.content
