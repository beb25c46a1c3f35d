"""Where in OMERO users see the values of an attribute: tags of a namespace, tags in a tag set, or a key.

What kinds of places there are, and how they differ, is said here and nowhere else: others ask a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from irods_omero.domain.state.views import KeyValues, Pair, Subject, TagLink
from irods_omero.vocabulary import OBJECT_NAMESPACE, REQUEST_NAMESPACE, TIER_NAMESPACE

TAG = "tag"
TAG_SET = "tag set"
KEY = "key"

PATH = "path"
"""The key among the pairs of this policy that says where a unit is in the zone."""


class Place(NamedTuple):
    """One place on an image or plate.

    Attributes:
        kind: ``tag``, ``tag set`` or ``key``.
        namespace: Of the tags, or of the key-value annotation; empty for a tag set.
        name: Of the tag set, or the key; empty for tags of a namespace.
    """

    kind: str
    namespace: str = ""
    name: str = ""

    @property
    def is_key(self) -> bool:
        """Whether its texts are values of key-value pairs, which are written together; tags otherwise."""
        return self.kind == KEY

    @property
    def is_tag_set(self) -> bool:
        """Whether its tags are those in a tag set, whatever their namespace."""
        return self.kind == TAG_SET

    @property
    def word(self) -> str:
        """What users call one of its texts."""
        return "value" if self.is_key else "tag"

    @property
    def title(self) -> str:
        """What the configuration calls it."""
        return self.name or self.namespace

    def __str__(self) -> str:
        """As users would call it."""
        return f"{self.kind} {self.title}"


@lru_cache(maxsize=1000)
def tags_of(namespace: str) -> Place:
    """The tags of a namespace."""
    return Place(TAG, namespace)


TIER_TAGS = tags_of(TIER_NAMESPACE)
REQUEST_TAGS = tags_of(REQUEST_NAMESPACE)


def key_in(namespace: str, key: str) -> Place:
    """A key of the key-value pairs of a namespace."""
    return Place(KEY, namespace, key)


@lru_cache(maxsize=1000)
def tags_in(tag_set: str) -> Place:
    """The tags in a tag set."""
    return Place(TAG_SET, name=tag_set)


def place_of_tag(link: TagLink) -> Place:
    """The place of a tag: exactly one, so that removing the tag there removes nothing elsewhere.

    A request word that a user has typed counts as the request.
    """
    if link.is_typed:
        return REQUEST_TAGS
    return tags_in(link.tag_set) if link.tag_set else tags_of(link.namespace)


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
