"""A fileset belongs to the zone whose identity its key carries, whatever other zones have the same name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.unit import Content, entry_paths, import_key
from irods_omero.domain.state.zone_key import ZoneKey, identity_in

IDENTITIES = st.text("0123456789abcdef", min_size=8, max_size=8)
NAMES = st.text("abcZ09_-.", min_size=1, max_size=8)
IDS = st.integers(1, 10**6)


def path(zone: ZoneKey, data_id: int) -> str:
    return entry_paths(import_key(str(zone), data_id, Content(1, "", 0, 2)), ["/z/a.tiff"])[0]


@given(NAMES, st.lists(IDENTITIES, min_size=2, max_size=2, unique=True), IDS, IDS, IDS)
def test_what_carries_an_identity_belongs_to_that_zone_alone(
    name: str, identities: list[str], data_id: int, fileset: int, unidentified: int
) -> None:
    own, other = (ZoneKey(name, identity, unidentified) for identity in identities)
    made = path(own, data_id)
    assert own.data_id(fileset, made) == data_id
    assert own.is_of(data_id, fileset, made)
    for stranger in (other, ZoneKey(name), ZoneKey(f"{name}x", own.identity, unidentified)):
        assert stranger.data_id(fileset, made) is None
        assert not stranger.is_of(data_id, fileset, made)


@given(NAMES, IDENTITIES, IDS, IDS, IDS)
def test_what_carries_none_is_the_zones_until_it_got_its_identity(
    name: str, identity: str, data_id: int, fileset: int, unidentified: int
) -> None:
    made = path(ZoneKey(name), data_id)
    assert ZoneKey(name, identity, unidentified).is_of(data_id, fileset, made) == (fileset <= unidentified)
    assert not ZoneKey(name, identity, 0).is_of(data_id, fileset, made)
    assert not ZoneKey(name, identity, unidentified).is_of(data_id + 1, fileset, made)
    assert not ZoneKey(f"{name}x", identity, unidentified).is_of(data_id, fileset, made)


@given(NAMES, IDENTITIES)
def test_the_identity_in_a_key_can_be_read_again(name: str, identity: str) -> None:
    assert identity_in(str(ZoneKey(name, identity)), name) == identity
    assert identity_in(str(ZoneKey(name, identity)), f"{name}x") == ""
    assert identity_in(name, name) == ""
