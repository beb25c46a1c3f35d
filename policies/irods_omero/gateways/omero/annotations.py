"""Tags, key-value pairs and the archived flag of many images at once, written as whoever may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import omero
import omero.model
from omero.rtypes import rbool

from irods_omero.domain.state.actions import (
    AddTag,
    OmeroAction,
    Refusal,
    RemoveKeyValues,
    RemoveTag,
    SetAddress,
    SetArchived,
    WriteKeyValues,
)
from irods_omero.domain.state.views import Pairs, Subject
from irods_omero.errors import ForbiddenError, RefusedError
from irods_omero.gateways.batches import apply_in_batches
from irods_omero.gateways.omero.map_annotations import changed_key_values, is_change, new_key_values
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.place_kinds import TEXT_KINDS
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.tags import Tags
from irods_omero.gateways.omero.zarr_filesets import set_address

Item = TypeVar("Item")
Work = tuple[int, Item]
"""A number that says which unit asked, and an action."""

Actor = tuple[int, int]
"""A user and a group, by their OMERO ids."""


class AnnotationWriter:
    """Applies the OMERO part of many plans in a number of calls that does not grow with each unit."""

    def __init__(self, people: People, tags: Tags) -> None:
        self._people = people
        self._tags = tags
        self._refused: dict[int, list[Refusal]] = {}
        self._others: dict[int, list[int]] = {}
        """For groups those who can act in the place of the owners of data."""

    def apply(self, work: Sequence[Work[OmeroAction]]) -> dict[int, list[Refusal]]:
        """Apply actions of several units, each by itself: all that can be done is done.

        Returns:
            For each unit of which something was refused what that is, and why.

        Raises:
            UnreachableError: OMERO is down; some of the actions may have been done.
        """
        self._refused = {}
        written = _only(work, WriteKeyValues)
        self._each(_only(work, AddTag), self._add_tags)
        self._each(_only(work, RemoveTag), self._remove_links)
        self._each(_only(work, SetArchived), self._set_archived)
        self._each(_only(work, SetAddress), self._set_addresses)
        self._each(written, self._write_key_values)
        self._each([*_only(work, RemoveKeyValues), *self._replaced(written)], self._remove_links)
        return self._refused

    def _each(self, work: Sequence[Work[Item]], apply: Callable[[OmeroSession, list[Work[Item]]], None]) -> None:
        """Have each action done by the first who may; ``apply`` does what one user has to do in one group."""
        reasons: dict[int, RefusedError] = {}  # of each action the first one, which is about the one whose task it is
        rank, left = 0, list(work)
        while left:
            by_actor: dict[Actor, list[Work[Item]]] = defaultdict(list)
            for item in left:
                actor = self._actor(item[1], rank)
                if actor is None:
                    self._refuse(item, reasons[id(item[1])])
                else:
                    by_actor[actor].append(item)
            rank, left = rank + 1, []
            for actor, items in by_actor.items():
                for item, error in self._as_actor(actor, items, apply):
                    reasons.setdefault(id(item[1]), error)
                    if isinstance(error, ForbiddenError):
                        left.append(item)
                    else:  # whoever tries it
                        self._refuse(item, error)

    def _actor(self, action: Any, rank: int) -> Actor | None:
        """Who is to try an action as the first, the second and so on; None when nobody is left."""
        own = _own_actors(action)
        if rank < len(own):
            return own[rank]
        group = own[0][1]
        if group not in self._others:
            self._others[group] = self._people.in_place_of(group)
        actors = list(dict.fromkeys([*own, *((user, group) for user in self._others[group])]))
        return actors[rank] if rank < len(actors) else None

    def _as_actor(
        self, actor: Actor, items: list[Work[Item]], apply: Callable[[OmeroSession, list[Work[Item]]], None]
    ) -> list[tuple[Work[Item], RefusedError]]:
        """Do what one user has to do in one group; returns what was refused."""
        try:
            self._people.acting_as(*actor)
        except RefusedError as error:  # of everything that this user would have to do
            return [(item, error) for item in items]
        refused: list[tuple[Work[Item], RefusedError]] = []
        # Asked for anew for each batch: a session that was idle meanwhile is replaced.
        apply_in_batches(
            items,
            lambda batch: apply(self._people.acting_as(*actor), batch),
            lambda item, error: refused.append((item, error)),
        )
        return refused

    def _refuse(self, item: Work[Any], error: RefusedError) -> None:
        unit, action = item
        self._refused.setdefault(unit, []).append(Refusal(action, str(error)))

    def _add_tags(self, session: OmeroSession, batch: list[Work[AddTag]]) -> None:
        links = []
        for _, action in batch:
            place, group = action.place, action.subject.group
            annotation = TEXT_KINDS[place.kind].annotation(self._tags, session, group, place, action.text)
            links.append(_link(action.subject, annotation))
        session.save("tagging", _names(batch), links)

    def _remove_links(self, session: OmeroSession, batch: list[Work[Any]]) -> None:
        by_kind: dict[str, list[int]] = defaultdict(list)
        for _, action in batch:
            by_kind[action.subject.kind].append(action.link)
        for kind, links in by_kind.items():
            self._delete_links(session, f"{kind}AnnotationLink", links)

    def _delete_links(self, session: OmeroSession, kind: str, links: list[int]) -> None:
        """Delete links; OMERO refuses all of them when one is gone already, which somebody else may have seen to."""
        doing = "taking annotations away"
        try:
            session.delete(doing, kind, links)
        except RefusedError:
            # Asked by the agent's own account: what the user cannot read is not gone.
            rows = self._people.service().rows(doing, f"select l.id from {kind} l where l.id in (:ids)", {"ids": links})
            there = [int(row[0]) for row in rows]
            if len(there) == len(links):
                raise
            if there:
                session.delete(doing, kind, there)

    def _set_archived(self, session: OmeroSession, batch: list[Work[SetArchived]]) -> None:
        wanted = {action.image: action.archived for _, action in batch}
        images = _images(session, wanted)
        for image in images:
            image.archived = rbool(wanted[image.id.val])
        session.save("setting the archived flag of", "", images)

    def _set_addresses(self, session: OmeroSession, batch: list[Work[SetAddress]]) -> None:
        wanted = {action.image: action.address for _, action in batch}
        images = session.objects(
            "reading images", "select i from Image i where i.id in (:ids)", {"ids": sorted(wanted)}
        )
        for image in images:
            set_address(image, wanted[image.id.val])
        session.save("setting the address of", "", images)

    def _replaced(self, written: Iterable[Work[WriteKeyValues]]) -> Iterator[Work[RemoveKeyValues]]:
        """The shared annotations that others have taken the place of."""
        refused = {id(refusal.action) for refusals in self._refused.values() for refusal in refusals}
        for unit, action in written:
            if action.existing is not None and action.existing.shared and id(action) not in refused:
                yield unit, RemoveKeyValues(action.subject, action.existing.link, action.existing.owner)

    def _write_key_values(self, session: OmeroSession, batch: list[Work[WriteKeyValues]]) -> None:
        changed = {action.existing.annotation: action for _, action in batch if is_change(action) and action.existing}
        if changed:
            session.save("writing key-value pairs", _names(batch), changed_key_values(session, changed))
        made: dict[tuple[int, str, Pairs], Any] = {}
        links = []
        for unit, action in batch:
            if not is_change(action):
                new = new_key_values(action.namespace, action.pairs)
                links.append(_link(action.subject, made.setdefault((unit, action.namespace, action.pairs), new)))
        if links:
            session.save("adding key-value pairs to", _names(batch), links)


def _images(session: OmeroSession, ids: Iterable[int]) -> list[Any]:
    return session.objects("reading images", "select i from Image i where i.id in (:ids)", {"ids": sorted(ids)})


def _only(work: Sequence[Work[OmeroAction]], kind: type[Item]) -> list[Work[Item]]:
    return [(unit, action) for unit, action in work if isinstance(action, kind)]


def _own_actors(action: OmeroAction) -> list[Actor]:
    """Whose task an action is: of the owner of what is changed, and of the owner of the image, in whatever group."""
    if isinstance(action, SetArchived | SetAddress):
        return [(action.owner, action.group)]
    subject = action.subject
    owners = [subject.owner]
    if isinstance(action, RemoveTag | RemoveKeyValues):
        owners = [action.owner, subject.owner]
    elif isinstance(action, WriteKeyValues) and action.existing is not None and is_change(action):
        owners = [action.existing.owner, subject.owner]
    return [(owner, subject.group) for owner in dict.fromkeys(owners)]


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
