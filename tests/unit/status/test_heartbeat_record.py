from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.texts import MAXIMUM_BYTES, why_unstorable
from irods_omero.status.heartbeat_record import HeartbeatRecord, UnderWay, decode, encode

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=3000)
paths = st.lists(st.builds(UnderWay, texts, st.just(2**60), st.just(0), st.just(1), st.just(2)), max_size=8)


def test_a_heartbeat_comes_back_as_it_was() -> None:
    beat = HeartbeatRecord(
        1_800_000_000, 1_700_000_000, "host", "1.0", 7, 0.25, {"imported": 2}, "", (UnderWay("/lab/a", 9, 4, 3, 6),)
    )
    assert decode(encode(beat)) == beat


@given(texts, paths)
def test_whatever_it_tells_of_fits_into_an_avu(trouble: str, under_way: list[UnderWay]) -> None:
    text = encode(HeartbeatRecord(1, 1, "host", "1.0", trouble=trouble, under_way=tuple(under_way)))
    assert len(text.encode()) < MAXIMUM_BYTES
    assert why_unstorable(text) == ""
    assert decode(text) is not None


@given(
    st.one_of(texts, st.sampled_from(["[]", "{}", '{"under_way": 1}', '{"at": "x", "started": 1, "under_way": []}']))
)
def test_what_somebody_has_edited_is_no_heartbeat(text: str) -> None:
    assert decode(text) is None
