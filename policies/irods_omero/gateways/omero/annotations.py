"""Tags, key-value pairs and the archived flag of many images at once, written as the owners of the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import omero
import omero.model
from omero.rtypes import rbool, rstring

from irods_omero.domain.state.actions import (
    AddTag,
    OmeroAction,
    RemoveKeyValues,
    RemoveTag,
    SetArchived,
    WriteKeyValues,
)
from irods_omero.domain.state.views import Pair, Subject
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import apply_in_batches
from irods_omero.gateways.omero.filesets import pairs_of
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.tags import Tags
from irods_omero.vocabulary import OBJECT_NAMESPACE

Item = TypeVar("Item")
Work = tuple[int, Item]
"""A number that says which unit asked, and an action."""


class AnnotationWriter:
    """Applies the OMERO part of many plans in a number of calls that does not grow with each unit."""

    def __init__(self, people: People, tags: Tags) -> None:
        self._people = people
        self._tags = tags
        self._failures: dict[int, RefusedError] = {}

    def apply(self, work: Sequence[Work[OmeroAction]]) -> dict[int, RefusedError]:
        """Apply actions of several units.

        Returns:
            For each unit of which something was refused, why; its other actions may have been done.

        Raises:
            UnreachableError: OMERO is down; some of the actions may have been done.
        """
        self._failures = {}
        written = _only(work, WriteKeyValues)
        self._each(_only(work, AddTag), lambda a: (a.subject.owner, a.subject.group), self._add_tags)
        self._each(_only(work, RemoveTag), lambda a: (a.owner, a.subject.group), self._remove_links)
        self._each(_only(work, SetArchived), lambda a: (a.owner, a.group), self._set_archived)
        self._each(written, _writer, self._write_key_values)
        removed = [*_only(work, RemoveKeyValues), *self._replaced(written)]
        self._each(removed, lambda a: (a.owner, a.subject.group), self._remove_links)
        return self._failures

    def _each(
        self,
        work: Iterable[Work[Item]],
        actor: Callable[[Item], tuple[int, int]],
        apply: Callable[[OmeroSession, list[Work[Item]]], None],
    ) -> None:
        """Call ``apply`` with what one user has to do in one group, for each of them."""
        by_actor: dict[tuple[int, int], list[Work[Item]]] = defaultdict(list)
        for unit, action in work:
            by_actor[actor(action)].append((unit, action))
        for (owner, group), items in by_actor.items():
            try:
                self._people.acting_as(owner, group)
            except RefusedError as error:  # of everything that this user would have to do
                for item in items:
                    self._failed(item, error)
            else:
                apply_in_batches(items, self._as_actor(owner, group, apply), self._failed)

    def _as_actor(
        self, owner: int, group: int, apply: Callable[[OmeroSession, list[Work[Item]]], None]
    ) -> Callable[[list[Work[Item]]], None]:
        # Asked for anew for each batch: a session that was idle meanwhile is replaced.
        return lambda batch: apply(self._people.acting_as(owner, group), batch)

    def _failed(self, item: Work[Any], error: RefusedError) -> None:
        self._failures.setdefault(item[0], error)

    def _add_tags(self, session: OmeroSession, batch: list[Work[AddTag]]) -> None:
        links = []
        for _, action in batch:
            tag = self._tags.tag(session, action.subject.group, action.place, action.text)
            links.append(_link(action.subject, omero.model.TagAnnotationI(tag, False)))
        session.save("tagging", _names(batch), links)

    def _remove_links(self, session: OmeroSession, batch: list[Work[Any]]) -> None:
        by_kind: dict[str, list[int]] = defaultdict(list)
        for _, action in batch:
            by_kind[action.subject.kind].append(action.link)
        for kind, links in by_kind.items():
            _delete_links(session, f"{kind}AnnotationLink", links)

    def _set_archived(self, session: OmeroSession, batch: list[Work[SetArchived]]) -> None:
        wanted = {action.image: action.archived for _, action in batch}
        text = "select i from Image i where i.id in (:ids)"
        images = session.objects("reading images", text, {"ids": sorted(wanted)})
        for image in images:
            image.archived = rbool(wanted[image.id.val])
        session.save("setting the archived flag of", "", images)

    def _replaced(self, written: Iterable[Work[WriteKeyValues]]) -> Iterator[Work[RemoveKeyValues]]:
        """The shared annotations that others have taken the place of."""
        for unit, action in written:
            if action.existing is not None and action.existing.shared and unit not in self._failures:
                yield unit, RemoveKeyValues(action.subject, action.existing.link, action.existing.owner)

    def _write_key_values(self, session: OmeroSession, batch: list[Work[WriteKeyValues]]) -> None:
        changed = {action.existing.annotation: action for _, action in batch if _is_change(action) and action.existing}
        if changed:
            text = "select a from MapAnnotation a where a.id in (:ids)"
            annotations = session.objects("reading key-value pairs", text, {"ids": sorted(changed)})
            for annotation in annotations:
                _change(annotation, changed[annotation.id.val])
            session.save("writing key-value pairs", _names(batch), annotations)
        made: dict[tuple[int, str, tuple[Pair, ...]], Any] = {}
        links = []
        for unit, action in batch:
            if not _is_change(action):
                key = (unit, action.namespace, action.pairs)
                links.append(_link(action.subject, made.setdefault(key, _annotation(action.namespace, action.pairs))))
        if links:
            session.save("adding key-value pairs to", _names(batch), links)


def _is_change(action: WriteKeyValues) -> bool:
    """Whether an annotation is changed, and not a new one made."""
    return action.existing is not None and not action.existing.shared


def _change(annotation: Any, action: WriteKeyValues) -> None:
    """Give an annotation its new pairs; one that a user has changed since it was looked at is left to them."""
    assert action.existing is not None
    if action.namespace != OBJECT_NAMESPACE and pairs_of(annotation) != action.existing.pairs:
        name = f"{action.subject.kind}:{action.subject.id}"
        raise RefusedError("writing key-value pairs on", name, "somebody has changed them at this moment")
    annotation.setMapValue(_map(action.pairs))


def _delete_links(session: OmeroSession, kind: str, links: list[int]) -> None:
    """Delete links; the server refuses all of them when one is gone already, which somebody else may have seen to."""
    doing = "taking annotations away"
    try:
        session.delete(doing, kind, links)
    except RefusedError:
        rows = session.rows(doing, f"select l.id from {kind} l where l.id in (:ids)", {"ids": links})
        there = [int(row[0]) for row in rows]
        if len(there) == len(links):
            raise
        if there:
            session.delete(doing, kind, there)


def _only(work: Sequence[Work[OmeroAction]], kind: type[Item]) -> list[Work[Item]]:
    return [(unit, action) for unit, action in work if isinstance(action, kind)]


def _writer(action: WriteKeyValues) -> tuple[int, int]:
    owner = action.existing.owner if action.existing and _is_change(action) else action.subject.owner
    return (owner, action.subject.group)


def _names(batch: Sequence[Work[Any]]) -> str:
    """What a message calls a batch: the image or plate, when there is only one."""
    subject = batch[0][1].subject
    return f"{subject.kind}:{subject.id}" if len(batch) == 1 else f"{len(batch)} images"


def _link(subject: Subject, annotation: Any) -> Any:
    model = omero.model
    link, parent = {
        "Image": (model.ImageAnnotationLinkI, model.ImageI),
        "Plate": (model.PlateAnnotationLinkI, model.PlateI),
    }[subject.kind]
    made = link()
    made.parent = parent(subject.id, False)
    made.child = annotation
    return made


def _annotation(namespace: str, pairs: tuple[Pair, ...]) -> Any:
    annotation = omero.model.MapAnnotationI()
    annotation.ns = rstring(namespace)
    annotation.setMapValue(_map(pairs))
    return annotation


def _map(pairs: tuple[Pair, ...]) -> list[Any]:
    return [omero.model.NamedValue(name, value) for name, value in pairs]
