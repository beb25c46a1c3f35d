"""Splits an HQL query into words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lab.omero.hql.nodes import HqlError

PATTERN = re.compile(
    r"""\s+
    |(?P<number>\d+\.\d+|\d+)[lL]?
    |'(?P<text>(?:[^']|'')*)'
    |:(?P<parameter>\w+)
    |(?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    |(?P<symbol><>|!=|\^=|<=|>=|\|\||[=<>(),*+\-/])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Word:
    """One word; `kind` is number, text, parameter, path, symbol or end."""

    kind: str
    text: str

    def is_keyword(self, *keywords: str) -> bool:
        """Tell whether the word is one of these keywords or symbols."""
        return self.kind in ("path", "symbol") and self.text.lower() in keywords


def words(query: str) -> list[Word]:
    """Split a query into words, with one of kind `end` at the end."""
    lexemes: list[Word] = []
    position = 0
    while position < len(query):
        match = PATTERN.match(query, position)
        if match is None:
            raise HqlError(f"unexpected char: {query[position]!r} in: {query}")
        position = match.end()
        if match.lastgroup is not None:
            lexemes.append(_word(match.lastgroup, match.group(match.lastgroup)))
    return [*lexemes, Word("end", "")]


def _word(kind: str, text: str) -> Word:
    if kind == "text":
        return Word(kind, text.replace("''", "'"))
    if kind == "path":
        return Word(kind, re.sub(r"\s+", "", text))
    return Word(kind, text)
