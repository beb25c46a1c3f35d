"""Member lists: what is written is read, a list that is not whole is none, and the latest whole one counts."""

from __future__ import annotations

import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.directories.member_list import MemberList, highest_version, list_in, texts_of
from irods_omero.domain.state.texts import MAXIMUM_BYTES

IDS = st.frozensets(st.integers(1, 10**18 - 1), min_size=1, max_size=20)
LISTS = st.builds(MemberList, st.integers(0, 10**18 - 1), IDS, st.integers(1, 9))
SCATTERED = frozenset(number * number * 7919 % 10**12 + 1 for number in range(2000))
"""Ids that are hard to compress."""


@given(LISTS)
def test_what_is_written_is_read(member_list: MemberList) -> None:
    texts = texts_of(member_list)
    assert list_in(texts) == member_list
    assert highest_version(texts) == member_list.version


def test_a_list_takes_as_many_texts_as_it_needs_and_each_fits() -> None:
    texts = texts_of(MemberList(1, SCATTERED))
    assert len(texts) > 1
    assert max(len(text.encode()) for text in texts) < MAXIMUM_BYTES - 100
    assert list_in(reversed(texts)) == MemberList(1, SCATTERED)
    assert len(texts_of(MemberList(10_000, frozenset(range(10_000, 30_000, 2))))) == 1, "files put one after the other"


@pytest.mark.parametrize("left_out", range(3))
def test_until_the_new_list_is_whole_the_old_one_is_in_force(left_out: int) -> None:
    old, new = MemberList(1, frozenset({1, 2}), 3), MemberList(1, SCATTERED, 4)
    texts = texts_of(new)
    some = [text for place, text in enumerate(texts) if place != left_out % len(texts)]
    assert list_in([*texts_of(old), *some]) == old
    assert list_in(some) is None
    assert highest_version([*texts_of(old), *some]) == 4
    assert list_in([*texts_of(old), *texts]) == new


@given(st.frozensets(LISTS, min_size=1, max_size=3))
def test_of_several_lists_that_of_the_highest_version_is_in_force(lists: frozenset[MemberList]) -> None:
    texts = [text for each in lists for text in texts_of(each)]
    there = list_in(texts)
    assert there in lists
    assert there.version == max(each.version for each in lists) == highest_version(texts)


def _of(content: bytes, size: int = 2) -> str:
    encoded = b64encode(content).decode()
    return f"7 {size} 1-{zlib.crc32(encoded.encode()):08x} 1/1 {encoded}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10259",
        texts_of(MemberList(7, frozenset({7, 8})))[0][:-4],
        texts_of(MemberList(7, frozenset({7, 8})))[0].replace("7 2 ", "7 3 "),
        _of(b"no zlib"),
        _of(zlib.compress(b"no JSON")),
        _of(zlib.compress(b"7")),
        _of(zlib.compress(b"[7,[1]]")),
        _of(zlib.compress(b"[" * 10**6)),
        _of(zlib.compress(b"[7,1e999]")),
        _of(zlib.compress(b"[7" + b",1" * 10**7 + b"]"), 10**7 + 1)[:2000],
        _of(zlib.compress(b"[7,1]"), 3),
    ],
)
def test_what_is_not_understood_is_none(text: str) -> None:
    assert list_in([text]) is None
    assert list_in([text, *texts_of(MemberList(7, frozenset({7})))]) == MemberList(7, frozenset({7}))
