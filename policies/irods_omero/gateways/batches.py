"""Calls for many units at once, and finding the one that a refused call failed for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from irods_omero.errors import RefusedError

T = TypeVar("T")

BATCH = 1000
"""Larger ones meet the limit on parameters of a statement (ome/openmicroscopy#4754)."""


def in_batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """The items in lists of ``size`` at most."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def apply_in_batches(
    items: Sequence[T], apply: Callable[[list[T]], None], failed: Callable[[T, RefusedError], None]
) -> None:
    """Apply a call to all items, a batch at a time; a batch that is refused is halved until the culprits are alone.

    Args:
        items: What to do.
        apply: Does it for several items, all or none.
        failed: Told of each item that is refused on its own.
    """
    for batch in in_batches(items):
        _apply(batch, apply, failed)


def _apply(batch: list[T], apply: Callable[[list[T]], None], failed: Callable[[T, RefusedError], None]) -> None:
    try:
        apply(batch)
    except RefusedError as error:
        if len(batch) == 1:
            failed(batch[0], error)
            return
        middle = len(batch) // 2
        _apply(batch[:middle], apply, failed)
        _apply(batch[middle:], apply, failed)
