"""The table of docs/units.md that says which files belong together, made from the rules that the agent goes by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from irods_omero.domain.rules.formats.format_rules import RULES
from irods_omero.domain.state.formats.file_rule import FileRule

PAGE = Path(__file__).parents[1] / "docs" / "units.md"
BEGIN, END = "<!-- made from the code: make generate -->\n", "<!-- until here -->\n"
HEAD = (
    "| format | it is opened | beside it, in a collection of the kind `auto` | with it in a directory of its own |",
    "|---|---|---|---|",
)


def units_text() -> str:
    """The page as it is, with the table as it has to be."""
    block = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return block.sub(lambda _: f"{BEGIN}\n{_table()}\n{END}", PAGE.read_text(encoding="utf-8"))


def _table() -> str:
    alone = [pattern for rule in RULES if rule.alone for pattern in rule.opens]
    rows = [_row(rule) for rule in RULES if not rule.alone]
    rows.insert(
        -2, f"| formats of one file | {_patterns(alone)} | nothing: each is a unit of its own | notes and logs |"
    )
    return "\n".join((*HEAD, *rows, ""))


def _row(rule: FileRule) -> str:
    return f"| {rule.name} | {_patterns(rule.opens)} | {_beside(rule)} | {_taken(rule)} |"


def _beside(rule: FileRule) -> str:
    if rule.says:
        return "the files that it names"
    if not rule.beside:
        return "nothing"
    patterns = [pattern for pattern in rule.beside if pattern != "*"]
    everything = "everything" if "*" in rule.beside else ""
    said = ", ".join(filter(None, (everything, _patterns(patterns))))
    return said if rule.needed else f"{said}, as far as there is any"


def _taken(rule: FileRule) -> str:
    if rule.together:
        return "the others, if it names them"
    return "everything" if "*" in rule.takes else ", ".join(filter(None, (_patterns(rule.takes), "notes and logs")))


def _patterns(patterns: Iterable[str]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)
