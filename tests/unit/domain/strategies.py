"""Arbitrary states of both sides: everything that users, other programs and half-done work can leave behind."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st

from irods_omero.domain.state.agreement import Agreement, Failure
from irods_omero.domain.state.places import KEY, REQUEST_TAGS, TAG_SET, TIER_TAGS, Place, tags_of
from irods_omero.domain.state.policy import BOTH, TO_IRODS, TO_OMERO, MappedAttribute, Policy, Translations
from irods_omero.domain.state.texts import remembered
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Content, Unit
from irods_omero.domain.state.views import (
    Avu,
    DataObject,
    ImageState,
    ImportRule,
    KeyValues,
    Pairs,
    Replica,
    Subject,
    TagLink,
    UnitCollection,
    ZoneView,
)
from irods_omero.vocabulary import DIRECTORY, OBJECT_NAMESPACE, REQUESTS, UNIT_KINDS, Names
from tests.unit.domain.world import Fileset, World, with_agreement_avu, with_base

NOW = 1_700_000_000
TIMES = (NOW - 100, NOW - 50)
SERVER = "omero.example"
FIRST = 10
NAMES = Names()
TIERS = Tiers(
    [
        Tier("fast", "ssd", "g", 0, recall_hours=0.0),
        Tier("medium", "disk", "g", 1, recall_hours=0.0),
        Tier("archive", "tape", "g", 2, offline=True, recall_hours=0.0),
        Tier("alone", "single", "h", 0, recall_hours=0.0),
    ]
)
RESOURCES = ("ssd", "disk", "tape", "tape", "single", "backup")


class Long(str):
    """A text that does not fill pages when a failure is reported."""

    def __repr__(self) -> str:
        return f"{self[0]!r} * {len(self)}"


STORABLE = ("a", "b", "c", "x y", "ü'\"\\%{}", "😀", Long("l" * 2700))
TEXTS = (*STORABLE, "", "bell\x07", "two\nlines", Long("m" * 2701))
PATHS = ("/z/home/lab/a.tiff", '/z/home/lab/it\'s "b" 100% \\ 😀.tiff', "/z/home/lab/ ", "/z/home/lab/tab\tnew\nline")

MAPPED = (
    ("lab::attribute0", tags_of("lab.org/tags0")),
    ("key::1", Place(KEY, "lab.org/pairs", "attribute 1")),
    ("lab::attribute2", Place(TAG_SET, name="attribute 2")),
)
KEY_PLACE = MAPPED[1][1]
UNMAPPED_NAMESPACES = ("", "elsewhere.org/tier", OBJECT_NAMESPACE)
UNMAPPED_ATTRIBUTES = ("irods::access_time", "lab::private", "omero_like", "key::")
OUR_TEXTS = ("tier:fast", "tier:archive", "registered", "superseded", *REQUESTS)
OUR_ATTRIBUTES = (NAMES.fileset, NAMES.image, NAMES.unit, NAMES.url, NAMES.error)

FORGED = (
    "",
    "{}",
    "[]",
    "null",
    "not json",
    '{"fs":"x"}',
    '{"c":[1]}',
    Long("[" * 2000),
    '{"attr":{"a":5}}',
    '{"fail":[1e999]}',
)


class Kind(NamedTuple):
    """How an attribute is mapped.

    Attributes:
        many: Whether it is one of all that start so, where its values are keys.
    """

    direction: str
    single: bool
    winner: str
    values: Translations
    many: bool


ONE_OF_THREE = st.integers(1, 3)
BOOLEAN = st.booleans()

KINDS = st.lists(
    st.builds(
        Kind,
        st.sampled_from((BOTH, BOTH, TO_OMERO, TO_IRODS)),
        BOOLEAN,
        st.sampled_from(("irods", "omero")),
        st.sampled_from(((), (), (("a", "c"),), (("a", "A"), ("b", "B")))),
        BOOLEAN,
    ),
    min_size=1,
    max_size=len(MAPPED),
)


def _attributes(kinds: list[Kind]) -> tuple[MappedAttribute, ...]:
    return tuple(map(_attribute, MAPPED, kinds))


def _attribute(names: tuple[str, Place], kind: Kind) -> MappedAttribute:
    avu, place = names
    if kind.many and place.kind == KEY:
        avu, place = avu[:-1] + "*", place._replace(name=place.name[:-1] + "*")
    return MappedAttribute(avu, place, kind.direction, kind.single, kind.winner, kind.values)


POLICIES = st.builds(
    Policy,
    zone=st.just("z"),
    server=st.just(SERVER),
    tiers=st.just(TIERS),
    web=st.sampled_from(("", "https://omero.example")),
    attempts=ONE_OF_THREE,
    backoff=st.sampled_from((0.0, 1e8)),
    attributes=KINDS.map(_attributes),
)
"""The administrator's choices: zero to three mapped attributes of all kinds."""


def _one_replica(resource: str) -> tuple[Replica, ...]:
    return (Replica(0, resource, good=True, size=10, modified=TIMES[0]),)


REPLICAS = st.one_of(
    st.lists(
        st.builds(
            Replica,
            st.integers(0, 4),
            st.sampled_from(RESOURCES),
            good=st.sampled_from((True, True, True, False)),
            size=st.sampled_from((10, 10, 10, 10, 20, 0)),
            checksum=st.sampled_from(("", "", "sha2:x", "0cc175b9")),
            modified=st.sampled_from(TIMES),
        ),
        max_size=3,
        unique_by=lambda replica: replica.number,
    ).map(tuple),
    *[st.builds(_one_replica, st.sampled_from(RESOURCES)) for _ in range(2)],
)
"""Zero to three replicas, good and stale; often a single good one."""

UNITS = st.sampled_from(("", "", SERVER, "alice"))
AVUS = st.frozensets(
    st.one_of(
        st.builds(Avu, st.sampled_from([avu for avu, _ in MAPPED]), st.sampled_from(STORABLE), UNITS),
        st.builds(Avu, st.just(NAMES.request), st.sampled_from((*REQUESTS, "no such word")), UNITS),
        st.builds(Avu, st.sampled_from(OUR_ATTRIBUTES), st.sampled_from(("1", "5", "text")), UNITS),
        st.builds(Avu, st.just("key::3"), st.sampled_from(STORABLE), UNITS),
        st.builds(Avu, st.sampled_from(UNMAPPED_ATTRIBUTES), st.sampled_from(STORABLE), UNITS),
        st.just(Avu(NAMES.fileset, "5", SERVER)),
    ),
    max_size=6,
)
"""Metadata: ours valid and invalid, mapped ones, and those of others."""


def _data_object(
    path: str, owner: str, replicas: tuple[Replica, ...], avus: frozenset[Avu], times: list[int]
) -> DataObject:
    requests = sorted(avu for avu in avus if avu.attribute == NAMES.request)
    asked_at = tuple(zip(requests, times, strict=False))
    return DataObject(0, path, owner, replicas, avus, asked_at)


OBJECTS = st.builds(
    _data_object,
    st.sampled_from(PATHS),
    st.sampled_from(("alice", "bob")),
    REPLICAS,
    AVUS,
    st.lists(st.integers(NOW - 5, NOW), min_size=2, max_size=2),
)
RULES = st.sampled_from(("Project/Dataset", "Dataset", "Dataset:7", "/", None)).map(
    lambda target: None if target is None else ImportRule("/z/home/lab", "file", target, "")
)


def _zone(
    objects: list[DataObject], kind: str, rule: ImportRule | None, movements: list[tuple[int, str]], trouble: str
) -> ZoneView:
    named = tuple(
        replace(data_object, data_id=FIRST + place, path=f"{data_object.path}.{place}")
        for place, data_object in enumerate(objects)
    )
    moving = tuple((FIRST + place, resource) for place, resource in movements if place < len(objects))
    if trouble:
        return ZoneView(
            Unit(FIRST), named[:1], rule, tuple(move for move in moving if move[0] == FIRST), trouble=trouble
        )
    return ZoneView(Unit(FIRST, kind), named, rule, moving, collection=_collection(kind, named[-1].avus))


def _collection(kind: str, avus: frozenset[Avu]) -> UnitCollection | None:
    """A directory says in part what its last file does."""
    said = {NAMES.request, *(avu for avu, _ in MAPPED[::2])}
    own = frozenset(avu for avu in avus if avu.attribute in said)
    asked_at = tuple((avu, NOW - 3) for avu in sorted(own))
    return UnitCollection("/z/home/lab/run", own, asked_at) if kind == DIRECTORY else None


ZONES = st.builds(
    _zone,
    st.lists(OBJECTS, min_size=1, max_size=3),
    st.sampled_from(UNIT_KINDS),
    RULES,
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(RESOURCES)), max_size=2, unique=True),
    st.sampled_from(("", "", "", "", "", "the first of its unit is gone")),
)
"""A unit of one to three data objects, or one of which it is not clear where it belongs."""

KEYS = st.one_of(
    st.tuples(st.sampled_from([place for _, place in MAPPED if place.kind != KEY]), st.sampled_from(TEXTS)),
    st.tuples(st.just(REQUEST_TAGS), st.sampled_from((*REQUESTS, "no such word"))),
    st.tuples(st.just(tags_of("")), st.sampled_from(REQUESTS)),
    st.tuples(st.just(TIER_TAGS), st.sampled_from(OUR_TEXTS)),
    st.tuples(st.sampled_from(UNMAPPED_NAMESPACES).map(tags_of), st.sampled_from((*OUR_TEXTS, *TEXTS))),
)
CREATED = st.sampled_from((NOW - 4.0, NOW - 2.5, NOW + 0.0))


def _tag(key: tuple[Place, str], owner: int, created: float) -> TagLink:
    place, text = key
    return TagLink(0, 0, place, text, owner, created, f"user{owner}")


TAGS = st.lists(
    st.builds(_tag, KEYS, ONE_OF_THREE, CREATED),
    max_size=6,
    unique_by=lambda link: (link.place, link.text, link.owner),
)
"""Tags by several owners, the same one more than once, and in any namespace."""

ANNOTATIONS = st.lists(st.sampled_from((900, 901, 0, 903)), max_size=2, unique=True)
"""Numbers of our annotations; those with large ones are the same on all images, and the largest on others, too."""
PAIRS = ((), (("zone", "z"),), (("error", "old"), ("error", "twice"), ("tier", "fast")))

USERS_ANNOTATIONS = st.lists(st.tuples(st.sampled_from((910, 911, 912, 1, 2)), ONE_OF_THREE), max_size=3).map(dict)
"""Numbers of annotations in which users write mapped keys, and others, each with the owner of its link."""
USERS_KEYS = ("attribute 1", "attribute 1", "attribute 2", "attribute", "", "attribute \x07")
USERS_PAIRS = st.lists(st.tuples(st.sampled_from(USERS_KEYS), st.sampled_from(TEXTS)), max_size=4).map(tuple)


def _subject(owner: int, tags: list[TagLink], annotations: list[int], users: dict[int, int], pairs: Pairs) -> Subject:
    links = frozenset(replace(link, link=place) for place, link in enumerate(tags))
    own = frozenset(KeyValues(number, 0, 1, PAIRS[number % len(PAIRS)], shared=number == 903) for number in annotations)
    others = frozenset(_users(number, by, pairs) for number, by in users.items())
    return Subject("Image", 0, owner, 3, links, own | others)


def _users(number: int, owner: int, pairs: Pairs) -> KeyValues:
    """An annotation by a user; those with large numbers are the same on all images, and the largest on others, too."""
    fixed = ((), (("attribute 1", "a"), ("mine", "x"), ("attribute 1", "b")), (("attribute 1", "b"), ("attribute", "")))
    place = KEY_PLACE.namespace
    if number < len(fixed):
        return KeyValues(-number, -number, owner, pairs, place)
    return KeyValues(number, number, 1, fixed[number % len(fixed)], place, shared=number % 2 == 1)


SUBJECTS = st.builds(_subject, ONE_OF_THREE, TAGS, ANNOTATIONS, USERS_ANNOTATIONS, USERS_PAIRS)


def _numbered(subject: Subject, number: int, kind: str) -> Subject:
    """An image with its id, and ids of its own for its links and for annotations that it does not share."""
    tags = frozenset(replace(link, link=number * 100 + link.link, tag=link.link) for link in subject.tags)
    key_values = frozenset(
        replace(
            annotation,
            annotation=annotation.annotation if annotation.annotation > 0 else number * 10 - annotation.annotation,
            link=number * 1000 + annotation.annotation,
        )
        for annotation in subject.key_values
    )
    return replace(subject, kind=kind, id=number, tags=tags, key_values=key_values)


def _fileset(shown: list[tuple[bool, Subject]], plate: bool) -> Fileset:
    images = tuple(ImageState(place, archived) for place, (archived, _) in enumerate(shown))
    subjects = tuple(subject for _, subject in shown)
    return Fileset(0, images, tuple(replace(subject, kind="Plate") for subject in subjects[:1]) if plate else subjects)


IMAGES = st.lists(st.tuples(BOOLEAN, SUBJECTS), min_size=1, max_size=3)
FILESETS = st.builds(
    _fileset, st.one_of(IMAGES, IMAGES, IMAGES, st.just([])), st.sampled_from((False, False, False, True))
)
"""A fileset with images or without any, or with a plate."""


def _fileset_with_ids(number: int, fileset: Fileset) -> Fileset:
    images = tuple(replace(image, id=number * 10 + image.id) for image in fileset.images)
    subjects = tuple(
        _numbered(subject, number * 10 + place, subject.kind) for place, subject in enumerate(fileset.subjects)
    )
    return replace(fileset, id=number, images=images, subjects=subjects)


CONTENTS = st.builds(
    Content,
    st.sampled_from((10, 10, 20)),
    st.sampled_from(("", "", "sha2:x")),
    st.integers(0, 2),
    st.sampled_from(TIMES),
)
"""Contents of which some are the present one of a data object."""

FAILURES = st.builds(Failure, st.integers(1, 4), st.integers(NOW - 200, NOW), st.just("broken"), st.none() | CONTENTS)

VALUES = st.frozensets(st.sampled_from(STORABLE), min_size=1, max_size=3)

AGREEMENTS = st.builds(
    Agreement,
    content=st.none() | CONTENTS,
    fileset=st.sampled_from((5, 5, 5, None, 99)),
    group=st.sampled_from((3, 3, None, 4)),
    gone=st.sampled_from((False, False, True)),
    tier=st.sampled_from(("", "fast", "archive", "no such word")),
    since=st.sampled_from(("", "2023-01-01T00:00:00Z")),
    request=st.sampled_from(("", *REQUESTS, "no such word")),
    beside=st.sampled_from(("", "", *REQUESTS, "no such word")),
    moves=st.integers(0, 3),
    asked=st.integers(0, NOW + 10**6),
    queued=st.integers(0, NOW + 10**6),
    refused=st.sampled_from(("", "", "request archive refused: because")),
    failure=st.none() | FAILURES,
    attributes=st.dictionaries(
        st.sampled_from([MappedAttribute(*mapped).remembered_as for mapped in MAPPED]),
        VALUES.map(lambda values: tuple(sorted(map(remembered, values)))),
        max_size=2,
    ).map(lambda attributes: tuple(sorted(attributes.items()))),
    notes=st.lists(st.sampled_from(("n1", "n2", "n3")), max_size=2).map(tuple),
)
"""Agreements that need not have to do with the state of either side."""

AGREED = st.one_of(
    AGREEMENTS,
    AGREEMENTS,
    AGREEMENTS,
    st.none(),
    st.tuples(st.sampled_from(FORGED), st.sampled_from(("1", "2", ""))),
)


def _world(
    policy: Policy,
    zone: ZoneView,
    made: list[Fileset],
    agreed: Agreement | tuple[str, str] | None,
    images: int,
) -> World:
    filesets = tuple(_fileset_with_ids(5 - place, fileset) for place, fileset in enumerate(made))
    world = World(policy, zone, filesets, clock=NOW, images_per_import=images)
    if isinstance(agreed, Agreement):
        return with_base(world, agreed)
    return with_agreement_avu(world, *agreed) if agreed else world


SOME_FILESETS = st.lists(FILESETS, min_size=1, max_size=2)
WORLDS = st.builds(
    _world, POLICIES, ZONES, st.one_of(SOME_FILESETS, SOME_FILESETS, SOME_FILESETS, st.just([])), AGREED, ONE_OF_THREE
)
"""Any two sides with any agreement."""
