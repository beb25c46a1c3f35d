"""In which line of a JSON file a key stands, so that a mistake can be pointed at."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from irods_omero.settings.mistakes import Where

_SPACE = re.compile(r"[ \t\n\r]*")


class RepeatedKey(NamedTuple):
    """A key that an object has twice, and the line of the first."""

    where: Where
    first_line: int


class Positions:
    """Finds where the value of a path of keys and indexes starts in a valid JSON text.

    Attributes:
        twice: The keys that an object has twice.
    """

    def __init__(self, text: str) -> None:
        self.twice = list[RepeatedKey]()
        self._text = text
        self._starts: dict[Where, int] = {}
        self._decoder = json.JSONDecoder()
        self._walk(self._skip(0), ())

    def line(self, path: Where) -> int:
        """The line, counted from 1, of a key, or of the nearest enclosing one that is there."""
        while path and path not in self._starts:
            path = path[:-1]
        return self._text.count("\n", 0, self._starts.get(path, 0)) + 1

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _walk(self, at: int, path: Where) -> int:
        """Note the value at ``at`` and all inside it; returns where it ends."""
        self._starts[path] = at
        opening = self._text[at]
        if opening not in "{[":
            return self._decoder.raw_decode(self._text, at)[1]
        at, index = self._skip(at + 1), 0
        while self._text[at] not in "}]":
            key: str | int = index
            if opening == "{":
                key, at = self._decoder.raw_decode(self._text, at)
                at = self._skip(self._skip(at) + 1)
                if (*path, key) in self._starts:
                    self.twice.append(RepeatedKey((*path, key), self.line((*path, key))))
            at = self._skip(self._walk(at, (*path, key)))
            index += 1
            if self._text[at] == ",":
                at = self._skip(at + 1)
        return at + 1
