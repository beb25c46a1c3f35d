from __future__ import annotations

import pytest

from irods_omero.agent.monitoring import notification
from irods_omero.agent.monitoring.notification import NewsCollector, Notification, Sender
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HELD_BACK, HINDERED, REFUSED, UNANSWERED

NOW = 1_800_000_000.0
INTERVAL = 3600.0


@pytest.fixture
def collector() -> NewsCollector:
    return NewsCollector(Sender("lab", "omero", "0-63"), INTERVAL, many=3)


def add(collector: NewsCollector, kind: str, *numbers: int, text: str = "no such user", now: float = NOW) -> None:
    for number in numbers:
        path = f"/lab/home/alice/{number}.tif"
        collector.add(News(kind, f"importing '{path}': {text}", path), now)


def test_units_with_one_cause_are_one_notification_with_their_number_and_an_example(collector: NewsCollector) -> None:
    add(collector, GIVEN_UP, 1, 2, 3)
    add(collector, GIVEN_UP, 3, now=NOW + 9)
    (told,) = collector.due(NOW + 10)
    assert (told.event, told.units, told.example) == ("given_up", 3, "/lab/home/alice/1.tif")
    assert told.cause == "importing '…': no such user"
    assert (told.first, told.last) == ("2027-01-15T08:00:00Z", "2027-01-15T08:00:09Z")
    assert told.text == (
        "irods-omero, zone lab: 3 units given up after several attempts: importing '…': no such user "
        "(for example /lab/home/alice/1.tif)"
    )


def test_the_same_cause_is_told_again_after_the_interval_and_counts_what_came_since(collector: NewsCollector) -> None:
    add(collector, GIVEN_UP, 1)
    assert len(collector.due(NOW)) == 1
    add(collector, GIVEN_UP, 2, 3, now=NOW + 60)
    assert collector.due(NOW + 60) == []
    assert collector.due(NOW + INTERVAL - 1) == []
    (told,) = collector.due(NOW + INTERVAL)
    assert told.units == 2
    assert collector.due(NOW + 2 * INTERVAL) == [], "nothing came since"


def test_another_cause_need_not_wait(collector: NewsCollector) -> None:
    add(collector, GIVEN_UP, 1)
    collector.due(NOW)
    add(collector, GIVEN_UP, 2, text="unknown file format")
    assert len(collector.due(NOW)) == 1


def test_what_lies_outside_the_files_is_told_when_it_concerns_many(collector: NewsCollector) -> None:
    add(collector, HINDERED, 1, 2)
    add(collector, HINDERED, 1, 2, now=NOW + 60)
    assert collector.due(NOW + 60) == []
    add(collector, HINDERED, 3, now=NOW + 90)
    assert [told.units for told in collector.due(NOW + 90)] == [3]


@pytest.mark.parametrize("kind", [HELD_BACK, REFUSED, UNANSWERED])
def test_the_rest_is_told_of_a_single_unit(collector: NewsCollector, kind: str) -> None:
    add(collector, kind, 1)
    assert len(collector.due(NOW)) == 1


def test_what_is_tried_again_anyway_is_not_told(collector: NewsCollector) -> None:
    add(collector, AGAIN, *range(100))
    assert collector.due(NOW) == []


def test_memory_stays_within_bounds(collector: NewsCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification, "MOST_CAUSES", 5)
    monkeypatch.setattr(notification, "MOST_UNITS", 20)
    for number in range(100):
        add(collector, GIVEN_UP, number, text=f"cause x{number}")
    told = collector.due(NOW)
    assert len(told) == 6
    assert sum(each.units for each in told) == 5 + 20
    collector.due(NOW + 2 * INTERVAL)
    assert collector._causes == {}, "nothing was heard of them since"


def test_each_has_an_id_of_its_own(collector: NewsCollector) -> None:
    add(collector, GIVEN_UP, 1)
    add(collector, REFUSED, 1)
    assert len({told.id for told in collector.due(NOW)}) == 2


def test_it_comes_back_from_what_is_posted(collector: NewsCollector) -> None:
    add(collector, GIVEN_UP, 1)
    (told,) = collector.due(NOW)
    assert Notification.model_validate_json(told.model_dump_json()) == told
