"""What was used in OMERO later than iRODS knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.access_times import LaterUse, later_uses
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.tiers import Tier, Tiers
from irods_omero.domain.state.views import Avu, Replica
from irods_omero.vocabulary import ACCESS_TIME
from tests.unit.domain.rules.one_copy.copied import NOW, observed

HOUR = 3600
SCHEDULED = "irods::storage_tiering::migration_scheduled"
TIMES = st.one_of(
    st.integers(NOW - 5 * HOUR, NOW + 5 * HOUR).map(str), st.sampled_from(["soon", "", "-5", "1e9", "٣", "9" * 999])
)
AVUS = st.frozensets(
    st.builds(Avu, st.sampled_from([ACCESS_TIME, "other"]), TIMES, st.sampled_from(["", SCHEDULED])), max_size=3
)


def used(*seconds: float, avus: frozenset[Avu], hours: float | None = 2.0) -> Observation:
    """A unit whose files were read at these times, and whose only data object has these AVUs."""
    seen = observed(*["copy"] * len(seconds), resource="disk")
    assert seen.copies is not None
    files = zip(seen.copies, seconds, strict=True)
    copies = tuple(replace(file, disk=replace(file.disk, used=time)) for file, time in files)
    objects = tuple(replace(each, avus=avus) for each in seen.zone.objects)
    tiers = Tiers([Tier("disk", "disk", access_hours=hours), Tier("tape", "tape")])
    policy = replace(seen.policy, tiers=tiers)
    return replace(seen, copies=copies, policy=policy, zone=replace(seen.zone, objects=objects))


def known(value: int, units: str = "") -> frozenset[Avu]:
    return frozenset({Avu(ACCESS_TIME, str(value), units)})


@given(st.lists(st.floats(NOW - 5 * HOUR, NOW + HOUR), max_size=3), AVUS, st.none() | st.floats(0.1, 4))
def test_only_what_storage_tiering_wrote_is_brought_forward_by_the_hours_and_never_beyond_now(
    seconds: list[float], avus: frozenset[Avu], hours: float | None
) -> None:
    for use in later_uses(used(*seconds, avus=avus, hours=hours)):
        assert hours is not None
        assert use.used == int(max(seconds)) <= NOW
        assert use.used - int(use.known.value) >= hours * HOUR
        assert [avu for avu in avus if avu.attribute == ACCESS_TIME] == [use.known]
        assert use.known.units == ""


@given(st.integers(NOW - 5 * HOUR, NOW), st.floats(0.1, 4), st.integers(0, NOW))
def test_what_was_told_is_not_told_again(seconds: int, hours: float, before: int) -> None:
    for use in later_uses(used(seconds, avus=known(before), hours=hours)):
        assert later_uses(used(seconds, avus=known(use.used), hours=hours)) == ()


def test_a_unit_is_used_with_any_of_its_files() -> None:
    avus = known(NOW - 5 * HOUR)
    seen = used(NOW - 4 * HOUR, NOW - HOUR, avus=avus)
    (before,) = avus
    assert later_uses(seen) == (LaterUse(1, "/z/a.tiff", before, NOW - HOUR),)
    second = replace(seen.zone.first, data_id=2, path="/z/b.tiff")
    late = replace(second, data_id=3, path="/z/c.tiff", avus=known(NOW))
    both = replace(seen, zone=replace(seen.zone, objects=(*seen.zone.objects, second, late)))
    assert [use.path for use in later_uses(both)] == ["/z/a.tiff", "/z/b.tiff"]


@pytest.mark.parametrize("avus", [frozenset(), known(NOW - 5 * HOUR, SCHEDULED), known(NOW - HOUR), known(10**999)])
def test_what_never_ages_what_is_about_to_move_and_what_is_late_enough_stays(avus: frozenset[Avu]) -> None:
    assert later_uses(used(NOW, avus=avus)) == ()


def test_a_time_in_the_future_is_of_a_clock_that_was_wrong() -> None:
    avus = known(NOW - 5 * HOUR)
    assert later_uses(used(NOW, avus=avus))
    assert later_uses(used(NOW, NOW + 1, avus=avus)) == ()


def test_a_copy_that_is_not_there_was_not_used() -> None:
    seen = used(NOW, avus=known(0))
    assert later_uses(seen)
    assert later_uses(replace(seen, copies=())) == ()
    assert later_uses(replace(seen, copies=None)) == ()


def test_it_is_told_of_what_is_on_a_resource_that_says_so_and_of_nothing_else() -> None:
    """And of replicas by whose own times storage tiering goes there, of the good ones."""
    seen = used(NOW, avus=known(0))
    tiers = Tiers([Tier("disk", "disk"), Tier("tape", "tape", access_hours=1.0, goes_by_replicas=True)])
    seen = replace(seen, policy=replace(seen.policy, tiers=tiers))
    assert later_uses(seen) == ()
    replicas = [Replica(0, "disk", True, 10), Replica(1, "tape", True, 10), Replica(2, "tape", False, 10)]
    both = replace(seen.zone.first, replicas=tuple(replicas))
    (use,) = later_uses(replace(seen, zone=replace(seen.zone, objects=(both,))))
    assert use.replicas == (1,)
