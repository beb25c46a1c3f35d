"""GenQuery as text, as rules and the storage tiering plugin write it."""

import re
from collections.abc import Mapping

from lab.zone.errors import ZoneError
from lab.zone.query.columns import BY_NAME, Column
from lab.zone.query.sql import ORDER_BY, ORDER_BY_DESCENDING, CatalogQuery, Selected

_SELECT = re.compile(r"\s*select\s+(.*?)(?:\s+where\s+(.*))?\s*$", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(r"(?:(\w+)\s*\(\s*(\w+)\s*\)|(\w+))$")
_OPTIONS = {
    "min": 2,
    "max": 3,
    "sum": 4,
    "avg": 5,
    "count": 6,
    "order": ORDER_BY,
    "order_asc": ORDER_BY,
    "order_desc": ORDER_BY_DESCENDING,
}
_CONDITION = re.compile(r"\s*([A-Za-z_0-9]+)\s*(.+)$", re.DOTALL)


def parse(text: str, columns: Mapping[str, Column] = BY_NAME) -> CatalogQuery:
    """Read `select A, B where C = 'x' and D like 'y%'`."""
    match = _SELECT.match(text)
    if match is None:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a query: {text}")
    return made(match.group(1), match.group(2) or "", columns)


def made(selected: str, where: str, columns: Mapping[str, Column] = BY_NAME) -> CatalogQuery:
    """A query from the text of its columns and of its conditions."""
    items = [_selected(item, columns) for item in selected.split(",")]
    return CatalogQuery(items, [_condition(part, columns) for part in _conjuncts(where)])


def _selected(text: str, columns: Mapping[str, Column]) -> Selected:
    match = _ITEM.match(text.strip())
    if match is None:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a column: {text}")
    function, inner, plain = match.groups()
    if function and function.lower() not in _OPTIONS:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a function: {function}")
    return Selected(_column(inner or plain, columns), _OPTIONS[function.lower()] if function else 1)


def _column(name: str, columns: Mapping[str, Column]) -> Column:
    if name.upper() not in columns:
        raise ZoneError("CAT_UNKNOWN_TABLE", f"no column {name}")
    return columns[name.upper()]


def _condition(text: str, columns: Mapping[str, Column]) -> tuple[Column, str]:
    match = _CONDITION.match(text)
    if match is None:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a condition: {text}")
    return _column(match.group(1), columns), match.group(2).strip()


def _conjuncts(where: str) -> list[str]:
    """The parts of a where clause: `and` separates them, except inside quotes."""
    parts, current = [], ""
    for piece in re.split(r"('(?:\\x27|[^'])*')", where):
        if piece.startswith("'"):
            current += piece.replace("\\x27", "'")
            continue
        first, *rest = re.split(r"\band\b", piece, flags=re.IGNORECASE)
        current += first
        for following in rest:
            parts.append(current)
            current = following
    return [part for part in (*parts, current) if part.strip()]
