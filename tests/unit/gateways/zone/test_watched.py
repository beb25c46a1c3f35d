"""What is read of the zone, where it takes more than the catalog's own words."""

from __future__ import annotations

import pytest

from irods_omero.gateways.zone.watched import user_of


@pytest.mark.parametrize(
    ("zone", "user"), [("tempZone", "alice"), ("otherZone", "alice#otherZone"), ("temp", "alice#temp")]
)
def test_a_user_of_another_zone_is_not_the_one_of_this_zone_with_the_same_name(zone: str, user: str) -> None:
    assert user_of("alice", zone, "/tempZone/home/lab") == user
