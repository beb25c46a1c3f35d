"""Reads a page as a browser's parser does, strictly: what is open is closed, and by its own name."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = ("meta", "img", "br", "hr", "input", "link", "path", "use", "rect", "image")


@dataclass
class Element:
    """An element with its attributes, its text, and what it holds."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self, *names: str) -> list[Element]:
        """All elements of these names in it, in the order of the page; all whatsoever without a name."""
        elements = []
        for child in self.children:
            elements += [child] if not names or child.name in names else []
            elements += child.all(*names)
        return elements

    @property
    def text(self) -> str:
        """Its own text, without that of its children."""
        return "".join(self.pieces)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("page", {})
        self.open = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {tag} {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].name == tag, f"{self.open[-1].name} is closed as {tag}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].pieces.append(data)


def read_page(text: str) -> Element:
    """The page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.top], f"not closed: {[element.name for element in reader.open]}"
    return reader.top


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.2 defines it: 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
