from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject, Resource, RuleExec
from irods.rule import Rule

from irods_omero.doctor.checks.tier_checks import tier_groups
from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.facts.zone_facts import observe_zone
from irods_omero.doctor.finding import Level
from irods_omero.domain.state.request_lookup import HOLDING
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, Settings
from irods_omero.vocabulary import ACCESS_TIME
from lab.zone import LabZone
from tests.deployment import icommands
from tests.unit.doctor.checks.healthy import HEALTHY

CONFIG = Path(__file__).parents[2] / "irods_config"
PYTHON = "irods_rule_engine_plugin-python-instance"
TIERING = "irods_rule_engine_plugin-unified_storage_tiering-instance"
PATIENCE = 300.0
LONGEST_SPECIFIC_QUERY = 2700
"""The column that the catalog keeps its text in."""


@pytest.fixture(scope="module")
def zone() -> Iterator[LabZone]:
    with LabZone(core=CONFIG.parent, resources=["fast", "tape"]) as started:
        yield started


def body(file: Path, **changes: str) -> str:
    """The text of a rule file as irule sends it, with some of it replaced."""
    text = file.read_text().partition("\nINPUT null\nOUTPUT ruleExecOut\n")[0] + "\n"
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def execute(zone: LabZone, text: str, instance: str) -> None:
    with zone.session() as session:
        rule = Rule(session, body=text, instance_name=instance, irods_3_literal_style=True)
        if instance == PYTHON:
            rule.body = "@external\n" + text
        rule.execute(session_cleanup=False)


def set_tiers_up(zone: LabZone, folder: Path, **environment: str) -> str:
    """Do on the lab zone what tiers.sh has icommands do; returns the SQL of its query."""
    sql = ""
    for command, action, *words in icommands.run(CONFIG / "tiers.sh", folder, **environment):
        if (command, action, words[:1]) == ("imeta", "set", ["-R"]):
            with zone.session() as session:
                session.metadata.set(Resource, words[1], iRODSMeta(*words[2:]))
        elif (command, action) == ("iadmin", "asq"):
            sql = words[0]
            assert words[1] == "omero_leave_fast"
    return sql


def facts(zone: LabZone) -> Facts:
    settings = Settings.model_validate(
        {
            "zone": {"name": zone.name, "host": zone.host, "port": zone.port, "user": zone.admin},
            "omero": {"host": "none", "user": "none"},
            "watch": {"roots": ["/tempZone/home"]},
        }
    )
    with ZoneConnection(settings.zone) as connection:
        seen = observe_zone(settings, connection)
    return Facts(**{**vars(HEALTHY), "zone": seen, "tier_names": ["fast", "tape"]})


def test_the_example_of_tiers_makes_a_group_that_the_doctor_likes(
    zone: LabZone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, zone.password)
    set_tiers_up(zone, tmp_path)
    findings = list(tier_groups(facts(zone)))
    assert [(one.level, one.text) for one in findings] == [(Level.OK, "images: fast, tape")]


@pytest.mark.parametrize("word", HOLDING)
def test_the_example_of_tiers_knows_each_request_that_holds_data(tmp_path: Path, zone: LabZone, word: str) -> None:
    assert set_tiers_up(zone, tmp_path, SECONDS_ON_FAST="1800").count(f"'{word}'") == 2  # on data objects, and above


def test_what_is_to_be_kept_does_not_leave_its_tier(zone: LabZone, tmp_path: Path) -> None:
    sql = set_tiers_up(zone, tmp_path, SECONDS_ON_FAST="1800")
    old, new = "1000000000", "9999999999"
    with zone.session() as session:
        for name, resource, time, units, request in [
            ("old", "fast", old, None, None),
            ("used", "fast", new, None, None),
            ("queued", "fast", old, "irods::storage_tiering::migration_scheduled", None),
            ("kept", "fast", old, None, "keep"),
            ("asked for", "fast", old, None, "restage"),
            ("gone", "tape", old, None, None),
            ("kept 100%_.zarr/zarr.json", "fast", old, None, "keep"),
            ("kept 100%_.zarr/0", "fast", old, None, None),
            ("kept 100%_.zarr/c/0/0", "fast", old, None, None),
            ("kept 100%_.zarr.old/1", "fast", old, None, None),
            ("kept 100!!.zarr/2", "fast", old, None, None),
            ("asked.zarr/.zattrs", "fast", old, None, "restage"),
            ("asked.zarr/3", "fast", old, None, None),
            ("part.zarr/4", "fast", old, None, "keep"),
            ("part.zarr/5", "fast", old, None, None),
            ("folder/zarr.json", "fast", old, None, "keep"),
            ("folder/6", "fast", old, None, None),
        ]:
            path = f"/tempZone/home/rods/{name}"
            session.collections.create(path.rpartition("/")[0])
            session.data_objects.create(path, resource=resource)
            session.metadata.set(DataObject, path, iRODSMeta(ACCESS_TIME, time, units))
            if request:
                session.metadata.add(DataObject, path, iRODSMeta("omero::request", request, "alice"))
    catalog = sqlite3.connect(f"file:{zone.state / 'catalog.sqlite'}?mode=ro", uri=True)
    rows = catalog.execute(sql.replace("extract(epoch from now())", "strftime('%s', 'now')")).fetchall()
    catalog.close()
    leaving = {".zattrs", "1", "2", "3", "5", "6", "asked for", "old"}
    assert {row[0] for row in rows} == leaving
    assert len(rows) == len(leaving)
    assert {row[1:4] for row in rows if row[0] == "old"} == {("/tempZone/home/rods", "rods", "tempZone")}
    assert len(sql) <= LONGEST_SPECIFIC_QUERY


def test_the_recurring_rule_of_tiering_stays_in_the_queue(zone: LabZone, tmp_path: Path) -> None:
    set_tiers_up(zone, tmp_path)
    text = body(CONFIG / "tiering.r")
    assert json.loads(text)["storage-tier-groups"] == ["images"]
    execute(zone, text, TIERING)
    with zone.session() as session:
        rows = list(session.query(RuleExec.name, RuleExec.frequency).filter(RuleExec.name != ""))
    (row,) = [row for row in rows if "irods_policy_storage_tiering" in row[RuleExec.name]]
    assert "REPEAT FOR EVER" in row[RuleExec.frequency].upper()


def test_sweeps_run_on_the_delay_server_with_constant_words_only(zone: LabZone, tmp_path: Path) -> None:
    log, agent = tmp_path / "log", tmp_path / "irods-omero"
    agent.write_text(f'#!/bin/sh\nenv >> {log}.env\necho "$*" >> {log}\nexit 3\n')
    agent.chmod(0o755)
    text = body(
        CONFIG / "sweep.r",
        **{"/opt/irods-omero/bin/irods-omero": str(agent), "/var/lib/irods": str(tmp_path), "<EF>30s": "<EF>1s"},
    )
    execute(zone, text, PYTHON)
    wanted = {f"agent --once --json --shards {part}" for part in ("0-31", "32-63")}
    assert wait_for(lambda: set(lines(log)), wanted) == wanted
    given = {line.partition("=")[0] for line in lines(tmp_path / "log.env")}
    assert given - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "LANG"}
    assert "irods-omero: the sweep of shards 0-31 failed: ''" in wait_for_log(zone)
    with zone.session() as session:
        queued = [row for row in session.query(RuleExec.id, RuleExec.name) if "subprocess" in row[RuleExec.name]]
        assert len(queued) == 2
        for row in queued:
            assert len(row[RuleExec.name]) < 2700
            Rule(session).remove_by_id(row[RuleExec.id])


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def wait_for(look: Any, wanted: Any) -> Any:
    """Look until what is wanted is seen, or patience ends."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        seen = look()
        if seen == wanted:
            break
        pause.wait(0.05)
    return seen


def wait_for_log(zone: LabZone) -> str:
    wait_for(lambda: "sweep of shards 0-31 failed" in zone.server_log(), True)
    return zone.server_log()
