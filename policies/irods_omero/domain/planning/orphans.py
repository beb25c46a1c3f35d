"""What images say when their data object is no longer in the zone: no image is deleted, and nothing false stays."""

from __future__ import annotations

from collections.abc import Iterable

from irods_omero.domain.planning.diff import diff_tags
from irods_omero.domain.state.actions import OmeroAction, WriteKeyValues
from irods_omero.domain.state.carried import own_annotations, place_of_tag
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS
from irods_omero.domain.state.views import KeyValues, Pairs, Subject
from irods_omero.vocabulary import SUPERSEDED

GONE = "its data object is no longer in iRODS"
NO_LONGER_TRUE = ("tier", "since", "error")


def diff_orphan(subjects: Iterable[Subject]) -> tuple[OmeroAction, ...]:
    """What to do in OMERO about images whose data object was removed.

    They lose the tags that say where their bytes are and what is asked for them; the key-value pairs keep where they
    came from, and say that it is gone.
    """
    actions: list[OmeroAction] = []
    for subject in subjects:
        kept = {link.text for link in subject.tags if place_of_tag(link) == TIER_TAGS} & {SUPERSEDED}
        actions += diff_tags(subject, {TIER_TAGS: frozenset(kept), REQUEST_TAGS: frozenset()})
        actions += (
            WriteKeyValues(subject, annotation, pairs)
            for annotation in own_annotations(subject)
            if (pairs := _pairs(annotation)) != annotation.pairs
        )
    return tuple(actions)


def _pairs(annotation: KeyValues) -> Pairs:
    return (*(pair for pair in annotation.pairs if pair[0] not in NO_LONGER_TRUE), ("error", GONE))
