"""Units on which both sides agree, and what users, administrators and storage tiering then do to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.request_lookup import STANDING
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, ImportRule, Replica, ZoneView
from tests.unit.domain.strategies import FIRST, MAPPED, NAMES, NOW, POLICIES
from tests.unit.domain.users import hide, show
from tests.unit.domain.world import World, add_avu, change_object, change_subject, remove_avu, settle

ZONE = "zone"
OMERO = "omero"
SIDES = (ZONE, OMERO)
VALUES = ("a", "b", "c")
FIELDS = range(len(MAPPED))
BOTH_WAYS = tuple(MappedAttribute(avu, place) for avu, place in MAPPED)
RULE = ImportRule("/z/home/lab", "file", "Project/Dataset", "")


@dataclass(frozen=True)
class Edit:
    """Something that a user does to the tags of one image, or the AVUs of one data object.

    Attributes:
        side: ``zone`` or ``omero``.
        place: Which of the images or data objects; numbers beyond them start again.
        field: Number of the mapped attribute, or ``request`` or ``state``.
        value: Value or text.
        added: Whether it is added, not removed.
        owner: Who does it in OMERO.
    """

    side: str
    place: int
    field: int | str
    value: str
    added: bool = True
    owner: int = 7

    def do(self, world: World) -> World:
        """The world after it; the same one where there is nothing to take away, or it is there already."""
        return self._in_zone(world) if self.side == ZONE else self._in_omero(world)

    def _in_zone(self, world: World) -> World:
        attribute = MAPPED[self.field][0] if isinstance(self.field, int) else NAMES.request
        carrier = world.zone.objects[self.place % len(world.zone.objects)]
        present = [avu for avu in carrier.avus if (avu.attribute, avu.value) == (attribute, self.value)]
        world = replace(world, clock=world.clock + 1)
        if self.added:
            return world if present else add_avu(world, carrier.data_id, Avu(attribute, self.value))
        for avu in present:
            world = remove_avu(world, carrier.data_id, avu)
        return world

    def _in_omero(self, world: World) -> World:
        others = {"request": REQUEST_TAGS, "state": TIER_TAGS}
        place = MAPPED[self.field][1] if isinstance(self.field, int) else others[self.field]
        subject = world.omero.subjects[self.place % len(world.omero.subjects)]
        world = replace(world, clock=world.clock + 1)
        if not self.added:
            return hide(world, subject.id, place, self.value)
        there = {link.owner for link in subject.tags if (place_of_tag(link), link.text) == (place, self.value)}
        there |= {annotation.owner for annotation in subject.key_values if (place.name, self.value) in annotation.pairs}
        return world if self.owner in there else show(world, subject.id, place, self.value, self.owner)


EDITS = st.builds(
    Edit,
    side=st.sampled_from(SIDES),
    place=st.integers(0, 2),
    field=st.sampled_from(FIELDS),
    value=st.sampled_from(VALUES),
    added=st.booleans(),
    owner=st.sampled_from((7, 8)),
)
"""Edits of mapped attributes."""

REQUESTS_MADE = st.builds(
    Edit,
    side=st.sampled_from(SIDES),
    place=st.integers(0, 2),
    field=st.just("request"),
    value=st.sampled_from(STANDING),
    added=st.sampled_from((True, True, False)),
)
"""Requests made and taken back."""


def data_object(data_id: int, resource: str = "disk", avus: frozenset[Avu] = frozenset()) -> DataObject:
    """A data object with one good replica."""
    replica = Replica(0, resource, good=True, size=10, checksum="sha2:x", modified=NOW - 100)
    return DataObject(data_id, f"/z/home/lab/{data_id}.tiff", "alice", (replica,), avus)


def agreed_world(policy: Policy, objects: int = 1, images: int = 1, resource: str = "disk") -> World:
    """A unit that was imported and on which both sides agree."""
    arrived = tuple(data_object(FIRST + place, resource) for place in range(objects))
    return settle(World(policy, ZoneView(Unit(FIRST), arrived, RULE), clock=NOW, images_per_import=images))


AGREED_WORLDS = st.builds(
    agreed_world,
    POLICIES,
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(("ssd", "disk", "single")),
)
"""Imported units of one to three data objects and images, with nothing said about them yet."""


def overwritten(world: World) -> World:
    """Somebody puts new content: another size, no checksum yet."""

    def change(before: DataObject) -> DataObject:
        replicas = tuple(replace(replica, size=replica.size + 1, checksum="") for replica in before.replicas)
        return replace(before, replicas=replicas)

    return change_object(world, FIRST, change)


def moved_to_other_group(world: World) -> World:
    """Somebody moves the images to another group: OMERO takes tags and annotations away."""
    for subject in world.omero.subjects:
        world = change_subject(
            world,
            subject.id,
            lambda image: replace(image, group=image.group + 1, tags=frozenset(), key_values=frozenset()),
        )
    return world


def joined(world: World) -> World:
    """A file is put into the directory."""
    new = data_object(max(each.data_id for each in world.zone.objects) + 1)
    return replace(world, zone=replace(world.zone, objects=(*world.zone.objects, new)))


def emptied_agreement(world: World) -> World:
    """The agreement is lost."""
    for avu in [avu for avu in world.zone.first.avus if avu.attribute == NAMES.agreement]:
        world = remove_avu(world, FIRST, avu)
    return world


def moved_to(world: World, resource: str) -> World:
    """Storage tiering moves all data objects, and what was queued is done."""

    def change(before: DataObject) -> DataObject:
        last = max(replica.number for replica in before.replicas)
        kept = replace(before.replicas[0], number=last + 1, resource=resource, modified=world.clock)
        return replace(before, replicas=(kept,))

    for each in world.zone.objects:
        world = change_object(world, each.data_id, change)
    return replace(world, zone=replace(world.zone, movements=()))


def onto_tape(world: World) -> World:
    """Storage tiering archives all data objects."""
    return moved_to(world, "tape")


def deleted(world: World) -> World:
    """Somebody deletes the images in OMERO."""
    return replace(world, filesets=())


HAPPENINGS = (overwritten, moved_to_other_group, joined, emptied_agreement, onto_tape, deleted)
