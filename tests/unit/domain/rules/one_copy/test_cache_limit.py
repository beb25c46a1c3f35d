"""Which copies go when there are too many bytes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.one_copy import cache_limit
from irods_omero.domain.rules.one_copy.cache_limit import (
    LOW_WATER,
    SPARED_SECONDS,
    Cached,
    in_cache,
    make_room,
    was_read,
)
from irods_omero.domain.state.one_copy.managed_files import OTHER, Evict
from irods_omero.domain.state.policy import WITH_TIER
from tests.unit.domain.rules.one_copy.copied import AGREED, LIMITED, NOW, decided, limited

CACHED = st.lists(
    st.builds(Cached, st.integers(0, 5), st.integers(), st.integers(0, 20), st.just("/z/a"), st.booleans()),
    max_size=12,
    unique_by=lambda each: each.data_id,
)


@given(CACHED, st.integers(1, 150))
def test_the_least_recently_used_go_until_enough_is_free_and_no_more(cached: list[Cached], most: int) -> None:
    room = make_room(iter(cached), most)
    leaving, staying = list(room.leaving), [each for each in cached if each not in room.leaving]
    assert room.size == sum(each.size for each in cached)
    assert all(each.may_go for each in leaving)
    assert all(one.used <= other.used for one in leaving for other in staying if other.may_go)
    assert leaving == sorted(leaving)
    left = room.size - room.freed
    if room.size <= most:
        assert not leaving
    else:
        assert left <= most * LOW_WATER or not any(each.may_go for each in staying)
        assert not leaving or left + leaving[-1].size > most * LOW_WATER
    assert room.is_all


def test_of_many_some_are_chosen_and_then_it_is_looked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_limit, "LISTED", 2)
    cached = [Cached(used, used, 10, "/z/a", may_go=True) for used in range(5)]
    room = make_room(cached, 20)
    assert [each.used for each in room.leaving] == [0, 1]
    assert not room.is_all
    assert make_room(cached[2:], 30).is_all


def test_what_omero_has_of_a_unit_counts_with_the_last_use_of_any_of_its_files() -> None:
    observation = limited("copy", "copy")
    assert observation.copies is not None
    one, other = observation.copies
    used = (replace(one, disk=replace(one.disk, used=5.0)), replace(other, disk=replace(other.disk, used=7.0)))
    assert in_cache(replace(observation, copies=used)) == Cached(7.0, 1, 20, "/z/a.tiff", may_go=True)
    assert in_cache(limited("absent")) is None
    assert in_cache(limited("link")) is None


@pytest.mark.parametrize(("ago", "may_go"), [(SPARED_SECONDS - 1, False), (SPARED_SECONDS, True), (-1, True)])
def test_what_was_used_within_an_hour_stays(ago: float, may_go: bool) -> None:
    observation = limited("copy")
    assert observation.copies is not None
    (file,) = observation.copies
    cached = in_cache(replace(observation, copies=(replace(file, disk=replace(file.disk, used=NOW - ago)),)))
    assert cached is not None
    assert cached.may_go is may_go


def test_what_has_to_be_compared_once_more_may_go() -> None:
    for request, may_go in (("", True), ("keep", False)):
        observation = limited("copy", base=replace(AGREED, request=request))
        cached = in_cache(replace(observation, policy=replace(LIMITED, verify_days=30)))
        assert cached is not None
        assert cached.may_go is may_go


@pytest.mark.parametrize(
    ("written", "used", "is_hit"), [(5, 11, True), (10, 20, True), (5, 10, False), (11, 12, False), (5, 21, False)]
)
def test_a_copy_that_was_there_at_the_last_look_and_was_read_since_is_a_hit(
    written: float, used: float, is_hit: bool
) -> None:
    observation = limited("copy", "absent")
    assert observation.copies is not None
    one, other = observation.copies
    disk = replace(one.disk, written=written, used=used)
    assert was_read(replace(observation, copies=(replace(one, disk=disk), other)), since=10, until=20) is is_hit
    link = replace(disk, state=OTHER)
    assert not was_read(replace(observation, copies=(replace(one, disk=link), other)), since=10, until=20)


def test_what_cannot_go_counts_and_what_goes_with_its_tier_anyway_does_not() -> None:
    kept = in_cache(limited("copy", base=replace(AGREED, request="keep")))
    unsure = in_cache(limited("copy", base=replace(AGREED, verified=None)))
    half = in_cache(limited("copy", "absent"))
    offline = limited("copy", resource="tape")
    for cached in (kept, unsure, half, in_cache(offline)):
        assert cached is not None
        assert (cached.size, cached.may_go) == (10, False)
    with_tier = replace(offline, policy=replace(LIMITED, evict=WITH_TIER))
    assert isinstance(decided(with_tier).action, Evict)
    assert in_cache(with_tier) is None
