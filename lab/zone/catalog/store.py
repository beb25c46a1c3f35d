"""The catalog's database: one connection per process, transactions, ids and times."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.zone.catalog.schema import ACCESS, STATISTICS, TABLES

Row = tuple[Any, ...]


def now() -> str:
    """The time as the catalog writes it."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """A time as the catalog writes it."""
    return f"{int(seconds):011d}"


class CatalogStore:
    """A connection to the catalog; writes wait for each other, readers wait for nobody."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=60, check_same_thread=False)
        self._db.execute("pragma synchronous = off")
        self._db.execute("pragma case_sensitive_like = on")
        self._db.execute("pragma cache_size = -65536")
        self._depth = 0

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def create(self) -> None:
        """Make the tables."""
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(TABLES)
        tokens = [("access_type", number, name) for name, number in ACCESS.items()]
        self._db.executemany("insert into r_tokn_main values (?, ?, ?)", tokens)
        self._db.execute("analyze")
        self._db.execute("delete from sqlite_stat1")
        self._db.executemany("insert into sqlite_stat1 values (?, ?, ?)", STATISTICS)

    def function(self, name: str, arguments: int, function: Any) -> None:
        """Make a Python function callable from SQL."""
        self._db.create_function(name, arguments, function)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; inside another one, a part of that."""
        if self._depth:
            yield
            return
        self._db.execute("begin immediate")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        else:
            self._db.execute("commit")
        finally:
            self._depth = 0

    def write(self, sql: str, *values: Any) -> int:
        """Change rows; how many."""
        return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Change rows, one statement for many."""
        self._db.executemany(sql, rows)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query."""
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, *values: Any) -> Any:
        """The first value of the first row, or None."""
        row = self.row(sql, *values)
        return row[0] if row else None

    def cursor(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """A query whose rows are fetched by the caller."""
        return self._db.execute(sql, values)

    def new_ids(self, count: int = 1) -> int:
        """The first of the given number of new object ids."""
        with self.transaction():
            first: int = self.value("select next from object_id")
            self.write("update object_id set next = ?", first + count)
        return first
