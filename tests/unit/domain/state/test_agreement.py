"""The agreement AVU: what is written comes back, what cannot be read says so, and nothing else happens."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.agreement import (
    NOTHING_AGREED,
    Agreement,
    AgreementError,
    Failure,
    Moving,
    Verified,
    decode,
    encode,
)
from irods_omero.domain.state.omero_first.rights import Grant, Rights
from irods_omero.domain.state.one_copy.eviction import MOVE, ROOM, TIER, Eviction, Relied
from irods_omero.domain.state.unit import Content
from tests.unit.domain.strategies import AGREEMENTS, WORLDS
from tests.unit.domain.world import World, settle, with_agreement_avu

CONTENT = Content(10, "sha2:x", 0, 1_700_000_000)
FULL = Agreement(
    content=CONTENT,
    fileset=0,
    group=0,
    gone=True,
    tier="fast",
    since="2023-11-14T22:13:20Z",
    request="archive",
    beside="keep",
    moves=2,
    asked=1_700_000_000,
    queued=1_700_000_060,
    moving=Moving(1000, 10**9, 999, 1_700_000_120),
    refused="request archive refused: because",
    no_import="request import refused: because",
    anew=True,
    unshown=True,
    answered=(("restage", 1_700_000_000),),
    refusals_told="not done: tag 'archive' on Image:5: because",
    failure=Failure(1, 1_700_000_000, "broken", CONTENT),
    verified=Verified("sha2:x", "0123456789abcdef"),
    evicted=Eviction(1_700_000_000, MOVE, (Relied("tape", 1),)),
    to_move=True,
    shared="fedcba9876543210",
    linked=("0123456789abcdef",),
    copy_failure=Failure(2, 1_700_000_000, "no room"),
    attributes=(("lab::stain", ("DAPI", "ü 😀")),),
    missing=(("lab::stain", ("GFP",)),),
    places=("0123456789abcdef",),
    held=True,
    unplaced=True,
    in_place="omeroResource",
    collection="0badcafe",
    members="cafe0bad",
    rights=Rights(3, 53, (Grant("alice", ""), Grant("alice", "own"), Grant("lab", "read"))),
    notes=("lab::stain: GFP (iRODS wins)",),
)

KEYS = st.sampled_from(
    (
        "c",
        "fs",
        "grp",
        "gone",
        "tier",
        "since",
        "req",
        "beside",
        "moves",
        "asked",
        "queued",
        "moving",
        "fail",
        "attr",
        "held",
        "unplaced",
        "coll",
        "files",
        "acl",
        "ver",
        "evicted",
        "mv",
        "cfail",
    )
)
NUMBERS = st.integers() | st.floats() | st.sampled_from((2**63, -1, 10**400))
SCALARS = st.none() | st.booleans() | NUMBERS | st.text() | st.just("\ud800")
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=5
)
LIKE_AGREEMENTS = st.dictionaries(KEYS, JSON, max_size=5).map(json.dumps)


@given(AGREEMENTS)
def test_what_is_written_comes_back(agreement: Agreement) -> None:
    assert decode(encode(agreement)) == agreement


def test_every_field_comes_back() -> None:
    assert decode(encode(FULL)) == FULL
    assert all(getattr(FULL, name) != getattr(NOTHING_AGREED, name) for name in Agreement.__dataclass_fields__)


@pytest.mark.parametrize(("made_room", "why"), [("true", ROOM), ("false", TIER)])
def test_what_an_earlier_version_wrote_of_an_eviction_is_read(made_room: str, why: str) -> None:
    assert decode(f'{{"evicted":[1700000000,{made_room}]}}').evicted == Eviction(1_700_000_000, why)


def test_nothing_takes_no_room() -> None:
    assert encode(NOTHING_AGREED) == "{}"


def test_notes_make_room_oldest_first() -> None:
    agreement = replace(FULL, notes=tuple(f"{number} " + "n" * 430 for number in range(6)))
    assert [note[0] for note in decode(encode(agreement)).notes] == ["2", "3", "4", "5"]


def test_too_many_values_do_not_fit() -> None:
    values = tuple(sorted(f"value {number}" for number in range(300)))
    with pytest.raises(AgreementError, match="more than 2690 bytes"):
        encode(replace(FULL, attributes=(("lab::stain", values),)))


def test_it_is_measured_in_bytes() -> None:
    values = tuple(f"{number:02}" + "😀" * 10 for number in range(70))
    with pytest.raises(AgreementError):
        encode(replace(FULL, attributes=(("lab::stain", values),)))


@pytest.mark.parametrize("version", ["", "2", "1.0"])
def test_another_version_is_not_read(version: str) -> None:
    with pytest.raises(AgreementError, match="version"):
        decode("{}", version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "[" * 2500,
        '{"fs":"5"}',
        '{"fs":-1}',
        '{"fs":9223372036854775808}',
        '{"c":[10,"x",0]}',
        '{"fail":[1e999,0,"",null]}',
        '{"fail":[1,0,7,null]}',
        '{"attr":{"a":5}}',
        '{"attr":{"a":[5]}}',
        '{"notes":[5]}',
        '{"evicted":[5,"fun",[]]}',
        '{"notes":["\\ud800"]}',
        '{"since":"yesterday, I think"}',
    ],
)
def test_what_is_no_agreement_says_so(text: str) -> None:
    with pytest.raises(AgreementError):
        decode(text)


@given(st.text() | LIKE_AGREEMENTS)
def test_forged_what_can_be_read_can_be_written(text: str) -> None:
    try:
        agreement = decode(text)
    except AgreementError:
        return
    assert decode(encode(agreement)) == agreement


@given(WORLDS, LIKE_AGREEMENTS)
def test_forged_agreements_never_raise_and_settle(world: World, text: str) -> None:
    settle(with_agreement_avu(world, text))
