"""The request `show`: answered when OMERO can read all files, and beside `keep`, which it leaves in force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.requests import RequestDecision, decide_request
from irods_omero.domain.rules.side_values import sides_of
from irods_omero.domain.state.agreement import NOTHING_AGREED, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import ROOM, Eviction
from irods_omero.domain.state.one_copy.managed_files import ABSENT, COPY, OTHER, ManagedFile, OnDisk
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, OmeroView, ZoneView
from irods_omero.vocabulary import KEEP, RESTAGE, SHOW
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import FIRST, NAMES, NOW

READABLE, ABSENT_FILE = OnDisk(COPY, readable=True), OnDisk(ABSENT, readable=False)
STUB = OnDisk(OTHER, readable=False, what="a file of 4 bytes")
HERE = Tier("disk", "disk", "group", 0)
AWAY = Tier("tape", "tape", "group", 1, offline=True)


@pytest.mark.parametrize(
    ("resource", "files", "said"),
    [
        ("disk", (READABLE,), "served"),
        ("tape", (READABLE,), "served"),
        ("disk", (), "served"),
        ("disk", (READABLE, ABSENT_FILE), "waiting for OMERO's copy"),
        ("disk", None, "waiting until OMERO's repository"),
        ("tape", (ABSENT_FILE,), "request restage"),
        ("tape", (), "request restage"),
        ("disk", (ABSENT_FILE, STUB), "is a file of 4 bytes"),
    ],
)
def test_show_is_answered_when_omero_can_read_all_files(
    resource: str, files: tuple[OnDisk, ...] | None, said: str
) -> None:
    decision = shown_for(SHOW, resource, files)
    assert said in decision.rule
    assert bool(decision.refused) is (said not in decision.rule or "refused" in decision.rule)
    assert (decision.pending is not None) is ("waiting" in said)
    assert decision.moves == ()


def test_restage_of_what_made_room_is_answered_when_omero_can_read_it() -> None:
    base = Agreement(evicted=Eviction(NOW, ROOM))
    assert shown_for(RESTAGE, "disk", (ABSENT_FILE,), base).pending is not None
    assert shown_for(RESTAGE, "disk", (READABLE,), base).pending is None
    assert shown_for(RESTAGE, "disk", (ABSENT_FILE,)).pending is None
    assert shown_for(RESTAGE, "tape", (ABSENT_FILE,), base).moves


def test_without_images_there_is_nothing_to_show() -> None:
    assert "no images" in shown_for(SHOW, "disk", (), fileset=None).refused


@pytest.mark.parametrize("agreed", ["", KEEP, SHOW])
def test_show_leaves_keep_in_force(agreed: str) -> None:
    base, both = Agreement(request=agreed), f"{KEEP} {SHOW}"
    waiting = shown_for(both, "disk", (ABSENT_FILE,), base)
    assert [asked.request for asked in waiting.shown] == [SHOW, KEEP]
    answered = shown_for(both, "disk", (READABLE,), base)
    assert [asked.request for asked in answered.shown] == [KEEP]
    assert answered.refused == ""
    refused = shown_for(both, "tape", (ABSENT_FILE,), base)
    assert [asked.request for asked in refused.shown] == [KEEP]
    assert "request restage" in refused.refused
    after = shown_for(KEEP, "tape", (ABSENT_FILE,), Agreement(request=KEEP, refused=refused.refused))
    assert after.refused == refused.refused, "until somebody asks for something else"


def test_who_asks_for_something_else_than_show_takes_keep_away() -> None:
    assert [asked.request for asked in shown_for(f"{KEEP} {RESTAGE}", "tape", ()).shown] == [RESTAGE]
    assert (
        shown_for(KEEP, "disk", (), Agreement(refused="request archive refused: there is nowhere to go")).refused == ""
    )


def shown_for(
    words: str,
    resource: str,
    files: tuple[OnDisk, ...] | None,
    base: Agreement = NOTHING_AGREED,
    fileset: int | None = 5,
) -> RequestDecision:
    """What becomes of requests in the zone, of which the last is asked last."""
    policy = Policy("z", "omero", Tiers([HERE, AWAY]), has_repository=True)
    avus = [Avu(NAMES.request, word) for word in words.split()]
    asking = data_object(FIRST, resource, frozenset(avus))
    asking = replace(asking, asked_at=tuple((avu, NOW + number) for number, avu in enumerate(avus)))
    managed = tuple(
        ManagedFile(number, f"{number}.tiff", 10, "hash", "SHA1-160", NOW, "a.tiff", disk)
        for number, disk in enumerate(files or ())
    )
    copies = None if files is None else managed
    observation = Observation(
        ZoneView(Unit(FIRST), (asking,)), policy, NOW, OmeroView(fileset=fileset), base, copies=copies
    )
    return decide_request(observation, sides_of(observation))
