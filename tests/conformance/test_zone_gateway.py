"""Every call of the gateway to the zone, made by the gateway itself with the agent's account."""

from __future__ import annotations

import time
from typing import Any

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.domain.state.actions import AddAvu, RecordAgreement, RemoveAvu
from irods_omero.domain.state.agreement import NOTHING_AGREED
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import Avu, ImportRule
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone import marks
from irods_omero.gateways.zone.avus import add_avu, remove_avu, set_avu
from irods_omero.gateways.zone.collection_paths import paths_in
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.gateways.zone.objects import attached_at, existing, ids_with, read_avus, read_objects
from irods_omero.gateways.zone.resources import RootResources, parts_below, parts_on
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.gateways.zone.watched import TierLook, members, read_tiers, read_watched
from irods_omero.gateways.zone.zone_actions import apply_to_zone, record_agreement
from irods_omero.vocabulary import PENDING, SHARDS, TAKEN, Names, shard_of
from tests.conformance.zone import AS_ADMIN, FAST, LOWER, MEDIUM, TIERS, UPPER, Zone, avus_of
from tests.scene.scene import knows_times_of_avus

NAMES = Names("conformance")
"""Not the prefix of an installation: on a real zone its hooks and its agent are left alone."""

CLOCKS = 300
"""Seconds by which the clocks of a real zone and of this machine may differ."""

ALL = frozenset(range(SHARDS))
HOSTILE = 'it\'s "quoted" 100% _ \\ 😀'


def data_id(zone: Zone, path: str) -> int:
    return int(zone.rods.data_objects.get(path).id)


def test_adding_and_removing_may_be_repeated(zone: Zone, agent_zone: ZoneConnection) -> None:
    """policies/irods_omero/gateways/zone/avus.py: each may be repeated without harm."""
    path, avu = zone.put(HOSTILE), Avu("a", HOSTILE, "u")
    for _ in range(2):
        add_avu(agent_zone, path, avu)
    assert zone.avus(path) == {avu}
    for _ in range(2):
        remove_avu(agent_zone, path, avu)
    assert zone.avus(path) == set()
    for value in ("1", "2"):
        set_avu(agent_zone, zone.collection, Avu("a", value), collection=True)
    assert ("a", "2", "") in avus_of(zone.rods, Collection, zone.collection)


def test_actions_and_agreements_are_written_to_other_peoples_objects(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.put(HOSTILE)
    id_, avu = data_id(zone, path), Avu("a", "v")
    apply_to_zone(agent_zone, AddAvu(id_, path, avu))
    assert zone.avus(path) == {avu}
    apply_to_zone(agent_zone, RemoveAvu(id_, path, avu))
    for _ in range(2):
        record_agreement(agent_zone, NAMES, RecordAgreement(id_, path, NOTHING_AGREED))
    ((attribute, _, _),) = zone.avus(path)
    assert attribute == NAMES.agreement


def test_what_is_not_there_is_refused(zone: Zone, agent_zone: ZoneConnection) -> None:
    """The agent goes on with the next unit when an object was renamed or removed since it looked."""
    for collection in (False, True):
        for call in (add_avu, remove_avu, set_avu):
            with pytest.raises(RefusedError):
                call(agent_zone, zone.path("nothing"), Avu("a", "v"), collection)
    with pytest.raises(RefusedError), open_object(agent_zone, zone.path("nothing")):
        pass


@pytest.mark.parametrize("collection", [False, True])
def test_a_mark_is_found_taken_given_back_and_cleared(zone: Zone, agent_zone: ZoneConnection, collection: bool) -> None:
    path = zone.collection if collection else zone.put(HOSTILE)
    kind, manager = (Collection, zone.rods.collections) if collection else (DataObject, zone.rods.data_objects)
    id_ = int(manager.get(path).id)
    shard = shard_of(id_)
    zone.rods.metadata.add(kind, path, iRODSMeta(NAMES.sync, PENDING, str(shard)), **AS_ADMIN)

    def marks_here(shards: frozenset[int]) -> list[marks.Mark]:
        return [mark for mark in marks.find_marks(agent_zone, NAMES, shards) if mark.path == path]

    (mark,) = marks_here(ALL)
    assert mark == marks.Mark(id_, path, shard, frozenset({PENDING}), collection)
    assert marks_here(frozenset({shard})) == [mark]
    assert marks_here(ALL - {shard}) == []
    assert marks.claim(agent_zone, NAMES, mark)
    (taken,) = marks_here(ALL)
    assert taken.states == {TAKEN}
    marks.release(agent_zone, NAMES, taken)
    assert marks_here(ALL) == [mark]
    assert marks.claim(agent_zone, NAMES, mark)
    marks.ack(agent_zone, NAMES, mark)
    assert marks_here(ALL) == []


def test_a_mark_left_twice_is_one(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.put("file")
    for _ in range(2):
        marks.post(agent_zone, NAMES, data_id(zone, path), path)
    assert zone.avus(path) == {(NAMES.sync, PENDING, str(shard_of(data_id(zone, path))))}


def test_a_mark_of_an_object_that_is_gone_is_not_taken(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.put("file")
    marks.post(agent_zone, NAMES, data_id(zone, path), path)
    (mark,) = [mark for mark in marks.find_marks(agent_zone, NAMES, ALL) if mark.path == path]
    zone.alice.data_objects.move(path, zone.path("moved"))
    assert not marks.claim(agent_zone, NAMES, mark)
    marks.ack(agent_zone, NAMES, mark)
    marks.release(agent_zone, NAMES, mark)


def test_objects_are_read_with_replicas_and_avus(zone: Zone, agent_zone: ZoneConnection) -> None:
    paths = [zone.put(HOSTILE, b"12345"), zone.put("plain")]
    zone.alice.data_objects.replicate(paths[0], MEDIUM)
    for avu in (("a", "v", "u"), ("b", "w"), ("c", "not asked for")):
        zone.alice.metadata.add(DataObject, paths[0], iRODSMeta(*avu))
    ids = [data_id(zone, path) for path in paths]
    views = read_objects(agent_zone, [*ids, 10**9], ["a", "b"])
    assert sorted(views) == sorted(ids)
    first, second = (views[id_] for id_ in ids)
    assert (first.path, first.owner) == (paths[0], "alice")
    assert first.avus == frozenset({Avu("a", "v", "u"), Avu("b", "w")})
    assert [(r.number, r.resource, r.good, r.size) for r in first.replicas] == [
        (0, FAST, True, 5),
        (1, MEDIUM, True, 5),
    ]
    assert (second.path, second.avus, len(second.replicas)) == (paths[1], frozenset(), 1)
    assert read_avus(agent_zone, ids, ["b"]) == {ids[0]: {Avu("b", "w")}}


def test_what_all_carry_is_told_from_what_some_do_whatever_their_replicas(
    zone: Zone, agent_zone: ZoneConnection
) -> None:
    """The catalog counts an AVU once for each replica: that of one object with two is no AVU of two objects."""
    paths = [zone.put(f"{name}.txt", b"x") for name in ("one", "two", "three")]
    zone.alice.data_objects.replicate(paths[0], MEDIUM)
    ids = [data_id(zone, path) for path in paths]
    for path in paths:
        add_avu(agent_zone, path, Avu("of all", "x", "y"))
        add_avu(agent_zone, path, Avu("of each", path))
    for path in paths[:2]:
        add_avu(agent_zone, path, Avu("of two", "x"))
    attributes = ["of all", "of each", "of two", "of none"]
    together = read_objects(agent_zone, ids, attributes, of_one_unit=True)
    assert together == read_objects(agent_zone, ids, attributes)
    assert [len(together[id_].avus) for id_ in ids] == [3, 3, 2]


def test_attributes_are_read_by_how_they_start(zone: Zone, agent_zone: ZoneConnection) -> None:
    """A LIKE condition has wild cards of its own, which an attribute may have as characters."""
    path = zone.put("plain")
    for attribute in ("50%_'s::a", "50%_'s::", "50% 's::b", "50xx's::c", "whole", "whole::not"):
        zone.alice.metadata.add(DataObject, path, iRODSMeta(attribute, "v"))
    avus_by_id = read_avus(agent_zone, [data_id(zone, path)], ["50%_'s::*", "whole"])
    assert {avu.attribute for avus in avus_by_id.values() for avu in avus} == {"50%_'s::a", "50%_'s::", "whole"}


def test_objects_are_found_by_attribute_and_value(zone: Zone, agent_zone: ZoneConnection) -> None:
    attribute = f"conformance {zone.collection}"
    ids = {}
    for value in ("1", "2", "it's 3"):
        path = zone.put(value)
        zone.alice.metadata.add(DataObject, path, iRODSMeta(attribute, value))
        ids[value] = data_id(zone, path)
    assert ids_with(agent_zone, attribute) == set(ids.values())
    assert ids_with(agent_zone, attribute, ["1", "2"]) == {ids["1"], ids["2"]}


def test_it_is_known_when_an_avu_was_put_on_an_object(zone: Zone, agent_zone: ZoneConnection) -> None:
    """policies/irods_omero/gateways/zone/objects.py: GenQuery2 knows; on a zone of 5.0.2 nothing does (zone-79)."""
    path, attribute = zone.put(HOSTILE), "conformance::asked"
    before = time.time()
    zone.alice.metadata.add(DataObject, path, iRODSMeta(attribute, HOSTILE, "u"))
    times = attached_at(agent_zone, [data_id(zone, path), 10**9], attribute)
    assert list(times) == ([(data_id(zone, path), HOSTILE)] if knows_times_of_avus(zone.rods) else [])
    assert all(abs(when - before) < CLOCKS for when in times.values())


def test_when_avus_were_put_on_is_asked_again_when_it_is_refused_once(zone: Zone, agent_zone: ZoneConnection) -> None:
    """The last request stands: who does not know the times lets another one stand, for good."""
    path, attribute = zone.put("a"), "conformance::asked again"
    zone.alice.metadata.add(DataObject, path, iRODSMeta(attribute, "archive"))
    ids = [data_id(zone, path)]
    expected = attached_at(agent_zone, ids, attribute)
    for refusals, wanted in ((1, expected), (2, {})):
        answers = [RefusedError("asking", "", "refused by a test")] * refusals
        with pytest.MonkeyPatch.context() as patch:
            call = agent_zone.call

            def refusing(*arguments: Any, call: Any = call, answers: list[RefusedError] = answers) -> Any:
                if answers:
                    raise answers.pop()
                return call(*arguments)

            patch.setattr(agent_zone, "call", refusing)
            assert attached_at(agent_zone, ids, attribute) == wanted


def test_ids_that_are_gone_are_told_from_others(zone: Zone, agent_zone: ZoneConnection) -> None:
    ids = [data_id(zone, zone.put(name)) for name in ("a", "b")]
    zone.alice.data_objects.unlink(zone.path("a"), force=True)
    assert existing(agent_zone, ids) == {ids[1]}


def test_watched_collections_are_read_with_their_targets(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.path(HOSTILE)
    zone.alice.collections.create(f"{path}/off")
    for name, *avu in ((path, NAMES.target, "Project/Dataset", "group"), (path, NAMES.import_, "file")):
        zone.alice.metadata.add(Collection, name, iRODSMeta(*avu))
    zone.alice.metadata.add(Collection, f"{path}/off", iRODSMeta(NAMES.import_, "off"))
    watched = read_watched(agent_zone, NAMES)
    assert watched.rule_for(f"{path}/x") == ImportRule(path, "file", "Project/Dataset", "group")
    assert watched.rule_for(f"{path}/off/x") is None


def test_members_are_those_of_the_collection_and_below(zone: Zone, agent_zone: ZoneConnection) -> None:
    for name in (HOSTILE, f"{HOSTILE}/below", HOSTILE.replace("_", "x"), f"{HOSTILE} too"):
        zone.alice.collections.create(zone.path(name))
        zone.put(f"{name}/file")
    expected = [data_id(zone, zone.path(f"{name}/file")) for name in (HOSTILE, f"{HOSTILE}/below")]
    assert members(agent_zone, zone.path(HOSTILE)).ids == sorted(expected)


def test_the_parts_of_a_hierarchy_are_added_up_by_resource_and_listed_in_the_order_of_their_ids(
    zone: Zone, agent_zone: ZoneConnection
) -> None:
    resources = RootResources(agent_zone)
    names = ("a_b.zarr/zarr.json", "a_b.zarr/c/0", "aXb.zarr/c/0", "a_b.zarr/c/1", "a_b.zarr.old/c")
    for name in names:
        zone.alice.collections.create(zone.path(name).rpartition("/")[0])
    paths = [zone.put(name) for name in names]
    own = sorted(data_id(zone, path) for path in (paths[0], paths[1], paths[3]))
    other = data_id(zone, paths[1])
    zone.rods.data_objects.replicate(paths[1], MEDIUM, **AS_ADMIN)
    counts = {each.resource: each.objects for each in parts_below(agent_zone, zone.path("a_b.zarr"), resources)}
    assert counts[MEDIUM] == 1
    assert counts[FAST] >= len(own)  # a pattern cannot tell the neighbour from it
    first = parts_on(agent_zone, zone.path("a_b.zarr"), resources.below([FAST]), 0, 2)
    rest = parts_on(agent_zone, zone.path("a_b.zarr"), resources.below([FAST]), first.last, 10)
    assert [*first.ids, *rest.ids] == own
    assert parts_on(agent_zone, zone.path("a_b.zarr"), resources.below([MEDIUM]), 0, 10).ids == [other]
    assert resources.below([]) == []


def test_what_lies_beside_a_file_is_listed_with_the_collections_that_are_asked_for(
    zone: Zone, agent_zone: ZoneConnection
) -> None:
    below = ["_a_", "_a_/stack 1", "_a_/stack 1/deeper", f"_{HOSTILE}_", "other", *(f"_{n}_" * 30 for n in range(20))]
    for name in below:
        zone.alice.collections.create(zone.path(name))
        zone.put(f"{name}/file")
    files = {zone.put("file"), *(zone.path(f"{name}/file") for name in below if name not in (below[2], "other"))}
    asked_for = [zone.path(name) for name in below if name not in (below[2], "other")]
    listed = paths_in(agent_zone, zone.collection, asked_for.__contains__)
    assert listed == {data_id(zone, path): path for path in files}


def test_a_mark_to_look_what_belongs_together_is_another_than_that_to_look_at_all(
    zone: Zone, agent_zone: ZoneConnection
) -> None:
    (mark,) = marks.post_to_gather(agent_zone, NAMES, [zone.collection]).values()
    assert (mark.collection, mark.gather) == (True, True)
    add_avu(agent_zone, zone.collection, Avu(NAMES.sync, PENDING, str(mark.shard)), collection=True)
    own = [mark for mark in marks.find_marks(agent_zone, NAMES, ALL) if mark.path == zone.collection]
    assert {(mark.gather, mark.states) for mark in own} == {(each, frozenset({PENDING})) for each in (True, False)}
    gathering = next(mark for mark in own if mark.gather)
    assert marks.claim(agent_zone, NAMES, gathering)
    marks.ack(agent_zone, NAMES, gathering)
    (left,) = [mark for mark in marks.find_marks(agent_zone, NAMES, ALL) if mark.path == zone.collection]
    assert not left.gather


def test_listing_by_id_can_be_taken_up_where_it_stopped(zone: Zone, agent_zone: ZoneConnection) -> None:
    paths = [zone.put(name) for name in ("a", "b", HOSTILE)]
    ids = sorted(data_id(zone, path) for path in paths)
    assert [id_ for page in pages(agent_zone, [zone.collection], "no such") for id_ in page] == ids
    assert [id_ for page in pages(agent_zone, [zone.collection], "no such", ids[0]) for id_ in page] == ids[1:]


def test_tiers_are_read_from_resources(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-49: on a resource the units of the group are the tier index."""
    tiers = read_tiers(agent_zone, {LOWER: TierLook("tape", True)})
    assert tiers.of_resource(UPPER) == Tier(UPPER, UPPER, TIERS, 0, False)
    assert tiers.of_resource(LOWER) == Tier("tape", LOWER, TIERS, 1, True)


def test_other_peoples_data_is_read_as_a_stream(zone: Zone, agent_zone: ZoneConnection) -> None:
    path = zone.put(HOSTILE, b"0123456789")
    with open_object(agent_zone, path) as stream:
        assert (stream.read(4), stream.read(100), stream.read(4)) == (b"0123", b"456789", b"")
