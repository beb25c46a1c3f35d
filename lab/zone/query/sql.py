"""A query with GenQuery columns and conditions, written as SQL."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from lab.zone.catalog.access import READ
from lab.zone.catalog.users import User
from lab.zone.errors import ZoneError
from lab.zone.query import columns
from lab.zone.query.columns import Column

ORDER_BY, ORDER_BY_DESCENDING = 0x400, 0x800
NO_DISTINCT, UPPER_CASE_WHERE, RETURN_TOTAL = 0x40, 0x200, 0x20
_FUNCTIONS = {2: "min", 3: "max", 4: "sum", 5: "avg", 6: "count"}
_OPERATOR = re.compile(r"\s*(n?<>|n?!=|n?<=|n?>=|n?=|n?<|n?>|not\s+like|like|begin_of|parent_of)\s*'", re.IGNORECASE)


class Selected(NamedTuple):
    """A column to select, and the function over it."""

    column: Column
    option: int

    @property
    def sql(self) -> str:
        """The expression to select."""
        function = _FUNCTIONS.get(self.option & 0xF)
        return f"{function}({self.column.sql})" if function else self.column.sql


class CatalogQuery(NamedTuple):
    """A query as clients ask it."""

    selected: list[Selected]
    conditions: list[tuple[Column, str]]
    options: int = 0
    offset: int = 0


class _Where:
    """Conditions and the values that they compare with."""

    def __init__(self, upper: bool) -> None:
        self.upper = upper
        self.parts: list[str] = []
        self.values: list[str | int] = []

    def add(self, expression: str, condition: str) -> None:
        """Put a condition on an expression; it may be several with && or || between."""
        pieces = _split(condition)
        written = [joint + self._one(expression, text) for joint, text in pieces]
        self.parts.append(f"({''.join(written)})")

    def _one(self, expression: str, condition: str) -> str:
        text = condition.strip()
        if text.upper() in ("IS NULL", "IS NOT NULL"):
            return f"{expression} {text}"
        if text[:2].lower() == "in":
            return self._listed(expression, text)
        if text[:7].lower() == "between":
            return self._between(expression, text)
        return self._compared(expression, condition)

    def _listed(self, expression: str, text: str) -> str:
        values = text.split("'")[1::2]
        if not values:
            raise ZoneError("CAT_INVALID_ARGUMENT", text)
        self.values += values
        return f"{expression} in ({', '.join('?' * len(values))})"

    def _between(self, expression: str, text: str) -> str:
        values = text.split("'")[1::2]
        if len(values) != 2:
            raise ZoneError("CAT_INVALID_ARGUMENT", text)
        self.values += values
        return f"{expression} between ? and ?"

    def _compared(self, expression: str, condition: str) -> str:
        match = _OPERATOR.match(condition)
        end = condition.rfind("'")
        if match is None or end < match.end():
            raise ZoneError("CAT_INVALID_ARGUMENT", condition)
        operator, value = " ".join(match.group(1).lower().split()), condition[match.end() : end]
        if self.upper:
            expression = f"upper({expression})"
        if operator == "begin_of":
            self.values.append(value)
            return f"{expression} = substr(?, 1, length({expression})) and length({expression}) > 0"
        if operator == "parent_of":
            return self._parents(expression, value)
        self.values.append(value)
        if operator.startswith("n") and operator != "not like":
            return f"cast({expression} as integer) {operator[1:]} cast(? as integer)"
        return f"{expression} {operator} ?" + (" escape '\\'" if operator.endswith("like") else "")

    def _parents(self, expression: str, value: str) -> str:
        parts = [part for part in value.split("/") if part]
        paths = ["/", *("/" + "/".join(parts[: length + 1]) for length in range(len(parts)))]
        self.values += paths
        return f"{expression} in ({', '.join('?' * len(paths))})"


def _split(condition: str) -> list[tuple[str, str]]:
    """The parts of a condition, each with what joins it to the one before."""
    pieces, joint, start, quoted = [], "", 0, False
    for place, character in enumerate(condition):
        if character == "'":
            quoted = not quoted
        elif not quoted and condition[place : place + 2] in ("||", "&&"):
            pieces.append((joint, condition[start:place]))
            joint = " or " if character == "|" else " and "
            start = place + 2
    if not joint or _OPERATOR.match(condition[start:]) is None:
        return [("", condition)]
    return [*pieces, (joint, condition[start:])]


def written(query: CatalogQuery, user: User | None) -> tuple[str, list[str | int]]:
    """The SQL of a query as a user may ask it (None: the zone itself), and its values."""
    where = _Where(bool(query.options & UPPER_CASE_WHERE))
    asked = [*(item.column for item in query.selected), *(column for column, _ in query.conditions)]
    tables, links = columns.joined(list(dict.fromkeys(column.table for column in asked)))
    declared = [columns.declared(table) for table in tables]
    for expression, condition in _placed(query.conditions, declared, links):
        where.add(expression, condition)
    if user is not None and not user.is_administrator:
        _restrict(where, tables, user)
    distinct = "" if query.options & NO_DISTINCT else "distinct "
    sql = f"select {distinct}{', '.join(item.sql for item in query.selected)} from {', '.join(declared)}"
    every = [*links, *where.parts]
    if every:
        sql += f" where {' and '.join(every)}"
    sql += _grouped(query.selected) + _ordered(query.selected)
    if query.offset:
        sql += f" limit -1 offset {int(query.offset)}"
    return sql, where.values


def _placed(conditions: Sequence[tuple[Column, str]], declared: list[str], links: list[str]) -> list[tuple[str, str]]:
    """The expressions that conditions are about: further conditions on an attribute or value are about further AVUs."""
    counts: dict[int, int] = {}
    expressions = []
    for column, condition in conditions:
        counts[column.number] = count = counts.get(column.number, 0) + 1
        if count > 1 and column.number in columns.SINGLE_ATTRIBUTES:
            raise ZoneError("CAT_INVALID_ARGUMENT", f"only one condition on {column.name}")
        several = column.number in (600, 601, 610, 611)
        if count == 1 or not several:
            expressions.append((column.sql, condition))
            continue
        kind = "data" if column.number < 610 else "coll"
        alias = f"{kind}_meta_{count}"
        if not any(alias in item for item in declared):
            declared += [f"r_objt_metamap {kind}_map_{count}", f"r_meta_main {alias}"]
            links.append(f"{kind}_map_{count}.object_id = r_{kind}_metamap.object_id")
            links.append(f"{alias}.meta_id = {kind}_map_{count}.meta_id")
        expressions.append((f"{alias}.{column.column}", condition))
    return expressions


def _restrict(where: _Where, tables: list[str], user: User) -> None:
    """Leave out what the user has no rights on: data objects, and collections where the query names them (zone-40)."""
    for table, key in (("r_data_main", "data_id"), ("r_coll_main", "coll_id")):
        if table in tables:
            where.parts.append(
                "exists (select 1 from r_objt_access oa join r_user_group ug on ug.group_user_id = oa.user_id"
                f" where oa.object_id = {table}.{key} and ug.user_id = ? and oa.access_type_id >= ?)"
            )
            where.values += [user.id, READ]


def _grouped(selected: Sequence[Selected]) -> str:
    plain = [item.column.sql for item in selected if item.option & 0xF not in _FUNCTIONS]
    return f" group by {', '.join(plain)}" if plain and len(plain) < len(selected) else ""


def _ordered(selected: Sequence[Selected]) -> str:
    keys = [
        item.sql + (" desc" if item.option & ORDER_BY_DESCENDING else "")
        for item in selected
        if item.option & (ORDER_BY | ORDER_BY_DESCENDING)
    ]
    always = (columns.COLLECTION_NAME, columns.DATA_NAME, columns.REPLICA_NUMBER)
    keys += [item.sql for column in always for item in selected if item.column == column and item.sql == column.sql]
    return f" order by {', '.join(dict.fromkeys(keys))}" if keys else ""
