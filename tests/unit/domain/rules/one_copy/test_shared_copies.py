"""When OMERO's copies are to share the blocks of what iRODS has, and when that is agreed no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.one_copy.cache_limit import in_cache
from irods_omero.domain.rules.one_copy.copy_decision import failing, sharing, still_shared
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import Share, Verify
from irods_omero.domain.state.policy import NEVER
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject, Replica, ZoneView
from tests.unit.domain.rules.one_copy.copied import AGREED, CONTENT, LIMITED, NOW, POLICY, SUM, decided, observed

SHARING = replace(POLICY, evict=NEVER, shares=frozenset({"disk"}))


def unit(*states: str, resource: str = "disk", base: Agreement = AGREED, **policy: Any) -> Observation:
    return replace(observed(*states, resource=resource, base=base), policy=replace(SHARING, **policy))


def shared(observation: Observation) -> Observation:
    return replace(observation, base=replace(observation.base, shared=sharing(observation)))


def moved(observation: Observation, *replicas: Replica) -> Observation:
    first = replace(observation.zone.first, replicas=replicas)
    return replace(observation, zone=ZoneView(observation.zone.unit, (first,)))


def test_copies_of_what_is_on_such_a_resource_are_to_share_its_blocks_and_only_once() -> None:
    decision = decided(unit("copy", "copy"))
    assert isinstance(decision.action, Share)
    assert [file.id for file in decision.action.files] == [1, 2]
    assert (decision.locked, decision.wait) == (False, True)
    done = shared(unit("copy", "copy"))
    assert (decided(done).action, decided(done).wait) == (None, False)
    assert decide(done).agreement.shared == done.base.shared
    assert "shares the blocks" in decided(done).rule


@pytest.mark.parametrize(
    "observation",
    [
        unit("copy", shares=frozenset()),
        unit("copy", shares=frozenset({"another"})),
        unit("copy", resource="tape"),
        unit("copy", resource="tape", shares=frozenset({"tape"})),
        unit("copy", "absent"),
        unit("copy", "link"),
        unit("stub"),
        unit("copy", base=Agreement(fileset=1)),
        unit("copy", base=replace(AGREED, fileset=2)),
        unit("copy", base=replace(AGREED, content=Content(10, "sha2:another", 0, 5))),
        replace(unit("copy"), copies=None),
    ],
)
def test_nothing_is_shared_with_anything_else(observation: Observation) -> None:
    assert not isinstance(decided(observation).action, Share)


def test_after_an_import_they_share_at_once() -> None:
    imported = replace(unit("copy", base=Agreement()), imported=CONTENT, compared=True)
    assert isinstance(decided(imported).action, Share)


def test_what_is_compared_for_a_removal_is_compared_first() -> None:
    unsure = unit("copy", base=replace(AGREED, verified=None), evict="with-tier")
    assert isinstance(decided(unsure).action, Verify)


def test_what_moved_away_and_came_back_is_shared_anew_and_so_are_other_files() -> None:
    done = shared(unit("copy"))
    (replica,) = done.zone.first.replicas
    away = moved(done, replace(replica, number=1, resource="tape"))
    assert decide(away).agreement.shared == ""
    back = moved(done, replace(replica, number=2))
    assert isinstance(decided(back).action, Share)
    gone = replace(done, copies=unit("absent").copies)
    assert decide(gone).agreement.shared == ""
    assert done.copies is not None
    others = tuple(replace(file, id=file.id + 10) for file in done.copies)
    assert still_shared(replace(done, copies=others)) == ""


def test_another_replica_elsewhere_changes_nothing() -> None:
    done = shared(unit("copy"))
    (replica,) = done.zone.first.replicas
    assert decided(moved(done, replica, replace(replica, number=1, resource="tape"))).action is None
    stale = replace(replica, number=1, good=False)
    assert decided(moved(done, replica, stale)).action is None


def test_a_replica_that_would_have_to_be_waited_for_is_not_read() -> None:
    observation = unit("copy", shares=frozenset({"tape"}))
    (replica,) = observation.zone.first.replicas
    also_on_tape = moved(observation, replica, replace(replica, number=1, resource="tape"))
    assert not also_on_tape.policy.tiers.of_unit(also_on_tape.zone.objects).offline  # type: ignore[union-attr]
    assert sharing(also_on_tape) == ""


def test_of_several_data_objects_all_have_to_be_there() -> None:
    observation = unit("copy", "copy")
    elsewhere = DataObject(2, "/z/b.tiff", "alice", (Replica(0, "other", good=True, size=10, checksum=SUM),))
    both = replace(observation, zone=ZoneView(observation.zone.unit, (observation.zone.first, elsewhere)))
    content = both.content
    agreed = replace(both, base=replace(both.base, content=content))
    assert sharing(agreed) == ""
    assert sharing(replace(agreed, policy=replace(agreed.policy, shares=frozenset({"disk", "other"})))) != ""


def test_while_nobody_can_look_what_was_shared_is_not_forgotten() -> None:
    done = shared(unit("copy"))
    assert decide(replace(done, copies=None)).agreement.shared == done.base.shared


def test_switched_off_nothing_is_left_to_do_and_it_is_forgotten() -> None:
    done = shared(unit("copy"))
    off = replace(done, policy=replace(done.policy, shares=frozenset()))
    assert decided(off).action is None
    assert decide(off).agreement.shared == ""


def test_what_fails_is_told_of_and_rests() -> None:
    failed = replace(AGREED, copy_failure=failing(AGREED, "its file system cannot share blocks", NOW - 10))
    decision = decided(unit("copy", base=failed))
    assert (decision.action, decision.error, decision.locked) == (None, "its file system cannot share blocks", False)
    due = replace(unit("copy", base=failed), now=NOW + 100)
    assert isinstance(decided(due).action, Share)


def test_what_shares_its_blocks_takes_no_room_and_does_not_go_to_make_some() -> None:
    observation = unit("copy", most_bytes=LIMITED.most_bytes)
    assert in_cache(observation) is not None
    done = shared(observation)
    assert in_cache(done) is None
    (replica,) = done.zone.first.replicas
    assert in_cache(moved(done, replace(replica, number=1, resource="other"))) is not None
