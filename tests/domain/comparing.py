"""Whether both sides of a world agree, said without the code under test, and whether two worlds are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policies.domain.attributes import TOO_MANY
from policies.domain.policy import BOTH, TO_IRODS, TO_OMERO, MappedAttribute
from policies.domain.tiers import Tier
from policies.domain.views import DataObject, Subject
from policies.vocabulary import REQUEST_NAMESPACE, REQUESTS, TIER_NAMESPACE
from tests.domain.world import World


def texts(subject: Subject, namespace: str) -> frozenset[str]:
    """The texts of the tags of one namespace on an image."""
    return frozenset(link.text for link in subject.tags if link.namespace == namespace)


def is_storable(text: str) -> bool:
    """Whether iRODS can hold a text as the value of an AVU."""
    return 0 < len(text.encode()) <= 2700 and not any(ord(c) < 32 for c in text)


def errors(world: World) -> frozenset[str]:
    """What the zone says is wrong with the unit."""
    return world.zone.first.values(world.policy.names.error)


def disagreements(world: World) -> list[str]:
    """Everything in which the two sides, or the carriers of one side, say different things."""
    found = [*_requests(world), *_errors(world), *_ids(world)]
    found += ["unreadable agreement"] if world.look().strays else []
    if world.omero.fileset is not None:
        found += [*_tier(world), *_key_values(world)]
        if TOO_MANY not in errors(world):
            found += [reason for mapped in world.policy.attributes for reason in _attribute(world, mapped)]
    return found


def _requests(world: World) -> Iterator[str]:
    agreed = frozenset({world.base.request} - {""})
    for found in world.zone.objects:
        if found.values(world.policy.names.request) & set(REQUESTS) != agreed:
            yield f"request on data object {found.data_id}"
    for subject in world.omero.subjects:
        if texts(subject, REQUEST_NAMESPACE) & set(REQUESTS) != agreed:
            yield f"request on image {subject.id}"


def _errors(world: World) -> Iterator[str]:
    shown = errors(world)
    if any(found.values(world.policy.names.error) != shown for found in world.zone.objects):
        yield "errors of siblings in the zone"
    for subject in world.omero.subjects:
        pairs = [pair for annotation in subject.key_values for pair in annotation.pairs]
        if {value for key, value in pairs if key == "error"} != shown:
            yield f"error on image {subject.id}"


def _ids(world: World) -> Iterator[str]:
    names, omero = world.policy.names, world.omero
    fileset = frozenset() if omero.fileset is None else frozenset({str(omero.fileset)})
    for found in world.zone.objects:
        if found.values(names.fileset) != fileset:
            yield f"fileset on data object {found.data_id}"
        if found.values(names.image) != {str(image.id) for image in omero.images}:
            yield f"images on data object {found.data_id}"
    if omero.fileset is not None and world.base.fileset != omero.fileset:
        yield "fileset in the agreement"


def not_superseded(world: World) -> list[int]:
    """The images of earlier contents that do not say so, or that still say what only the present ones say."""
    subjects = [subject for other in world.filesets if other.id != world.omero.fileset for subject in other.subjects]
    return [
        subject.id
        for subject in subjects
        if texts(subject, TIER_NAMESPACE) != {"superseded"} or texts(subject, REQUEST_NAMESPACE) or subject.key_values
    ]


def _tier(world: World) -> Iterator[str]:
    tier = expected_tier(world)
    tags = {"registered"} | ({f"tier:{tier.name}"} if tier else set())
    for subject in world.omero.subjects:
        if texts(subject, TIER_NAMESPACE) != tags:
            yield f"tier of image {subject.id}"
    archived = {image.archived for image in world.omero.images}
    if world.omero.subjects and archived - {tier is not None and tier.offline}:
        yield "archived flags"


def expected_tier(world: World) -> Tier | None:
    """The slowest of the tiers that the data objects are best reached on."""
    found = [_best(world, data_object) for data_object in world.zone.objects]
    known = [tier for tier in found if tier]
    return max(known, key=lambda tier: (tier.offline, tier.index, tier.name)) if len(known) == len(found) else None


def _best(world: World, found: DataObject) -> Tier | None:
    tiers = [world.policy.tiers.of_resource(replica.resource) for replica in found.replicas if replica.good]
    return min(tiers, key=lambda tier: (tier.offline, tier.group == "", tier.index, tier.name)) if tiers else None


def _key_values(world: World) -> Iterator[str]:
    first, tier = world.zone.first, expected_tier(world)
    for subject in world.omero.subjects:
        if len(subject.key_values) != 1:
            yield f"annotations of image {subject.id}"
            continue
        pairs = dict(next(iter(subject.key_values)).pairs)
        said = (pairs["zone"], pairs["path"], pairs["data id"], pairs.get("tier", ""))
        if said != ("z", first.path, str(first.data_id), tier.name if tier else ""):
            yield f"key-value pairs of image {subject.id}"


def _attribute(world: World, mapped: MappedAttribute) -> Iterator[str]:
    """One mapped attribute, in the direction in which it is mapped."""
    avus = [found.values(mapped.avu) for found in world.zone.objects]
    tags = [frozenset(filter(is_storable, texts(found, mapped.tag_namespace))) for found in world.omero.subjects]
    if mapped.direction == TO_OMERO:
        tags = [texts(found, mapped.tag_namespace) for found in world.omero.subjects]
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
        (found.data_id, frozenset(avu for avu in found.avus if avu.attribute != names.agreement))
        for found in world.zone.objects
    ]
    filesets = [
        (found.id, found.images, [_shape_of(subject) for subject in found.subjects]) for found in world.filesets
    ]
    return objects, frozenset(world.zone.movements), filesets, replace(world.base, since="", moves=0)


def _shape_of(subject: Subject) -> Any:
    tags = frozenset((link.namespace, link.text) for link in subject.tags)
    pairs = [tuple(pair for pair in found.pairs if pair[0] != "since") for found in subject.key_values]
    return subject.id, tags, sorted(pairs)
