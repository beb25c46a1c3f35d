"""Where in OMERO users see the values of an attribute: tags of a namespace, tags in a tag set, or a key.

What kinds of places there are, and how they differ, is said in one table, ``KINDS``, which configuration, reading and
messages follow. How texts of each kind are read and made in OMERO is said by a table of the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from irods_omero.vocabulary import OBJECT_NAMESPACE, REQUEST_NAMESPACE, TIER_NAMESPACE

TAG = "tag"
TAG_SET = "tag set"
KEY = "key"

PATH = "path"
"""The key among the pairs of this policy that says where a unit is in the zone."""


class PlaceKind(NamedTuple):
    """One kind of place.

    Attributes:
        name: What users call it. Agreements depend on it.
        setting: The key of the configuration that says which place of this kind an attribute has.
        description: What the reference of the configuration says of that key.
        is_named: Whether the setting is the name of a tag set or of a key; otherwise it is a namespace.
        is_key: Whether its texts are values of key-value pairs, which are written together, in a namespace that has a
            setting of its own. Otherwise each text is an annotation, as a tag is.
        word: What users call one of its texts.
    """

    name: str
    setting: str
    description: str
    is_named: bool = False
    is_key: bool = False
    word: str = "tag"

    def place(self, setting: str, namespace: str) -> Place:
        """The place that its setting means; ``namespace`` is that of keys."""
        if not self.is_named:
            return Place(self.name, setting)
        return Place(self.name, namespace if self.is_key else "", setting)


KINDS = {
    kind.name: kind
    for kind in (
        PlaceKind(TAG, "tag_namespace", "Namespace of the tags whose texts are its values."),
        PlaceKind(
            TAG_SET,
            "tag_set",
            "Name of the tag set in which the tags are whose texts are its values; made if absent.",
            is_named=True,
        ),
        PlaceKind(
            KEY,
            "key",
            "Key of the key-value pairs whose values are its values; ends with a star where `avu` does, and "
            "what comes there is the same on both sides.",
            is_named=True,
            is_key=True,
            word="value",
        ),
    )
}
"""All the kinds of places, by their names."""


class Place(NamedTuple):
    """One place on an image or plate.

    Attributes:
        kind: Name of its kind.
        namespace: Of the tags, or of the key-value annotation; empty for a tag set.
        name: Of the tag set, or the key; empty for tags of a namespace.
    """

    kind: str
    namespace: str = ""
    name: str = ""

    @property
    def is_key(self) -> bool:
        """Whether its texts are values of key-value pairs, which are written together."""
        return KINDS[self.kind].is_key

    @property
    def word(self) -> str:
        """What users call one of its texts."""
        return KINDS[self.kind].word

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


def key_in(namespace: str, key: str) -> Place:
    """A key of the key-value pairs of a namespace."""
    return Place(KEY, namespace, key)


@lru_cache(maxsize=1000)
def tags_in(tag_set: str) -> Place:
    """The tags in a tag set."""
    return Place(TAG_SET, name=tag_set)


TIER_TAGS = tags_of(TIER_NAMESPACE)
REQUEST_TAGS = tags_of(REQUEST_NAMESPACE)
TYPED_TAGS = tags_of("")
"""Those that a user makes by typing a text."""

OWN_PLACES = (TIER_TAGS, REQUEST_TAGS, key_in(OBJECT_NAMESPACE, ""))
"""Where this policy itself writes: tags, and all keys of a namespace."""


@dataclass(frozen=True)
class ReadScope:
    """What is looked at on images and plates.

    Attributes:
        places: All places; of keys all those in the same namespace are read.
        words: Texts of tags without a namespace, as users make them by typing; in whatever letters they are written.
    """

    places: tuple[Place, ...]
    words: tuple[str, ...] = ()

    def namespaces(self, kind: str) -> list[str]:
        """The namespaces of all places of a kind."""
        return sorted({place.namespace for place in self.places if place.kind == kind})

    def names(self, kind: str) -> list[str]:
        """The names of all places of a kind."""
        return sorted({place.name for place in self.places if place.kind == kind})
