"""The database: one SQLite table per class of the model, ids that are never used twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.omero.model import ENTITIES, LENGTH, LISTS, UNIQUE, Entity
from lab.omero.model.description import INDEXED

Row = dict[str, Any]
OWNED = ("owner_id", "group_id", "creation_id", "update_id", "external_id")
# SQLite allows some 32,000 parameters in one statement.
BATCH = 10_000

EXTRA_TABLES = """
create table if not exists password (experimenter integer primary key, salt text not null, digest text not null);
create table if not exists setting (name text primary key, value text not null);
create table if not exists late (
    id integer primary key, entityid integer, entitytype text, action text, event integer, due integer
);
create table if not exists unindexed (entityid integer, entitytype text, action text, event integer);
create table if not exists held (id integer primary key, entityid integer, entitytype text, action text, event integer);
"""


def columns(entity: Entity) -> list[str]:
    """List the columns of an entity's table."""
    root = entity.root
    names = ["id", *(["kind"] if root.has_kinds else []), *(["version"] if root.is_mutable else [])]
    names += [] if root.is_global else OWNED
    names += ["permissions"] if root.name == "ExperimenterGroup" else []
    return names + list(root.fields)


def _type(entity: Entity, name: str) -> str:
    """Return the SQL type of a column; without one, SQLite would not use its index in a join."""
    field = entity.root.fields.get(name)
    kind = field.kind if field is not None else "text" if name in ("kind", "permissions") else "long"
    return {"text": "text", LENGTH: "text", "double": "real"}.get(kind, "integer")


def values_table(entity: Entity, name: str) -> str:
    """Return the name of the table that keeps a list of named values."""
    return f'"{entity.root.name.lower()}_{name.lower()}"'


class Store:
    """All rows of one lab server; one thread at a time, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=512)
        self._sql.execute("pragma journal_mode = wal")
        self._sql.execute("pragma synchronous = off")
        self._sql.execute("pragma case_sensitive_like = on")
        self._sql.executescript(EXTRA_TABLES)
        for entity in ENTITIES.values():
            if not entity.base:
                self._create(entity)

    def _create(self, entity: Entity) -> None:
        names = columns(entity)
        types = ["id integer primary key autoincrement", *(f'"{name}" {_type(entity, name)}' for name in names[1:])]
        places = LISTS[entity.name]
        types += [f'"{known.place}" integer' for known in places]
        self._sql.execute(f"create table if not exists {entity.table} ({', '.join(types)})")
        for known in places:
            self._index(entity.table, (known.inverse, known.place), unique=True)
        for name in entity.root.values:
            table = values_table(entity, name)
            self._sql.execute(
                f"create table if not exists {table} "
                "(owner integer, position integer, name text, value text, primary key (owner, position)) without rowid"
            )
            self._index(table, ("name", "value"))
        lookups = {(field.name,) for field in entity.fields.values() if field.kind == "reference"}
        lookups |= {(name,) for name in INDEXED.get(entity.name, ())}
        for wanted in lookups:
            self._index(entity.table, wanted)
        if entity.name in UNIQUE:
            self._index(entity.table, UNIQUE[entity.name], unique=True)

    def _index(self, table: str, names: Sequence[str], unique: bool = False) -> None:
        name = f'"{table.strip(chr(34))}_{"_".join(names)}"'
        listed = ", ".join(f'"{part}"' for part in names)
        kind = "unique index" if unique else "index"
        self._sql.execute(f"create {kind} if not exists {name} on {table} ({listed})")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep others out while several statements are read."""
        with self._lock:
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written within, or nothing of it; joins a transaction that is already open."""
        with self._lock:
            if self._sql.in_transaction:
                yield
                return
            self._sql.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._sql.execute("rollback")
                raise
            self._sql.execute("commit")

    def run(self, statement: str, parameters: Sequence[Any] | Row = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._sql.execute(statement, parameters).fetchall()

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        with self._lock:
            self._sql.executemany(statement, rows)

    def insert(self, entity: Entity, row: Row) -> int:
        """Add a row and return its id."""
        if entity.has_kinds:
            row = {**row, "kind": entity.name}
        if entity.is_mutable:
            row = {"version": 0, **row}
        row = {**row, **self._next_places(entity, row)}
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        with self._lock:
            done = self._sql.execute(f"insert into {entity.table} ({names}) values ({marks})", list(row.values()))
            return int(done.lastrowid or 0)

    def _next_places(self, entity: Entity, row: Row) -> Row:
        """Return the places of a row at the end of the lists that it is added to."""
        places: Row = {}
        for known in LISTS[entity.name]:
            last = f'select max("{known.place}") from {entity.table} where "{known.inverse}" = ?'
            place = self.run(last, [row[known.inverse]])[0][0]
            places[known.place] = 0 if place is None else place + 1
        return places

    def update(self, entity: Entity, identity: int, row: Row) -> None:
        """Change columns of one row."""
        changes = ", ".join(f'"{name}" = ?' for name in row)
        self.run(f"update {entity.table} set {changes} where id = ?", [*row.values(), identity])

    def delete(self, entity: Entity, identities: Sequence[int]) -> None:
        """Remove rows, with their lists of named values."""
        for part in batches(identities):
            marks = ", ".join("?" * len(part))
            self.run(f"delete from {entity.table} where id in ({marks})", part)
            for name in entity.root.values:
                self.run(f"delete from {values_table(entity, name)} where owner in ({marks})", part)

    def row(self, entity: Entity, identity: int) -> Row | None:
        """Return one row by its id, if it exists and is of that class."""
        rows = self.rows(entity, "id", [identity])
        return rows[0] if rows else None

    def rows(self, entity: Entity, column: str, wanted: Sequence[Any]) -> list[Row]:
        """Return the rows whose column has one of the wanted values, ordered by id."""
        names = columns(entity)
        listed = ", ".join(f'"{name}"' for name in names)
        rows: list[Row] = []
        for part in batches(wanted):
            marks = ", ".join("?" * len(part))
            conditions = f'"{column}" in ({marks})', kind_condition(entity)
            where = " and ".join(condition for condition in conditions if condition)
            select = f"select {listed} from {entity.table} where {where} order by id"
            rows += [dict(zip(names, values, strict=True)) for values in self.run(select, part)]
        return rows

    def set_values(self, entity: Entity, name: str, identity: int, pairs: Sequence[tuple[Any, Any]]) -> None:
        """Replace a list of named values."""
        table = values_table(entity, name)
        self.run(f"delete from {table} where owner = ?", [identity])
        self.run_many(
            f"insert into {table} values (?, ?, ?, ?)", [(identity, n, *pair) for n, pair in enumerate(pairs)]
        )

    def get_values(self, entity: Entity, name: str, identities: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """Return lists of named values by the id of the object that has them."""
        values_by_owner: dict[int, list[tuple[str, str]]] = {}
        table = values_table(entity, name)
        for part in batches(identities):
            marks = ", ".join("?" * len(part))
            select = f"select owner, name, value from {table} where owner in ({marks}) order by owner, position"
            for owner, key, value in self.run(select, part):
                values_by_owner.setdefault(owner, []).append((key, value))
        return values_by_owner

    def setting(self, name: str, default: str = "") -> str:
        """Return one of the server's own settings."""
        rows = self.run("select value from setting where name = ?", [name])
        return str(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        """Keep one of the server's own settings."""
        self.run("insert or replace into setting values (?, ?)", [name, value])

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._sql.close()


def kind_condition(entity: Entity, alias: str = "") -> str:
    """Return the SQL condition that picks an entity's classes from a table shared by several."""
    if not entity.has_kinds or len(entity.kinds) == len(entity.root.kinds):
        return ""
    kinds = ", ".join(f"'{kind}'" for kind in entity.kinds)
    return f"{alias + '.' if alias else ''}kind in ({kinds})"


def batches(wanted: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Split a sequence into pieces that one statement can take."""
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]
