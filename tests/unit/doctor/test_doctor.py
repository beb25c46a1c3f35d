from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import omero.clients
import omero.model
import pytest
from click.testing import CliRunner
from irods.meta import iRODSMeta
from irods.models import Collection, CollectionMeta, DataObject, Resource
from irods.session import iRODSSession
from omero.rtypes import rstring

from irods_omero.cli import main
from irods_omero.doctor.checks import omero_checks
from irods_omero.doctor.facts.probe import COLLECTION
from irods_omero.install.layout import ServerLayout
from lab.omero import LabOmero
from lab.omero.setup import add_restricted_admin
from lab.zone import LabZone
from lab.zone.setup import add_user, schedule_tiering, set_up_tiers
from tests.unit.install.conftest import server
from tests.unit.install.test_planner import install

ROOT = "/tempZone/home/alice"
REPOSITORY = Path(__file__).parents[3]
TIERING = "irods::storage_tiering::"
SITE_WITH_OUR_EVENT = """
def pep_database_reg_data_obj_post(rule_args, callback, rei):
    callback.writeLine("serverLog", "the site's own rule was called")
    return 5000000
"""

installed = server
"""A folder as /etc/irods is."""


@dataclass
class Patient:
    """An installation on the lab's servers, and its policy file."""

    zone: LabZone
    omero: LabOmero
    policy: Path
    settings: dict[str, Any]

    def write(self, **changes: Any) -> None:
        """Write the policy file, with some sections changed."""
        changed = {key: {**value, **changes.get(key, {})} for key, value in self.settings.items()}
        self.policy.write_text(json.dumps(changed))

    def examined(self, *options: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        """The exit code, and for each check what was found."""
        command = [
            "--config",
            str(self.policy),
            "doctor",
            "--json",
            "--etc",
            str(self.policy.parent / "none"),
            *options,
        ]
        result = CliRunner().invoke(main, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        findings: dict[str, list[tuple[str, str]]] = {}
        for one in json.loads(result.stdout)["findings"]:
            findings.setdefault(one["check"], []).append((one["level"], one["text"]))
        return result.exit_code, findings

    def admin(self) -> iRODSSession:
        """An administrator's session."""
        return self.zone.session()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    folder = tmp_path_factory.mktemp("doctor")
    policy, password = folder / "policy.json", folder / "password"
    password.write_text("secret")
    password.chmod(0o600)
    with (
        LabZone(core=REPOSITORY, environment={"IRODS_OMERO_POLICY": str(policy)}) as zone,
        LabOmero() as omero_server,
    ):
        settings: dict[str, Any] = {
            "zone": {
                "name": zone.name,
                "host": zone.host,
                "port": zone.port,
                "user": "agent",
                "password_file": str(password),
            },
            "omero": {
                "host": omero_server.host,
                "port": omero_server.port,
                "user": "agent",
                "password_file": str(password),
            },
            "watch": {"roots": [ROOT]},
            "tiers": {},
        }
        made = Patient(zone, omero_server, policy, settings)
        made.write()
        with made.admin() as session:
            add_user(session, "agent", "secret", "rodsadmin")
            add_user(session, "alice")
            set_up_tiers(session)
            query = "select DATA_NAME, COLL_NAME, USER_NAME, USER_ZONE, DATA_REPL_NUM where RESC_NAME = 'fast'"
            session.metadata.set(Resource, "fast", iRODSMeta(TIERING + "query", query))
            schedule_tiering(session, ["microscopy"], delay=3600)
        root = omero_server.client()
        add_restricted_admin(root, "agent", "secret")
        root.closeSession()
        yield made


@pytest.fixture
def patient(lab: Patient) -> Iterator[Patient]:
    yield lab
    lab.write()


def test_all_is_well_with_a_right_installation(patient: Patient) -> None:
    code, findings = patient.examined()
    wrong = {check: texts for check, texts in findings.items() if any(level != "ok" for level, _ in texts)}
    assert wrong == {"rule engines": [("warning", "not looked at: no iRODS server on this machine")]}
    assert code == 1


def test_rules_for_what_comes_through_omero_are_held_against_both_sides(patient: Patient) -> None:
    rule = {"groups": ["nobody's"], "to": f"{ROOT}/{{dataset}}", "resource": "fats", "acl": {"bob": "read"}}
    patient.policy.write_text(json.dumps({**patient.settings, "omero_first": [rule]}))
    _, findings = patient.examined("--no-probe")
    assert findings["omero_first"] == [
        ("warning", "OMERO has no group nobody's"),
        ("failure", "there is no resource 'fats' in the zone"),
        ("failure", "there is no iRODS user or group bob"),
    ]


def test_trying_the_hooks_leaves_nothing_but_an_empty_collection(patient: Patient) -> None:
    _, findings = patient.examined()
    assert findings["hooks"] == [("ok", f"a data object put below {ROOT} was marked")]
    with patient.admin() as session:
        assert list(session.query(DataObject.name).filter(DataObject.name != "")) == []
        rows = session.query(Collection.name, CollectionMeta.name).filter(CollectionMeta.name != "")
        assert {(row[Collection.name], row[CollectionMeta.name]) for row in rows} == {
            (f"{ROOT}/{COLLECTION}", "omero::import"),
            (f"{ROOT}/{COLLECTION}", "omero::sync"),
        }
        assert [avu.name for avu in session.collections.get(ROOT).metadata.items()] == []
        (probe,) = session.collections.get(ROOT).subcollections
        assert probe.name == COLLECTION


def test_without_a_probe_nothing_is_written(patient: Patient) -> None:
    before = len(patient.zone.requests())
    code, findings = patient.examined("--no-probe")
    assert "hooks" not in findings
    calls = {request["api"] for request in patient.zone.requests()[before:]}
    assert not {call for call in calls if "MOD" in call or "CREATE" in call or "OBJ" in call}, calls
    assert code == 1


def test_hooks_that_are_not_asked_are_found(patient: Patient) -> None:
    patient.write(watch={"roots": ["/tempZone/home/public"]})
    patient.policy.with_name("policy.json").write_text(patient.policy.read_text())
    other = {**json.loads(patient.policy.read_text()), "watch": {"roots": [ROOT]}}
    second = patient.policy.with_name("second.json")
    second.write_text(json.dumps(other))
    code, findings = Patient(patient.zone, patient.omero, second, patient.settings).examined()
    assert code == 2
    assert findings["hooks"] == [("failure", f"a data object put below {ROOT} was not marked")]


def test_a_root_that_does_not_exist_is_found(patient: Patient) -> None:
    patient.write(watch={"roots": [ROOT, "/tempZone/home/nobody"]})
    code, findings = patient.examined()
    assert code == 2
    assert findings["watched roots"] == [("failure", "/tempZone/home/nobody does not exist")]


def test_an_account_without_rights_is_found(patient: Patient) -> None:
    with patient.admin() as session:
        add_user(session, "humble", "secret")
    patient.write(zone={"user": "humble"})
    code, findings = patient.examined()
    assert code == 2
    assert findings["agent's account"] == [("failure", "of type rodsuser")]
    assert "watched roots" not in findings


def test_wrong_passwords_are_found_on_both_sides(patient: Patient) -> None:
    wrong = patient.policy.with_name("wrong")
    wrong.write_text("wrong")
    patient.write(zone={"password_file": str(wrong)}, omero={"password_file": str(wrong)})
    code, findings = patient.examined()
    assert code == 2
    assert "agent" in findings["zone"][0][1]
    assert re.search(r"logging in to OMERO at \S+:\d+ as 'agent'", findings["OMERO"][0][1])
    assert any(level == "failure" and "by others" in text for level, text in findings["password files"])


def test_servers_that_are_down_are_found(patient: Patient) -> None:
    patient.write(zone={"port": 1}, omero={"port": 1})
    code, findings = patient.examined()
    assert code == 2
    assert findings["zone"][0][0] == findings["OMERO"][0][0] == "failure"
    assert "clocks" not in findings


def test_a_full_administrator_of_omero_is_found(patient: Patient) -> None:
    password = patient.policy.with_name("root")
    password.write_text(patient.omero.password)
    password.chmod(0o600)
    patient.write(omero={"user": "root", "password_file": str(password)})
    code, findings = patient.examined()
    assert code == 1
    assert findings["agent's account in OMERO"][0][0] == "warning"


def test_a_search_indexer_that_is_down_is_found(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(omero_checks, "INDEXER_LATE", 0.0)
    root = patient.omero.client()
    updates = root.getSession().getUpdateService()
    image, link = omero.model.ImageI(), omero.model.ImageAnnotationLinkI()
    image.name = rstring("a")
    link.parent, link.child = updates.saveAndReturnObject(image).proxy(), omero.model.TagAnnotationI()
    with patient.omero.indexer_down():
        updates.saveObject(link)
        level, text = patient.examined()[1]["OMERO's search indexer"][0]
        assert (level, "has not noticed" in text) == ("warning", True)
    root.closeSession()
    assert patient.examined()[1]["OMERO's search indexer"] == [("ok", "keeps up")]


def test_tier_groups_that_do_not_work_are_found(patient: Patient) -> None:
    with patient.admin() as session:
        session.metadata.add(Resource, "archive", iRODSMeta(TIERING + "group", "microscopy", "7"))
        time = session.metadata.get(Resource, "fast")
        kept = next(avu for avu in time if avu.name == TIERING + "time")
        session.metadata.remove(Resource, "fast", kept)
        try:
            code, findings = patient.examined("--no-probe")
        finally:
            session.metadata.add(Resource, "fast", kept)
            session.metadata.remove(Resource, "archive", iRODSMeta(TIERING + "group", "microscopy", "7"))
    assert code == 2
    said = " ".join(text for _, text in findings["tier groups"])
    assert "fast in microscopy has no time" in said
    assert "archive is several tiers of microscopy at once: 1, 7" in said


def test_a_zone_with_what_was_installed_is_well(
    patient: Patient, installed: ServerLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What install puts into a folder is all that a server needs; a core.py of the site is called as well."""
    monkeypatch.setenv("PYTHONPATH", "")
    (installed.etc / "core.py").write_text(SITE_WITH_OUR_EVENT)
    install(installed, compose=True)
    with LabZone(core=installed.etc, environment={"IRODS_OMERO_POLICY": str(patient.policy)}) as zone:
        with zone.session() as session:
            add_user(session, "agent", "secret", "rodsadmin")
            add_user(session, "alice")
        patient.write(zone={"port": zone.port})
        code, findings = patient.examined()
        assert findings["hooks"] == [("ok", f"a data object put below {ROOT} was marked")]
        assert "the site's own rule was called" in zone.server_log()
    assert code == 1


def test_the_server_on_this_machine_is_looked_at(patient: Patient, installed: ServerLayout) -> None:
    before = CliRunner().invoke(
        main, ["--config", str(patient.policy), "doctor", "--etc", str(installed.etc), "--no-probe"]
    )
    assert before.exit_code == 2
    assert "core.py does not import the hooks" in " ".join(before.output.split())
    install(installed)
    after = CliRunner().invoke(
        main, ["--config", str(patient.policy), "doctor", "--etc", str(installed.etc), "--no-probe"]
    )
    assert after.exit_code == 0, after.output
    (installed.etc / "irods_omero" / "hooks" / "content.py").write_text("# changed\n")
    changed = CliRunner().invoke(
        main, ["--config", str(patient.policy), "doctor", "--etc", str(installed.etc), "--no-probe"]
    )
    assert changed.exit_code == 1
    assert "irods_omero/hooks/content.py" in changed.output
