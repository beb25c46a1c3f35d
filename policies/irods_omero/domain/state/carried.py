"""What images and plates carry in OMERO, text by text, each with the place that it is at."""

from __future__ import annotations

from collections.abc import Iterator

from irods_omero.domain.state.places import REQUEST_TAGS, Place, key_in
from irods_omero.domain.state.views import KeyValues, Pair, Subject, TagLink
from irods_omero.vocabulary import OBJECT_NAMESPACE


def place_of_tag(link: TagLink) -> Place:
    """The place of a tag: exactly one, so that removing the tag there removes nothing elsewhere.

    A request word that a user has typed counts as the request.
    """
    return REQUEST_TAGS if link.is_typed else link.place


def place_of_pair(annotation: KeyValues, pair: Pair) -> Place:
    """The place of a key-value pair."""
    return key_in(annotation.namespace, pair[0])


def own_annotations(subject: Subject) -> list[KeyValues]:
    """The annotations of this policy on an image or plate: one, unless somebody copied it."""
    return sorted(annotation for annotation in subject.key_values if annotation.namespace == OBJECT_NAMESPACE)


def users_annotations(subject: Subject) -> Iterator[KeyValues]:
    """The annotations on an image or plate whose keys can be mapped: all but those in the namespace of this policy."""
    return (annotation for annotation in subject.key_values if annotation.namespace != OBJECT_NAMESPACE)


def values_on(subject: Subject) -> Iterator[tuple[Place, str]]:
    """All the texts on an image or plate, each with its place; without invalid pairs and those of this policy."""
    yield from ((place_of_tag(link), link.text) for link in subject.tags)
    for annotation in users_annotations(subject):
        valid = (pair for pair in annotation.pairs if pair not in annotation.invalid)
        yield from ((place_of_pair(annotation, pair), pair[1]) for pair in valid)
