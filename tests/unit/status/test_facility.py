from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from irods_omero.status.facility import as_dict, plain, summary_of, tables
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
    assert [(each["tier"], each["images"], each["data_objects"]) for each in records("tiers")] == [
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
    assert shown["summary"] == summary_of(FACILITY) == {"images": 11, "bytes": 3_007_500, "with errors": 1, "held": 0}


def test_spreadsheets_get_no_formula() -> None:
    groups = [each["group"] for table in tables(FACILITY, SETTINGS) if table.key == "groups" for each in plain(table)]
    assert "'=HYPERLINK(1)" in groups
    assert "a group" in groups


def test_without_omero_its_tables_say_why_they_are_empty() -> None:
    silent = replace(EMPTY, unreachable="it is down")
    said = {table.key: table.empty for table in tables(silent, SETTINGS)}
    assert said["groups"] == said["since"] == "OMERO cannot be asked: it is down"
    assert "down" not in said["errors"]
