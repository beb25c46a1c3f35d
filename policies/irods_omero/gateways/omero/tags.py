"""The tags of this policy and of mapped attributes: read by place, found by text, made where a group has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import omero
import omero.model
from omero.constants.metadata import NSINSIGHTTAGSET
from omero.rtypes import rstring, unwrap

from irods_omero.domain.state.places import REQUEST_TAGS, TAG, TAG_SET, Place, ReadScope, tags_in, tags_of
from irods_omero.domain.state.request_lookup import STANDING
from irods_omero.domain.state.views import TagLink
from irods_omero.gateways.omero.session import FIND_OR_MAKE, TAG_OF_LINK, OmeroSession, Values
from irods_omero.vocabulary import REGISTERED, REQUEST_TABLE, TAG_SETS

MODEL = "TagAnnotation"
"""What OMERO's model calls them."""

NO_WORDS = ("",)
"""A query takes no empty list."""

OWN_TAG_SETS = {tags_of(namespace): name for namespace, name in TAG_SETS.items()}

DESCRIPTIONS = {
    **{request.text: request.description for request in REQUEST_TABLE},
    REGISTERED: "The files of this image are kept in iRODS.",
}


def read_tags(session: OmeroSession, kind: str, ids: list[int], scope: ReadScope) -> Iterator[tuple[int, TagLink]]:
    """The tags on images or plates by their namespaces, and those without one that are words of the scope."""
    text = (
        "select l.id, l.parent.id, t.id, t.ns, t.textValue, l.details.owner.id, l.details.owner.omeName, "
        f"l.details.creationEvent.time from {kind}AnnotationLink l, TagAnnotation t where {TAG_OF_LINK} "
        "and l.parent.id in (:ids) and (t.ns in (:namespaces) or t.ns is null and lower(trim(t.textValue)) in (:words))"
    )
    values: Values = {"ids": ids, "namespaces": scope.namespaces(TAG), "words": list(scope.words or NO_WORDS)}
    for row in session.rows("reading tags", text, values):
        link = _tag_link(row)
        yield row[1], link if link.place.namespace else replace(link, text=link.text.strip().lower())


def read_tags_in_sets(
    session: OmeroSession, kind: str, ids: list[int], scope: ReadScope
) -> Iterator[tuple[int, TagLink]]:
    """Tags in mapped tag sets, without those that count by their namespace already."""
    tag_sets, namespaces = scope.names(TAG_SET), scope.namespaces(TAG)
    if not tag_sets:
        return
    text = (
        "select l.id, l.parent.id, t.id, t.ns, t.textValue, l.details.owner.id, l.details.owner.omeName, "
        f"l.details.creationEvent.time, s.textValue from {kind}AnnotationLink l, TagAnnotation t, "
        f"AnnotationAnnotationLink x, TagAnnotation s where {TAG_OF_LINK} and x.child.id = t.id "
        "and x.parent.id = s.id and l.parent.id in (:ids) and s.ns = :namespace and s.textValue in (:names)"
    )
    links: dict[int, tuple[int, TagLink]] = {}
    values: Values = {"ids": ids, "namespace": NSINSIGHTTAGSET, "names": tag_sets}
    for *row, tag_set in session.rows("reading tags in tag sets", text, values):
        link = _tag_link(row)
        if link.place.namespace not in namespaces:
            in_set = row[1], replace(link, place=tags_in(tag_set))
            links[link.link] = min(in_set, links.get(link.link, in_set), key=lambda each: each[1].place)
    yield from links.values()


def _tag_link(row: Sequence[Any]) -> TagLink:
    link, _, tag, namespace, text, owner, name, created = row
    return TagLink(link, tag, tags_of(namespace or ""), text or "", owner, (created or 0) / 1000, name)


class Tags:
    """Finds and makes tags, and remembers them for the length of a sweep, and of the imports that it has begun.

    Tags are not unique by text, and belong to one group each. In a group whose members share annotations the oldest
    tag serves all of them; elsewhere each owner of data has tags of their own.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, Place, str], int] = {}

    def tag(self, session: OmeroSession, group: int, place: Place, text: str) -> int:
        """The OMERO id of a tag that the session's user may link, made if there is none."""
        key = (group, session.name, place, text)
        if key not in self._known:
            with FIND_OR_MAKE:
                self._known[key] = self._find(session, place, text) or self._make(session, place, text)
        return self._known[key]

    def annotation(self, session: OmeroSession, group: int, place: Place, text: str) -> Any:
        """The same as an object of OMERO's model."""
        return omero.model.TagAnnotationI(self.tag(session, group, place, text), False)

    def offer_requests(self, session: OmeroSession, group: int) -> None:
        """See to it that users find the request tags in their group when they want to ask for something."""
        for text in STANDING:
            self.tag(session, group, REQUEST_TAGS, text)

    def _find(self, session: OmeroSession, place: Place, text: str) -> int | None:
        if place.kind == TAG_SET:
            return self._find_in_set(session, place.name, text)
        return self._find_by_namespace(session, place.namespace, text)

    def _find_in_set(self, session: OmeroSession, tag_set: str, text: str) -> int | None:
        """A tag in a set that has no namespace and is in no other set, and so counts for this one for certain."""
        query = (
            "select t.id, t.details.owner.id, s.textValue from AnnotationAnnotationLink x, TagAnnotation t, "
            "TagAnnotation s where x.child.id = t.id and x.parent.id = s.id and s.ns = :namespace "
            "and t.textValue = :text and t.ns is null order by t.id"
        )
        rows = session.rows("looking for the tag", query, {"namespace": NSINSIGHTTAGSET, "text": text})
        elsewhere = {tag for tag, _, name in rows if name != tag_set}
        return _usable(session, [(tag, owner) for tag, owner, _ in rows if tag not in elsewhere])

    def _find_by_namespace(self, session: OmeroSession, namespace: str, text: str) -> int | None:
        query = (
            "select t.id, t.details.owner.id from TagAnnotation t "
            "where t.ns = :namespace and t.textValue = :text order by t.id"
        )
        return _usable(session, session.rows("looking for the tag", query, {"namespace": namespace, "text": text}))

    def _make(self, session: OmeroSession, place: Place, text: str) -> int:
        tag = omero.model.TagAnnotationI()
        tag.textValue = rstring(text)
        if place.kind != TAG_SET:
            tag.ns = rstring(place.namespace)
        if place in OWN_TAG_SETS and text in DESCRIPTIONS:
            tag.description = rstring(DESCRIPTIONS[text])
        tag_set = OWN_TAG_SETS.get(place, place.name)
        if tag_set:
            link = omero.model.AnnotationAnnotationLinkI()
            link.parent = self._tag_set(session, tag_set)
            link.child = tag
            saved = session.save_and_return("making the tag", text, link)
            return int(unwrap(saved.child.id))
        return int(unwrap(session.save_and_return("making the tag", text, tag).id))

    def _tag_set(self, session: OmeroSession, text: str) -> omero.model.TagAnnotationI:
        tag_id = self._find_by_namespace(session, NSINSIGHTTAGSET, text)
        if tag_id is not None:
            return omero.model.TagAnnotationI(tag_id, False)
        tag_set = omero.model.TagAnnotationI()
        tag_set.ns = rstring(NSINSIGHTTAGSET)
        tag_set.textValue = rstring(text)
        return tag_set


def _usable(session: OmeroSession, tags: Sequence[Sequence[Any]]) -> int | None:
    """The first of some tags, each with its owner, that the session's user may link."""
    usable = [tag for tag, owner in tags if session.shares_annotations or owner == session.user]
    return int(usable[0]) if usable else None
