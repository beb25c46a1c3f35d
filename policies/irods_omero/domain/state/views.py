"""What each side says about a unit at one moment."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from irods_omero.domain.state.places import TYPED_TAGS, Place
from irods_omero.domain.state.unit import MAXIMUM_CHECKSUM, Content, Unit, together
from irods_omero.vocabulary import AUTO, DIRECTORY, OBJECT_NAMESPACE, REQUESTS, zarr_of

Pair = tuple[str, str]
"""A key and its value."""

Pairs = tuple[Pair, ...]
"""Key-value pairs in the order in which clients show them."""


class Avu(NamedTuple):
    """One metadata triple of the zone."""

    attribute: str
    value: str
    units: str = ""


class Correction(NamedTuple):
    """An AVU, and whether it is to be added or to be removed."""

    avu: Avu
    is_new: bool


RequestTimes = tuple[tuple[Avu, int], ...]
"""For AVUs that are requests the times at which they were set, seconds since 1970."""

Movements = tuple[tuple[int, str], ...]
"""For data ids the resources to which queued movements will take them."""


@dataclass(frozen=True)
class Replica:
    """One copy of a data object.

    Attributes:
        number: Replica number.
        resource: Name of its root resource, which is what tiers are.
        good: Whether the catalog says that it is current and complete.
        size: Bytes.
        checksum: Empty where none was computed.
        modified: Seconds since 1970.
        file: The path of its file, as the host of its resource has it; empty where nobody has asked.
        storage: Name of the resource that its file is on, at the end of the hierarchy.
        said: Where the file's bytes are, by a command that was asked; empty where none was, or gave no answer.
    """

    number: int
    resource: str
    good: bool
    size: int
    checksum: str = ""
    modified: int = 0
    file: str = ""
    storage: str = ""
    said: str = ""


@dataclass(frozen=True)
class DataObject:
    """A data object as the catalog has it.

    Attributes:
        data_id: Catalog id, the same after renaming and overwriting.
        path: Logical path.
        owner: Name of the iRODS user who owns it; with ``#`` and the zone, if that is another one.
        replicas: Its copies.
        avus: Its metadata.
        asked_at: For requests among ``avus`` when they were set.
    """

    data_id: int
    path: str
    owner: str
    replicas: tuple[Replica, ...]
    avus: frozenset[Avu] = frozenset()
    asked_at: RequestTimes = ()

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


class PartsOn(NamedTuple):
    """What one root resource has of an OME-Zarr hierarchy.

    Attributes:
        resource: Its name.
        objects: How many good replicas; of what has several below one root, each counts.
        size: Their bytes.
    """

    resource: str
    objects: int
    size: int


@dataclass(frozen=True)
class ImportRule:
    """What a watched collection says about what arrives below it.

    Attributes:
        collection: Path of the collection that carries the AVUs.
        kind: Name of the kind of units that it is watched for.
        target: Text of the target AVU, as the administrator wrote it.
        group: OMERO group, or empty for the owner's default group.
        trouble: Why nobody can tell what is meant: it says two things at once, or something unknown; empty if not.
        whole: Whether the collection itself is the one directory, and not each collection in it.
    """

    collection: str
    kind: str
    target: str
    group: str
    trouble: str = ""
    whole: bool = False

    @property
    def is_auto(self) -> bool:
        """Whether the agent is to find out what belongs together."""
        return self.kind == AUTO and not self.trouble

    def directory_of(self, path: str) -> str:
        """The collection that is the unit of a data object below this one; empty where there is none.

        A Zarr hierarchy is a unit by itself.
        """
        if self.kind != DIRECTORY or self.trouble or zarr_of(path):
            return ""
        if self.whole:
            return self.collection
        name, below, _ = path.removeprefix(f"{self.collection}/").partition("/")
        return f"{self.collection}/{name}" if below else ""


@dataclass(frozen=True)
class UnitCollection:
    """The collection that is a unit as a whole: a directory, or an OME-Zarr hierarchy.

    Attributes:
        path: Logical path.
        avus: Its requests and mapped attributes.
        asked_at: For requests among ``avus`` when they were set.
    """

    path: str
    avus: frozenset[Avu] = frozenset()
    asked_at: RequestTimes = ()

    @property
    def digest(self) -> str:
        """What agreements remember of its path."""
        return f"{zlib.crc32(self.path.encode(errors='replace')):08x}"


@dataclass(frozen=True)
class ZoneView:
    """What the zone says about a unit.

    Attributes:
        unit: The unit.
        objects: Its data objects; the first gives the unit its id. Empty when they are gone from the zone.
        rule: What the nearest watched collection says, or None outside of all of them.
        movements: Those that are queued for its data objects.
        parts: Of an OME-Zarr hierarchy what each root resource has of all its data objects; empty for other units.
        ahead: The first of these, in the order of their ids, that are not yet where somebody asks to have them: as many
            as may be queued at a time. None where that was not looked for, as nobody asks.
        trouble: Why it is not believed that a data object belongs to a unit of several, empty otherwise.
        collection: The collection that it is as a whole: what is said there is said of the unit. None for other units.
        hierarchy: The Zarr hierarchy of which its one file is a part, if the collection is not called so; else empty.
    """

    unit: Unit
    objects: tuple[DataObject, ...]
    rule: ImportRule | None = None
    movements: Movements = ()
    parts: tuple[PartsOn, ...] = ()
    ahead: tuple[DataObject, ...] | None = None
    trouble: str = ""
    collection: UnitCollection | None = None
    hierarchy: str = ""

    @property
    def first(self) -> DataObject:
        """The data object that carries the agreement of the unit."""
        return self.objects[0]

    @cached_property
    def avu_sets(self) -> tuple[frozenset[Avu], ...]:
        """What its data objects carry, each set once: of ten thousand there are few, as most carry the same."""
        return tuple(dict.fromkeys(each.avus for each in self.objects))

    @cached_property
    def avus(self) -> frozenset[Avu]:
        """The AVUs that any of its data objects carries, or its collection."""
        return frozenset[Avu]().union(*self.avu_sets, self.collection.avus if self.collection else ())

    def carriers(self, attribute: str) -> Iterator[DataObject | UnitCollection]:
        """Those of its data objects that carry an AVU of an attribute, and its collection, which may."""
        yield from self.carrying(attribute)
        if self.collection is not None:
            yield self.collection

    def carrying(self, attribute: str) -> Iterator[DataObject]:
        """Those of its data objects that carry an AVU of an attribute."""
        carriers = {avus for avus in self.avu_sets if any(avu.attribute == attribute for avu in avus)}
        return (each for each in self.objects if each.avus in carriers) if carriers else iter(())

    @property
    def is_directory(self) -> bool:
        """Whether its collection has what is said of it as a whole, and of its many files the first alone."""
        return self.unit.kind == DIRECTORY

    @cached_property
    def members(self) -> str:
        """Digest of which data objects it has, whatever their content and wherever they lie."""
        listed = ",".join(map(str, sorted(each.data_id for each in self.objects)))
        return f"{zlib.crc32(listed.encode()):08x}"

    def content(self) -> Content | None:
        """What identifies the current content of all data objects, or None while one of them has no good replica.

        They are taken in the order of their ids, which renaming does not change.
        """
        return self._content

    @cached_property
    def _content(self) -> Content | None:
        contents = [each.content() for each in sorted(self.objects, key=lambda each: each.data_id)]
        known = [content for content in contents if content is not None]
        return together(known) if known and len(known) == len(contents) else None


@dataclass(frozen=True, order=True)
class TagLink:
    """One tag on one image or plate, as one user put it there.

    Attributes:
        link: Id of the annotation link.
        tag: Id of the tag.
        place: The mapped tag set that the tag is in, the first by name of several; otherwise the tags of its namespace.
        text: Text of the tag.
        owner: OMERO id of the user who owns the link.
        created: Seconds since 1970.
        owner_name: Login name of that user.
    """

    link: int
    tag: int
    place: Place
    text: str
    owner: int
    created: float = 0.0
    owner_name: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether a user has made the tag by typing a request word: it belongs to no namespace and no mapped set."""
        return self.place == TYPED_TAGS and self.text in REQUESTS


@dataclass(frozen=True, order=True)
class KeyValues:
    """A key-value annotation on an image or plate.

    Attributes:
        annotation: Id of the MapAnnotation.
        link: Id of the link.
        owner: OMERO id of the user who owns the link.
        pairs: Its keys and values.
        namespace: Namespace of the annotation.
        shared: Whether it is also on images of other units, or belongs to another user than its link: others see it,
            too, so that it is replaced rather than changed.
        invalid: Those of the pairs that no AVU can hold: they are left alone.
    """

    annotation: int
    link: int
    owner: int
    pairs: Pairs
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
    """One image of a fileset.

    Attributes:
        id: OMERO id.
        archived: Whether OMERO shows it with a lock.
        address: Where OMERO reads it, if it is of an OME-Zarr hierarchy; empty otherwise.
    """

    id: int
    archived: bool = False
    address: str = ""


@dataclass(frozen=True)
class OmeroView:
    """What OMERO says about a unit.

    Attributes:
        fileset: Its id, None while OMERO has none, and when it was deleted.
        images: The images of the fileset in order of their ids.
        subjects: What carries the annotations: the images, or the plates that they belong to.
        superseded: Subjects of earlier filesets of the same unit.
        earlier: Those of ``superseded`` that belong to the fileset of the last agreement: what users did to them since
            then counts.
        unplaced: Whether images are in no dataset, or plates in no screen, where hardly anybody finds them. Looked for
            when the fileset is new, and for as long as it is so.
    """

    fileset: int | None = None
    images: tuple[ImageState, ...] = ()
    subjects: tuple[Subject, ...] = ()
    superseded: tuple[Subject, ...] = field(default=())
    earlier: tuple[Subject, ...] = field(default=())
    unplaced: bool = False

    @cached_property
    def subject_ids(self) -> frozenset[int]:
        """The ids of what carries the annotations of the present content."""
        return frozenset(each.id for each in self.subjects)

    @property
    def has_plates(self) -> bool:
        """Whether its images are those of plates."""
        return any(subject.kind == "Plate" for subject in self.subjects)


NOTHING_IN_OMERO = OmeroView()
