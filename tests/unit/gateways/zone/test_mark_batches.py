"""What was claimed together is read as it was written, whatever names users give, and each batch fits into an AVU."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.texts import MAXIMUM_BYTES
from irods_omero.gateways.zone.mark_batches import marks_of, texts_of
from irods_omero.gateways.zone.marks import Mark
from irods_omero.vocabulary import SHARDS

names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=250)
marks = st.builds(
    lambda id_, names, shard: Mark(id_, "/" + "/".join(names), shard, frozenset(), batched=True),
    st.integers(1, 2**63 - 1),
    st.lists(names, min_size=1, max_size=4),
    st.integers(0, SHARDS - 1),
)


@given(st.lists(marks, min_size=1, max_size=60))
def test_marks_are_read_as_they_were_written(written: list[Mark]) -> None:
    texts = texts_of(written)
    assert [mark for text in texts for mark in marks_of(text)] == written
    assert all(len(text) < MAXIMUM_BYTES for text in texts)


def test_hundreds_of_marks_of_one_collection_are_one_list() -> None:
    written = [Mark(10_000 + n, f"/z/home/lab/run 7/{n:07}.ome.tiff", n % SHARDS, frozenset()) for n in range(250)]
    assert len(texts_of(written)) == 1


@pytest.mark.parametrize("text", ["", "pending", "eJw=", "eJyLjgUAARUAuQ==x", "eJwDAAAAAAE=", "eJyrVspIzcnJBwAGKgIV"])
def test_what_is_no_list_is_told_from_one(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        marks_of(text)
