"""What users do to mapped values in OMERO, wherever these are kept: as tags, or as key-value pairs."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.state.carried import place_of_pair, place_of_tag
from irods_omero.domain.state.places import KEY, Place
from irods_omero.domain.state.views import KeyValues, Subject
from tests.unit.domain.world import World, add_tag, change_subject, remove_tag


def show(world: World, subject: int, place: Place, text: str, owner: int | None = None) -> World:
    """Have an image show a text at a place, as a user does; by default as the owner of the image."""
    return (add_pair if place.kind == KEY else add_tag)(world, subject, place, text, owner)


def hide(world: World, subject: int, place: Place, text: str) -> World:
    """Take a text away from a place on an image, as a user does, whoever put it there."""
    carrier = next(each for fileset in world.filesets for each in fileset.subjects if each.id == subject)
    for link in carrier.tags:
        if (place_of_tag(link), link.text) == (place, text):
            world = remove_tag(world, subject, link.link)

    def change(each: Subject) -> Subject:
        return replace(each, key_values=frozenset(_without(other, place, text) for other in each.key_values))

    return change_subject(world, subject, change) if place.kind == KEY else world


def _without(annotation: KeyValues, place: Place, text: str) -> KeyValues:
    pairs = tuple(pair for pair in annotation.pairs if (place_of_pair(annotation, pair), pair[1]) != (place, text))
    return replace(annotation, pairs=pairs)


def add_pair(world: World, subject: int, place: Place, text: str, owner: int | None = None) -> World:
    """Write a key and a value into the annotation of a user, who makes one if there is none."""

    def change(carrier: Subject) -> Subject:
        by = carrier.owner if owner is None else owner
        mine = [other for other in carrier.key_values if (other.namespace, other.owner) == (place.namespace, by)]
        old = min(mine, default=KeyValues(world.next_id, world.next_id + 1, by, (), place.namespace))
        new = replace(old, pairs=(*old.pairs, (place.name, text)))
        return replace(carrier, key_values=carrier.key_values - {old} | {new})

    return replace(change_subject(world, subject, change), next_id=world.next_id + 2)
