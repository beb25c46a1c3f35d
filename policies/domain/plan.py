"""The actions that make both sides agree: pure data, in the order in which it is safe to be killed between them."""

from __future__ import annotations

from dataclasses import dataclass

from policies.domain.agreement import Agreement
from policies.domain.places import Place
from policies.domain.target import Target
from policies.domain.unit import Content
from policies.domain.views import Avu, KeyValues, Pair, Subject
from policies.vocabulary import OBJECT_NAMESPACE


@dataclass(frozen=True)
class Import:
    """Bring the unit's bytes into OMERO as a new fileset.

    Attributes:
        prefix: Start of the client paths of all filesets of this unit, whatever the content.
        key: Start of the client paths of this content's, by which one that was already made is found.
        paths: Logical paths of the data objects, the one that Bio-Formats opens first.
        content: Of the unit, as it was looked at.
        owner: iRODS user who owns the data, and whose OMERO user shall own the images.
        target: Where in OMERO.
    """

    prefix: str
    key: str
    paths: tuple[str, ...]
    content: Content
    owner: str
    target: Target


@dataclass(frozen=True)
class AddTag:
    """Put a tag on an image or plate.

    Attributes:
        place: The namespace or the tag set that the tag is to be of.
        text: Its text.
    """

    subject: Subject
    place: Place
    text: str


@dataclass(frozen=True)
class RemoveTag:
    """Take one user's link of a tag away from an image or plate."""

    subject: Subject
    link: int
    owner: int


@dataclass(frozen=True)
class SetArchived:
    """Show, or no longer show, that an image's bytes are out of reach."""

    image: int
    owner: int
    group: int
    archived: bool


@dataclass(frozen=True)
class WriteKeyValues:
    """Make a key-value annotation on an image or plate say exactly this.

    Attributes:
        existing: The annotation to change, None to make one; images that share one are listed with the same. One that
            is shared with others is not changed: another one takes its place on this image.
        pairs: All that it shall say.
        namespace: Its namespace.
    """

    subject: Subject
    existing: KeyValues | None
    pairs: tuple[Pair, ...]
    namespace: str = OBJECT_NAMESPACE


@dataclass(frozen=True)
class RemoveKeyValues:
    """Take a key-value annotation away from an image or plate."""

    subject: Subject
    link: int
    owner: int


@dataclass(frozen=True)
class AddAvu:
    """Add one AVU to a data object."""

    data_id: int
    path: str
    avu: Avu


@dataclass(frozen=True)
class RemoveAvu:
    """Take one AVU away from a data object."""

    data_id: int
    path: str
    avu: Avu


@dataclass(frozen=True)
class Move:
    """Ask storage tiering to move a data object to another tier.

    Attributes:
        path: Logical path.
        replica: Number of the replica to take the bytes from.
        source: Its root resource.
        destination: Root resource of the tier to move to.
        group: Tier group.
    """

    data_id: int
    path: str
    replica: int
    source: str
    destination: str
    group: str


@dataclass(frozen=True)
class RecordAgreement:
    """Write down, on the unit's first data object, what both sides now say."""

    data_id: int
    path: str
    agreement: Agreement


OmeroAction = AddTag | RemoveTag | SetArchived | WriteKeyValues | RemoveKeyValues
ZoneAction = AddAvu | RemoveAvu | Move


@dataclass(frozen=True)
class Plan:
    """What to do about one unit.

    An import stands alone: what else is to be done is decided after looking again. Otherwise OMERO comes first,
    the zone second, the agreement third; the mark of the unit is cleared last, by the agent. Actions in OMERO may be
    done in any order. Images of earlier contents have their turn when all else says what they said, and before the zone
    names the new ones, by which an agent without an agreement would believe that nothing is left to do.

    Attributes:
        do_import: The import.
        first: What could not be told any more after a kill in between: why a request was turned down, and which value
            lost a conflict. Written down before anything else is done; there is none in most plans.
        omero: Actions in OMERO.
        zone: Actions in the zone, in the order in which they are to be done.
        superseded: Actions in OMERO on images of earlier contents.
        ids: Actions in the zone after them: the ids of images, and movements.
        record: The agreement.
    """

    do_import: Import | None = None
    first: RecordAgreement | None = None
    omero: tuple[OmeroAction, ...] = ()
    zone: tuple[ZoneAction, ...] = ()
    superseded: tuple[OmeroAction, ...] = ()
    ids: tuple[ZoneAction, ...] = ()
    record: RecordAgreement | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.do_import or self.first or self.record or self.works)

    @property
    def works(self) -> bool:
        """Whether there is anything to do besides an import and what is written down."""
        return bool(self.omero or self.zone or self.superseded or self.ids)


EMPTY = Plan()
