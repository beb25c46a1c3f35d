"""The actions that lead from what both sides say to what they should say; none where they say it already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from irods_omero.domain.planning.key_values import Texts, diff_mapped_keys, diff_own_pairs
from irods_omero.domain.rules.desired import (
    DesiredAvu,
    DesiredAvus,
    DesiredState,
    Errors,
    collection_errors,
    error_avus,
)
from irods_omero.domain.state.actions import (
    AddAvu,
    AddTag,
    OmeroAction,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetAddress,
    SetArchived,
    ZoneAction,
)
from irods_omero.domain.state.carried import own_annotations, place_of_tag
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS, Place
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.views import Avu, OmeroView, Subject, TagLink, ZoneView
from irods_omero.vocabulary import SUPERSEDED, Names

Change = tuple[type[AddAvu] | type[RemoveAvu], Avu]
"""What to do about an AVU of any data object that carries the same."""


def diff_omero(omero: OmeroView, desired: DesiredState) -> tuple[OmeroAction, ...]:
    """What to do in OMERO."""
    actions: list[OmeroAction] = []
    for subject in omero.subjects:
        actions += diff_tags(subject, desired.shown)
        actions += diff_own_pairs(subject, desired.pairs)
    actions += diff_mapped_keys(omero.subjects, desired.shown)
    if omero.subjects:
        subject = min(omero.subjects, key=lambda each: each.id)
        actions += _diff_images(omero, subject, desired)
    return tuple(actions)


def _diff_images(omero: OmeroView, subject: Subject, desired: DesiredState) -> Iterator[OmeroAction]:
    """What to do about the images themselves, as the owner of one of them."""
    for image in omero.images:
        if desired.archived not in (None, image.archived):
            yield SetArchived(image.id, subject.owner, subject.group, bool(desired.archived))
        address = desired.addresses.get(image.id, image.address)
        if address != image.address:
            yield SetAddress(image.id, subject.owner, subject.group, address)


def diff_tags(subject: Subject, desired: Texts) -> Iterator[OmeroAction]:
    """What to do about the tags of one image or plate; places that ``desired`` does not name are left alone.

    A tag that should not be there is removed for every user who put it there; of one that should, all links stay. One
    that a user has typed gives way to the tag of that name that has its place and its description.
    """
    there: dict[Place, list[TagLink]] = defaultdict(list)
    for link in subject.tags:
        there[place_of_tag(link)].append(link)
    for place, texts in sorted(desired.items()):
        if place.is_key:
            continue
        links = sorted(there[place])
        present = {link.text for link in links if not link.is_typed}
        yield from (AddTag(subject, place, text) for text in sorted(texts - present))
        yield from (
            RemoveTag(subject, link.link, link.owner) for link in links if link.text not in texts or link.is_typed
        )


def diff_superseded(omero: OmeroView) -> tuple[OmeroAction, ...]:
    """What to do in OMERO about images of earlier contents: they say so, and no longer where the present content is."""
    desired = {TIER_TAGS: frozenset({SUPERSEDED}), REQUEST_TAGS: frozenset[str]()}
    actions: list[OmeroAction] = []
    for subject in omero.superseded:
        actions += diff_tags(subject, desired)
        actions += (
            RemoveKeyValues(subject, annotation.link, annotation.owner) for annotation in own_annotations(subject)
        )
    return tuple(actions)


def diff_collection(zone: ZoneView, desired: DesiredAvus) -> tuple[ZoneAction, ...]:
    """What to do about the AVUs of the collection that is the unit as a whole."""
    if zone.collection is None:
        return ()
    path, avus, data_id = zone.collection.path, zone.collection.avus, zone.first.data_id
    return tuple(
        action(data_id, path, avu, collection=True)
        for attribute, wanted in sorted(desired.items())
        for action, avu in _diff_avus(avus, attribute, sorted(wanted))
    )


def diff_said(zone: ZoneView, desired: DesiredAvus) -> tuple[ZoneAction, ...]:
    """What to do about what is said of the unit as a whole: on all its data objects, of a directory on the first.

    The others of a directory keep what is right of it, as earlier versions wrote it, and get nothing new.
    """
    if not zone.is_directory:
        return diff_zone(zone, desired)
    first, others = replace(zone, objects=zone.objects[:1]), replace(zone, objects=zone.objects[1:])
    return diff_zone(first, desired) + diff_zone(others, desired, only=RemoveAvu)


def diff_zone(
    zone: ZoneView, desired: DesiredAvus, only: type[AddAvu] | type[RemoveAvu] | None = None
) -> tuple[ZoneAction, ...]:
    """What to do about the AVUs of the data objects; attributes that ``desired`` does not name are left alone.

    ``only`` is the one kind of action that is wanted, None for both.
    """
    wanted = [(attribute, sorted(avus)) for attribute, avus in sorted(desired.items())]
    changes = {
        avus: [each for change in wanted for each in _diff_avus(avus, *change) if only in (None, each[0])]
        for avus in zone.avu_sets
    }
    return tuple(
        action(data_object.data_id, data_object.path, avu)
        for data_object in zone.objects
        for action, avu in changes[data_object.avus]
    )


def diff_told(zone: ZoneView, policy: Policy, errors: Errors) -> tuple[ZoneAction, ...]:
    """What to do so that the data objects, and the collection of a directory, say what is wrong, and nothing else."""
    on_collection = diff_collection(zone, collection_errors(zone, policy, errors))
    return diff_said(zone, error_avus(zone, policy, errors)) + on_collection


def diff_ids(zone: ZoneView, desired: DesiredAvus, names: Names) -> tuple[ZoneAction, ...]:
    """What to do so that the data objects, and the collection of a directory, lead to the images."""
    memberships = {attribute: avus for attribute, avus in desired.items() if attribute == names.unit}
    said = {attribute: avus for attribute, avus in desired.items() if attribute != names.unit}
    on_collection = diff_collection(zone, said) if zone.is_directory else ()
    return diff_zone(zone, memberships) + diff_said(zone, said) + on_collection


def diff_strays(zone: ZoneView, names: Names) -> tuple[ZoneAction, ...]:
    """Remove the agreements of all data objects but the first: they are of the time when each was a unit of its own."""
    return tuple(
        RemoveAvu(data_object.data_id, data_object.path, avu)
        for data_object in zone.carrying(names.agreement)
        if data_object is not zone.first
        for avu in sorted(data_object.avus)
        if avu.attribute == names.agreement
    )


def _diff_avus(avus: frozenset[Avu], attribute: str, desired: Sequence[DesiredAvu]) -> Iterator[Change]:
    """New values are added before old ones are removed, so that there is no moment without any."""
    present = {avu for avu in avus if avu.attribute == attribute}
    for each in desired:
        if not any(_satisfies(avu, each) for avu in present):
            yield AddAvu, Avu(attribute, each.value, each.units)
    for avu in sorted(present):
        if not any(_satisfies(avu, each) for each in desired):
            yield RemoveAvu, avu


def _satisfies(avu: Avu, desired: DesiredAvu) -> bool:
    return avu.value == desired.value and (avu.units == desired.units or not desired.strict)
