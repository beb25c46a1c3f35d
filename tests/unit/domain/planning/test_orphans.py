"""Orphans: images whose data object is no longer in the zone."""

from __future__ import annotations

from hypothesis import given

from irods_omero.domain.planning.orphans import GONE, diff_orphan
from irods_omero.domain.state.places import REQUEST_TAGS, TIER_TAGS, tags_of
from irods_omero.domain.state.policy import Policy
from tests.unit.domain.agreed import Edit, agreed_world, overwritten
from tests.unit.domain.comparing import texts
from tests.unit.domain.strategies import TIERS, WORLDS
from tests.unit.domain.world import World, add_tag, apply, settle

POLICY = Policy("z", "omero.example", TIERS)


def orphaned(world: World) -> World:
    """What the images are when nobody finds their data object any more."""
    subjects = [subject for fileset in world.filesets for subject in fileset.subjects]
    return apply(world, diff_orphan(subjects))


def test_images_without_a_data_object_keep_where_they_came_from_and_say_that_it_is_gone() -> None:
    world = settle(Edit("omero", 0, "request", "keep").do(agreed_world(POLICY)))
    world = orphaned(add_tag(world, world.omero.subjects[0].id, tags_of("mine"), "mine"))
    subject = world.omero.subjects[0]
    assert {(link.place, link.text) for link in subject.tags} == {(tags_of("mine"), "mine")}
    pairs = dict(next(iter(subject.key_values)).pairs)
    assert pairs.pop("error") == GONE
    assert sorted(pairs) == ["checksum", "data id", "path", "zone"]


def test_earlier_contents_stay_superseded() -> None:
    world = orphaned(settle(overwritten(agreed_world(POLICY))))
    assert [texts(fileset.subjects[0], TIER_TAGS) for fileset in world.filesets] == [{"superseded"}, set()]


@given(WORLDS)
def test_once_said_there_is_nothing_more_to_do(world: World) -> None:
    world = orphaned(world)
    subjects = [subject for fileset in world.filesets for subject in fileset.subjects]
    assert diff_orphan(subjects) == ()
    assert not any(texts(subject, REQUEST_TAGS) for subject in subjects)
