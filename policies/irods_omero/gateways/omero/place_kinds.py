"""How each kind of place that has an annotation for each text is read and made: one line of a table.

Key-value pairs are none of these: many of them are one annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from irods_omero.domain.state.places import TAG, TAG_SET, Place, ReadScope
from irods_omero.domain.state.views import TagLink
from irods_omero.gateways.omero import map_annotations, tags
from irods_omero.gateways.omero.session import OmeroSession


class TextKind(NamedTuple):
    """What is done about the texts of one kind of place.

    Attributes:
        model: What OMERO's model calls their annotations.
        read: What images or plates with some ids carry of them, each with the id of the image or plate; given what
            they are, ``Image`` or ``Plate``. A link that two kinds read is of the later one in the table.
        annotation: An annotation for a text at a place, not necessarily new, that the session's user may link in a
            group; given the tags of the sweep.
    """

    model: str
    read: Callable[[OmeroSession, str, list[int], ReadScope], Iterable[tuple[int, TagLink]]]
    annotation: Callable[[tags.Tags, OmeroSession, int, Place, str], Any]


TEXT_KINDS = {
    TAG: TextKind(tags.MODEL, tags.read_tags, tags.Tags.annotation),
    TAG_SET: TextKind(tags.MODEL, tags.read_tags_in_sets, tags.Tags.annotation),
}
"""For the name of each kind what is done about it."""

MODELS = tuple(dict.fromkeys((map_annotations.MODEL, *(kind.model for kind in TEXT_KINDS.values()))))
"""What OMERO's model calls all annotations that places are in."""
