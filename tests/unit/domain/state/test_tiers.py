"""Which tier users see, where storage tiering sees a data object, and where a request takes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.state.request_lookup import request_for
from irods_omero.domain.state.residency import Residency
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.views import Avu, DataObject, PartsOn, Replica
from irods_omero.vocabulary import ARCHIVE, KEEP, RESTAGE
from tests.unit.domain.strategies import TIERS


def on(*resources: str, stale: str = "") -> DataObject:
    replicas = [Replica(number, resource, good=True, size=1) for number, resource in enumerate(resources)]
    old = [Replica(9, stale, good=False, size=1)] if stale else []
    return DataObject(1, "/z/a", "alice", (*replicas, *old))


def parts_on(*resources: str) -> list[PartsOn]:
    return [PartsOn(resource, 5, 50) for resource in resources]


def name(tier: Tier | None) -> str | None:
    return tier.name if tier else None


@pytest.mark.parametrize(
    ("data_object", "tier"),
    [
        (on("ssd"), "fast"),
        (on("tape", "ssd"), "fast"),
        (on("tape", "disk"), "medium"),
        (on("tape", stale="ssd"), "archive"),
        (on("backup", "ssd"), "fast"),
        (on("backup", "disk"), "medium"),
        (on("backup", "tape"), "backup"),
        (on("unheard of"), "unheard of"),
        (on(), None),
        (on(stale="ssd"), None),
    ],
)
def test_the_tier_that_users_see(data_object: DataObject, tier: str | None) -> None:
    assert name(TIERS.of_object(data_object)) == tier


@pytest.mark.parametrize(
    ("objects", "tier"),
    [
        ([on("ssd"), on("tape")], "archive"),
        ([on("ssd"), on("disk")], "medium"),
        ([on("ssd"), on()], None),
        ([on("tape"), on("backup")], "archive"),
        ([], None),
    ],
)
def test_a_unit_is_as_slow_as_its_slowest_object(objects: list[DataObject], tier: str | None) -> None:
    assert name(TIERS.of_unit(objects)) == tier


@pytest.mark.parametrize(
    ("data_object", "place"),
    [
        (on("backup", "tape"), "archive"),
        (on("backup", "tape", "disk"), "medium"),
        (on("single", "tape"), "archive"),
        (on("single"), None),
        (on("backup"), None),
        (on(), None),
    ],
)
def test_where_storage_tiering_sees_an_object(data_object: DataObject, place: str | None) -> None:
    assert name(TIERS.place(data_object)) == place


@pytest.mark.parametrize(
    ("place", "archive", "restage"), [("ssd", "archive", None), ("disk", "archive", "fast"), ("tape", None, "fast")]
)
def test_requests_lead_to_the_ends_of_the_group_or_nowhere(
    place: str, archive: str | None, restage: str | None
) -> None:
    assert name(TIERS.destination(request_for(ARCHIVE), on(place))) == archive
    assert name(TIERS.destination(request_for(RESTAGE), on(place))) == restage
    assert TIERS.destination(request_for(KEEP), on(place)) is None


@pytest.mark.parametrize(("place", "restage"), [("ssd", None), ("disk", None), ("tape", "medium")])
def test_nothing_comes_back_further_than_to_the_restage_tier(place: str, restage: str | None) -> None:
    tiers = Tiers(
        [
            Tier("fast", "ssd", "g", 0),
            Tier("medium", "disk", "g", 1, is_restage_tier=True),
            Tier("archive", "tape", "g", 2),
        ]
    )
    assert name(tiers.destination(request_for(RESTAGE), on(place))) == restage


def test_a_replica_that_is_to_stay_does_not_keep_a_request_from_being_served() -> None:
    tiers = Tiers([Tier("fast", "ssd", "g", 0, preserve=True), Tier("archive", "tape", "g", 1)])
    assert name(tiers.destination(request_for(ARCHIVE), on("ssd"))) == "archive"
    assert tiers.destination(request_for(ARCHIVE), on("ssd", "tape")) is None


@pytest.mark.parametrize(
    ("parts", "tier"),
    [((), "fast"), (("ssd",), "fast"), (("ssd", "disk"), "medium"), (("ssd", "disk", "tape"), "archive")],
)
def test_a_unit_is_as_slow_as_the_parts_that_nobody_looks_at(parts: tuple[str, ...], tier: str) -> None:
    assert name(TIERS.of_unit([on("ssd")], parts_on(*parts))) == tier


def test_what_a_tier_keeps_has_copies_on_slower_ones() -> None:
    tiers = Tiers([Tier("fast", "ssd", "g", 0, preserve=True), Tier("archive", "tape", "g", 1, offline=True)])
    assert name(tiers.of_unit([on("ssd", "tape")], parts_on("ssd", "tape"))) == "fast"
    assert name(tiers.of_unit([on("tape")], parts_on("tape"))) == "archive"


def test_the_order_in_a_group_is_that_of_the_index() -> None:
    tiers = Tiers([Tier("z", "r0", "g", 0), Tier("a", "r1", "g", 1), Tier("m", "r2", "g", 10)])
    assert name(tiers.destination(request_for(ARCHIVE), on("r0"))) == "m"


def test_data_leaves_all_tiers_but_the_last_of_a_group_and_those_that_keep_replicas() -> None:
    own = (Tier("", "kept", "g", 0, preserve=True), Tier("", "first", "h", 1), Tier("", "last", "h", 2))
    tiers = Tiers([*own, Tier("", "alone"), Tier("", "too", ""), Tier("", "next", "g", 1), Tier("", "end", "g", 5)])
    assert [tier.resource for tier in tiers.left()] == ["first", "next"]


AT = "site::residency"
HSM = Tiers(
    [
        Tier("disk", "disk", "g", 0),
        Tier("hsm", "hsm", "g", 1, residency=Residency(AT)),
        Tier("tape", "tape", "g", 2, True),
    ]
)
"""Of what is in the middle the site says where its bytes are."""


def said(*values: str, resources: tuple[str, ...] = ("hsm",), number: int = 1) -> DataObject:
    """A data object of which the site says so, with units that nobody looks at."""
    avus = frozenset(Avu(AT, value, f"since {place}") for place, value in enumerate(values))
    return replace(on(*resources), data_id=number, avus=avus)


@pytest.mark.parametrize(
    ("values", "offline", "moving"),
    [
        (("online",), False, False),
        (("offline",), True, False),
        (("moving",), True, True),
        (("offline", "offline"), True, False),
        ((), None, False),
        (("Offline",), None, False),
        (("dual",), None, False),
        (("online", "offline"), None, False),
        (("online", "unknown"), None, False),
    ],
)
@pytest.mark.parametrize("configured", [True, False])
def test_what_the_site_says_stands_before_the_configuration_if_it_is_clear(
    values: tuple[str, ...], offline: bool | None, moving: bool, configured: bool
) -> None:
    tiers = Tiers([Tier("hsm", "hsm", offline=configured, residency=Residency(AT))])
    tier = tiers.of_object(said(*values))
    assert tier is not None
    assert (tier.offline, tier.moving) == (configured if offline is None else offline, moving)
    alone = tiers.by_themselves([said(*values)])
    assert alone is not None
    assert (alone.offline, alone.moving) == (configured, False)


def test_it_is_said_of_one_tier_only() -> None:
    assert HSM.of_object(said("offline", resources=("disk",))) == Tier("disk", "disk", "g", 0)
    both = HSM.of_object(said("offline", resources=("hsm", "disk")))
    assert (name(both), name(HSM.of_object(said("offline", resources=("hsm", "tape"))))) == ("disk", "hsm")


def test_a_unit_is_where_the_bytes_of_its_slowest_object_are() -> None:
    moving, offline, online = (said(value, number=place) for place, value in enumerate(("moving", "offline", "online")))
    for objects, expected in (
        ([online, moving], (True, True)),
        ([moving, offline], (True, False)),
        ([offline, online], (True, False)),
        ([online, online], (False, False)),
    ):
        tier = HSM.of_unit(objects)
        assert tier is not None
        assert (tier.offline, tier.moving) == expected
        of_parts = HSM.of_unit([said(*objects[0].values(AT), resources=("disk",))], parts_on("hsm"))
        assert of_parts is not None
        assert of_parts.offline is (objects[0] is not online)


def test_what_is_read_is_a_replica_whose_bytes_are_in_reach_before_one_with_a_checksum() -> None:
    far, near = Replica(0, "hsm", good=True, size=1, checksum="sha2:x"), Replica(1, "disk", good=True, size=1)
    for value, expected in (("offline", 1), ("online", 0)):
        data_object = replace(said(value), replicas=(far, near))
        assert HSM.best_replica(data_object) == expected
        assert HSM.replica_to_read(data_object) == (1 if value == "offline" else None)
        assert HSM.replica_to_read(replace(data_object, replicas=(far,))) is None


@pytest.mark.parametrize("value", ["online", "offline", "moving"])
def test_movements_go_by_the_catalog(value: str) -> None:
    data_object = said(value)
    assert name(HSM.place(data_object)) == "hsm"
    assert name(HSM.destination(request_for(ARCHIVE), data_object)) == "tape"
    assert name(HSM.destination(request_for(RESTAGE), data_object)) == "disk"


def below(*storages: str, stale: str = "", **said: str) -> DataObject:
    """A data object with good replicas on the children of one resource, and what a command says of some of them."""
    replicas = [
        Replica(number, "pool", good=storage != stale, size=1, storage=storage, said=said.get(storage, ""))
        for number, storage in enumerate(storages)
    ]
    return DataObject(1, "/z/a", "alice", tuple(replicas))


@pytest.mark.parametrize(
    ("data_object", "offline", "read"),
    [
        (below("cache"), False, None),
        (below("archive"), True, None),
        (below("archive", "cache"), False, 1),
        (below("archive", "cache", stale="cache"), True, None),
    ],
)
@pytest.mark.parametrize("configured", [True, False])
def test_what_a_compound_resource_has_in_its_cache_is_near_and_the_catalog_says_so(
    data_object: DataObject, offline: bool, read: int | None, configured: bool
) -> None:
    tiers = Tiers([Tier("pool", "pool", offline=configured, residency=Residency(child="cache"))])
    for tier in (tiers.of_object(data_object), tiers.of_unit([data_object]), tiers.by_themselves([data_object])):
        assert tier is not None
        assert (tier.offline, tier.moving) == (offline, False)
    assert tiers.replica_to_read(data_object) == read
    of_part = tiers.of_unit([data_object], parts_on("pool"))
    assert of_part is not None
    assert of_part.offline is offline


def test_units_whose_files_are_not_all_in_the_cache_are_out_of_reach() -> None:
    tiers = Tiers([Tier("pool", "pool", residency=Residency(child="cache"))])
    for objects, offline in (((below("cache"), below("archive")), True), ((below("cache"), below("cache")), False)):
        tier = tiers.of_unit(objects)
        assert tier is not None
        assert tier.offline is offline


@pytest.mark.parametrize("word", ["online", "offline", "moving", "", "dual"])
@pytest.mark.parametrize("configured", [True, False])
def test_what_a_command_says_of_a_file_stands_before_the_configuration_if_it_is_clear(
    word: str, configured: bool
) -> None:
    tiers = Tiers([Tier("pool", "pool", offline=configured, residency=Residency(command="/bin/where"))])
    expected = (word != "online", word == "moving") if word in {"online", "offline", "moving"} else (configured, False)
    for tier in (tiers.of_object(below("a", a=word)), tiers.by_themselves([below("a", a=word)])):
        assert tier is not None
        assert (tier.offline, tier.moving) == expected
    both = tiers.of_object(below("a", "b", a=word, b="online"))
    assert both is not None
    assert not both.offline, "one of its replicas can be read"
