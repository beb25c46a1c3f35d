"""Runs HQL queries and makes objects or rows of values of their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from omero.rtypes import robject

from lab.omero import errors, permissions
from lab.omero.caller import ALL_GROUPS, Caller
from lab.omero.hql.nodes import HqlError
from lab.omero.hql.parser import parse
from lab.omero.hql.sources import Source
from lab.omero.hql.translate import Statement, Translator
from lab.omero.objects import Objects, wrap
from lab.omero.store import Row, Store, columns


class Loader:
    """Runs one query for a caller."""

    def __init__(self, store: Store, caller: Caller, query: str, parameters: dict[str, Any]) -> None:
        self._store = store
        try:
            visible = partial(permissions.visible, caller)
            translator = Translator(parse(query), parameters, visible, across=caller.group == ALL_GROUPS)
            self._statement: Statement = translator.statement()
        except HqlError as error:
            read = error.exception == "QueryException" and not str(error).startswith("lab OMERO")
            raise errors.made(error.exception, f"Illegal query:{query}\n{error}" if read else str(error)) from None
        self._objects = Objects(store, caller)

    def rows(self, offset: int | None, limit: int | None) -> list[list[Any]]:
        """Return a list of wrapped values for every row; a lone null makes an empty one (omero-01)."""
        selected = self._statement.selected
        return [
            []
            if row == [None]
            else [
                robject(cell) if value.kind == "entity" else wrap(value.kind, cell)
                for value, cell in zip(selected, row, strict=True)
            ]
            for row in self._results(offset, limit)
        ]

    def objects(self, offset: int | None, limit: int | None) -> list[Any]:
        """Return the one object that is selected in every row."""
        selected = self._statement.selected
        if len(selected) != 1 or selected[0].kind != "entity":
            raise errors.api_usage(
                "Queries must return IObjects when using findAllByQuery. Please use projection for values."
            )
        return [_as_sent(row[0]) for row in self._results(offset, limit)]

    def _results(self, offset: int | None, limit: int | None) -> list[list[Any]]:
        statement = self._statement
        collections = any(source.collection for source in statement.fetched)
        limited = offset is not None or limit is not None
        sql = statement.sql
        if limited and not collections:
            sql += f" limit {-1 if limit is None else limit} offset {offset or 0}"
        results = [self._result(row) for row in self._store.run(sql, statement.parameters)]
        self._objects.finish()
        if collections and (limited or statement.distinct):
            results = list(_distinct(results))
            start = offset or 0
            results = results[start : None if limit is None else start + limit]
        elif statement.distinct and statement.fetched:
            results = list(_distinct(results))
        return results

    def _result(self, row: Sequence[Any]) -> list[Any]:
        statement = self._statement
        made: dict[Source, Any] = {
            source: self._object(source, start, row) for source, start in statement.width.items()
        }
        for source in statement.fetched:
            owner = made.get(source.parent) if source.parent is not None else None
            if source.collection and owner is not None:
                self._objects.add(owner, source.link, made[source])
        cells, position = [], 0
        seen: set[Source] = set()
        for value in statement.selected:
            if value.kind == "entity" and value.source is not None:
                cells.append(made[value.source])
                if value.source not in seen:
                    seen.add(value.source)
                    position += len(columns(value.source.entity))
            else:
                cells.append(row[position])
                position += 1
        return cells

    def _object(self, source: Source, start: int, row: Sequence[Any]) -> Any | None:
        if row[start] is None:
            return None
        names = columns(source.entity)
        values: Row = dict(zip(names, row[start : start + len(names)], strict=True))
        return self._objects.loaded(source.entity, values)


def _as_sent(thing: Any) -> Any:
    """What a client gets of an object: links to annotations that are not fetched come as ids (omero-71)."""
    if type(thing).__name__.endswith("AnnotationLinkI") and not (thing.child and thing.child.isLoaded()):
        thing.unload()
    return thing


def _distinct(results: list[list[Any]]) -> Iterator[list[Any]]:
    seen: set[tuple[Any, ...]] = set()
    for row in results:
        key = tuple(id(cell) if hasattr(cell, "_id") else cell for cell in row)
        if key not in seen:
            seen.add(key)
            yield row
