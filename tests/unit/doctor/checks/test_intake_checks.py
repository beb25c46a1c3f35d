"""What the doctor sees of rules for what comes through OMERO first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from irods_omero.doctor.checks.intake_checks import omero_first
from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Level
from irods_omero.domain.rules.omero_first.in_place import FILE_SYSTEM, Storage
from irods_omero.domain.rules.omero_first.placement import REGISTER
from tests.unit.doctor.checks.healthy import INTO_LAB, OMERO, WITH_RULES, ZONE


def ruled(**changes: Any) -> Facts:
    return replace(WITH_RULES, placement=[replace(INTO_LAB, **changes)])


def known(**accounts: str) -> Facts:
    return replace(WITH_RULES, zone=replace(ZONE, accounts=accounts))


def registering(storage: Storage | None) -> Facts:
    rule = replace(INTO_LAB, how=REGISTER, repository="/OMERO/ManagedRepository")
    storages = {} if storage is None else {"fast": storage}
    return replace(WITH_RULES, zone=replace(ZONE, storages=storages), placement=[rule])


def called(**users: str) -> Facts:
    return replace(WITH_RULES, users=users)


@pytest.mark.parametrize(
    ("facts", "level", "text"),
    [
        (ruled(groups=("lab", "labb")), Level.WARNING, "OMERO has no group labb"),
        (ruled(resource="fats"), Level.FAILURE, "there is no resource 'fats'"),
        (
            replace(WITH_RULES, zone=replace(ZONE, roots_of={"fast": "both"})),
            Level.FAILURE,
            "the resource fast is below both",
        ),
        (ruled(acl={"bob": "read", "{group}": "read"}), Level.FAILURE, "no iRODS user or group bob"),
        (ruled(to="/lab/elsewhere/{group}"), Level.FAILURE, "below no watched root"),
        (ruled(to="/other/home/lab"), Level.FAILURE, "below no watched root"),
        (
            replace(WITH_RULES, zone=replace(ZONE, user_type="rodsuser")),
            Level.FAILURE,
            "no right to write below /lab/home",
        ),
        (known(alice="rodsuser"), Level.WARNING, "there is no iRODS group lab: "),
        (known(alice="rodsuser", lab="rodsuser"), Level.WARNING, "is not that of a group"),
        (registering(Storage(FILE_SYSTEM, "", "/OMERO")), Level.FAILURE, "iRODS would delete OMERO's files"),
        (registering(None), Level.FAILURE, "there is no resource fast"),
        (called(alice="a", bob="a"), Level.WARNING, "several iRODS users are a in OMERO"),
        (called(**{"*": "all"}), Level.WARNING, "makes everybody all in OMERO"),
    ],
)
def test_a_rule_by_which_nothing_can_be_taken_in_is_found_with_advice(facts: Facts, level: Level, text: str) -> None:
    (finding,) = omero_first(facts)
    assert (finding.level, text in finding.text) == (level, True), finding
    assert finding.advice


@pytest.mark.parametrize(
    "facts",
    [
        WITH_RULES,
        ruled(to="/lab/home/lab"),
        registering(Storage(FILE_SYSTEM, "", "/data/vault")),
        ruled(to="/lab/home/{group}/x"),
        ruled(make_groups=True, groups=("lab", "private")),
        replace(known(alice="rodsuser"), placement=[replace(INTO_LAB, share=False)]),
        replace(WITH_RULES, omero=replace(OMERO, groups={})),
    ],
)
def test_rules_that_name_what_there_is_are_well(facts: Facts) -> None:
    assert [finding.level for finding in omero_first(facts)] == [Level.OK]


def test_without_rules_or_a_zone_nothing_is_said() -> None:
    assert not list(omero_first(replace(WITH_RULES, placement=[])))
    assert not list(omero_first(replace(WITH_RULES, zone=replace(ZONE, unreachable="it is down"))))
