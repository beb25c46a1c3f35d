"""OMERO's file does not go where it is what iRODS has, or counts on: registered in place, it is no copy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.one_copy.copy_decision import shared_with
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import Relied
from irods_omero.domain.state.one_copy.managed_files import Evict
from tests.unit.domain.rules.one_copy.copied import AGREED, POLICY, checked, decided, limited, observed, stored_in

OWN = ["/OMERO/ManagedRepository/alice_2/1.tiff", "/mnt/omero//./alice_2/1.tiff"]
VAULT = "/vault/home/alice/1.tiff"
GOING = {
    "with its tier": observed("copy"),
    "to make room": limited("copy", makes_room=True),
    "as it was moved": observed("copy", resource="disk", base=replace(AGREED, to_move=True)),
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("going", GOING.values(), ids=GOING)
def test_omeros_file_stays_where_no_other_good_replica_has_its_bytes(going: Observation, own: str) -> None:
    for observation in (going, checked(going)):
        decision = decided(stored_in(observation, own))
        assert (decision.action, decision.evicted) == (None, None)
        assert not decision.locked


@pytest.mark.parametrize("own", OWN)
def test_omeros_file_shares_no_blocks_with_itself(own: str) -> None:
    sharing_disk = replace(GOING["as it was moved"], policy=replace(POLICY, shares=frozenset({"disk"})))
    data_object = stored_in(sharing_disk, own).zone.first
    assert shared_with(stored_in(sharing_disk, own), data_object) is None
    beside = stored_in(sharing_disk, own, VAULT)
    assert shared_with(beside, beside.zone.first) == beside.zone.first.replicas[1]


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("going", GOING.values(), ids=GOING)
def test_it_stays_as_long_as_irods_counts_it_as_a_good_replica_and_may_trim_the_others(
    going: Observation, own: str
) -> None:
    both = stored_in(going, own, VAULT)
    assert decided(checked(both)).action is None
    in_place, other = both.zone.first.replicas
    first = replace(both.zone.first, replicas=(replace(in_place, good=False), other))
    decision = decided(checked(replace(both, zone=replace(both.zone, objects=(first,)))))
    assert isinstance(decision.action, Evict)
    assert decision.evicted is not None
    assert decision.evicted.replicas == (Relied(other.resource, 1),)


def test_another_replica_counts_only_with_the_checksum_that_was_compared() -> None:
    both = stored_in(observed("copy"), "/vault/other", VAULT)
    one, other = both.zone.first.replicas
    own = replace(one, file=OWN[0], good=False)
    for doubtful in (replace(other, checksum=""), replace(other, checksum="sha2:y"), replace(other, good=False)):
        first = replace(both.zone.first, replicas=(own, doubtful))
        assert decided(replace(both, zone=replace(both.zone, objects=(first,)))).action is None


def test_explain_says_that_the_copy_is_what_irods_has() -> None:
    assert decided(stored_in(observed("copy"), OWN[0])).rule.endswith(
        "OMERO's own file is a good replica of /z/a.tiff, registered where it is"
    )
