"""Both sides as values: what the gateways would show of them, and what the actions of a plan do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.planning.plan import Plan
from irods_omero.domain.state.actions import (
    AddAvu,
    AddTag,
    Import,
    Move,
    RecordAgreement,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetAddress,
    SetArchived,
    WriteKeyValues,
)
from irods_omero.domain.state.agreement import VERSION, Agreement, decode, encode, read
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import CopyAction
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import (
    Avu,
    DataObject,
    ImageState,
    KeyValues,
    OmeroView,
    Pairs,
    Subject,
    TagLink,
    ZoneView,
)

AVU_BYTES = 2700
MOST_LOOKS = 4
UNITS_BYTES = 250

MadeAnnotations = tuple[tuple[tuple[str, Pairs], int], ...]
"""Annotations, each by its namespace and pairs, with its id."""


@dataclass(frozen=True)
class Fileset:
    """A fileset that was imported for the unit.

    Attributes:
        key: Start of its client paths.
    """

    id: int
    images: tuple[ImageState, ...]
    subjects: tuple[Subject, ...]
    key: str = ""


@dataclass(frozen=True)
class World:
    """A zone and an OMERO server with one unit.

    Attributes:
        filesets: All that were ever imported for the unit and not deleted.
        just: The fileset that the agent has just imported, and of what; forgotten when it is killed.
        made: The annotations that the agent has just made; further images get the same ones.
        clock: Seconds since 1970; each action takes one.
        images_per_import: How many images Bio-Formats finds.
        next_id: The next id that OMERO gives.
    """

    policy: Policy
    zone: ZoneView
    filesets: tuple[Fileset, ...] = ()
    just: tuple[int, Content] | None = None
    made: MadeAnnotations = ()
    clock: int = 1_700_000_000
    images_per_import: int = 2
    next_id: int = 1_000_000

    @cached_property
    def base(self) -> Agreement:
        """What the agreement AVU says, nothing if it is unreadable."""
        return self._agreed[0]

    @cached_property
    def _agreed(self) -> tuple[Agreement, tuple[Avu, ...]]:
        return read(avu for avu in self.zone.first.avus if avu.attribute == self.policy.names.agreement)

    @cached_property
    def omero(self) -> OmeroView:
        """The view of the fileset that is believed to be the unit's; earlier ones are looked for after an import."""
        number = self.just[0] if self.just else self._known_fileset()
        earlier = tuple(subject for other in self.filesets if other.id != number for subject in other.subjects)
        superseded = earlier if self.just else ()
        agreed = tuple(
            subject
            for other in self.filesets
            if self.just and other.id == self.base.fileset != number
            for subject in other.subjects
        )
        for fileset in self.filesets:
            if fileset.id == number:
                return OmeroView(fileset.id, fileset.images, fileset.subjects, superseded, agreed)
        return OmeroView(superseded=superseded, earlier=agreed)

    def _known_fileset(self) -> int | None:
        base = self.base
        if base.fileset is not None or base.gone:
            return base.fileset
        named = self.zone.first.values(self.policy.names.fileset)
        return max((int(value) for value in named if value.isdecimal()), default=None)

    def look(self) -> Observation:
        """Both sides as the agent would see them now."""
        imported = self.just[1] if self.just else None
        return Observation(self.zone, self.policy, float(self.clock), self.omero, *self._agreed, imported)


def actions_of(plan: Plan) -> list[Any]:
    """The actions of a plan in the order in which the agent does them; this world has no repository of OMERO's."""
    return [action for action in plan.actions() if not isinstance(action, CopyAction)]


def apply(world: World, actions: Iterable[Any]) -> World:
    """Do some actions."""
    for action in actions:
        world = replace(DOING[type(action)](world, action), clock=world.clock + 1)
    return world


def killed(world: World) -> World:
    """The world when the agent starts anew: it remembers nothing."""
    return replace(world, just=None, made=())


def plan_and_apply(world: World) -> tuple[World, Decision]:
    """Look, decide and do; after an import this has to be done once more."""
    decision = decide(world.look())
    after = apply(world, actions_of(decision.plan))
    return (after if decision.plan.do_import else killed(after)), decision


def settle(world: World) -> World:
    """What the world is when the agent is done.

    That is after one plan; after more where an import comes before it, where several requests compete, of which the
    last one is answered when the others are gone, and where an import is asked for.
    """
    imports = 0
    for _ in range(MOST_LOOKS):
        world, decision = plan_and_apply(world)
        imports += decision.plan.do_import is not None
        if not decision.wait and decision.plan.do_import is None:
            break
    assert imports <= 1, "an import after an import"
    again = decide(world.look()).plan
    assert not again, f"not settled: {actions_of(again)}"
    return world


def with_base(world: World, base: Agreement) -> World:
    """The world with another agreement."""
    return _record(world, RecordAgreement(world.zone.first.data_id, world.zone.first.path, base))


def with_agreement_avu(world: World, text: str, version: str = VERSION) -> World:
    """The world with this text as its agreement AVU."""
    attribute = world.policy.names.agreement

    def change(data_object: DataObject) -> DataObject:
        others = {avu for avu in data_object.avus if avu.attribute != attribute}
        return replace(data_object, avus=frozenset(others | {Avu(attribute, text, version)}))

    return change_object(world, world.zone.first.data_id, change)


def change_object(world: World, data_id: int, change: Callable[[DataObject], DataObject]) -> World:
    """The world with one data object changed."""
    assert data_id in {data_object.data_id for data_object in world.zone.objects}
    objects = tuple(
        change(data_object) if data_object.data_id == data_id else data_object for data_object in world.zone.objects
    )
    return replace(world, zone=replace(world.zone, objects=objects))


def change_subject(world: World, subject: int, change: Callable[[Subject], Subject]) -> World:
    """The world with one image changed, of whatever fileset."""
    filesets = tuple(
        replace(fileset, subjects=tuple(change(each) if each.id == subject else each for each in fileset.subjects))
        for fileset in world.filesets
    )
    return replace(world, filesets=filesets)


def add_avu(world: World, data_id: int, avu: Avu) -> World:
    """Add an AVU as iRODS does: what is there already stays, what it cannot hold is refused."""
    for text, length in ((avu.attribute, AVU_BYTES), (avu.value, AVU_BYTES), (avu.units, UNITS_BYTES)):
        assert len(text.encode()) <= length, f"iRODS cannot hold {avu!r}"
        assert not any(c < " " or "\x7f" <= c <= "\x9f" or c in "\ufffe\uffff" for c in text), f"XML has no {avu!r}"
    assert avu.value, f"iRODS refuses an empty value: {avu!r}"

    def change(data_object: DataObject) -> DataObject:
        if avu in data_object.avus:
            return data_object
        asked_at = data_object.asked_at
        if avu.attribute == world.policy.names.request:
            asked_at = (*asked_at, (avu, world.clock))
        return replace(data_object, avus=data_object.avus | {avu}, asked_at=asked_at)

    return change_object(world, data_id, change)


def remove_avu(world: World, data_id: int, avu: Avu) -> World:
    """Remove an AVU."""

    def change(data_object: DataObject) -> DataObject:
        assert avu in data_object.avus, f"there is no {avu!r}"
        asked_at = tuple((other, at) for other, at in data_object.asked_at if other != avu)
        return replace(data_object, avus=data_object.avus - {avu}, asked_at=asked_at)

    return change_object(world, data_id, change)


def add_tag(world: World, subject: int, place: Place, text: str, owner: int | None = None) -> World:
    """Link a tag to an image as a user does, by default as the owner of the image."""

    def change(carrier: Subject) -> Subject:
        by = carrier.owner if owner is None else owner
        same = {(place_of_tag(link), link.text, link.owner) for link in carrier.tags if not link.is_typed}
        assert (place, text, by) not in same, f"{by} has linked {text!r} already"
        number, when = world.next_id, float(world.clock)
        link = TagLink(number, number + 1, place, text, by, when, f"user{by}")
        return replace(carrier, tags=carrier.tags | {link})

    return replace(change_subject(world, subject, change), next_id=world.next_id + 2)


def remove_tag(world: World, subject: int, link: int) -> World:
    """Take one link of a tag away."""

    def change(carrier: Subject) -> Subject:
        kept = frozenset(other for other in carrier.tags if other.link != link)
        assert len(kept) == len(carrier.tags) - 1, f"there is no link {link}"
        return replace(carrier, tags=kept)

    return change_subject(world, subject, change)


def _import(world: World, action: Import) -> World:
    """Make a fileset; one that an earlier agent made before it was killed is found by its key."""
    assert action.paths[0] == world.zone.first.path
    for made in world.filesets:
        if made.key == action.key:
            return replace(world, just=(made.id, action.content))
    new = range(world.next_id, world.next_id + world.images_per_import)
    fileset = Fileset(
        id=new.stop,
        images=tuple(ImageState(number) for number in new),
        subjects=tuple(Subject("Image", number, owner=7, group=3) for number in new),
        key=action.key,
    )
    filesets = (*world.filesets, fileset)
    return replace(world, filesets=filesets, just=(fileset.id, action.content), next_id=new.stop + 1)


def _add_tag(world: World, action: AddTag) -> World:
    return add_tag(world, action.subject.id, action.place, action.text)


def _remove_tag(world: World, action: RemoveTag) -> World:
    return remove_tag(world, action.subject.id, action.link)


def _set_archived(world: World, action: SetArchived) -> World:
    return _change_image(world, action.image, archived=action.archived)


def _set_address(world: World, action: SetAddress) -> World:
    return _change_image(world, action.image, address=action.address)


def _change_image(world: World, id_: int, **changes: Any) -> World:
    def change(image: ImageState) -> ImageState:
        if image.id != id_:
            return image
        assert replace(image, **changes) != image, "nothing to change"
        return replace(image, **changes)

    filesets = tuple(replace(fileset, images=tuple(map(change, fileset.images))) for fileset in world.filesets)
    return replace(world, filesets=filesets)


def _write_key_values(world: World, action: WriteKeyValues) -> World:
    """Make an annotation, or change one for all the images that share it."""
    if action.existing is None or action.existing.shared:
        left = action.existing.link if action.existing else None
        key = (action.namespace, action.pairs)
        made = dict(world.made).get(key, world.next_id)
        link = KeyValues(made, world.next_id + 1, action.subject.owner, action.pairs, action.namespace)
        world = replace(world, made=(*world.made, (key, made)), next_id=world.next_id + 2)

        def join(carrier: Subject) -> Subject:
            kept = {other for other in carrier.key_values if other.link != left}
            return replace(carrier, key_values=frozenset(kept | {link}))

        return change_subject(world, action.subject.id, join)
    annotation = action.existing.annotation

    def change(carrier: Subject) -> Subject:
        changed = (
            replace(other, pairs=action.pairs) if other.annotation == annotation else other
            for other in carrier.key_values
        )
        return replace(carrier, key_values=frozenset(changed))

    for subject in [subject for fileset in world.filesets for subject in fileset.subjects]:
        world = change_subject(world, subject.id, change)
    return world


def _remove_key_values(world: World, action: RemoveKeyValues) -> World:
    def change(carrier: Subject) -> Subject:
        kept = frozenset(other for other in carrier.key_values if other.link != action.link)
        assert len(kept) == len(carrier.key_values) - 1, f"there is no link {action.link}"
        return replace(carrier, key_values=kept)

    return change_subject(world, action.subject.id, change)


def _add_avu(world: World, action: AddAvu) -> World:
    if action.collection:
        return change_collection(world, action.path, lambda avus: avus | {action.avu})
    return add_avu(world, action.data_id, action.avu)


def _remove_avu(world: World, action: RemoveAvu) -> World:
    if action.collection:
        return change_collection(world, action.path, lambda avus: avus - {action.avu})
    return remove_avu(world, action.data_id, action.avu)


def change_collection(world: World, path: str, change: Callable[[frozenset[Avu]], frozenset[Avu]]) -> World:
    """Change the AVUs of the collection that is the unit as a whole."""
    collection = world.zone.collection
    assert collection is not None, "the unit is no collection"
    assert collection.path == path, f"the unit is not {path}"
    avus = change(collection.avus)
    assert avus != collection.avus, "there is nothing to change"
    collection = replace(collection, avus=avus, asked_at=tuple((avu, 0) for avu in sorted(avus)))
    return replace(world, zone=replace(world.zone, collection=collection))


def _move(world: World, action: Move) -> World:
    """Queue a movement: the plugin's rule, which the delay server runs some time later."""
    data_object = next(data_object for data_object in world.zone.objects if data_object.data_id == action.data_id)
    source = next(replica for replica in data_object.good_replicas() if replica.number == action.replica)
    assert source.resource == action.source != action.destination
    assert (action.data_id, action.destination) not in world.zone.movements, "queued already"
    movements = (*world.zone.movements, (action.data_id, action.destination))
    return replace(world, zone=replace(world.zone, movements=movements))


def _record(world: World, action: RecordAgreement) -> World:
    """Write the agreement AVU, as text that has to come back as the same agreement."""
    assert action.data_id == world.zone.first.data_id
    text = encode(action.agreement)
    assert len(text.encode()) <= AVU_BYTES
    assert replace(decode(text), notes=()) == replace(action.agreement, notes=()), "it does not survive its AVU"
    return with_agreement_avu(world, text)


DOING: dict[type, Callable[[World, Any], World]] = {
    Import: _import,
    AddTag: _add_tag,
    RemoveTag: _remove_tag,
    SetArchived: _set_archived,
    SetAddress: _set_address,
    WriteKeyValues: _write_key_values,
    RemoveKeyValues: _remove_key_values,
    AddAvu: _add_avu,
    RemoveAvu: _remove_avu,
    Move: _move,
    RecordAgreement: _record,
}
