"""Parses HQL: the part of it that clients of OMERO use, the rest refused by name."""

from __future__ import annotations

from functools import lru_cache

from lab.omero.hql.expressions import ExpressionParser
from lab.omero.hql.nodes import Expression, HqlError, HqlQuery, Join, Root

CLAUSES = [
    "where",
    "group",
    "having",
    "order",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "fetch",
    "on",
    "with",
    "select",
    "from",
    "union",
    "set",
    "and",
    "or",
]
REFUSED = {
    "new": "select new",
    "distinct": "distinct here",
    "elements": "elements()",
    "indices": "indices()",
    "object": "object()",
    "update": "update statements",
    "delete": "delete statements",
    "insert": "insert statements",
}


class Parser(ExpressionParser):
    """A parser of one query by recursive descent."""

    def query(self) -> HqlQuery:
        """Parse a query up to its end, or up to the parenthesis that closes it."""
        parsed = HqlQuery([])
        if self.take("select"):
            parsed.distinct = self.take("distinct")
            parsed.select = self._selected()
        if not self.take("from"):
            self.refuse_known()
            raise self.error("expecting FROM")
        parsed.roots.append(self._root())
        while self.take(","):
            parsed.roots.append(self._root())
        if self.take("where"):
            parsed.where = self.expression()
        if self.take("group"):
            self.expect("by")
            parsed.group = self.expressions()
        if self.take("having"):
            parsed.having = self.expression()
        if self.take("order"):
            self.expect("by")
            parsed.order = self._orders()
        return parsed

    def refuse_known(self) -> None:
        """Refuse a construct of HQL that is known and not evaluated."""
        known = REFUSED.get(self.word.text.lower())
        if known is not None and self.word.kind == "path":
            raise HqlError(f"lab OMERO does not evaluate {known}")

    def _selected(self) -> list[Expression]:
        expressions = []
        while True:
            self.refuse_known()
            expressions.append(self.expression())
            if self.take("as"):
                self.name()
            if not self.take(","):
                return expressions

    def _root(self) -> Root:
        entity = self.path()
        alias = self._alias()
        joins = []
        while (join := self._join()) is not None:
            joins.append(join)
        return Root(str(entity), alias, tuple(joins))

    def _alias(self) -> str:
        if self.take("as"):
            return self.name()
        if self.word.kind == "path" and self.word.text.lower() not in CLAUSES:
            return self.name()
        return ""

    def _join(self) -> Join | None:
        outer = self.take("left")
        if outer:
            self.take("outer")
        elif self.word.is_keyword("right", "full", "cross"):
            raise HqlError(f"lab OMERO does not evaluate {self.word.text} joins")
        elif not self.take("inner") and not self.word.is_keyword("join"):
            return None
        self.expect("join")
        fetch = self.take("fetch")
        path = self.path()
        alias = self._alias()
        if self.word.is_keyword("fetch"):
            raise HqlError("lab OMERO does not evaluate fetch all properties")
        condition = self.expression() if self.take("with") else None
        return Join(path, alias, outer, fetch, condition)

    def _orders(self) -> list[tuple[Expression, bool]]:
        orders = []
        while True:
            expression = self.expression()
            descending = self.take("desc")
            if not descending:
                self.take("asc")
            orders.append((expression, descending))
            if not self.take(","):
                return orders


@lru_cache(1000)
def parse(text: str) -> HqlQuery:
    """Parse the text of a query; nobody may change what is returned, as clients send few texts again and again."""
    parser = Parser(text)
    parsed = parser.query()
    parser.end()
    return parsed
