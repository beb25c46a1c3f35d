"""The tags of this policy: found by namespace and text, made where a group has none."""

from __future__ import annotations

import omero
import omero.model
from omero.rtypes import rstring, unwrap

from policies.gateways.omero.session import OmeroSession
from policies.vocabulary import REQUEST_NAMESPACE, REQUESTS, TIER_NAMESPACE

TAG_SET_NAMESPACE = "openmicroscopy.org/omero/insight/tagset"
"""What makes a tag a tag set for the OMERO clients."""

TAG_SETS = {TIER_NAMESPACE: "iRODS storage", REQUEST_NAMESPACE: "iRODS requests"}

DESCRIPTIONS = {
    "archive": "Put this on an image to have its files moved to the archive.",
    "restage": "Put this on an image to have its files brought back from the archive.",
    "keep": "Put this on an image to have its files held where they are.",
    "registered": "The files of this image are kept in iRODS.",
}


class Tags:
    """Finds and makes tags, and remembers them for the length of a sweep.

    Tags are not unique by text, and belong to one group each. In a group whose members share annotations the oldest
    tag serves all of them; elsewhere each owner of data has tags of their own.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, str, str], int] = {}

    def tag(self, session: OmeroSession, group: int, namespace: str, text: str) -> int:
        """The OMERO id of a tag that the session's user may link, made if there is none."""
        key = (group, session.name, namespace, text)
        if key not in self._known:
            self._known[key] = self._find(session, namespace, text) or self._make(session, namespace, text)
        return self._known[key]

    def offer_requests(self, session: OmeroSession, group: int) -> None:
        """See to it that users find the request tags in their group when they want to ask for something."""
        for text in REQUESTS:
            self.tag(session, group, REQUEST_NAMESPACE, text)

    def _find(self, session: OmeroSession, namespace: str, text: str) -> int | None:
        query = (
            "select t.id, t.details.owner.id from TagAnnotation t "
            "where t.ns = :namespace and t.textValue = :text order by t.id"
        )
        found = session.rows("looking for the tag", query, {"namespace": namespace, "text": text})
        if not session.shares_annotations:
            found = [row for row in found if row[1] == session.user]
        return int(found[0][0]) if found else None

    def _make(self, session: OmeroSession, namespace: str, text: str) -> int:
        tag = omero.model.TagAnnotationI()
        tag.ns = rstring(namespace)
        tag.textValue = rstring(text)
        if text in DESCRIPTIONS:
            tag.description = rstring(DESCRIPTIONS[text])
        if namespace in TAG_SETS:
            link = omero.model.AnnotationAnnotationLinkI()
            link.parent = self._tag_set(session, TAG_SETS[namespace])
            link.child = tag
            saved = session.save_and_return("making the tag", text, link)
            return int(unwrap(saved.child.id))
        return int(unwrap(session.save_and_return("making the tag", text, tag).id))

    def _tag_set(self, session: OmeroSession, text: str) -> omero.model.TagAnnotationI:
        found = self._find(session, TAG_SET_NAMESPACE, text)
        if found is not None:
            return omero.model.TagAnnotationI(found, False)
        tag_set = omero.model.TagAnnotationI()
        tag_set.ns = rstring(TAG_SET_NAMESPACE)
        tag_set.textValue = rstring(text)
        return tag_set
