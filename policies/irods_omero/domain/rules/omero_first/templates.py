"""Templates of ``omero_first``: texts with fields in braces that a fileset fills in.

There are ``{project}``, ``{import:%Y-%m}``, ``{tag:NAMESPACE}``, ``{pair:KEY}`` and others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone

from irods_omero.domain.state.omero_first.source import Fact, Source

FIELD = re.compile(r"\{([^{}]*)\}")

NAMED = ("zone", "user", "owner", "group", "project", "dataset", "screen", "plate", "name", "fileset")
"""Fields that are names or numbers."""

DAYS = ("imported", "acquired")
"""Fields that are times, and days by themselves: as such they are facts, too."""

TIMES = (*DAYS, "import")
"""Fields that are times, with a format after a colon; ``import`` is the same as ``imported``."""

VALUES = ("tag", "pair")
"""Fields of which a namespace or a key comes after a colon."""


def why_no_template(text: str) -> str:
    """What is wrong with a template, empty for nothing."""
    for field in FIELD.findall(text):
        kind, colon, rest = field.partition(":")
        known = (kind in NAMED and not colon) or kind in TIMES or (kind in VALUES and rest)
        if not known:
            names = ", ".join([*NAMED, *(f"{name}:FORMAT" for name in TIMES), "tag:NAMESPACE", "pair:KEY"])
            return f"there is no field {{{field}}}: there are {names}"
    left = FIELD.sub("", text)
    return "a brace is not closed, or not opened" if "{" in left or "}" in left else ""


def fill(template: str, source: Source, zone: str, user: str) -> str:
    """A template with its fields filled in; empty where it has fields and all of them are unknown."""
    values = [_value(field, source, zone, user) for field in FIELD.findall(template)]
    if values and not any(values):
        return ""
    pieces = iter(values)
    return FIELD.sub(lambda _: ", ".join(next(pieces)), template)


def fill_each(template: str, source: Source, zone: str, user: str) -> Iterable[str]:
    """The values of a template: one for each value of a field that stands alone."""
    if FIELD.fullmatch(template):
        return _value(template[1:-1], source, zone, user)
    filled = fill(template, source, zone, user)
    return (filled,) if filled else ()


def facts_of(source: Source) -> tuple[Fact, ...]:
    """All that is known of a fileset and its first image, with the days of its import and its acquisition."""
    days = (Fact(name, day) for name in DAYS for day in _value(name, source, "", ""))
    return (*source.facts, *days)


def _value(field: str, source: Source, zone: str, user: str) -> tuple[str, ...]:
    """The values of one field; none where it is unknown."""
    kind, _, rest = field.partition(":")
    if kind == "tag":
        return tuple(sorted(source.tags.get(rest, ())))
    if kind == "pair":
        return tuple(sorted(source.pairs.get(rest, ())))
    if kind in TIMES:
        return _time(source.acquired if kind == "acquired" else source.imported, rest)
    known = {"zone": zone, "user": user, "owner": source.owner, "group": source.group, "fileset": str(source.fileset)}
    text = known.get(kind) or source.names.get(kind, "")
    return (text,) if text else ()


def _time(seconds: float | None, form: str) -> tuple[str, ...]:
    """A time as text; none where it is unknown, or in a year that nobody can mean."""
    if seconds is None:
        return ()
    try:
        return (datetime.fromtimestamp(seconds, tz=timezone.utc).strftime(form or "%Y-%m-%d"),)
    except (ValueError, OverflowError, OSError):
        return ()
