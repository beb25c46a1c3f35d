"""Paged queries of the catalog, as plain tuples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from irods.column import Column, Criterion
from irods.models import DataObject

from irods_omero.gateways.zone.connection import ZoneConnection

IDS_A_QUERY = 200
"""Number of ids in one condition: a longer text meets the limit on the SQL of a query."""


def rows(zone: ZoneConnection, doing: str, columns: Sequence[Column], *conditions: Criterion) -> list[tuple[Any, ...]]:
    """All rows of a query, in pages behind the scenes.

    Read to the end before they are given out: an open query belongs to one connection.
    """

    def ask(session: Any) -> list[tuple[Any, ...]]:
        query = session.query(*columns).filter(*conditions)
        return [tuple(row[column] for column in columns) for row in query.get_results()]

    return zone.call(doing, "", ask)


def first_rows(
    zone: ZoneConnection,
    doing: str,
    count: int,
    columns: Sequence[Column],
    *conditions: Criterion,
    descending: bool = False,
) -> list[tuple[Any, ...]]:
    """The first ``count`` rows of a query, in the order of its first column."""
    order = "desc" if descending else "asc"

    def ask(session: Any) -> list[tuple[Any, ...]]:
        results = session.query(*columns).filter(*conditions).order_by(columns[0], order).get_results()
        try:
            return [tuple(row[column] for column in columns) for row in islice(results, count)]
        finally:
            results.close()

    return zone.call(doing, "", ask)


def last_data_id(zone: ZoneConnection, doing: str, *conditions: Criterion) -> int:
    """The highest catalog id of the data objects that meet some conditions, 0 if there are none."""

    def ask(session: Any) -> int:
        rows = session.query().max(DataObject.id).filter(*conditions).get_results()
        return max((int(row[DataObject.id] or 0) for row in rows), default=0)

    return zone.call(doing, "", ask)


class RowCount(NamedTuple):
    """A combination of values, and the number of rows that have it."""

    values: tuple[Any, ...]
    number: int


def counts(
    zone: ZoneConnection, doing: str, by: Sequence[Column], counted: Column, *conditions: Criterion
) -> list[RowCount]:
    """For each combination of values of some columns the number of rows, counted by the catalog."""

    def ask(session: Any) -> list[RowCount]:
        query = session.query(*by).count(counted).filter(*conditions)
        return [RowCount(tuple(row[column] for column in by), int(row[counted])) for row in query.get_results()]

    return zone.call(doing, "", ask)


def sums(
    zone: ZoneConnection, doing: str, by: Column, counted: Column, added: Column, *conditions: Criterion
) -> list[tuple[Any, int, int]]:
    """For each value of a column the number of rows and the sum of another column, added up by the catalog."""

    def ask(session: Any) -> list[tuple[Any, int, int]]:
        query = session.query(by).count(counted).sum(added).filter(*conditions)
        return [(row[by], int(row[counted]), int(row[added] or 0)) for row in query.get_results()]

    return zone.call(doing, "", ask)
