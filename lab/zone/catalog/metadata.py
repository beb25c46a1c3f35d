"""AVUs in the catalog: rows that objects share, and the map from objects to them.

As in iRODS, a row that nothing uses stays, and `change` can make two equal rows.
"""

import zlib
from typing import NamedTuple

from lab.zone.catalog.store import CatalogStore, now
from lab.zone.errors import ZoneError

_LONGEST, _LONGEST_UNITS = 2700, 250
_INDEXED = 2692
"""Bytes that one entry of PostgreSQL's index over values can have."""


class Avu(NamedTuple):
    """Attribute, value, units."""

    attribute: str
    value: str
    units: str = ""


def row_of(store: CatalogStore, avu: Avu) -> int | None:
    """The row of an AVU, if there is one."""
    meta_id: int | None = store.value(
        "select meta_id from r_meta_main where meta_attr_name = ? and meta_attr_value = ? and meta_attr_unit = ?"
        " order by meta_id",
        *avu,
    )
    return meta_id


def check_fits(avu: Avu) -> None:
    """Refuse what the tables of a real zone cannot hold: too many characters, or too many bytes for their index."""
    for text, longest in zip(avu, (_LONGEST, _LONGEST, _LONGEST_UNITS), strict=True):
        data = text.encode("utf-8", "surrogateescape")
        if len(text) > longest or (len(data) > _INDEXED and not _compresses(data)):
            raise ZoneError("CAT_SQL_ERR", f"value too long: {len(text)} characters, {len(data)} bytes")


def _compresses(data: bytes) -> bool:
    """Whether PostgreSQL would store bytes compressed: by repetitions alone, and if that saves a quarter."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, -15, 8, zlib.Z_FIXED)
    return len(compressor.compress(data) + compressor.flush()) <= min(_INDEXED, len(data) * 3 // 4)


def add(store: CatalogStore, object_id: int, avu: Avu) -> None:
    """Put an AVU on an object that has not got it."""
    check_fits(avu)
    time = now()
    row = row_of(store, avu)
    if row is None:
        row = store.new_ids()
        store.write("insert into r_meta_main values (?, ?, ?, ?, '', '', ?, ?)", row, *avu, time, time)
    elif store.row("select 1 from r_objt_metamap where object_id = ? and meta_id = ?", object_id, row):
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", f"{avu}")
    store.write("insert into r_objt_metamap values (?, ?, ?, ?)", object_id, row, time, time)


def detach(store: CatalogStore, object_id: int, avu: Avu) -> None:
    """Take an AVU off an object as atomic operations do: of several equal rows they know the first only."""
    store.write("delete from r_objt_metamap where object_id = ? and meta_id = ?", object_id, row_of(store, avu))


def remove(store: CatalogStore, object_id: int, avu: Avu, wildcards: bool = False) -> None:
    """Take an AVU off an object, or all that match; CAT_SUCCESS_BUT_WITH_NO_INFO when there is none."""
    same = "like" if wildcards else "="
    gone = store.write(
        "delete from r_objt_metamap where object_id = ? and meta_id in (select p.meta_id from r_objt_metamap p"
        " join r_meta_main m on m.meta_id = p.meta_id where p.object_id = ?"
        f" and m.meta_attr_name {same} ? and m.meta_attr_value {same} ? and m.meta_attr_unit {same} ?)",
        object_id,
        object_id,
        *avu,
    )
    if not gone:
        raise ZoneError("CAT_SUCCESS_BUT_WITH_NO_INFO", f"{avu}")


def remove_by_id(store: CatalogStore, object_id: int, meta_id: str) -> None:
    """Take an AVU off an object that is named by its row."""
    if not store.write("delete from r_objt_metamap where object_id = ? and meta_id = ?", object_id, meta_id):
        raise ZoneError("CAT_SUCCESS_BUT_WITH_NO_INFO", meta_id)


def own_row(store: CatalogStore, object_id: int, attribute: str) -> tuple[int, int | None]:
    """How often the rows that an object has for an attribute are used, and the row if that is once."""
    rows = store.rows(
        "select meta_id from r_objt_metamap where meta_id in (select p.meta_id from r_objt_metamap p"
        " join r_meta_main m on m.meta_id = p.meta_id where p.object_id = ? and m.meta_attr_name = ?) limit 2",
        object_id,
        attribute,
    )
    return len(rows), rows[0][0] if len(rows) == 1 else None


def change(store: CatalogStore, meta_id: int, value: str, units: str) -> None:
    """Give a row another value and units."""
    check_fits(Avu("", value, units))
    store.write(
        "update r_meta_main set meta_attr_value = ?, meta_attr_unit = ?, modify_ts = ? where meta_id = ?",
        value,
        units,
        now(),
        meta_id,
    )


def of_object(store: CatalogStore, object_id: int) -> list[Avu]:
    """The AVUs of an object."""
    rows = store.rows(
        "select m.meta_attr_name, m.meta_attr_value, m.meta_attr_unit from r_objt_metamap p"
        " join r_meta_main m on m.meta_id = p.meta_id where p.object_id = ? order by 1, 2, 3",
        object_id,
    )
    return [Avu(*row) for row in rows]
