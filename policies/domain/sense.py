"""What users left on either side that this policy can make no sense of: it stays as it is, and both sides say so."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from policies.domain.policy import TO_OMERO, Policy
from policies.domain.situation import Situation
from policies.domain.texts import printable, remembered, why_unstorable
from policies.domain.views import Avu, DataObject, Subject, TagLink
from policies.vocabulary import REQUEST_NAMESPACE, REQUESTS

TOLD = 3
"""So many mistakes are told at most."""

NO_REQUEST = "it is not one of the requests " + ", ".join(REQUESTS)


def without_nonsense(situation: Situation) -> tuple[Situation, str]:
    """The situation without what makes no sense, and a message about that, empty for none."""
    zone, omero, policy = situation.zone, situation.omero, situation.policy
    mapped = {found.tag_namespace for found in policy.attributes if found.direction != TO_OMERO}
    known, seen = _known(situation), omero.subjects + omero.earlier
    avus = {avu: why for found in zone.objects for avu in found.avus if (why := _why_no_request(avu, policy))}
    tags = {
        (link.namespace, link.text): why
        for subject in seen
        for link in subject.tags
        if (link.namespace, remembered(link.text)) not in known and (why := _why_no_tag(link, mapped))
    }
    if not avus and not tags:
        return situation, ""
    present = {(link.namespace, link.text) for subject in omero.subjects for link in subject.tags}
    told = {f"AVU {printable(avu.value, 40)!r}: {why}" for avu, why in avus.items()}
    told |= {f"tag {printable(text, 40)!r}: {why}" for (space, text), why in tags.items() if (space, text) in present}
    return (
        replace(
            situation,
            zone=replace(zone, objects=tuple(_object_without(found, avus) for found in zone.objects)),
            omero=replace(
                omero,
                subjects=tuple(_subject_without(found, tags) for found in omero.subjects),
                earlier=tuple(_subject_without(found, tags) for found in omero.earlier),
            ),
        ),
        "; ".join(sorted(told)[:TOLD]),
    )


def _known(situation: Situation) -> set[tuple[str, str]]:
    """Tags of which the zone has the AVU, or had it when both sides agreed: other clients may write more than ours."""
    zone, base = situation.zone, situation.base
    return {
        (mapped.tag_namespace, value)
        for mapped in situation.policy.attributes
        for value in base.values(mapped.avu).union(
            *({remembered(value) for value in found.values(mapped.avu)} for found in zone.objects)
        )
    }


def _why_no_request(avu: Avu, policy: Policy) -> str:
    return NO_REQUEST if avu.attribute == policy.names.request and avu.value not in REQUESTS else ""


def _why_no_tag(link: TagLink, mapped: Container[str]) -> str:
    if link.namespace == REQUEST_NAMESPACE:
        return "" if link.text in REQUESTS else NO_REQUEST
    why = why_unstorable(link.text) if link.namespace in mapped else ""
    return f"it cannot be an AVU, as {why}" if why else ""


def _object_without(found: DataObject, avus: Container[Avu]) -> DataObject:
    return replace(found, avus=frozenset(avu for avu in found.avus if avu not in avus))


def _subject_without(subject: Subject, tags: Container[tuple[str, str]]) -> Subject:
    return replace(subject, tags=frozenset(link for link in subject.tags if (link.namespace, link.text) not in tags))
