"""How far a log was read of which rows appear below those that were seen: each is seen once, however late it comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.gateways.omero.log_position import HOLE_SECONDS, MOST_HOLES, PAGE, LogPosition


def read(position: LogPosition, visible: set[int], now: float = 0.0) -> set[int]:
    """One reading of a log in which these ids are visible."""
    new: set[int] = set()
    for first, last in list(position.ranges(max(visible, default=0))):
        new |= position.saw(first, last, (id_ for id_ in visible if first <= id_ <= last), now)
    return new


BLOCKS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 4)), min_size=1, max_size=12)
"""Transactions in the order of their ids: how many rows each writes, and by how many readings it comes late."""


@given(BLOCKS)
def test_each_row_is_seen_once_in_whatever_order_transactions_are_committed(blocks: list[tuple[int, int]]) -> None:
    position, seen = LogPosition(0), list[int]()
    commits: dict[int, set[int]] = {}
    first = 1
    for number, (rows, late) in enumerate(blocks):
        commits.setdefault(number + late, set()).update(range(first, first + rows))
        first += rows
    visible: set[int] = set()
    for reading in range(max(commits) + 1):
        visible |= commits.get(reading, set())
        seen += sorted(read(position, visible))
        assert all(id_ in visible for id_ in range(1, position.cursor + 1)), "a reader starting here would miss nothing"
    assert sorted(seen) == list(range(1, first))
    assert position.cursor == first - 1


def test_a_transaction_of_thousands_that_commits_late_is_read_when_it_is_there() -> None:
    position = LogPosition(0)
    late = set(range(101, 3101))
    assert read(position, set(range(1, 101)) | {3101}) == set(range(1, 101)) | {3101}
    assert position.cursor == 100
    assert read(position, set(range(1, 3102))) == late
    assert list(position.ranges(3101)) == []


def test_a_hole_is_asked_for_by_ranges_and_given_up_in_time() -> None:
    position = LogPosition(0)
    position.saw(1, 2 * PAGE, {1, 2 * PAGE}, now=0.0)
    assert [last - first + 1 for first, last in position.ranges(2 * PAGE)] == [PAGE, PAGE - 2]
    position.forget(HOLE_SECONDS / 2)
    assert list(position.ranges(2 * PAGE)) == []
    assert position.cursor == 2 * PAGE


def test_rows_that_somebody_removed_are_not_looked_for_without_end() -> None:
    position = LogPosition(0)
    for first in range(1, 3 * MOST_HOLES, PAGE):
        position.saw(first, first + PAGE - 1, set(), now=0.0)
    assert sum(last - first + 1 for first, last in position.ranges(position.highest)) == MOST_HOLES
