"""Calls for many units at once, and finding the one that a call failed for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from irods_omero.errors import RefusedError, UnreachableError

T = TypeVar("T")
Key = TypeVar("Key")

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


def read_apart(
    ids: Sequence[int], read: Callable[[Sequence[int]], dict[Key, T]], failed: Callable[[int, Exception], None]
) -> dict[Key, T]:
    """Read many things at once; a reading that fails is halved until the culprits are alone.

    Args:
        ids: Of what is to be read.
        read: Reads several; whatever it raises is taken for the trouble of one of them, unless a side is down.
        failed: Told of each that cannot be read on its own.

    Raises:
        UnreachableError: A side is down.
    """
    try:
        return read(ids)
    except UnreachableError:
        raise
    except Exception as error:
        if len(ids) == 1:
            failed(ids[0], error)
            return {}
    middle = len(ids) // 2
    return read_apart(ids[:middle], read, failed) | read_apart(ids[middle:], read, failed)
