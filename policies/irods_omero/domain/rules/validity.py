"""Invalid requests, tags, keys and values on either side: they are left alone, and both sides say why."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import TypeVar

from irods_omero.domain.state.carried import place_of_pair, place_of_tag, users_annotations
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS, Place
from irods_omero.domain.state.policy import TO_OMERO, Policy, avu_remembered
from irods_omero.domain.state.texts import printable, remembered, why_no_units, why_unstorable
from irods_omero.domain.state.views import Avu, DataObject, KeyValues, Subject, UnitCollection
from irods_omero.vocabulary import REQUESTS

TOLD = 3
"""At most this many mistakes are named in a message."""

NO_REQUEST = "it is not one of the requests " + ", ".join(REQUESTS)

Carrier = TypeVar("Carrier", DataObject, UnitCollection)
"""What may carry AVUs."""

Shown = tuple[Place, str]
"""A text at a place in OMERO."""


def without_invalid(observation: Observation) -> tuple[Observation, str]:
    """The observation without what is invalid, and a message that says why, empty where all is valid."""
    zone, omero, policy = observation.zone, observation.omero, observation.policy
    avus = {avu: why for avu in zone.avus if (why := _why_no_avu(avu, policy))}
    here = _invalid_on(omero.subjects, observation)
    shown = {**_invalid_on(omero.earlier, observation), **here}
    if not avus and not shown:
        return observation, ""
    told = {f"AVU {printable(avu.value, 40)!r}: {why}" for avu, why in avus.items()}
    told |= {f"{place.word} {printable(text, 40)!r}: {why}" for (place, text), why in here.items() if why}
    return (
        replace(
            observation,
            zone=replace(
                zone,
                objects=tuple(_without(data_object, avus) for data_object in zone.objects),
                collection=_without(zone.collection, avus) if zone.collection else None,
            ),
            omero=replace(
                omero,
                subjects=tuple(_subject_without(subject, shown) for subject in omero.subjects),
                earlier=tuple(_subject_without(subject, shown) for subject in omero.earlier),
            ),
        ),
        "; ".join(sorted(told)[:TOLD]),
    )


def _invalid_on(subjects: Sequence[Subject], observation: Observation) -> dict[Shown, str]:
    """For each invalid text on some images why it is, empty where nobody needs to be told."""
    if not subjects:
        return {}
    known, reasons = _known(observation), dict[Shown, str]()
    for place, text in {(place_of_tag(link), link.text) for subject in subjects for link in subject.tags}:
        if (place, remembered(text)) not in known and (why := _why_no_tag(place, text, observation.policy)):
            reasons[place, text] = why
    annotations = {annotation for subject in subjects for annotation in users_annotations(subject)}
    for place, text in {
        (place_of_pair(annotation, pair), pair[1]) for annotation in annotations for pair in annotation.pairs
    }:
        if (place, remembered(text)) not in known and (why := _why_no_pair(place, text, observation.policy)):
            reasons[place, text] = why if text else ""  # keys without a value are common, and harmless
    return reasons


def _known(observation: Observation) -> set[Shown]:
    """Texts for which the zone has an AVU, or had one when both sides agreed.

    They are valid, whatever they are: other clients may write values that ours cannot.
    """
    zone, base, policy = observation.zone, observation.base, observation.policy
    known = {
        (mapping.for_attribute(avu.attribute).place, remembered(mapping.in_omero(avu.value, avu.units)))
        for avu in zone.avus
        if (mapping := policy.mapping_of(avu.attribute))
    }
    agreed = policy.mapped(map(avu_remembered, base.names), ())
    return known.union((mapped.place, value) for mapped in agreed for value in base.values(mapped.remembered_as))


def _why_no_avu(avu: Avu, policy: Policy) -> str:
    if avu.attribute == policy.names.request:
        return "" if avu.value in REQUESTS else NO_REQUEST
    mapping = policy.mapping_of(avu.attribute)
    only = mapping.fixed_units if mapping is not None else ""
    if not only or avu.units in ("", only):
        return ""
    return f"{avu.attribute} has the unit {printable(only, 40)!r} by configuration, not {printable(avu.units, 40)!r}"


def _why_no_tag(place: Place, text: str, policy: Policy) -> str:
    if place == REQUEST_TAGS:
        return "" if text in REQUESTS else NO_REQUEST
    return _why_no_value(place, text, policy)


def _why_no_pair(place: Place, text: str, policy: Policy) -> str:
    mapping = policy.mapping_at(place)
    if mapping is None or mapping.direction == TO_OMERO:
        return ""
    why = why_unstorable(mapping.attribute_at(place))
    return f"its key cannot be the attribute of an AVU, as {why}" if why else _why_no_value(place, text, policy)


def _why_no_value(place: Place, text: str, policy: Policy) -> str:
    mapping = policy.mapping_at(place)
    if mapping is None or mapping.direction == TO_OMERO:
        return ""
    value, units = mapping.in_zone(text)
    why = why_unstorable(value) or why_no_units(units)
    return f"it cannot be an AVU, as {why}" if why else ""


def _without(carrier: Carrier, avus: Container[Avu]) -> Carrier:
    return replace(carrier, avus=frozenset(avu for avu in carrier.avus if avu not in avus))


def _subject_without(subject: Subject, shown: Container[Shown]) -> Subject:
    tags = frozenset(link for link in subject.tags if (place_of_tag(link), link.text) not in shown)
    return replace(
        subject, tags=tags, key_values=frozenset(_marked(annotation, shown) for annotation in subject.key_values)
    )


def _marked(annotation: KeyValues, shown: Container[Shown]) -> KeyValues:
    """An annotation with its invalid pairs named: unlike tags, pairs are written together, so that they stay in it."""
    invalid = frozenset(pair for pair in annotation.pairs if (place_of_pair(annotation, pair), pair[1]) in shown)
    return replace(annotation, invalid=invalid)
