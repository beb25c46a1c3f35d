"""The actions that change either side, as pure data; their order is the plan's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.omero_first.rights import Grant
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import Avu, KeyValues, Pairs, Subject
from irods_omero.vocabulary import OBJECT_NAMESPACE


class Expected(NamedTuple):
    """What the catalog says about the bytes of a data object.

    Attributes:
        size: Number of bytes.
        checksum: As iRODS writes it; empty where the catalog has none.
    """

    size: int
    checksum: str


@dataclass(frozen=True)
class Import:
    """Bring the unit's bytes into OMERO as a new fileset.

    Attributes:
        prefix: Start of the client paths of all filesets of this unit, whatever the content.
        key: Start of the client paths of this content's fileset; one that was imported before is recognized by it.
        paths: Logical paths of the data objects, the one that Bio-Formats opens first.
        content: The content of the unit when it was observed.
        user: Login name of the OMERO user who shall own the images.
        target: Where the images go in OMERO.
        expected: For each data object what its bytes have to be, by the catalog.
        present: The fileset that the unit has, whatever its key; None if it has none.
        address: Template of the address at which OMERO reads it itself; empty where its bytes are brought there.
    """

    prefix: str
    key: str
    paths: tuple[str, ...]
    content: Content
    user: str
    target: Target
    expected: tuple[Expected, ...] = ()
    present: int | None = None
    address: str = ""


@dataclass(frozen=True)
class AddTag:
    """Put a tag on an image or plate.

    Attributes:
        place: The namespace or the tag set that the tag belongs to.
        text: Its text.
    """

    subject: Subject
    place: Place
    text: str


@dataclass(frozen=True)
class RemoveTag:
    """Remove one user's link of a tag from an image or plate."""

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
class SetAddress:
    """Have OMERO read an image of an OME-Zarr hierarchy at another address."""

    image: int
    owner: int
    group: int
    address: str


@dataclass(frozen=True)
class WriteKeyValues:
    """Make a key-value annotation on an image or plate say exactly this.

    Attributes:
        existing: The annotation to change, None to make one; each of several images that share one may have an
            action for it. One that others see, too, is not changed but replaced on this image.
        pairs: All its pairs afterwards.
        namespace: Its namespace.
    """

    subject: Subject
    existing: KeyValues | None
    pairs: Pairs
    namespace: str = OBJECT_NAMESPACE


@dataclass(frozen=True)
class RemoveKeyValues:
    """Remove a key-value annotation from an image or plate."""

    subject: Subject
    link: int
    owner: int


@dataclass(frozen=True)
class AddAvu:
    """Add one AVU to a data object, or to the collection of its unit."""

    data_id: int
    path: str
    avu: Avu
    collection: bool = False


@dataclass(frozen=True)
class RemoveAvu:
    """Remove one AVU from a data object, or from the collection of its unit."""

    data_id: int
    path: str
    avu: Avu
    collection: bool = False


@dataclass(frozen=True)
class SetRight:
    """Make one entry of the access control list of a data object, or remove it.

    Attributes:
        grant: The entry; one without a level is removed.
        is_new_group: Whether it is a group that is made if there is none.
        opens: Whether the name may then look into the collections that the agent made for the data object.
    """

    data_id: int
    path: str
    grant: Grant
    is_new_group: bool = False
    opens: bool = False

    def closed(self) -> SetRight:
        """The same without a look at collections."""
        return replace(self, opens=False)


@dataclass(frozen=True)
class Relocate:
    """Give a data object another path, unless something is there.

    Attributes:
        new: The path.
        owner: The user in whose home the collections that are made have all rights of ``grants``.
        grants: Who may look into these collections; None if another data object has seen to that.
    """

    data_id: int
    path: str
    new: str
    owner: str
    grants: tuple[Grant, ...] | None = ()


@dataclass(frozen=True)
class Move:
    """Ask storage tiering to move a data object to another tier.

    Attributes:
        path: Logical path.
        replica: Number of the replica to take the bytes from.
        source: Its root resource.
        destination: Root resource of the tier to move to.
        group: Tier group.
        verification: How storage tiering makes sure of the copy: ``catalog``, ``filesystem`` or ``checksum``.
        preserve: Whether the replica at the source stays.
        delay: The delay conditions of the movement, without the name of the rule engine.
    """

    data_id: int
    path: str
    replica: int
    source: str
    destination: str
    group: str
    verification: str
    preserve: bool
    delay: str


@dataclass(frozen=True)
class RecordAgreement:
    """Write down, on the unit's first data object, what both sides now say."""

    data_id: int
    path: str
    agreement: Agreement


OmeroAction = AddTag | RemoveTag | SetArchived | SetAddress | WriteKeyValues | RemoveKeyValues
ZoneAction = AddAvu | RemoveAvu | SetRight | Relocate | Move
Action = OmeroAction | ZoneAction | RecordAgreement


class Refusal(NamedTuple):
    """An action that a side will not do, for whoever tries.

    Attributes:
        action: What was to be done.
        why: What the side said, for people.
    """

    action: Action
    why: str
