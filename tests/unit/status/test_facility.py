from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from irods_omero.cli.cmd_report import csv_of
from irods_omero.status.facility import NUMBER, Column, Table, as_dict, problems_of, summary_of, tables
from irods_omero.status.summary import TierUse
from tests.unit.status.facility import EMPTY, FACILITY, HOSTILE, SETTINGS


def records(key: str) -> list[dict[str, Any]]:
    (table,) = (table for table in tables(FACILITY, SETTINGS) if table.key == key)
    return table.records()


def test_images_and_bytes_are_added_up_by_group_and_tier_and_by_month() -> None:
    assert records("groups")[1:3] == [
        {"group": "=HYPERLINK(1)", "tier": HOSTILE, "images": 1, "filesets": 1, "bytes": 1},
        {"group": "a group", "tier": "archive", "images": 3, "filesets": 1, "bytes": 3_000_000},
    ]
    assert [(each["month"], each["tier"], each["images"]) for each in records("arrivals")] == [
        ("2026-10", "archive", 3),
        ("2026-12", HOSTILE, 1),
        ("2026-12", "fast", 7),
    ]
    for key in ("groups", "arrivals", "images"):
        assert sum(each["bytes"] for each in records(key)) == 3_007_501, f"{key}: nothing is lost and nothing is twice"


def test_a_tier_that_only_one_side_knows_is_shown() -> None:
    assert [(each["tier"], each["images"], each["replicas"]) for each in records("tiers")] == [
        ("fast", 7, 6),
        ("archive", 3, 3),
        (HOSTILE, 1, 0),
    ]


def test_what_will_move_is_told_by_the_tier_that_it_leaves() -> None:
    assert [(each["tier"], each["resource"], each["replicas"]) for each in records("next")] == [
        ("", "", 4),
        ("fast", "fast_resc", 1),
        ("fast", "fast_resc", 2),
    ]


def test_json_has_each_table_by_its_key_and_no_other() -> None:
    shown = json.loads(json.dumps(as_dict(FACILITY, SETTINGS)))
    keys = {"tiers", "groups", "arrivals", "since", "next", "waiting", "requests", "errors", "images"}
    about = {"time", "zone", "server", "omero_unreachable", "problems", "more_than_counted", "notes", "summary"}
    assert set(shown) == keys | about
    assert set(as_dict(EMPTY, SETTINGS)) == set(shown), "of a zone without anything as well"
    assert shown["summary"] == summary_of(FACILITY)
    assert shown["summary"] == {"images": 11, "bytes in iRODS": 3_007_500, "with errors": 1, "held": 0}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_spreadsheets_get_no_formula(start: str) -> None:
    table = Table(
        "t", "T", (Column("group", "group"), Column("n", "n", NUMBER)), ((f"{start}1", -1), (f"a{start}=1", 2))
    )
    records = list(csv.reader(StringIO(csv_of(table), newline="")))
    assert records == [["group", "n"], [f"'{start}1", "-1"], [f"a{start}=1", "2"]]


SILENT = replace(EMPTY, unreachable="it is down")


def test_without_omero_its_tables_say_why_they_are_empty() -> None:
    said = {table.key: table.empty for table in tables(SILENT, SETTINGS)}
    assert said["groups"] == said["since"] == "OMERO cannot be asked: it is down"
    assert "down" not in said["errors"]


def test_without_omero_no_number_of_images_is_told() -> None:
    silent = replace(FACILITY, images=(), since=(), unreachable="it is down")
    shown = as_dict(silent, SETTINGS)
    assert "images" not in summary_of(silent)
    assert "images" not in shown["summary"]
    assert {"groups", "arrivals", "since", "images"} & set(shown) == set()
    assert [set(row) for row in shown["tiers"]] == [{"tier", "resource", "replicas", "bytes"}] * 2
    assert "images" not in [column.key for table in tables(silent, SETTINGS)[:1] for column in table.columns]


def test_resources_of_one_tier_are_one_row() -> None:
    used = (TierUse("fast", "one", 2, 10), TierUse("archive", "tape", 1, 5), TierUse("fast", "two", 3, 20))
    table, *_ = tables(replace(FACILITY, status=replace(FACILITY.status, tiers=used)), SETTINGS)
    assert table.rows[:2] == (("fast", "one, two", 7, 5, 30), ("archive", "tape", 3, 1, 5))


def test_what_is_wrong_and_what_was_cut_is_told_once_and_in_json() -> None:
    status = replace(EMPTY.status, problems=("no agent works on shards 3",), cut=("errors", "marks"))
    facility = replace(SILENT, status=status)
    told = [
        "no agent works on shards 3",
        "OMERO cannot be asked: it is down",
        "there are more errors, marks than were counted",
    ]
    assert list(problems_of(facility)) == told
    assert as_dict(facility, SETTINGS)["problems"] == told


def test_tables_are_made_without_the_libraries_of_either_server() -> None:
    text = "import sys, irods_omero.status.facility; print({'irods', 'omero', 'Ice'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
