"""What each side says about a unit at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from irods_omero.domain.state.unit import MAXIMUM_CHECKSUM, Content, Unit, together
from irods_omero.vocabulary import OBJECT_NAMESPACE

Pair = tuple[str, str]
"""A key and its value."""


class Avu(NamedTuple):
    """One metadata triple of the zone."""

    attribute: str
    value: str
    units: str = ""


@dataclass(frozen=True)
class Replica:
    """One copy of a data object.

    Attributes:
        number: Replica number.
        resource: Name of the root resource, which is what a tier is made of.
        good: Whether the catalog holds it for current and complete.
        size: Bytes.
        checksum: Empty where none was computed.
        modified: Seconds since 1970.
    """

    number: int
    resource: str
    good: bool
    size: int
    checksum: str = ""
    modified: int = 0


@dataclass(frozen=True)
class DataObject:
    """A data object as the catalog has it.

    Attributes:
        data_id: Catalog id, the same after renaming and overwriting.
        path: Logical path.
        owner: Name of the iRODS user who owns it; with ``#`` and the zone, if that is another one.
        replicas: Its copies.
        avus: Its metadata.
        asked_at: When AVUs of ``avus`` were set, for those that ask for something, seconds since 1970.
    """

    data_id: int
    path: str
    owner: str
    replicas: tuple[Replica, ...]
    avus: frozenset[Avu] = frozenset()
    asked_at: tuple[tuple[Avu, int], ...] = ()

    def good_replicas(self) -> tuple[Replica, ...]:
        """The copies that hold the current content, in order of their numbers."""
        return tuple(sorted((replica for replica in self.replicas if replica.good), key=lambda replica: replica.number))

    def content(self) -> Content | None:
        """What identifies the current content, or None while no replica is good."""
        good = self.good_replicas()
        if not good:
            return None
        first = good[0]
        checksum = next((replica.checksum for replica in good if 0 < len(replica.checksum) <= MAXIMUM_CHECKSUM), "")
        return Content(first.size, checksum, first.number, first.modified)

    def values(self, attribute: str) -> frozenset[str]:
        """All values of one attribute."""
        return frozenset(avu.value for avu in self.avus if avu.attribute == attribute)


@dataclass(frozen=True)
class ImportRule:
    """What a watched collection says about what arrives below it.

    Attributes:
        collection: Path of the collection that carries the AVUs.
        kind: ``file``, ``directory`` or ``list``.
        target: Text of the target AVU, as the administrator wrote it.
        group: OMERO group, or empty for the owner's default group.
    """

    collection: str
    kind: str
    target: str
    group: str


@dataclass(frozen=True)
class ZoneView:
    """What the zone says about a unit.

    Attributes:
        unit: The unit.
        objects: Its data objects; the first gives the unit its id. Empty when they are gone from the zone.
        rule: What the nearest watched collection says, or None outside of all of them.
        movements: For each data id, the resource to which a queued movement will take it.
        trouble: Why a data object that claims to belong to a unit of several is taken for one of its own, empty if not.
    """

    unit: Unit
    objects: tuple[DataObject, ...]
    rule: ImportRule | None = None
    movements: tuple[tuple[int, str], ...] = ()
    trouble: str = ""

    @property
    def first(self) -> DataObject:
        """The data object that carries the agreement of the unit."""
        return self.objects[0]

    def content(self) -> Content | None:
        """What identifies the current content of all data objects, or None while one of them has no good replica.

        They are taken in the order of their ids, which renaming does not change.
        """
        contents = [each.content() for each in sorted(self.objects, key=lambda each: each.data_id)]
        known = [content for content in contents if content is not None]
        return together(known) if known and len(known) == len(contents) else None


@dataclass(frozen=True, order=True)
class TagLink:
    """One tag on one image or plate, as one user put it there.

    Attributes:
        link: Id of the annotation link.
        tag: Id of the tag.
        namespace: Namespace of the tag, empty for none.
        text: Text of the tag.
        owner: OMERO id of the user who owns the link.
        created: Seconds since 1970.
        owner_name: Login name of that user.
        tag_set: Name of the mapped tag set that the tag is in, the first by name of several; empty for none.
    """

    link: int
    tag: int
    namespace: str
    text: str
    owner: int
    created: float = 0.0
    owner_name: str = ""
    tag_set: str = ""


@dataclass(frozen=True, order=True)
class KeyValues:
    """A key-value annotation on an image or plate.

    Attributes:
        annotation: Id of the MapAnnotation.
        link: Id of the link.
        owner: OMERO id of the user who owns the link.
        pairs: In the order in which clients show them.
        namespace: Namespace of the annotation.
        shared: Whether it is also on images of other units, or somebody else's: others see it, too, so that it is
            not changed but replaced.
        invalid: Those of the pairs that are let alone, as no AVU can say the same.
    """

    annotation: int
    link: int
    owner: int
    pairs: tuple[Pair, ...]
    namespace: str = OBJECT_NAMESPACE
    shared: bool = False
    invalid: frozenset[Pair] = frozenset()


@dataclass(frozen=True)
class Subject:
    """The image, or for plates the plate, on which users see tags and key-value pairs.

    Attributes:
        kind: ``Image`` or ``Plate``.
        id: OMERO id.
        owner: OMERO id of its owner.
        group: OMERO id of its group.
        tags: The tags that concern this policy: its own namespaces and mapped ones.
        key_values: Annotations in the namespace of this policy (one, unless somebody copied it) and in mapped ones.
    """

    kind: str
    id: int
    owner: int
    group: int
    tags: frozenset[TagLink] = frozenset()
    key_values: frozenset[KeyValues] = frozenset()


@dataclass(frozen=True)
class ImageState:
    """One image of a fileset, and whether OMERO shows it with a lock."""

    id: int
    archived: bool = False


@dataclass(frozen=True)
class OmeroView:
    """What OMERO says about a unit.

    Attributes:
        fileset: Id, or None when OMERO has none (any more).
        images: The images of the fileset in order of their ids.
        subjects: What carries the annotations: the images, or the plates that they belong to.
        superseded: Subjects of earlier filesets of the same unit.
        earlier: Those of ``superseded`` that belong to the fileset of the last agreement: what users did to them since
            then counts.
    """

    fileset: int | None = None
    images: tuple[ImageState, ...] = ()
    subjects: tuple[Subject, ...] = ()
    superseded: tuple[Subject, ...] = field(default=())
    earlier: tuple[Subject, ...] = field(default=())


NOTHING_IN_OMERO = OmeroView()
