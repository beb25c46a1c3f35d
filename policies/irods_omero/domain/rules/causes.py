"""Errors by kind and by cause: the kind says what becomes of it, the cause is the text that all such units share."""

from __future__ import annotations

import re

from irods_omero.domain.state.agreement import CONTENT, Failure

GIVEN_UP = "given up"
"""Nothing is tried any more until the file or its collection changes, or a person says so."""

AGAIN = "tried again"
"""OMERO could make no images of the file; there are attempts left."""

HINDERED = "hindered"
"""The cause lies outside the file: it is tried without end, and somebody has to mend it."""

REFUSED = "request refused"
UNANSWERED = "request unanswered"
HELD_BACK = "removals held"
TO_CORRECT = "to be corrected"

HELD = "many units would lose values or images at once: see irods-omero removals"
"""The text of the error where removals are held."""

LEFT_OUT = "…"

_QUOTED_PATH = re.compile(r"'/[^']*'|\"/[^\"]*\"")
_PATH = re.compile(r"(?<![\w:/.])/[^\s/,;:)]+(?:/[^\s,;:)]+)+")
_NAMES = re.compile(r"\b(missing|different|no part of it|new and not|new|written or moved since): .*", re.DOTALL)
"""Files of a directory, by their names from there on: nothing that may be in a name is kept."""
_FREE_NUMBER = re.compile(r"(?<![\w:.#-])\d+(?![\w.#-])")
"""Sizes, counts and ids in a sentence; not that of ``Dataset:7``, which is another cause than ``Dataset:8``."""


def kind_of(failure: Failure, attempts: int) -> str:
    """What becomes of an import that failed; ``attempts`` is how often one is tried at least."""
    if failure.kind != CONTENT:
        return HINDERED
    return GIVEN_UP if failure.attempts >= attempts else AGAIN


def cause_of(text: str, path: str = "") -> str:
    """The cause that an error names: the same text for all units that have it.

    Args:
        text: The error of one unit, as people read it.
        path: Logical path of its data object, if it is known.
    """
    for own in (path, path.rpartition("/")[2]):
        if len(own) > 1:
            text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", LEFT_OUT, text)
    text = _NAMES.sub(rf"\1: {LEFT_OUT}", text)
    text = _QUOTED_PATH.sub(f"'{LEFT_OUT}'", text)
    return _FREE_NUMBER.sub("N", _PATH.sub(LEFT_OUT, text))
