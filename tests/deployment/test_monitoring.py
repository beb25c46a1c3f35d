"""What is shipped for monitoring asks for metrics that there are, with labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from irods_omero.agent.activity import Activity
from irods_omero.agent.monitoring.metric_table import PREFIX
from irods_omero.agent.monitoring.metrics import Metrics
from irods_omero.agent.monitoring.zone_metrics import families
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HELD_BACK, HINDERED, REFUSED, TO_CORRECT
from irods_omero.settings import load_settings
from irods_omero.status.agents import AgentState
from irods_omero.status.heartbeat_record import HeartbeatRecord
from irods_omero.status.summary import OVERDUE, Cause, MarkCount, Requests, Status, TierUse

CONFIG = Path(__file__).parents[2] / "irods_config"
MONITORING = CONFIG / "monitoring"
STATUS = Status(
    now=0,
    agents=(AgentState("0-63", HeartbeatRecord(at=1, started=1, swept=1), speaks=True),),
    backlog=(MarkCount("to be imported", 1, 1, oldest_seconds=1),),
    requests=(Requests("archive", OVERDUE, 1, since=1),),
    causes=tuple(Cause(kind, "", 1, "") for kind in (AGAIN, GIVEN_UP, HELD_BACK, HINDERED, REFUSED, TO_CORRECT)),
    tiers=(TierUse("fast", "fast", 1, 1),),
)


@pytest.fixture(scope="module")
def labels() -> dict[str, dict[str, set[str]]]:
    """For each metric that there is the values of each of its labels, as far as they are known beforehand."""
    activity = Activity()
    metrics = Metrics(load_settings(CONFIG / "omero_policy.example.json"), activity)
    activity.swept(Report(), 1)
    activity.broken_off("")
    activity.tell(*(News(kind, "", "/lab/a") for kind in (AGAIN, GIVEN_UP, HINDERED, REFUSED)))
    label_values: dict[str, dict[str, set[str]]] = {}
    for family in [*metrics.own(), *families(STATUS)]:
        for sample in family.samples:
            of_metric = label_values.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                of_metric.setdefault(label, set()).add(value)
    return label_values


def expressions(document: Any) -> Iterator[str]:
    """All texts under the key ``expr``."""
    if isinstance(document, list):
        for item in document:
            yield from expressions(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            if key == "expr":
                yield value
            else:
                yield from expressions(value)


RULES = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"][0]["rules"]
ALERTS = list(expressions(RULES))
SHOWN = list(expressions(json.loads((MONITORING / "grafana-dashboard.json").read_text())))


@pytest.mark.parametrize("expression", [*ALERTS, *SHOWN])
def test_each_expression_asks_for_what_there_is(labels: dict[str, dict[str, set[str]]], expression: str) -> None:
    asked = re.findall(rf"\b({PREFIX}_\w+)(?:\{{([^}}]*)\}})?", expression)
    assert asked
    for name, chosen in asked:
        assert name in labels
        for label, value in re.findall(r'(\w+)="([^"]*)"', chosen):
            assert value in labels[name][label]
    grouped = {label.strip() for clause in re.findall(r"by \(([^)]*)\)", expression) for label in clause.split(",")}
    assert grouped <= set().union(*(labels[name] for name, _ in asked))


def test_each_metric_is_shown(labels: dict[str, dict[str, set[str]]]) -> None:
    text = " ".join(SHOWN)
    families_shown = {re.sub(r"_(bucket|sum|count|total|created)$", "", name) for name in labels}
    assert {name for name in families_shown if name not in text} == set()


def test_panels_do_not_lie_on_each_other() -> None:
    panels = json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]
    fields = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(fields) == len(set(fields))
    assert max(x for x, _ in fields) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_each_alert_says_what_to_do() -> None:
    for rule in RULES:
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_imports_under_way_excuse_no_agent_from_sweeping_but_one_that_waits_for_them() -> None:
    (rule,) = (rule["expr"] for rule in RULES if rule["alert"] == "IrodsOmeroAgentDoesNotSweep")
    _, excuse = rule.split("unless")
    assert re.fullmatch(r" *\(irods_omero_parallel == 1 and .*irods_omero_under_way.*\)", excuse)
