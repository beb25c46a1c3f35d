"""Queries whose rows are given out in pages."""

from typing import NamedTuple

from lab.zone.catalog import resources
from lab.zone.catalog.store import CatalogStore, Row
from lab.zone.catalog.users import User
from lab.zone.errors import ZoneError
from lab.zone.query import sql
from lab.zone.query.sql import CatalogQuery, Selected

_OPEN_AT_ONCE = 50


class Page(NamedTuple):
    """Some rows of an answer, and the number to ask for more with: 0 if fewer than were asked for (zone-109)."""

    selected: list[Selected]
    rows: list[tuple[str, ...]]
    more: int
    total: int


class Statements:
    """The queries of one connection that are not read to their end."""

    def __init__(self, store: CatalogStore) -> None:
        self._store = store
        self._open: dict[int, tuple[list[Selected], list[Row]]] = {}
        self._hierarchies: dict[int, str] = {}
        store.function("resc_hier", 1, self._hierarchies.get)

    def run(self, query: CatalogQuery, user: User | None, size: int) -> Page:
        """The first rows of a query; CAT_NO_ROWS_FOUND if there are none."""
        rows = self._rows(query, user)
        rows.reverse()
        return self._page(query.selected, rows, size, None, len(rows))

    def more(self, number: int, size: int) -> Page:
        """The next rows of a query."""
        if number not in self._open:
            raise ZoneError("CAT_NO_ROWS_FOUND", f"no open query {number}")
        selected, rows = self._open.pop(number)
        return self._page(selected, rows, size, number, 0)

    def close(self, number: int) -> None:
        """Forget a query."""
        self._open.pop(number, None)

    def _page(self, selected: list[Selected], rows: list[Row], size: int, number: int | None, total: int) -> Page:
        if not rows:
            raise ZoneError("CAT_NO_ROWS_FOUND")
        taken = [_texts(rows.pop()) for _ in range(min(size, len(rows)))]
        more = 0
        if len(taken) == size:
            more = number or next(free for free in range(1, _OPEN_AT_ONCE + 2) if free not in self._open)
            if more > _OPEN_AT_ONCE:
                raise ZoneError("CAT_STATEMENT_TABLE_FULL")
            self._open[more] = (selected, rows)
        return Page(selected, taken, more, total)

    def all(self, query: CatalogQuery, user: User | None = None) -> list[tuple[str, ...]]:
        """All rows of a query, without pages."""
        return [_texts(row) for row in self._rows(query, user)]

    def _rows(self, query: CatalogQuery, user: User | None) -> list[Row]:
        text, values = sql.written(query, user)
        if "resc_hier(" in text:
            self._hierarchies.clear()
            self._hierarchies.update(resources.hierarchies(self._store))
        return self._store.cursor(text, values).fetchall()


def _texts(row: Row) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in row)
