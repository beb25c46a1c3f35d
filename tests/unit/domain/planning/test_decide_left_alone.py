"""What is not this policy's is left alone, and its own is put back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.carried import place_of_pair, place_of_tag
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS, tags_of
from irods_omero.domain.state.policy import Policy
from irods_omero.vocabulary import OBJECT_NAMESPACE
from tests.unit.domain.agreed import AGREED_WORLDS, Edit, agreed_world, overwritten
from tests.unit.domain.comparing import expanded, not_superseded, shape
from tests.unit.domain.strategies import POLICIES, WORLDS
from tests.unit.domain.world import World, add_tag, change_subject, settle

STATE_EDITS = st.builds(
    Edit,
    side=st.just("omero"),
    place=st.integers(0, 2),
    field=st.just("state"),
    value=st.sampled_from(("registered", "tier:fast", "tier:medium", "tier:archive", "superseded", "mine")),
    added=st.booleans(),
    owner=st.sampled_from((7, 8)),
)


def foreign(world: World, other: World) -> Any:
    """Tags and AVUs that are not the business of this policy, neither in this world nor in the other."""
    policy = world.policy
    all_mapped = [*expanded(world), *expanded(other)]
    places = {TIER_TAGS, REQUEST_TAGS, *(mapped.place for mapped in all_mapped)}
    attributes = {mapped.avu for mapped in all_mapped}
    avus = {
        (data_object.data_id, avu)
        for data_object in world.zone.objects
        for avu in data_object.avus
        if avu.attribute not in attributes and not policy.names.is_ours(avu.attribute)
    }
    subjects = [subject for fileset in world.filesets for subject in fileset.subjects]
    tags = {(subject.id, link) for subject in subjects for link in subject.tags if place_of_tag(link) not in places}
    pairs = {
        (subject.id, annotation.namespace, *pair)
        for subject in subjects
        for annotation in subject.key_values
        for pair in annotation.pairs
        if annotation.namespace != OBJECT_NAMESPACE and place_of_pair(annotation, pair) not in places
    }
    return avus, tags, pairs


@given(WORLDS)
def test_what_is_not_mapped_is_never_touched(world: World) -> None:
    settled = settle(world)
    assert foreign(settled, world) == foreign(world, settled)


@given(AGREED_WORLDS, st.lists(STATE_EDITS, min_size=1, max_size=4))
def test_state_tags_that_users_change_are_put_back(world: World, edits: list[Edit]) -> None:
    edited = world
    for edit in edits:
        edited = edit.do(edited)
    assert shape(settle(edited)) == shape(world)


@given(AGREED_WORLDS, st.integers(0, 2))
def test_key_value_pairs_that_users_change_are_put_back(world: World, place: int) -> None:
    subject = world.omero.subjects[place % len(world.omero.subjects)]
    copies = frozenset(
        replace(own, annotation=own.annotation + step, link=own.link + step, pairs=(("path", "mine"),) * 2)
        for own in subject.key_values
        for step in (0, 1_000_000)
    )
    edited = change_subject(world, subject.id, lambda image: replace(image, key_values=copies))
    assert shape(settle(edited)) == shape(world)


@given(POLICIES, st.integers(1, 3))
def test_images_of_earlier_contents_are_superseded_and_keep_the_tags_of_users(policy: Policy, images: int) -> None:
    world = Edit("omero", 0, "state", "mine").do(agreed_world(policy, images=images))
    old = {subject.id for subject in world.omero.subjects}
    for namespace in ("", "mine"):
        world = add_tag(world, min(old), tags_of(namespace), "user's")
    settled = settle(overwritten(world))
    assert not_superseded(settled) == []
    assert not old & {image.id for image in settled.omero.images}
    first = next(subject for subject in settled.filesets[0].subjects if subject.id == min(old))
    assert {link.text for link in first.tags if link.place.namespace in {"", "mine"}} == {"user's"}
    assert not decide(settled.look()).plan
