"""The parts of a parsed HQL query."""

from __future__ import annotations

from dataclasses import dataclass, field


class HqlError(Exception):
    """The query is not HQL, or asks for something that the lab does not evaluate.

    `exception` names the exception of the real server, which tells what it finds when it reads a query from what it
    finds when it runs it.
    """

    def __init__(self, reason: str, exception: str = "QueryException") -> None:
        super().__init__(reason)
        self.exception = exception


class ShortInteger(int):
    """A parameter of 32 bits, which a column of 64 is not compared with (omero-02)."""


@dataclass(frozen=True)
class Path:
    """A dotted path such as `i.details.owner.id`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Parameter:
    """A named parameter."""

    name: str


@dataclass(frozen=True)
class Literal:
    """A number, a text, true, false or null."""

    value: object


@dataclass(frozen=True)
class FunctionCall:
    """A function of expressions; `count(*)` has no arguments."""

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool = False


@dataclass(frozen=True)
class Operation:
    """An operator with its operands: `and`, `or`, `not`, comparisons, arithmetic."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Membership:
    """`x in (...)`: a list of values, which may be one parameter that holds a list, or a query."""

    tested: Expression
    options: tuple[Expression, ...] | HqlQuery
    negated: bool


@dataclass(frozen=True)
class Existence:
    """`exists (...)`: tells whether a query finds anything."""

    query: HqlQuery


Expression = Path | Parameter | Literal | FunctionCall | Operation | Membership | Existence


@dataclass(frozen=True)
class Join:
    """One join of a `from` clause."""

    path: Path
    alias: str
    outer: bool
    fetch: bool
    condition: Expression | None


@dataclass(frozen=True)
class Root:
    """One class of a `from` clause with the joins that follow it."""

    entity: str
    alias: str
    joins: tuple[Join, ...]


@dataclass
class HqlQuery:
    """A whole query."""

    roots: list[Root]
    select: list[Expression] = field(default_factory=list)
    distinct: bool = False
    where: Expression | None = None
    group: list[Expression] = field(default_factory=list)
    having: Expression | None = None
    order: list[tuple[Expression, bool]] = field(default_factory=list)
