from __future__ import annotations

import socket

import pytest
from prometheus_client import Metric

from irods_omero.agent.activity import Activity
from irods_omero.agent.monitoring.metrics import Metrics
from irods_omero.agent.monitoring.zone_metrics import families
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HINDERED, REFUSED, UNANSWERED
from irods_omero.errors import SettingsError
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, Settings
from irods_omero.status.agents import AgentState, Overlap
from irods_omero.status.heartbeat_record import IMPORTING, HeartbeatRecord
from irods_omero.status.summary import Cause, MarkCount, Requests, Status, TierUse


def settings(address: str = "9410") -> Settings:
    sections = {
        "zone": {"name": "lab", "host": "127.0.0.1", "port": 1, "user": "omero-agent"},  # nobody listens there
        "omero": {"host": "omero", "user": "irods-agent"},
        "watch": {"roots": ["/lab/home/lab"]},
        "agent": {"metrics": address},
    }
    return Settings.model_validate(sections)


NOW = 1_800_000_000


@pytest.fixture
def activity() -> Activity:
    return Activity()


@pytest.fixture
def metrics(activity: Activity, monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, "secret")
    return Metrics(settings(), activity)


def samples(metrics: list[Metric]) -> dict[str, float]:
    """All values by their names, each with the values of its labels."""
    return {" ".join([one.name, *one.labels.values()]): one.value for family in metrics for one in family.samples}


def test_what_sweeps_did_is_added_up(metrics: Metrics, activity: Activity) -> None:
    activity.swept(Report(observed=7, changed=2, omero_actions=5, zone_actions=3), 0.2)
    activity.swept(Report(observed=1, held=1), 40)
    activity.broken_off("OMERO is down")
    values = samples(list(metrics.registry.collect()))
    assert (values["irods_omero_units_total observed"], values["irods_omero_units_total held"]) == (8, 1)
    assert (values["irods_omero_actions_total omero"], values["irods_omero_actions_total zone"]) == (5, 3)
    assert (values["irods_omero_sweeps_total done"], values["irods_omero_sweeps_total broken off"]) == (2, 1)
    assert values["irods_omero_sweep_seconds_bucket 0.25"] == 1
    assert values["irods_omero_sweep_seconds_count"] == 2
    assert values["irods_omero_last_sweep_timestamp_seconds"] > 0


def test_failures_are_counted_by_what_becomes_of_them(metrics: Metrics, activity: Activity) -> None:
    for kind in (AGAIN, GIVEN_UP, GIVEN_UP, REFUSED, UNANSWERED):
        activity.tell(News(kind, "no such user", "/lab/home/lab/a.tif"))
    values = samples(list(metrics.registry.collect()))
    assert [values[f"irods_omero_failures_total {kind}"] for kind in (AGAIN, HINDERED, GIVEN_UP)] == [1, 0, 2]
    assert values["irods_omero_requests_refused_total"] == 1


def test_how_things_stand_is_shown_as_gauges() -> None:
    status = Status(
        now=NOW,
        unattended=(1, 2),
        agents=(
            AgentState("0-31", HeartbeatRecord(NOW, NOW - 9, "a", swept=NOW - 5), speaks=True),
            AgentState("32-40", HeartbeatRecord(NOW, NOW - 9, "b", trouble="OMERO is down"), speaks=True),
        ),
        overlaps=(Overlap((3, 4), ("a", "b")),),
        backlog=(MarkCount("to be imported", 3, 1, 90), MarkCount("collection", 0, 1)),
        requests=(Requests("archive", "queued", 4, NOW - 70), Requests("keep", "holds", 1)),
        causes=(Cause(HINDERED, "no such user", 5, "/lab/a"), Cause(HINDERED, "no such group", 6, "/lab/b")),
        held=7,
        tiers=(TierUse("fast", "resource", 8, 900),),
    )
    assert samples(list(families(status))) == {
        "irods_omero_zone_up": 1,
        "irods_omero_marks to be imported pending": 3,
        "irods_omero_marks to be imported taken": 1,
        "irods_omero_marks collection pending": 0,
        "irods_omero_marks collection taken": 1,
        "irods_omero_oldest_mark_seconds to be imported": 90,
        "irods_omero_cause_units hindered no such user": 5,
        "irods_omero_cause_units hindered no such group": 6,
        "irods_omero_units_with_errors given up": 0,
        "irods_omero_units_with_errors hindered": 11,
        "irods_omero_removals_held": 7,
        "irods_omero_requests archive queued": 4,
        "irods_omero_requests keep holds": 1,
        "irods_omero_oldest_request_seconds archive queued": 70,
        "irods_omero_agent_last_sweep_timestamp_seconds 0-31": NOW - 5,
        "irods_omero_agents at work": 1,
        "irods_omero_agents cannot sweep": 1,
        "irods_omero_agents silent": 0,
        "irods_omero_shards_overlapping": 2,
        "irods_omero_shards_unattended": 2,
        "irods_omero_tier_objects fast": 8,
        "irods_omero_tier_bytes fast": 900,
    }


def test_a_zone_that_is_down_keeps_nobody_from_reading_the_rest(metrics: Metrics) -> None:
    values = samples(list(metrics.registry.collect()))
    assert values["irods_omero_zone_up"] == 0
    assert "irods_omero_removals_held" not in values
    assert values["irods_omero_under_way import"] == 0


def test_what_goes_on_is_shown_with_its_bytes_and_its_age(
    metrics: Metrics, activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [float(NOW)]
    monkeypatch.setattr(activity, "_clock", lambda: now[0])
    activity.followed_events(behind=12)
    with activity.working(IMPORTING, "/lab/a", 100) as count, activity.working("refill", "/lab/b", 7):
        now[0] += 30
        count(60)
        values = samples(list(metrics.own()))
    assert (values["irods_omero_under_way import"], values["irods_omero_under_way refill"]) == (1, 1)
    assert values["irods_omero_under_way_bytes import"] == 100
    assert values["irods_omero_under_way_done_bytes import"] == 60
    assert values["irods_omero_under_way_oldest_seconds"] == 30
    assert values["irods_omero_events_behind_rows"] == 12
    assert values["irods_omero_events_followed_timestamp_seconds"] == NOW
    values = samples(list(metrics.own()))
    assert (values["irods_omero_under_way import"], values["irods_omero_under_way_oldest_seconds"]) == (0, 0)


def test_an_address_that_is_taken_is_a_mistake_in_the_configuration(activity: Activity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = Metrics(settings(f"127.0.0.1:{taken.getsockname()[1]}"), activity)
        with pytest.raises(SettingsError, match=r"agent\.metrics: cannot listen"), other:
            pass


def test_causes_that_begin_alike_are_one_value() -> None:
    alike = [Cause(HINDERED, "x" * 200 + end, units, "/lab/a") for end, units in (("a", 5), ("b", 6))]
    (family,) = (each for each in families(Status(NOW, causes=tuple(alike))) if each.name == "irods_omero_cause_units")
    assert [sample.value for sample in family.samples] == [11]
