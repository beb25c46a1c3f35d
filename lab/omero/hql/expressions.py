"""Parses the expressions of HQL."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lab.omero.hql.lexer import Word, words
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
)

COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "^=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
FUNCTIONS = [
    "count",
    "max",
    "min",
    "sum",
    "avg",
    "lower",
    "upper",
    "length",
    "trim",
    "coalesce",
    "concat",
    "substring",
    "abs",
    "size",
    "index",
    "str",
    "year",
    "month",
]
LITERALS = {"true": True, "false": False, "null": None}


class ExpressionParser(ABC):
    """The words of a query, and a position in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = words(text)
        self._position = 0

    @abstractmethod
    def query(self) -> HqlQuery:
        """Parse a query inside an expression."""

    @property
    def word(self) -> Word:
        """Return the next word."""
        return self._words[self._position]

    def error(self, reason: str) -> HqlError:
        """Say what was expected, and where."""
        near = " ".join(word.text for word in self._words[self._position : self._position + 3])
        return HqlError(f"{reason}, found '{near}' [{self.text}]")

    def take(self, *keywords: str) -> bool:
        """Skip the next word if it is one of these."""
        if self.word.is_keyword(*keywords):
            self._position += 1
            return True
        return False

    def expect(self, keyword: str) -> None:
        """Skip a word that must come next."""
        if not self.take(keyword):
            raise self.error(f"expecting {keyword.upper()}")

    def end(self) -> None:
        """Refuse words after the end of the query."""
        if self.word.kind != "end":
            raise self.error("unexpected token")

    def path(self) -> Path:
        """Parse a dotted path."""
        if self.word.kind != "path":
            raise self.error("expecting IDENT")
        self._position += 1
        return Path(tuple(self._words[self._position - 1].text.split(".")))

    def name(self) -> str:
        """Parse a single name."""
        return str(self.path())

    def expressions(self) -> list[Expression]:
        """Parse expressions between commas."""
        expressions = [self.expression()]
        while self.take(","):
            expressions.append(self.expression())
        return expressions

    def expression(self) -> Expression:
        """Parse a condition or a value."""
        left = self._conjunction()
        while self.take("or"):
            left = Operation("or", (left, self._conjunction()))
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self.take("and"):
            left = Operation("and", (left, self._negation()))
        return left

    def _negation(self) -> Expression:
        if self.take("not"):
            return Operation("not", (self._negation(),))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if self.word.kind == "symbol" and self.word.text in COMPARISONS:
            operator = COMPARISONS[self.word.text]
            self._position += 1
            return Operation(operator, (left, self._sum()))
        if self.take("is"):
            negated = self.take("not")
            if self.take("empty"):
                raise HqlError("lab OMERO does not evaluate is empty")
            self.expect("null")
            return Operation("is not null" if negated else "is null", (left,))
        negated = self.take("not")
        tested = self._predicate(left, negated)
        if tested is None:
            if negated:
                raise self.error("expecting IN, LIKE or BETWEEN")
            return left
        return tested

    def _predicate(self, left: Expression, negated: bool) -> Expression | None:
        result: Expression
        if self.take("in"):
            return self._membership(left, negated)
        if self.take("like"):
            result = Operation("like", (left, self._sum()))
        elif self.take("between"):
            low = self._sum()
            self.expect("and")
            result = Operation("between", (left, low, self._sum()))
        elif self.word.is_keyword("member"):
            raise HqlError("lab OMERO does not evaluate member of")
        else:
            return None
        return Operation("not", (result,)) if negated else result

    def _membership(self, left: Expression, negated: bool) -> Expression:
        if self.word.kind == "parameter":
            return Membership(left, (self._primary(),), negated)
        self.expect("(")
        options: tuple[Expression, ...] | HqlQuery
        options = self.query() if self.word.is_keyword("select", "from") else tuple(self.expressions())
        self.expect(")")
        return Membership(left, options, negated)

    def _sum(self) -> Expression:
        left = self._product()
        while self.word.kind == "symbol" and self.word.text in ("+", "-", "||"):
            operator = self.word.text
            self._position += 1
            left = Operation(operator, (left, self._product()))
        return left

    def _product(self) -> Expression:
        left = self._primary()
        while self.word.kind == "symbol" and self.word.text in ("*", "/"):
            operator = self.word.text
            self._position += 1
            left = Operation(operator, (left, self._primary()))
        return left

    def _primary(self) -> Expression:
        word = self.word
        if word.kind in ("number", "text", "parameter"):
            self._position += 1
            if word.kind == "number":
                return Literal(float(word.text) if "." in word.text else int(word.text))
            return Literal(word.text) if word.kind == "text" else Parameter(word.text)
        if self.take("-"):
            return Operation("negative", (self._primary(),))
        if self.take("("):
            if self.word.is_keyword("select", "from"):
                raise HqlError("lab OMERO does not evaluate a subquery here, only after in and exists")
            inner = self.expression()
            self.expect(")")
            return inner
        if word.is_keyword(*LITERALS):
            self._position += 1
            return Literal(LITERALS[word.text.lower()])
        return self._named()

    def _named(self) -> Expression:
        path = self.path()
        if not self.take("("):
            if str(path).lower() == "case":
                raise HqlError("lab OMERO does not evaluate case")
            return path
        name = str(path).lower()
        if name == "exists":
            inner = self.query()
            self.expect(")")
            return Existence(inner)
        if name not in FUNCTIONS:
            raise HqlError(f"lab OMERO does not evaluate {name}()")
        if self.take("*"):
            self.expect(")")
            return FunctionCall(name, ())
        distinct = self.take("distinct")
        arguments = tuple(self.expressions())
        self.expect(")")
        return FunctionCall(name, arguments, distinct)
