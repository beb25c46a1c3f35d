"""The units of mapped AVUs: part of the text in OMERO by a template, always the same, or not shown and kept."""

from __future__ import annotations

import re
from collections.abc import Collection

VALUE = "{value}"
UNIT = "{unit}"


def is_template(units: str) -> bool:
    """Whether the ``units`` of a mapped attribute are a template, by which OMERO shows value and unit in one text."""
    return "{" in units or "}" in units


def why_no_template(template: str) -> str:
    """Why value and unit could not be told from each other in what a template makes of them; empty if they can."""
    parts = re.fullmatch(r"[^{}]*\{(\w+)\}([^{}]*)\{(\w+)\}[^{}]*", template)
    if parts is None or {parts[1], parts[3]} != {"value", "unit"}:
        return f"a template has {VALUE} and {UNIT}, each once, and no other braces"
    if not parts[2]:
        return f"there has to be something between {VALUE} and {UNIT}: where the one ends could not be told"
    return ""


def joined(template: str, value: str, unit: str) -> str:
    """The text for a value with a unit."""
    return template.format(value=value, unit=unit)


def split(template: str, text: str, known: Collection[str] = ()) -> tuple[str, str]:
    """Value and unit of a text: the inverse of ``joined``, except where a unit contains what is between the two.

    Args:
        template: How value and unit are joined.
        text: What somebody has written in OMERO.
        known: Units that it may well have; otherwise the unit is taken to be as short as it can be.

    Returns:
        The value and the unit; the text alone and no unit if it is not as the template says.
    """
    longest_first = sorted(filter(None, known), key=lambda unit: (-len(unit), unit))
    for unit in (*map(re.escape, longest_first), ".+?"):
        pattern = re.escape(template).replace(re.escape(VALUE), "(?P<value>.+)")
        match = re.fullmatch(pattern.replace(re.escape(UNIT), f"(?P<unit>{unit})"), text, re.DOTALL)
        if match:
            return match["value"], match["unit"]
    return text, ""
