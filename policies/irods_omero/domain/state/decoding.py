"""Reads single values of JSON that somebody may have written by hand: each is valid, or refused."""

from __future__ import annotations

import re
from typing import Any

LARGEST = 2**63 - 1
"""The largest number that can be an id or a time."""


def texts_of(values: Any) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        TypeError: It is none.
        ValueError: One cannot be kept.
    """
    if not isinstance(values, list):
        raise TypeError(f"not a list: {values!r}")
    return tuple(map(text_of, values))


def text_of(value: Any) -> str:
    """A text.

    Raises:
        TypeError: It is none.
        ValueError: It cannot be kept.
    """
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    value.encode()  # JSON can escape lone surrogates, which no AVU can hold
    return value


def time_of(value: Any) -> str:
    """A time as users read it, or nothing.

    Raises:
        TypeError: It is no text.
        ValueError: It is no time.
    """
    if value and not re.fullmatch(r"[0-9TZ:-]{20}", value):
        raise ValueError(f"not a time: {value!r}")
    return text_of(value)


def number_of(value: Any) -> int:
    """An id, a time or a count.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise ValueError(f"not a number that can be meant: {value!r}")
    return int(value)
