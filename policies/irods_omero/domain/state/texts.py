"""What texts may be: values that a catalog can hold, and messages for people."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timezone

MAXIMUM_BYTES = 2700
"""At most this many bytes long is an AVU value in iRODS (``META_ATTR_VALUE`` of its catalog)."""

UNITS_BYTES = 250
"""At most this many bytes long are its units (``META_ATTR_UNIT``)."""

SHORT_BYTES = 40
"""Values of more bytes are remembered as digests."""

DIGEST = "sha256:"

_UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML messages of iRODS cannot carry, or do not bring back as it was (line ends)."""


def why_unstorable(text: str) -> str:
    """Why a text cannot be the value of an AVU; empty if it can."""
    if not text:
        return "it is empty"
    if _UNSTORABLE.search(text):
        return "it has control characters"
    return f"it takes more than {MAXIMUM_BYTES} bytes" if len(text.encode()) > MAXIMUM_BYTES else ""


def why_no_units(text: str) -> str:
    """Why a text cannot be the units of an AVU; empty if it can."""
    if text and _UNSTORABLE.search(text):
        return "its unit has control characters"
    return f"its unit takes more than {UNITS_BYTES} bytes" if len(text.encode()) > UNITS_BYTES else ""


def printable(text: str, maximum: int = 1000) -> str:
    """A message on one line of at most ``maximum`` bytes, without what a catalog or an XML message cannot hold."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line.encode()) <= maximum:
        return line
    return line.encode()[: maximum - 3].decode(errors="ignore").rstrip() + "…"


def remembered(value: str) -> str:
    """What the agreement keeps of a value: itself, or a digest where it is long."""
    encoded = value.encode()
    if len(encoded) <= SHORT_BYTES and not value.startswith(DIGEST):
        return value
    return DIGEST + hashlib.sha256(encoded).hexdigest()[:24]


def timestamp(seconds: float) -> str:
    """A time as users see it, from seconds since 1970."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
