"""The actions that lead from what both sides say to what they should say; none where they say it already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from irods_omero.domain.planning.key_values import Texts, diff_mapped_keys, diff_own_pairs, own
from irods_omero.domain.rules.desired import DesiredAvu, DesiredAvus, DesiredState
from irods_omero.domain.state.actions import (
    AddAvu,
    AddTag,
    OmeroAction,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetArchived,
    ZoneAction,
)
from irods_omero.domain.state.places import KEY, REQUEST_TAGS, TIER_TAGS, Place, place_of_tag
from irods_omero.domain.state.views import Avu, DataObject, OmeroView, Subject, TagLink, ZoneView
from irods_omero.vocabulary import SUPERSEDED, Names


def diff_omero(omero: OmeroView, wanted: DesiredState) -> tuple[OmeroAction, ...]:
    """What to do in OMERO."""
    actions: list[OmeroAction] = []
    for subject in omero.subjects:
        actions += diff_tags(subject, wanted.shown)
        actions += diff_own_pairs(subject, wanted.pairs)
    actions += diff_mapped_keys(omero.subjects, wanted.shown)
    if omero.subjects:
        subject = min(omero.subjects, key=lambda each: each.id)
        actions += [
            SetArchived(image.id, subject.owner, subject.group, wanted.archived)
            for image in omero.images
            if image.archived != wanted.archived
        ]
    return tuple(actions)


def diff_tags(subject: Subject, wanted: Texts) -> Iterator[OmeroAction]:
    """What to do about the tags of one image or plate; places that ``wanted`` does not name are let alone.

    A tag that is to go goes for every user who put it there; of one that is to stay, all links stay.
    """
    there: dict[Place, list[TagLink]] = defaultdict(list)
    for link in subject.tags:
        there[place_of_tag(link)].append(link)
    for place, texts in sorted(wanted.items()):
        if place.kind == KEY:
            continue
        links = sorted(there[place])
        present = {link.text for link in links}
        yield from (AddTag(subject, place, text) for text in sorted(texts - present))
        yield from (RemoveTag(subject, link.link, link.owner) for link in links if link.text not in texts)


def diff_superseded(omero: OmeroView) -> tuple[OmeroAction, ...]:
    """Images of earlier contents say so, and no longer say where the present content is."""
    wanted = {TIER_TAGS: frozenset({SUPERSEDED}), REQUEST_TAGS: frozenset[str]()}
    actions: list[OmeroAction] = []
    for subject in omero.superseded:
        actions += diff_tags(subject, wanted)
        actions += (RemoveKeyValues(subject, annotation.link, annotation.owner) for annotation in own(subject))
    return tuple(actions)


def diff_zone(zone: ZoneView, desired: DesiredAvus) -> tuple[ZoneAction, ...]:
    """What to do about the AVUs of the data objects; attributes that ``wishes`` does not name are let alone."""
    actions: list[ZoneAction] = []
    for data_object in zone.objects:
        for attribute, wanted in sorted(desired.items()):
            actions += _diff_avus(data_object, attribute, wanted)
    return tuple(actions)


def diff_strays(zone: ZoneView, names: Names) -> tuple[ZoneAction, ...]:
    """Only the first data object carries an agreement: what another one has is of the time when it was its own unit."""
    return tuple(
        RemoveAvu(data_object.data_id, data_object.path, avu)
        for data_object in zone.objects[1:]
        for avu in sorted(data_object.avus)
        if avu.attribute == names.agreement
    )


def _diff_avus(data_object: DataObject, attribute: str, wanted: frozenset[DesiredAvu]) -> Iterator[ZoneAction]:
    """New values come before old ones go, so that there is no moment without any."""
    present = {avu for avu in data_object.avus if avu.attribute == attribute}
    for wish in sorted(wanted):
        if not any(_grants(avu, wish) for avu in present):
            yield AddAvu(data_object.data_id, data_object.path, Avu(attribute, wish.value, wish.units))
    for avu in sorted(present):
        if not any(_grants(avu, wish) for wish in wanted):
            yield RemoveAvu(data_object.data_id, data_object.path, avu)


def _grants(avu: Avu, wish: DesiredAvu) -> bool:
    return avu.value == wish.value and (avu.units == wish.units or not wish.strict)
