"""Storage tiering moves data down when it is old and up when it is read, as the plugin does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import irods.exception as ex
import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject, Resource, RuleExec
from irods.rule import Rule

from lab.tests.zone.conftest import World, wait_until
from lab.zone import LabZone
from lab.zone.setup import TIERING_INSTANCE, add_user, schedule_tiering, set_up_tiers

DEFAULT_POLICY = "irods_rule_engine_plugin-cpp_default_policy-instance"
ACCESS_TIME, GROUP = "irods::access_time", "irods::storage_tiering::group"
SCHEDULED = "irods::storage_tiering::migration_scheduled"
LONG_AGO = "1000000000"


def avu(session: Any, path: str, attribute: str) -> tuple[str, str | None] | None:
    avus = [one for one in session.metadata.get(DataObject, path) if one.name == attribute]
    return (avus[0].value, avus[0].units) if avus else None


def where(session: Any, path: str) -> list[str]:
    return [replica.resource_name for replica in session.data_objects.get(path).replicas if replica.status == "1"]


def grow_old(world: World, path: str) -> None:
    world.rods.metadata.set(DataObject, path, iRODSMeta(ACCESS_TIME, LONG_AGO), **{kw.ADMIN_KW: ""})


def moved(world: World, path: str, resource: str, number: str) -> bool:
    return where(world.rods, path) == [resource] and avu(world.rods, path, GROUP) == ("microscopy", number)


def test_old_data_goes_down_and_comes_up_when_it_is_read(world: World) -> None:
    path = world.put("file's 😀", b"bytes")
    touched = avu(world.rods, path, ACCESS_TIME)
    assert touched is not None
    assert int(touched[0]) > int(LONG_AGO)
    grow_old(world, path)
    schedule_tiering(world.rods, ["microscopy"])
    wait_until(lambda: moved(world, path, "archive", "1"))
    time, units = avu(world.rods, path, ACCESS_TIME) or ("", "")
    assert int(time) > int(LONG_AGO)
    assert units is None
    assert world.read(path) == b"bytes"
    wait_until(lambda: moved(world, path, "fast", "2"))


def test_young_data_stays(world: World) -> None:
    old, young = world.put("old"), world.put("young")
    grow_old(world, old)
    schedule_tiering(world.rods, ["microscopy"])
    wait_until(lambda: moved(world, old, "archive", "1"))
    assert where(world.rods, young) == ["fast"]
    assert avu(world.rods, young, GROUP) is None


def test_a_group_keeps_its_replicas_if_it_says_so(world: World) -> None:
    world.rods.metadata.set(Resource, "fast", iRODSMeta("irods::storage_tiering::preserve_replicas", "true"))
    try:
        path = world.put("kept")
        grow_old(world, path)
        schedule_tiering(world.rods, ["microscopy"])
        wait_until(lambda: avu(world.rods, path, GROUP) == ("microscopy", "1"))
        assert where(world.rods, path) == ["fast", "archive"]
    finally:
        world.rods.metadata.set(Resource, "fast", iRODSMeta("irods::storage_tiering::preserve_replicas", "false"))


def test_a_custom_query_says_what_is_to_move(world: World) -> None:
    wanted, other = world.put("wanted"), world.put("other")
    query = (
        "select DATA_NAME, COLL_NAME, USER_NAME, USER_ZONE, DATA_REPL_NUM where RESC_NAME = 'fast' and"
        f" META_DATA_ATTR_NAME = 'archive::{world.home}'"
    )
    world.alice.metadata.add(DataObject, wanted, iRODSMeta(f"archive::{world.home}", "yes"))
    custom = iRODSMeta("irods::storage_tiering::query", query)
    world.rods.metadata.add(Resource, "fast", custom)
    try:
        schedule_tiering(world.rods, ["microscopy"])
        wait_until(lambda: moved(world, wanted, "archive", "1"))
    finally:
        world.rods.metadata.remove(Resource, "fast", custom)
    assert where(world.rods, other) == ["fast"]


def movement(  # noqa: PLR0917
    path: str, number: str, source: str, target: str, delay: str = "0s", preserve: bool = False, how: str = "catalog"
) -> str:
    parameters = {
        "rule-engine-operation": "irods_policy_data_movement",
        "rule-engine-instance-name": TIERING_INSTANCE,
        "group-name": "microscopy",
        "object-path": path,
        "source-replica-number": number,
        "source-resource": source,
        "destination-resource": target,
        "preserve-replicas": preserve,
        "verification-type": how,
        "delay_conditions": (
            f"<INST_NAME>{TIERING_INSTANCE}</INST_NAME><PLUSET>{delay}</PLUSET>"
            "<EF>60s REPEAT UNTIL SUCCESS OR 5 TIMES</EF>"
        ),
    }
    return json.dumps({"policy_to_invoke": "irods_policy_enqueue_rule", "parameters": parameters})


def execute(session: Any, text: str, instance: str = DEFAULT_POLICY, literal: bool = True) -> None:
    rule = Rule(session, body=text, instance_name=instance, irods_3_literal_style=literal)
    rule.execute(session_cleanup=False)


def queued(session: Any, path: str) -> list[Any]:
    rules = session.query(RuleExec.id, RuleExec.name, RuleExec.user_name, RuleExec.time, RuleExec.frequency)
    return [rule for rule in rules if json.loads(rule[RuleExec.name]).get("object-path") == path]


def test_an_administrator_queues_a_movement_himself(world: World) -> None:
    path = world.put("asked for", b"bytes")
    execute(world.rods, movement(path, "0", "fast", "archive"))
    wait_until(lambda: moved(world, path, "archive", "1"))
    wait_until(lambda: not queued(world.rods, path))
    assert world.read(path) == b"bytes"


def test_what_a_queued_movement_says_stands_above_what_the_resources_say(world: World) -> None:
    """zone-54: both ways, for the replica that is kept or not and for the kind of verification."""
    name = "irods::storage_tiering::"
    keeps, checks = iRODSMeta(f"{name}preserve_replicas", "true"), iRODSMeta(f"{name}verification", "no such kind")
    world.rods.metadata.set(Resource, "fast", keeps)
    world.rods.metadata.set(Resource, "archive", checks)
    try:
        path = world.put("asked for", b"bytes")
        execute(world.rods, movement(path, "0", "fast", "archive", preserve=False, how="checksum"))
        wait_until(lambda: moved(world, path, "archive", "1"))
    finally:
        world.rods.metadata.set(Resource, "fast", iRODSMeta(keeps.name, "false"))
        world.rods.metadata.set(Resource, "archive", iRODSMeta(checks.name, "catalog"))
    path = world.put("kept", b"bytes")
    execute(world.rods, movement(path, "0", "fast", "archive", preserve=True))
    wait_until(lambda: avu(world.rods, path, GROUP) == ("microscopy", "1"))
    assert where(world.rods, path) == ["fast", "archive"]


def test_a_queued_rule_is_seen_only_once_and_can_be_taken_back(world: World) -> None:
    path = world.put("waiting")
    for _ in range(2):
        execute(world.rods, movement(path, "0", "fast", "archive", delay="1d"))
    (rule,) = queued(world.rods, path)
    assert rule[RuleExec.user_name] == "rods"
    assert rule[RuleExec.frequency] == "60s REPEAT UNTIL SUCCESS OR 5 TIMES"
    Rule(world.rods).remove_by_id(rule[RuleExec.id])
    assert not queued(world.rods, path)
    with pytest.raises(ex.CAT_NO_ROWS_FOUND):
        Rule(world.rods).remove_by_id(rule[RuleExec.id])
    assert where(world.rods, path) == ["fast"]


def test_a_movement_that_fails_is_tried_again_later(world: World) -> None:
    path = world.put("failing")
    execute(world.rods, movement(path, "0", "fast", "no such resource"))
    wait_until(lambda: "OR 4 TIMES" in queued(world.rods, path)[0][RuleExec.frequency])
    assert queued(world.rods, path)[0][RuleExec.frequency] == ("60s REPEAT UNTIL SUCCESS OR 4 TIMES. ORIGINAL TIMES=5")


def test_rules_are_refused_as_a_real_zone_refuses_them(world: World) -> None:
    path = world.put("refused")
    text = movement(path, "0", "fast", "archive")
    with pytest.raises(ex.SYS_NOT_SUPPORTED):
        execute(world.rods, text, literal=False)
    scan = {"rule-engine-instance-name": TIERING_INSTANCE, "rule-engine-operation": "something else"}
    with pytest.raises(ex.SYS_NOT_SUPPORTED):
        execute(world.rods, json.dumps(scan), TIERING_INSTANCE)
    with pytest.raises(ex.CAT_INSUFFICIENT_PRIVILEGE_LEVEL):
        execute(world.alice, json.dumps(scan), TIERING_INSTANCE)
    with pytest.raises(ex.SYS_INVALID_INPUT_PARAM):
        execute(world.rods, text, "no such instance")
    with pytest.raises(ex.SYS_NOT_SUPPORTED, match="rule_language"):
        execute(world.rods, "writeLine('stdout', 'x')", "irods_rule_engine_plugin-irods_rule_language-instance")
    assert where(world.rods, path) == ["fast"]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[LabZone, Path]]:
    record = tmp_path / "record"
    core = Path(__file__).parent / "recorder"
    with LabZone(core=core, wake_up=0.05, environment={"RECORD": str(record)}) as zone:
        with zone.session() as rods:
            add_user(rods, "alice")
            set_up_tiers(rods, delay=0)
        yield zone, record


def test_a_migration_is_made_of_the_calls_that_were_recorded(recorded: tuple[LabZone, Path]) -> None:
    zone, record = recorded
    path = "/tempZone/home/alice/file"
    with zone.session("alice") as alice, zone.session() as rods:
        with alice.data_objects.open(path, "w", destRescName="fast") as stream:
            stream.write(b"bytes")
        rods.metadata.set(DataObject, path, iRODSMeta(ACCESS_TIME, LONG_AGO), **{kw.ADMIN_KW: ""})
        schedule_tiering(rods, ["microscopy"])
        wait_until(lambda: avu(rods, path, GROUP) == ("microscopy", "1"))
        wait_until(lambda: not queued(rods, path))
    lines = [line.partition("|")[0] for line in record.read_text().splitlines()]
    delayed = [line.split() for line in lines if line.endswith(" irodsDelayServer")]
    assert {user for _, user, _ in delayed} == {"rods"}
    calls = [name.removeprefix("api_").removesuffix("_pre") for name, _, _ in delayed if name.endswith("_pre")]
    assert [name for name in calls if not name.startswith(("database", "rule_exec_del"))] == [
        "exec_rule_expression",
        "mod_avu_metadata",
        "exec_my_rule",
        "exec_rule_expression",
        "data_obj_repl",
        "mod_avu_metadata",
        "data_obj_trim",
        "mod_avu_metadata",
        "mod_avu_metadata",
    ]
    sets = [
        entry["arguments"]
        for entry in zone.requests()
        if entry["program"] == "irodsDelayServer" and "operation" in entry
    ]
    assert [(words[2], words[4]) for words in sets] == [
        (ACCESS_TIME, SCHEDULED),
        (ACCESS_TIME, ""),
        (ACCESS_TIME, ""),
        (GROUP, "1"),
    ]


def test_a_zone_without_tiering_leaves_no_access_times(tmp_path: Path) -> None:
    with LabZone(tiering=False) as zone, zone.session() as rods:
        rods.data_objects.touch("/tempZone/home/rods/file")
        assert avu(rods, "/tempZone/home/rods/file", ACCESS_TIME) is None
        with pytest.raises(ex.SYS_INVALID_INPUT_PARAM):
            schedule_tiering(rods, ["microscopy"])
