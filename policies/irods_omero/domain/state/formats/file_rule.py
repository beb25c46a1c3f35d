"""How the files of one format belong together, as a line of the table or of the configuration says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from glob import escape
from typing import NamedTuple

STEM = "{stem}"
"""In a pattern of what belongs to a file: what the star stands for in the pattern by which that was found."""

EVERYTHING = "*"
"""As such a pattern: all in the collection but what would be opened by itself."""


class FileRule(NamedTuple):
    """How the files of one format belong together. All patterns are in small letters, as names are before they meet.

    Attributes:
        name: The format.
        opens: Patterns of the names of what is opened. The first of them that any name matches counts. One with a slash
            says in which collection it lies, too; what belongs to it is looked for from above that on, and of all that
            it matches there each is as good, so that the first by path is opened.
        takes: Patterns of the names of what belongs to it in a directory of its own, and would be opened by itself if
            it were alone.
        together: Whether there may be several, of which the first by name is opened if it names the others.
        says: Whether it says in its bytes which files belong to it.
        beside: Patterns of the paths of what belongs to it in a collection that it shares with others, from its own
            collection on, or from above it.
        needed: Whether something of that has to be there; where that is all, of what ``takes`` names.
        alone: Whether it is a unit of its own, whatever lies beside it.
    """

    name: str
    opens: tuple[str, ...]
    takes: tuple[str, ...] = ()
    together: bool = False
    says: bool = False
    beside: tuple[str, ...] = ()
    needed: bool = False
    alone: bool = False

    def stem(self, name: str) -> str | None:
        """What the star stands for in the first pattern that a name matches, the name if it has no star; else None."""
        pattern = next((pattern for pattern in self.opens if matches(name, pattern)), None)
        if pattern is None or pattern.count("*") != 1:
            return name if pattern else None
        before, _, after = pattern.partition("*")
        return name[len(before) : len(name) - len(after)]

    def paths_beside(self, stem: str) -> Iterator[tuple[str, ...]]:
        """The patterns of what belongs to a file with this stem, each split at its slashes."""
        for pattern in self.beside:
            yield tuple(part.replace(STEM, escape(stem)) for part in pattern.split("/"))

    def any_beside(self) -> Iterator[tuple[str, ...]]:
        """The same for a file with any stem."""
        for pattern in self.beside:
            yield tuple(pattern.replace(STEM, "*").split("/"))


OwnRules = tuple[FileRule, ...]
"""Rules of a site, which are tried before those that hold everywhere."""


_OTHER = re.compile(r"[\[\]{}]")


def own_rule(name: str, opens: Sequence[str], beside: Sequence[str], needed: bool) -> FileRule:
    """A rule of a site; what it names beside a file goes with it in a directory of its own, too."""
    patterns = tuple(pattern.lower() for pattern in beside)
    last = (pattern.rpartition("/")[2].replace(STEM, "*") for pattern in patterns)
    takes = tuple(dict.fromkeys(pattern for pattern in last if pattern != EVERYTHING))
    opened = tuple(pattern.lower() for pattern in opens)
    return FileRule(name, opened, takes, beside=patterns, needed=needed, alone=not beside)


def why_no_rule(opens: Sequence[str], beside: Sequence[str], needed: bool) -> str:
    """Why such patterns make no rule, empty if they do."""
    has_stem = any(STEM in pattern for pattern in beside)
    reasons = [_why_no_path(pattern) for pattern in (*opens, *beside)]
    reasons += [_why_no_name(pattern, has_stem) for pattern in opens]
    reasons += [_why_not_beside(pattern, beside) for pattern in opens]
    reasons += ["`needed` says nothing without `beside`"] if needed and not beside else []
    return next(filter(None, reasons), "")


def _why_no_path(pattern: str) -> str:
    if {"", ".", ".."}.intersection(pattern.split("/")):
        return f"{pattern!r} is no path from the collection of a file on, as in 'parts/*'"
    return (
        f"{pattern!r} may hold *, ? and {STEM}, and no other signs" if _OTHER.search(pattern.replace(STEM, "")) else ""
    )


def _why_no_name(pattern: str, has_stem: bool) -> str:
    if STEM in pattern:
        return f"{pattern!r} in `opens` cannot hold {STEM}, which is what the star in it stands for"
    if has_stem and (pattern.count("*") != 1 or "/" in pattern):
        return f"{pattern!r} needs exactly one star, and no slash, as {STEM} in `beside` is what the star stands for"
    return ""


def _why_not_beside(pattern: str, beside: Sequence[str]) -> str:
    folder = collections_of(pattern)
    if not folder or any(collections_of(each) == folder for each in map(str.lower, beside)):
        return ""
    return f"{pattern!r} in `opens` lies in a collection of which no pattern of `beside` takes anything"


def collections_of(pattern: str) -> str:
    """The part of a pattern that is about collections, in small letters."""
    return pattern.lower().rpartition("/")[0]


def ends_as(parts: tuple[str, ...], pattern: str) -> bool:
    """Whether a path in small letters, split at its slashes, ends as a pattern says that may hold slashes itself."""
    of_pattern = tuple(pattern.split("/"))
    return fits(parts[-len(of_pattern) :], of_pattern)


def fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path in small letters, split at its slashes, is as a pattern says."""
    return len(parts) == len(pattern) and all(map(matches, parts, pattern))


def matches(name: str, pattern: str) -> bool:
    """Whether a name, without slashes, is as a pattern says: with ``*`` and ``?`` as in a shell."""
    before, star, after = pattern.partition("*")
    if _SPECIAL.search(before) or _SPECIAL.search(after):
        return _compiled(pattern).fullmatch(name) is not None
    if not star:
        return name == pattern
    return len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(expression(pattern))


_SPECIAL = re.compile(r"[*?\[]")
_SIGN = re.compile(r"\*|\?|\[([*?\[])\]|.", re.DOTALL)


def expression(pattern: str) -> str:
    """The regular expression for a pattern: ``*`` and ``?`` stand for no slash, ``[*]`` and such for the sign in it."""

    def of_sign(sign: re.Match[str]) -> str:
        text = sign.group()
        return {"*": "[^/]*", "?": "[^/]"}.get(text) or re.escape(sign.group(1) or text)

    return _SIGN.sub(of_sign, pattern)


def literal_start(pattern: str) -> str:
    """What every name begins with that matches a pattern."""
    return _SPECIAL.split(pattern, maxsplit=1)[0]
