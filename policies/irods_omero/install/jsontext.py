"""Edits arrays in a JSON text and leaves every other character as it was."""

from __future__ import annotations

import json
import re
from typing import Any

Path = tuple[str | int, ...]
Span = tuple[int, int]

_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = 4


class JsonText:
    """A JSON text, its value, and where each part of it stands.

    Raises:
        json.JSONDecodeError: The text is not JSON.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.value: Any = json.loads(text)
        self._spans: dict[Path, Span] = {}
        self._decoder = json.JSONDecoder()
        self._walk(self._skip(0), ())

    def inserted(self, array: Path, index: int, item: Any) -> JsonText:
        """The text with an item before the one that has this index now, or after the last."""
        items = self._items(array)
        if not items:
            start, end = self._spans[array]
            return JsonText(self.text[:start] + json.dumps([item]) + self.text[end:])
        if index < len(items):
            at = items[index][0]
            gap = self._gap_before(at)
            return JsonText(self.text[:at] + self._rendered(item, gap) + "," + gap + self.text[at:])
        at = items[-1][1]
        gap = self._gap_before(items[-1][0])
        return JsonText(self.text[:at] + "," + gap + self._rendered(item, gap) + self.text[at:])

    def removed(self, array: Path, index: int) -> JsonText:
        """The text without an item: the exact opposite of inserting it, as long as it is not the only one."""
        items = self._items(array)
        start, end = items[index]
        if index + 1 < len(items):
            end = items[index + 1][0]
        elif index:
            start = items[index - 1][1]
        return JsonText(self.text[:start] + self.text[end:])

    def _items(self, array: Path) -> list[Span]:
        items = self.value
        for key in array:
            items = items[key]
        places: list[Path] = [(*array, index) for index in range(len(items))]
        return [self._spans[place] for place in places]

    def _gap_before(self, at: int) -> str:
        """The white space before a position."""
        return self.text[len(self.text[:at].rstrip(" \t\n\r")) : at]

    def _rendered(self, item: Any, gap: str) -> str:
        """An item in the style of its neighbours: on one line, or indented like them."""
        if "\n" not in gap:
            return json.dumps(item, ensure_ascii=False)
        margin = gap.rpartition("\n")[2]
        return json.dumps(item, ensure_ascii=False, indent=self._unit()).replace("\n", "\n" + margin)

    def _unit(self) -> int | str:
        """What one level is indented by, as the first key of the text shows it."""
        match = re.match(r"\{[ \t]*\r?\n([ \t]+)", self.text.lstrip())
        return match.group(1) if match else _INDENT

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _walk(self, start: int, path: Path) -> int:
        """Note the value at ``start`` and all inside it; returns where it ends."""
        opening = self.text[start]
        if opening in "{[":
            end = self._walk_parts(start, path, opening == "{")
        else:
            end = self._decoder.raw_decode(self.text, start)[1]
        self._spans[path] = (start, end)
        return end

    def _walk_parts(self, start: int, path: Path, keyed: bool) -> int:
        at, index = self._skip(start + 1), 0
        while self.text[at] not in "}]":
            key: str | int = index
            if keyed:
                key, at = self._decoder.raw_decode(self.text, at)
                at = self._skip(self._skip(at) + 1)
            at = self._skip(self._walk(at, (*path, key)))
            index += 1
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return at + 1
