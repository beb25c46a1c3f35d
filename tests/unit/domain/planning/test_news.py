from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.failures import decide_failure
from irods_omero.domain.planning.news import News, news_of, news_of_failure
from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HINDERED, REFUSED, UNANSWERED
from irods_omero.domain.state.agreement import CONTENT, OUTSIDE, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, OmeroView, Replica, ZoneView
from irods_omero.vocabulary import ARCHIVE, KEEP, SHOW

NOW = 1_800_000_000
HOURS = 2.0
TIERS = Tiers([Tier("fast", "ssd", "g", 0, recall_hours=HOURS), Tier("archive", "tape", "g", 1), Tier("alone", "one")])
POLICY = Policy("z", "omero.example", TIERS, attempts=2)
PATH = "/z/home/alice/a.tif"


def observed(request: str, base: Agreement, resource: str = "ssd", queued: bool = True) -> Observation:
    replica = Replica(0, resource, good=True, size=3, modified=1)
    data_object = DataObject(7, PATH, "alice", (replica,), frozenset({Avu(POLICY.names.request, request, "alice")}))
    movements = ((7, "tape"),) if queued else ()
    return Observation(ZoneView(Unit(7), (data_object,), movements=movements), POLICY, NOW, base=base)


def told(observation: Observation) -> list[News]:
    return list(news_of(observation, decide(observation)))


def test_a_request_that_is_refused_is_told_when_it_is_and_not_again() -> None:
    observation = observed(ARCHIVE, Agreement(), resource="one", queued=False)
    decision = decide(observation)
    assert [(news.kind, news.path) for news in news_of(observation, decision)] == [(REFUSED, PATH)]
    assert told(observed(ARCHIVE, decision.agreement, resource="one", queued=False)) == []


@pytest.mark.parametrize(("hours", "kinds"), [(HOURS - 0.1, []), (HOURS, [UNANSWERED])])
def test_a_request_is_unanswered_after_the_patience_of_its_tier(hours: float, kinds: list[str]) -> None:
    base = Agreement(request=ARCHIVE, asked=NOW - int(hours * 3600), moves=1, queued=NOW, tier="fast")
    assert [news.kind for news in told(observed(ARCHIVE, base))] == kinds


def test_a_request_to_show_has_the_patience_of_its_tier_whether_that_is_in_a_group_or_not() -> None:
    for asked, kinds in ((NOW - 1, []), (1, [UNANSWERED])):
        seen = observed(SHOW, Agreement(request=SHOW, asked=asked, fileset=5), resource="one")
        policy = replace(POLICY, has_repository=True)
        waiting = replace(seen, policy=policy, omero=OmeroView(fileset=5))  # its repository cannot be looked into
        assert [news.kind for news in told(waiting)] == kinds


def test_a_request_to_hold_data_needs_no_answer() -> None:
    assert told(observed(KEEP, Agreement(request=KEEP, asked=1))) == []


def test_nothing_is_told_of_a_request_that_was_just_made() -> None:
    assert told(observed(ARCHIVE, Agreement(), queued=False)) == []


@pytest.mark.parametrize(
    ("kind", "failures", "told_kind"), [(CONTENT, 1, AGAIN), (CONTENT, 2, GIVEN_UP), (OUTSIDE, 9, HINDERED)]
)
def test_a_failure_is_told_with_what_becomes_of_it(kind: str, failures: int, told_kind: str) -> None:
    base = Agreement()
    for _ in range(failures):
        observation = observed(KEEP, base)
        base = decide_failure(observation, "no such user", kind).agreement
    assert base.failure is not None
    assert news_of_failure(observation, base.failure) == News(told_kind, "no such user", PATH)
