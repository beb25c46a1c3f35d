"""Translates HQL to SQL on the lab's tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.omero.hql.nodes import (
    Existence,
    Expression,
    FunctionCall,
    HqlError,
    HqlQuery,
    Literal,
    Membership,
    Operation,
    Parameter,
    Path,
    ShortInteger,
)
from lab.omero.hql.sources import Scope, Source, Value, Visibility, on_clause, table_of
from lab.omero.model import ENTITIES, entity
from lab.omero.store import columns

LONG = ("long", "entity", "reference")
BINARY = {"+": "+", "-": "-", "*": "*", "/": "/", "||": "||", "and": "and", "or": "or"}
POSTGRES_LIMIT = 32_767
COUNTING = {
    "count": "long",
    "length": "int",
    "size": "int",
    "index": "int",
    "avg": "double",
    "year": "int",
    "month": "int",
}
WRITTEN: dict[str, Callable[[list[str]], str]] = {
    "concat": lambda arguments: f"({' || '.join(arguments)})",
    "str": lambda arguments: f"cast({arguments[0]} as text)",
    "year": lambda arguments: _part_of_time("%Y", arguments[0]),
    "month": lambda arguments: _part_of_time("%m", arguments[0]),
}
"""What is called otherwise in SQL."""


@dataclass
class Statement:
    """SQL with its parameters, and what its columns mean."""

    sql: str
    parameters: dict[str, Any]
    selected: list[Value]
    fetched: list[Source]
    distinct: bool
    width: dict[Source, int] = field(default_factory=dict)


class Translator:
    """Translates one query; subqueries get a translator of their own."""

    def __init__(
        self,
        query: HqlQuery,
        parameters: dict[str, Any],
        visible: Visibility,
        outer: Translator | None = None,
        across: bool = False,
    ) -> None:
        """Read the sources of a query.

        Args:
            query: The query.
            parameters: Values by name.
            visible: The condition on what the caller sees of an entity.
            outer: The translator of the query around a subquery.
            across: Whether it is asked in all groups at once.
        """
        self._query = query
        self._given = parameters
        self._used: dict[str, Any] = outer._used if outer is not None else {}
        self._visible = visible
        self._across: bool = outer._across if outer is not None else across
        self._is_condition = False
        self.scope: Scope = Scope(visible, outer.scope if outer is not None else None)
        self._explicit: list[Source] = []
        self._conditions: dict[Source, str] = {}
        for root in query.roots:
            self._explicit.append(self.scope.root(entity(root.entity), root.alias))
            for join in root.joins:
                made = self.scope.join(join.path, join.alias, join.outer, join.fetch)
                self._explicit.append(made)
                if join.condition is not None:
                    self._conditions[made] = self._sql(join.condition)

    def statement(self) -> Statement:
        """Return the SQL of the whole query, with all columns of the objects that it selects or fetches."""
        query = self._query
        selected = [self._value(item) for item in query.select] or self._all_selected()
        whole = [value.source for value in selected if value.kind == "entity"]
        fetched = [source for source in self._explicit if source.fetch]
        for source in fetched:
            if not _descends(source, whole):
                raise HqlError(
                    "query specified join fetching, but the owner of the fetched association was not present "
                    f"in the select list [{source.link}]"
                )
        outputs, widths = self._outputs(selected, fetched)
        order = [self._sql(item) + (" desc" if descending else "") for item, descending in query.order]
        plain = not fetched and query.distinct
        sql = f"select {'distinct ' if plain else ''}{', '.join(outputs)}{self._rest()}"
        if order:
            sql += f" order by {', '.join(order)}"
        return Statement(sql, self._used, selected, fetched, query.distinct, widths)

    def subquery(self) -> str:
        """Return the SQL of a query that stands inside another."""
        selected = [self._value(item) for item in self._query.select] or self._all_selected()
        outputs = ", ".join(value.sql for value in selected)
        return f"select {'distinct ' if self._query.distinct else ''}{outputs}{self._rest()}"

    def _all_selected(self) -> list[Value]:
        return [Value(f"{s.alias}.id", "entity", s.entity, s) for s in self._explicit if not s.fetch]

    def _outputs(self, selected: list[Value], fetched: list[Source]) -> tuple[list[str], dict[Source, int]]:
        outputs: list[str] = []
        widths: dict[Source, int] = {}
        selected[:] = [self._whole(value) if value.kind == "reference" else value for value in selected]
        for value in selected:
            if value.kind == "entity" and value.source is not None:
                if value.source not in widths:
                    widths[value.source] = len(outputs)
                    outputs += self._columns(value.source)
            else:
                outputs.append(value.sql)
        for source in fetched:
            if source not in widths:
                widths[source] = len(outputs)
                outputs += self._columns(source)
        return outputs, widths

    def _whole(self, value: Value) -> Value:
        """Select an object that a path ends at: join its table."""
        known = value.entity
        if known is None:
            raise HqlError("no entity")
        made = Source(self.scope.next_alias(), known, value.source, "", condition="")
        made.condition = f"{made.alias}.id = {value.sql}"
        self.scope.add("", made)
        return Value(f"{made.alias}.id", "entity", known, made)

    @staticmethod
    def _columns(source: Source) -> list[str]:
        if source.values:
            raise HqlError("lab OMERO does not evaluate the selection of named values")
        return [f'{source.alias}."{name}"' for name in columns(source.entity)]

    def _rest(self) -> str:
        """Return what follows the select clause; last, since every other part may still add tables."""
        query = self._query
        self._is_condition = True
        where = [f"({self._sql(query.where)})"] if query.where is not None else []
        self._is_condition = False
        group = ", ".join(self._sql(item) for item in query.group)
        having = f" having {self._sql(query.having)}" if query.having is not None else ""
        roots: list[str] = []
        joins: list[str] = []
        for source in self.scope.sources:
            if source.parent is None:
                roots.append(f"{table_of(source)} {source.alias}")
                where += [f"({source.condition})"] if source.condition else []
                continue
            conditions = [on_clause(source) if source.link else "", source.condition, self._conditions.get(source, "")]
            joined = " and ".join(f"({condition})" for condition in conditions if condition)
            kind = "left join" if source.outer else "join"
            joins.append(f" {kind} {table_of(source)} {source.alias} on {joined}")
        sql = f" from {', '.join(roots)}{''.join(joins)}"
        sql += f" where {' and '.join(where)}" if where else ""
        return sql + (f" group by {group}" if group else "") + having

    def _value(self, expression: Expression) -> Value:
        if isinstance(expression, Path):
            return self.scope.value(expression)
        if isinstance(expression, FunctionCall) and expression.name in COUNTING:
            return Value(self._sql(expression), COUNTING[expression.name])
        if isinstance(expression, FunctionCall) and expression.arguments:
            inner = self._value(expression.arguments[0])
            kind = inner.kind if inner.kind not in ("entity", "reference") else "long"
            if expression.name == "sum":
                kind = "double" if kind == "double" else "long"
            return Value(self._sql(expression), kind)
        if isinstance(expression, Literal):
            return Value(self._sql(expression), "text" if isinstance(expression.value, str) else "int")
        return Value(self._sql(expression), "any")

    def _sql(self, expression: Expression) -> str:
        if isinstance(expression, Path):
            return self._path(expression)
        if isinstance(expression, Parameter):
            return self._parameter(expression.name)
        if isinstance(expression, Literal):
            return _literal(expression.value)
        if isinstance(expression, Membership):
            return self._membership(expression)
        if isinstance(expression, Existence):
            return f"exists ({Translator(expression.query, self._given, self._visible, self).subquery()})"
        return self._call(expression) if isinstance(expression, FunctionCall) else self._operation(expression)

    def _path(self, path: Path) -> str:
        if self.scope.find(path) is None and path.parts[-1] in ENTITIES:
            return _literal(path.parts[-1])
        sql = self.scope.value(path).sql
        if path.parts[-1] == "omeName" and self._is_condition and self._across and self.scope.is_filtered:
            return f"({sql.partition('.')[0]}.id || ';' || {sql})"  # omero-99
        return sql

    def _parameter(self, name: str) -> str:
        if name not in self._given:
            raise HqlError(f"Null parameters not allowed: {name}", "ApiUsageException")
        value = self._given[name]
        if isinstance(value, list):
            raise HqlError(f"lab OMERO does not evaluate the list :{name} here, only after in")
        self._used[name] = value
        return f":{name}"

    def _membership(self, expression: Membership) -> str:
        operator = "not in" if expression.negated else "in"
        tested = self._sql(expression.tested)
        self._check_types(
            (expression.tested, *(() if isinstance(expression.options, HqlQuery) else expression.options))
        )
        if isinstance(expression.options, HqlQuery):
            inner = Translator(expression.options, self._given, self._visible, self)
            return f"{tested} {operator} ({inner.subquery()})"
        only = expression.options[0]
        if len(expression.options) == 1 and isinstance(only, Parameter) and only.name in self._given:
            given = self._given[only.name]
            _check_length(given)
            self._used[only.name] = json.dumps(given if isinstance(given, list) else [given])
            return f"{tested} {operator} (select value from json_each(:{only.name}))"
        listed = ", ".join(self._sql(option) for option in expression.options)
        return f"{tested} {operator} ({listed})"

    def _call(self, call: FunctionCall) -> str:
        if call.name == "size":
            return self._size(call)
        if call.name == "index":
            return self._index(call)
        if not call.arguments:
            return "count(*)"
        arguments = [self._sql(argument) for argument in call.arguments]
        if call.name in WRITTEN:
            return WRITTEN[call.name](arguments)
        return f"{call.name}({'distinct ' if call.distinct else ''}{', '.join(arguments)})"

    def _size(self, call: FunctionCall) -> str:
        path = call.arguments[0]
        if not isinstance(path, Path):
            raise HqlError("size() takes a collection")
        owner = self.scope.value(Path(path.parts[:-1]))
        known = owner.entity.collections.get(path.parts[-1]) if owner.entity is not None else None
        if known is None:
            raise HqlError(f"size() takes a collection, not {path}")
        target = ENTITIES[known.target]
        return f'(select count(*) from {target.table} where "{known.inverse}" = {owner.sql})'

    def _index(self, call: FunctionCall) -> str:
        """The place in its list of a named value (omero-65), or of a member of a list of objects (omero-96)."""
        resolution = self.scope.find(call.arguments[0]) if isinstance(call.arguments[0], Path) else None
        joined = resolution[0] if resolution is not None and not resolution[1] else None
        if joined is not None and joined.values:
            return f"{joined.alias}.position"
        if joined is not None and joined.place:
            return f'{joined.alias}."{joined.place}"'
        raise HqlError("lab OMERO does not evaluate index() of anything but a joined list")

    def _check_types(self, operands: Sequence[Expression]) -> None:
        """Refuse a short integer beside a long one (omero-02): Hibernate casts the parameter to the column's class."""
        given = [self._given.get(operand.name) for operand in operands if isinstance(operand, Parameter)]
        flat = [member for value in given for member in (value if isinstance(value, list) else [value])]
        if not any(isinstance(member, ShortInteger) for member in flat):
            return
        for operand in operands:
            known = isinstance(operand, Path) and self.scope.find(operand) is not None
            if known and self._value(operand).kind in LONG:
                reason = "Wrapped Exception: (java.lang.ClassCastException): null"
                raise HqlError(reason, "InternalException")

    def _operation(self, operation: Operation) -> str:
        parts = [self._sql(operand) for operand in operation.operands]
        self._check_types(operation.operands)
        name = operation.operator
        if name == "not":
            return f"not ({parts[0]})"
        if name == "negative":
            return f"-({parts[0]})"
        if name in ("is null", "is not null"):
            return f"{parts[0]} {name}"
        if name == "between":
            return f"{parts[0]} between {parts[1]} and {parts[2]}"
        if name in BINARY:
            return f"({parts[0]} {name} {parts[1]})"
        return f"{parts[0]} {name} {parts[1]}"


def _descends(source: Source, whole: list[Source | None]) -> bool:
    above = source.parent
    while above is not None:
        if above in whole:
            return True
        if not above.fetch:
            return False
        above = above.parent
    return False


def _check_length(given: object) -> None:
    """Refuse lists that Hibernate and PostgreSQL do not take."""
    if given == []:
        raise HqlError("unexpected end of subtree", "ApiUsageException")
    if isinstance(given, list) and len(given) > POSTGRES_LIMIT:
        reason = f"Tried to send an out-of-range integer as a 2-byte value: {len(given)}"
        raise HqlError(reason, "InternalException")


def _part_of_time(part: str, milliseconds: str) -> str:
    return f"cast(strftime('{part}', {milliseconds} / 1000, 'unixepoch') as integer)"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
