"""Storage tiering: what the plugin leaves on a data object before, during and after a movement."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import irods.keywords as kw
import pytest
from irods.column import Like
from irods.exception import SYS_NOT_SUPPORTED, iRODSException
from irods.meta import iRODSMeta
from irods.models import DataObject, Resource, RuleExec
from irods.rule import Rule

from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.tiers import Tier
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.movement import ENQUEUE_INSTANCE, movement_rule, queue_movement, queued_movements
from irods_omero.gateways.zone.stranded import SCHEDULED, stranded
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.vocabulary import ACCESS_TIME, TIER_GROUP
from lab.zone.setup import schedule_tiering
from tests.conformance.zone import FAST, LOWER, PATIENCE, TIERS, UPPER, Zone

pytestmark = pytest.mark.timeout(3 * PATIENCE)

DELAYS = (
    "irods::storage_tiering::minimum_delay_time_in_seconds",
    "irods::storage_tiering::maximum_delay_time_in_seconds",
)
LONG_AGO = 1_000_000_000
HOUR = 3600


@contextmanager
def movements_wait(zone: Zone, resource: str) -> Iterator[None]:
    """Have movements away from a resource wait in the delay queue for an hour; what waits is taken out at the end."""
    for attribute in DELAYS:
        zone.rods.metadata.set(Resource, resource, iRODSMeta(attribute, str(HOUR)))
    try:
        yield
    finally:
        for attribute in DELAYS:
            zone.rods.metadata.set(Resource, resource, iRODSMeta(attribute, "1"))
        for number in queued(zone):
            Rule(zone.rods).remove_by_id(number)


def queued(zone: Zone) -> list[int]:
    """The ids of the queued rules that are about this test's collection."""
    rows = zone.rods.query(RuleExec.id, RuleExec.name).filter(Like(RuleExec.name, f"%{zone.collection}/%"))
    return [row[RuleExec.id] for row in rows]


def has_run(zone: Zone, number: int) -> bool:
    """Whether a rule in the queue was tried."""
    row = zone.rods.query(RuleExec.id, RuleExec.last_exe_time).filter(RuleExec.id == number).one()
    return bool(row[RuleExec.last_exe_time])


def access_time(zone: Zone, path: str) -> tuple[int, str]:
    """The access time of a data object and its units."""
    ((value, units),) = zone.values(path, ACCESS_TIME)
    return int(value), units


def on_lower_tier(zone: Zone, name: str) -> str:
    """A data object that the plugin has migrated."""
    path = zone.put(name, resource=UPPER)
    zone.grow_old(path)
    schedule_tiering(zone.rods, [TIERS])
    zone.wait_until(lambda: zone.values(path, TIER_GROUP) == [(TIERS, "1")])
    return path


def movement(zone: Zone, path: str, destination: str = LOWER) -> Move:
    """A movement as the agent asks for it."""
    tier = Tier(UPPER, UPPER)
    return Move(
        zone.rods.data_objects.get(path).id, path, 0, UPPER, destination, TIERS, tier.verification, False, tier.delay
    )


def test_a_put_leaves_an_access_time_and_no_group(zone: Zone) -> None:
    """facts, table of states: after put T0 () and none."""
    before = int(time.time()) - 60
    path = zone.put("file", resource=UPPER)
    value, units = access_time(zone, path)
    assert (value > before, units) == (True, "")
    assert zone.values(path, TIER_GROUP) == []


def test_a_copy_has_no_access_time(zone: Zone) -> None:
    """zone-47: bulk put and icp get none, so such objects never age until somebody reads them."""
    path, copy = zone.put("file"), zone.path("copy")
    zone.alice.data_objects.copy(path, copy)
    assert zone.values(copy, ACCESS_TIME) == []
    with zone.alice.data_objects.open(copy, "r") as stream:
        stream.read()
    assert len(zone.values(copy, ACCESS_TIME)) == 1


def test_a_scheduled_object_says_so_in_the_units_of_its_access_time(zone: Zone) -> None:
    """zone-48: scheduled: T0 (``migration_scheduled``) and no group."""
    with movements_wait(zone, UPPER):
        path = zone.put("file", resource=UPPER)
        zone.grow_old(path)
        schedule_tiering(zone.rods, [TIERS])
        zone.wait_until(lambda: bool(queued(zone)))
        zone.wait_until(lambda: access_time(zone, path) == (LONG_AGO, SCHEDULED))
        assert zone.values(path, TIER_GROUP) == []
        assert zone.good(path) == [UPPER]


def test_a_migration_leaves_the_lower_replica_its_number_and_the_time_of_the_move(zone: Zone) -> None:
    """zone-48, zone-50: on the second tier T1 = time of the replication () and group (1): the clock restarts."""
    path = on_lower_tier(zone, "file")
    value, units = access_time(zone, path)
    assert (value > LONG_AGO, units) == (True, "")
    assert zone.replicas(path) == [(1, LOWER, "1")]


def test_reading_on_a_lower_tier_brings_it_back_with_a_higher_number(zone: Zone) -> None:
    """zone-48: back on the first tier T3 () and group (2): a replica number, it keeps growing."""
    path = on_lower_tier(zone, "file")
    with zone.alice.data_objects.open(path, "r") as stream:
        assert stream.read() == b"hello iRODS\n"
    zone.wait_until(lambda: zone.values(path, TIER_GROUP) == [(TIERS, "2")])
    assert zone.replicas(path) == [(2, UPPER, "1")]
    assert access_time(zone, path)[1] == ""


def test_a_restage_waits_with_units_and_group(zone: Zone) -> None:
    """zone-48: read there, queued: T2 (``migration_scheduled``) and group (1)."""
    path = on_lower_tier(zone, "file")
    with movements_wait(zone, LOWER):
        with zone.alice.data_objects.open(path, "r") as stream:
            stream.read()
        zone.wait_until(lambda: bool(queued(zone)))
        assert access_time(zone, path)[1] == SCHEDULED
        assert zone.values(path, TIER_GROUP) == [(TIERS, "1")]


def test_looking_does_not_restage(zone: Zone) -> None:
    """zone-55: restage happens only on access; the agent looks at data on every tier."""
    path = on_lower_tier(zone, "file")
    zone.wait_until(lambda: not queued(zone))  # what brought it there leaves the queue when it is done
    before = access_time(zone, path)
    zone.alice.data_objects.get(path)
    zone.alice.data_objects.get(path).metadata.add("a", "v")
    list(zone.alice.collections.get(zone.collection).walk())
    assert (access_time(zone, path), queued(zone)) == (before, [])


def test_what_is_no_tier_stays(zone: Zone) -> None:
    """Restage concerns only objects with a group AVU, migration only resources of the group."""
    path = zone.put("file", resource=FAST)
    other = zone.put("other", resource=UPPER)
    for old in (path, other):
        zone.grow_old(old)
    schedule_tiering(zone.rods, [TIERS])
    zone.wait_until(lambda: zone.good(other) == [LOWER])
    assert (zone.good(path), access_time(zone, path)) == ([FAST], (LONG_AGO, ""))


def test_what_is_stranded_is_never_looked_at_until_a_movement_is_asked_for(
    zone: Zone, agent_zone: ZoneConnection
) -> None:
    """zone-57."""
    path, other = zone.put("stranded", resource=UPPER), zone.put("other", resource=UPPER)
    data_id = zone.rods.data_objects.get(path).id
    stranded_avu = iRODSMeta(ACCESS_TIME, str(LONG_AGO), SCHEDULED)
    zone.rods.metadata.set(DataObject, path, stranded_avu, **{kw.ADMIN_KW: ""})
    zone.grow_old(other)
    schedule_tiering(zone.rods, [TIERS])
    zone.wait_until(lambda: zone.good(other) == [LOWER])
    assert (zone.good(path), access_time(zone, path)) == ([UPPER], (LONG_AGO, SCHEDULED))
    assert [one.path for one in stranded(agent_zone, data_id)] == [path]
    queue_movement(agent_zone, movement(zone, path))
    zone.wait_until(lambda: zone.values(path, TIER_GROUP) == [(TIERS, "1")])
    assert access_time(zone, path)[1] == ""
    assert stranded(agent_zone, data_id) == []


def test_what_waits_in_the_queue_is_not_stranded(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-48, zone-57: the flag alone does not say so."""
    with movements_wait(zone, UPPER):
        path = zone.put("file", resource=UPPER)
        zone.grow_old(path)
        schedule_tiering(zone.rods, [TIERS])
        zone.wait_until(lambda: bool(queued(zone)))
        assert stranded(agent_zone, zone.rods.data_objects.get(path).id) == []


def test_a_movement_that_the_agent_asks_for_is_queued_and_done(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-53: a movement asked for by python-irodsclient works."""
    path = zone.put('it\'s "quoted" 100% \\ 😀', resource=UPPER)
    queue_movement(agent_zone, movement(zone, path))
    zone.wait_until(lambda: zone.values(path, TIER_GROUP) == [(TIERS, "1")])
    assert zone.replicas(path) == [(1, LOWER, "1")]
    zone.wait_until(lambda: path not in queued_movements(agent_zone))


def test_the_queue_says_which_objects_will_move_where(zone: Zone, agent_zone: ZoneConnection) -> None:
    """policies/irods_omero/gateways/zone/movement.py: a movement that is queued is not asked for again."""
    path = zone.put("it's % \\ 😀", resource=UPPER)
    rule = movement_rule(movement(zone, path))
    rule["parameters"]["delay_conditions"] = rule["parameters"]["delay_conditions"].replace("1s", f"{HOUR}s")
    with movements_wait(zone, UPPER):
        for _ in range(2):
            Rule(zone.rods, body=json.dumps(rule), instance_name=ENQUEUE_INSTANCE, irods_3_literal_style=True).execute()
        assert queued_movements(agent_zone)[path] == {LOWER}
    assert path not in queued_movements(agent_zone)


def test_the_client_must_send_the_rule_as_it_is(zone: Zone) -> None:
    """zone-53: without ``irods_3_literal_style`` the client wraps the text and the server answers SYS_NOT_SUPPORTED."""
    path = zone.put("file", resource=UPPER)
    body = json.dumps(movement_rule(movement(zone, path)))
    with pytest.raises(SYS_NOT_SUPPORTED):
        Rule(zone.rods, body=body, instance_name=ENQUEUE_INSTANCE).execute()
    assert zone.good(path) == [UPPER]


def test_a_movement_that_fails_stays_queued_and_moves_nothing(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-61: ``REPEAT UNTIL SUCCESS OR n TIMES``; the doctor tells by the last execution that it was tried."""
    path = zone.put("file", resource=UPPER)
    queue_movement(agent_zone, movement(zone, path, "no such resource"))
    (number,) = queued(zone)
    assert not has_run(zone, number)
    zone.wait_until(lambda: has_run(zone, number))
    assert queued_movements(agent_zone)[path] == {"no such resource"}
    assert (zone.values(path, TIER_GROUP), zone.good(path)) == ([], [UPPER])
    Rule(zone.rods).remove_by_id(number)


def test_users_do_not_schedule_tiering(zone: Zone) -> None:
    """zone-43: all as the service account with the admin flag."""
    with pytest.raises(iRODSException):
        schedule_tiering(zone.alice, [TIERS])


def test_reading_without_a_change_of_status_is_no_access(zone: Zone, agent_zone: ZoneConnection) -> None:
    """zone-71: the agent reads what users have not touched."""
    path = on_lower_tier(zone, "file")
    zone.grow_old(path)
    before = access_time(zone, path)
    with open_object(agent_zone, path) as stream:
        assert stream.read(4)
    assert access_time(zone, path) == before
    assert path not in queued_movements(agent_zone)
