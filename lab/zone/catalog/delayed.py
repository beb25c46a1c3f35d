"""The delay queue in the catalog, and the little language that says when a rule runs and how often."""

import json
import re
import time
from typing import NamedTuple

from lab.zone.catalog.store import CatalogStore, now, stamp
from lab.zone.errors import ZoneError, unsupported

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 31_536_000, "": 1}
_TIMES = re.compile(r"(\d+)([smhdy]?)\s*(.*)", re.DOTALL)
_SUCCESS_OR_TIMES = re.compile(r"REPEAT UNTIL SUCCESS OR (\d+) (?:TIMES\. ORIGINAL TIMES=(\d+)|TIMES)")


class DelayedRule(NamedTuple):
    """A rule in the queue."""

    id: int
    text: str
    user: str
    instance: str
    frequency: str


def enqueue(store: CatalogStore, text: str, conditions: str, user: str) -> int:
    """Put a rule into the queue."""
    tags = dict(re.findall(r"<([A-Z_]+)>(.*?)</\1>", conditions, re.DOTALL))
    unknown = set(tags) - {"INST_NAME", "PLUSET", "ET", "EF", "PRIORITY"}
    if unknown:
        raise unsupported(f"the delay conditions {sorted(unknown)}")
    next_run(tags.get("EF", ""), succeeded=True)
    due = _due(tags)
    identifier, made = store.new_ids(), now()
    store.write(
        "insert into r_rule_exec values (?, ?, 'EMPTY_REI_PATH', ?, '', ?, ?, ?, '', '', '', '', ?, '', '', '', ?, ?)",
        identifier,
        text,
        user,
        due,
        tags.get("EF", ""),
        tags.get("PRIORITY", "5"),
        json.dumps({"instance": tags.get("INST_NAME", "")}),
        made,
        made,
    )
    return identifier


def _due(tags: dict[str, str]) -> str:
    if "ET" in tags:
        if not tags["ET"].strip().isdigit():
            raise unsupported(f"the execution time {tags['ET']!r} (seconds since 1970 are understood)")
        return stamp(int(tags["ET"]))
    amount, unit, rest = _parse(tags.get("PLUSET", "0s"))
    if rest:
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"not a delay: {tags['PLUSET']}")
    return stamp(int(time.time()) + amount * _UNITS[unit])


def _parse(text: str) -> tuple[int, str, str]:
    match = _TIMES.fullmatch(text.strip())
    if match is None:
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"not a time: {text!r}")
    return int(match.group(1)), match.group(2), match.group(3).strip()


def due(store: CatalogStore) -> list[DelayedRule]:
    """The rules that are to run now, the most urgent first."""
    rows = store.rows(
        "select rule_exec_id, rule_name, user_name, exe_context, exe_frequency from r_rule_exec where exe_time <= ?"
        " order by cast(priority as integer) desc, exe_time, rule_exec_id",
        now(),
    )
    return [DelayedRule(row[0], row[1], row[2], json.loads(row[3])["instance"], row[4]) for row in rows]


def owner(store: CatalogStore, rule_id: int) -> str:
    """Who put a rule into the queue, or CAT_NO_ROWS_FOUND."""
    user_name = store.value("select user_name from r_rule_exec where rule_exec_id = ?", rule_id)
    if user_name is None:
        raise ZoneError("CAT_NO_ROWS_FOUND", f"no rule {rule_id}")
    return str(user_name)


def delete(store: CatalogStore, rule_id: int) -> None:
    """Take a rule out of the queue."""
    store.write("delete from r_rule_exec where rule_exec_id = ?", rule_id)


def postpone(store: CatalogStore, rule_id: int, due_at: str, frequency: str) -> None:
    """Say when a rule runs again."""
    store.write(
        "update r_rule_exec set exe_time = ?, exe_frequency = ?, last_exe_time = ?, modify_ts = ?"
        " where rule_exec_id = ?",
        due_at,
        frequency,
        now(),
        now(),
        rule_id,
    )


def next_run(frequency: str, succeeded: bool) -> tuple[str, str] | None:
    """When a rule that has just run is due again and its frequency from then on, or None if it is done with."""
    if not frequency:
        return None
    amount, unit, directive = _parse(frequency)
    again = stamp(int(time.time()) + amount * _UNITS[unit])
    if directive in ("", "REPEAT FOR EVER"):
        return again, frequency
    if directive == "REPEAT UNTIL SUCCESS":
        return None if succeeded else (again, frequency)
    counted = _SUCCESS_OR_TIMES.fullmatch(directive)
    if counted is None:
        raise unsupported(f"the frequency {frequency!r}")
    left = int(counted.group(1)) - 1
    if succeeded or left <= 0:
        return None
    original = counted.group(2) or counted.group(1)
    return again, f"{amount}{unit} REPEAT UNTIL SUCCESS OR {left} TIMES. ORIGINAL TIMES={original}"
