"""Whether both sides of a world agree, said without the code under test, and whether two worlds are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from irods_omero.domain.rules.attributes import TOO_MANY
from irods_omero.domain.state.places import KEY, REQUEST_TAGS, TIER_TAGS, Place
from irods_omero.domain.state.policy import BOTH, TO_IRODS, TO_OMERO, MappedAttribute
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import Avu, DataObject, KeyValues, Subject
from irods_omero.vocabulary import DIRECTORY, KEEP, OBJECT_NAMESPACE, REQUESTS, SHOW
from tests.unit.domain.world import World


def texts(subject: Subject, place: Place) -> frozenset[str]:
    """The texts that an image shows at one place."""
    kind, namespace, name = place
    if kind == KEY:
        annotations = [annotation for annotation in subject.key_values if annotation.namespace == namespace]
        return frozenset(value for annotation in annotations for key, value in annotation.pairs if key == name)
    return frozenset(link.text for link in subject.tags if link.place == place)


def own(subject: Subject) -> list[KeyValues]:
    """The annotations of this policy on an image."""
    return [annotation for annotation in subject.key_values if annotation.namespace == OBJECT_NAMESPACE]


def is_storable(text: str) -> bool:
    """Whether iRODS can hold a text as the value of an AVU."""
    return 0 < len(text.encode()) <= 2700 and not any(ord(c) < 32 for c in text)


def errors(world: World) -> frozenset[str]:
    """What the zone says is wrong with the unit."""
    return world.zone.first.values(world.policy.names.error)


def disagreements(world: World) -> list[str]:
    """Everything in which the two sides, or the carriers of one side, say different things."""
    reasons = [*_requests(world), *_errors(world), *_ids(world)]
    reasons += ["unreadable agreement"] if world.look().strays else []
    if world.omero.fileset is not None:
        reasons += [*_tier(world), *_key_values(world)]
        if TOO_MANY not in errors(world):
            reasons += [reason for mapped in expanded(world) for reason in _attribute(world, mapped)]
    return reasons


def _requests(world: World) -> Iterator[str]:
    agreed, attribute = frozenset({world.base.request} - {""}), world.policy.names.request
    if agreed == {SHOW} and any(KEEP in each.values(attribute) for each in world.zone.objects):
        agreed |= {KEEP}  # which stands as soon as the other is answered
    for data_object in world.zone.objects:
        if data_object.values(attribute) & set(REQUESTS) != agreed:
            yield f"request on data object {data_object.data_id}"
    for subject in world.omero.subjects:
        if texts(subject, REQUEST_TAGS) & set(REQUESTS) != agreed:
            yield f"request on image {subject.id}"


def _errors(world: World) -> Iterator[str]:
    shown, attribute = errors(world), world.policy.names.error
    if any(data_object.values(attribute) != shown for data_object in all_or_first(world)):
        yield "errors of siblings in the zone"
    if any(not data_object.values(attribute) <= shown for data_object in world.zone.objects):
        yield "errors that are none"
    for subject in world.omero.subjects:
        pairs = [pair for annotation in own(subject) for pair in annotation.pairs]
        if {value for key, value in pairs if key == "error"} != shown:
            yield f"error on image {subject.id}"


def _ids(world: World) -> Iterator[str]:
    names, omero = world.policy.names, world.omero
    fileset = frozenset() if omero.fileset is None else frozenset({str(omero.fileset)})
    images = {str(image.id) for image in omero.images}
    for data_object in all_or_first(world):
        if data_object.values(names.fileset) != fileset:
            yield f"fileset on data object {data_object.data_id}"
        if data_object.values(names.image) != images:
            yield f"images on data object {data_object.data_id}"
    for data_object in world.zone.objects:
        if not (data_object.values(names.fileset) <= fileset and data_object.values(names.image) <= images):
            yield f"other images on data object {data_object.data_id}"
    collection = world.zone.collection
    if collection and {avu.value for avu in collection.avus if avu.attribute == names.fileset} != fileset:
        yield "fileset on the collection"
    if collection and {avu.value for avu in collection.avus if avu.attribute == names.image} != images:
        yield "images on the collection"
    if omero.fileset is not None and world.base.fileset != omero.fileset:
        yield "fileset in the agreement"


def all_or_first(world: World) -> Sequence[DataObject]:
    """The data objects that say what is so of the unit as a whole: of a directory the first."""
    return world.zone.objects[:1] if world.zone.unit.kind == DIRECTORY else world.zone.objects


def not_superseded(world: World) -> list[int]:
    """The images of earlier contents that do not say so, or that still say what only the present ones say."""
    subjects = [subject for other in world.filesets if other.id != world.omero.fileset for subject in other.subjects]
    return [
        subject.id
        for subject in subjects
        if texts(subject, TIER_TAGS) != {"superseded"} or texts(subject, REQUEST_TAGS) or own(subject)
    ]


def _tier(world: World) -> Iterator[str]:
    tier = expected_tier(world)
    tags = {"registered"} | ({f"tier:{tier.name}"} if tier else set())
    for subject in world.omero.subjects:
        if texts(subject, TIER_TAGS) != tags:
            yield f"tier of image {subject.id}"
    archived = {image.archived for image in world.omero.images}
    if world.omero.subjects and archived - {tier is not None and tier.offline}:
        yield "archived flags"


def expected_tier(world: World) -> Tier | None:
    """The slowest of the tiers that the data objects are best reached on."""
    tiers = [_best(world, data_object) for data_object in world.zone.objects]
    known = [tier for tier in tiers if tier]
    return max(known, key=lambda tier: (tier.offline, tier.index, tier.name)) if len(known) == len(tiers) else None


def _best(world: World, data_object: DataObject) -> Tier | None:
    tiers = [world.policy.tiers.of_resource(replica.resource) for replica in data_object.replicas if replica.good]
    return min(tiers, key=lambda tier: (tier.offline, tier.group == "", tier.index, tier.name)) if tiers else None


def _key_values(world: World) -> Iterator[str]:
    first, tier = world.zone.first, expected_tier(world)
    for subject in world.omero.subjects:
        if len(own(subject)) != 1:
            yield f"annotations of image {subject.id}"
            continue
        pairs = dict(own(subject)[0].pairs)
        said = (pairs["zone"], pairs["path"], pairs["data id"], pairs.get("tier", ""))
        if said != ("z", first.path, str(first.data_id), tier.name if tier else ""):
            yield f"key-value pairs of image {subject.id}"


def expanded(world: World) -> Iterator[MappedAttribute]:
    """The mapped attributes one by one, also those that are mapped as all that start so."""
    for mapped in world.policy.attributes:
        if not mapped.avu.endswith("*"):
            yield mapped
            continue
        start, (kind, namespace, name) = mapped.avu[:-1], mapped.place
        attributes = {avu.attribute for data_object in world.zone.objects for avu in data_object.avus}
        pairs = {pair for subject in world.omero.subjects for each in subject.key_values for pair in each.pairs}
        rests = {attribute[len(start) :] for attribute in attributes if attribute.startswith(start)}
        rests |= {key[len(name) - 1 :] for key, _ in pairs if key.startswith(name[:-1])}
        for rest in sorted(filter(is_storable, rests)):
            yield replace(mapped, avu=start + rest, place=Place(kind, namespace, name[:-1] + rest))


def _translated(values: frozenset[str], shown: dict[str, str]) -> frozenset[str]:
    return frozenset(shown.get(value, value) for value in values)


def _avus(world: World, attribute: str) -> list[Avu]:
    return [avu for data_object in world.zone.objects for avu in data_object.avus if avu.attribute == attribute]


def _shown(data_object: DataObject, mapped: MappedAttribute) -> frozenset[str]:
    """The AVUs of a data object as texts in OMERO, without those whose unit is not the configured one."""
    avus = [(value, unit) for attribute, value, unit in data_object.avus if attribute == mapped.avu]
    if "{" in mapped.units:
        return frozenset(mapped.units.format(value=value, unit=unit) if unit else value for value, unit in avus)
    values = frozenset(value for value, unit in avus if not mapped.units or unit in ("", mapped.units))
    return _translated(values, dict(mapped.values))


def _attribute(world: World, mapped: MappedAttribute) -> Iterator[str]:
    """One mapped attribute, in the direction in which it is mapped."""
    shown = dict(mapped.values)
    avus = [_shown(data_object, mapped) for data_object in world.zone.objects]
    tags = [_translated(texts(subject, mapped.place), shown) for subject in world.omero.subjects]
    if mapped.direction == BOTH and any(avu.value in shown.values() for avu in _avus(world, mapped.avu)):
        yield f"{mapped}: not in the words of the zone"
    if mapped.direction != TO_IRODS and any(
        texts(subject, mapped.place) & set(shown) for subject in world.omero.subjects
    ):
        yield f"{mapped}: not in the words of OMERO"
    if mapped.direction != TO_OMERO:
        tags = [frozenset(filter(is_storable, tagged)) for tagged in tags]
    if mapped.direction == TO_OMERO:
        expected, sides = frozenset[str]().union(*avus), tags
    elif mapped.direction == TO_IRODS:
        expected, sides = frozenset[str]().union(*tags), avus
    else:
        expected, sides = avus[0], [*avus, *tags]
    if mapped.single:
        expected = frozenset(sorted(expected)[:1])
    if any(side != expected for side in sides) and (world.omero.subjects or mapped.direction == BOTH):
        yield f"{mapped}: {avus} and {tags}"


def shape(world: World) -> Any:
    """All that matters of a world: without ids of links, times, and how often movements were tried."""
    names = world.policy.names
    objects = [
        (data_object.data_id, frozenset(avu for avu in data_object.avus if avu.attribute != names.agreement))
        for data_object in world.zone.objects
    ]
    filesets = [
        (fileset.id, fileset.images, [_shape_of(subject) for subject in fileset.subjects]) for fileset in world.filesets
    ]
    moving = world.base.moving._replace(at=0) if world.base.moving else None
    base = replace(world.base, since="", moves=0, asked=0, queued=0, moving=moving)
    return objects, frozenset(world.zone.movements), filesets, base


def _shape_of(subject: Subject) -> Any:
    tags = frozenset((link.place, link.text) for link in subject.tags)
    pairs = [
        tuple(pair for pair in annotation.pairs if pair[0] not in ("since", "waiting")) for annotation in own(subject)
    ]
    others = {(annotation.namespace, *pair) for annotation in subject.key_values for pair in annotation.pairs}
    return subject.id, tags, sorted(pairs), {pair for pair in others if pair[0] != OBJECT_NAMESPACE}
