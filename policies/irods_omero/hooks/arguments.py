"""Reads the arguments of policy enforcement points, which are C structs that only look like Python objects."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 600


def has(pairs: "Any", key: str) -> bool:
    """Whether a KeyValPair, which knows neither `in` nor get and may be missing altogether, has a key."""
    try:
        pairs[key]
    except (KeyError, TypeError):
        return False
    return True


def plain(text: str) -> str:
    """A text that came from outside as one line of ASCII, for people to read."""
    return text.encode("unicode_escape").decode("ascii")[:LONGEST]


def identifier(value: "Any") -> str:
    """An id as text; raises on what is none, so that ids are safe inside queries."""
    number = int(str(value))
    if not 0 < number < 2**63:
        raise ValueError("not an id")
    return str(number)


def decoded(text: "Any") -> "Any":
    """A JSON document as Python values; the import waits until there is one to read."""
    import json  # noqa: PLC0415

    return json.loads(text)


def encoded(value: "Any") -> str:
    """Python values as a JSON document."""
    import json  # noqa: PLC0415

    return json.dumps(value)


def document(text: bytes) -> "Any":
    """The JSON document in a buffer of the server, which often ends in a zero byte."""
    return decoded(text.decode("utf-8-sig").rstrip("\0"))
