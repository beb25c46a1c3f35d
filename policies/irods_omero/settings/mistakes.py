"""Mistakes in the configuration in words: where each is, and what was expected there."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError

Where: TypeAlias = tuple[str | int, ...]
"""Keys and indexes, from the whole file on."""

BETWEEN_KEYS = "mistake_elsewhere"
"""The type of mistakes that are seen where keys of several sections meet."""

AN_OPTION = ("zone", "options")
"""Where the options of a connection are."""

PATTERNS = {
    r"^/.+[^/]$": "must be an absolute path without a slash at its end",
    r"^(https?://.+[^/])?$": "must begin with http:// or https://, without a slash at its end",
    r"^([^{}]*\{path\}[^{}]*)?$": "must contain {path} once, and no other braces",
    r"^[^\s:][^:]*$": "must have no colon in it, and no blank at its beginning",
    r"^.*[^*]$": "must not end with a star",
    r"^[^/]*$": "must be a name, without a slash",
    r"^\d+(-\d+)?(,\d+(-\d+)?)*$": "must be as in '0-31' or '3,5,8', without blanks",
    r"^https?://[^\s/]": "must begin with http:// or https://",
    r"^[A-Za-z][A-Za-z0-9_.-]*$": "must begin with a letter, and have only letters, digits, and _ . - in it",
}
"""What the patterns of keys mean."""

NO_SUCH_KEY = "there is no such key"

WORDS = {
    "extra_forbidden": NO_SUCH_KEY,
    "missing": "is missing",
    "model_type": "must be an object in braces { }",
    "model_attributes_type": "must be an object in braces { }",
    "dict_type": "must be an object in braces { }",
    "list_type": "must be a list in brackets [ ]",
}


def mistake_at(where: Where, why: str) -> PydanticCustomError:
    """What a check of several sections raises, so that the key is named that is to be corrected."""
    return PydanticCustomError(BETWEEN_KEYS, "{why}", {"where": where, "why": why})


def in_words(mistake: Any) -> tuple[Where, str]:
    """Where one of pydantic's mistakes is, and what is wrong there."""
    kind, context = mistake["type"], mistake.get("ctx", {})
    where: Where = tuple(part for part in mistake["loc"] if part != "[key]")
    if kind == BETWEEN_KEYS:
        return tuple(context["where"]), context["why"]
    text = WORDS.get(kind, "")
    if where[:2] == AN_OPTION and len(where) == len(AN_OPTION) + 2:  # one mistake for each type that it might have
        where, text = where[:-1], "must be a string, an integer, or true or false"
    elif kind == "string_pattern_mismatch":
        text = PATTERNS.get(context["pattern"], "")
    elif kind == "too_short" and context["min_length"] == 1:
        text = "must name at least one"
    text = text or str(mistake["msg"]).removeprefix("Value error, ")
    if kind not in ("extra_forbidden", "missing") and where[:2] != AN_OPTION:  # there may be a password among them
        text += f", got {json.dumps(mistake['input'], default=str, ensure_ascii=False)[:80]}"
    return where, text[0].lower() + text[1:]
