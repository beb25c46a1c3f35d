"""Data objects and their replicas in the catalog."""

from dataclasses import dataclass, fields, replace
from typing import Any

from lab.zone.catalog import access, collections
from lab.zone.catalog.store import CatalogStore, now
from lab.zone.errors import ZoneError
from lab.zone.structs import name, parent

STALE, GOOD, INTERMEDIATE, WRITE_LOCKED = 0, 1, 2, 4


@dataclass
class Replica:
    """One row of the data object table; names are those of the catalog."""

    data_id: int
    coll_id: int
    data_name: str
    data_repl_num: int
    data_version: str
    data_type_name: str
    data_size: int
    resc_id: int
    data_path: str
    data_owner_name: str
    data_owner_zone: str
    data_is_dirty: int
    data_status: str
    data_checksum: str
    data_expiry_ts: str
    data_map_id: int
    data_mode: str
    r_comment: str
    create_ts: str
    modify_ts: str
    access_ts: str

    def as_json(self) -> dict[str, str]:
        """The row as the finalize hooks see it."""
        return {field: str(getattr(self, field)) for field in sorted(COLUMNS)}

    def copy(self, **changes: Any) -> "Replica":
        """The same row with some values changed."""
        return replace(self, **changes)


COLUMNS = [field.name for field in fields(Replica)]
_ALL = ", ".join(COLUMNS)
_SET = ", ".join(f"{column} = ?" for column in COLUMNS)


def fresh(path: str, collection_id: int, resource_id: int, owner: tuple[str, str]) -> Replica:
    """A replica that is not in the catalog yet."""
    time = now()
    return Replica(
        data_id=0,
        coll_id=collection_id,
        data_name=name(path),
        data_repl_num=0,
        data_version="",
        data_type_name="generic",
        data_size=0,
        resc_id=resource_id,
        data_path="",
        data_owner_name=owner[0],
        data_owner_zone=owner[1],
        data_is_dirty=INTERMEDIATE,
        data_status="",
        data_checksum="",
        data_expiry_ts="00000000000",
        data_map_id=0,
        data_mode="0",
        r_comment="",
        create_ts=time,
        modify_ts=time,
        access_ts=time,
    )


def of_path(store: CatalogStore, path: str) -> list[Replica]:
    """The replicas of the data object at a path, in the order of their numbers; none if there is no such object."""
    rows = store.rows(
        f"select {_ALL} from r_data_main where data_name = ? and"
        " coll_id = (select coll_id from r_coll_main where coll_name = ?) order by data_repl_num",
        name(path),
        parent(path),
    )
    return [Replica(*row) for row in rows]


def of_id(store: CatalogStore, data_id: int) -> list[Replica]:
    """The replicas of the data object with an id."""
    rows = store.rows(f"select {_ALL} from r_data_main where data_id = ? order by data_repl_num", data_id)
    return [Replica(*row) for row in rows]


def need(store: CatalogStore, path: str) -> list[Replica]:
    """The replicas of the data object at a path, or the code for there being none."""
    replicas = of_path(store, path)
    if not replicas:
        raise ZoneError("OBJ_PATH_DOES_NOT_EXIST", path)
    return replicas


def in_collection(store: CatalogStore, collection_id: int) -> list[str]:
    """The names of the data objects in a collection, in order of their ids."""
    rows = store.rows(
        "select data_name from r_data_main where coll_id = ? group by data_id order by data_id", collection_id
    )
    return [row[0] for row in rows]


def path_of(store: CatalogStore, replica: Replica) -> str:
    """The logical path of a replica."""
    above = collections.path_of(store, replica.coll_id)
    return f"{above if above != '/' else ''}/{replica.data_name}"


def insert(store: CatalogStore, replica: Replica) -> None:
    """Write a new row."""
    marks = ", ".join("?" * len(COLUMNS))
    store.write(f"insert into r_data_main values ({marks})", *(getattr(replica, column) for column in COLUMNS))


def update(store: CatalogStore, replica: Replica) -> None:
    """Write the row of a replica anew."""
    values = [getattr(replica, column) for column in COLUMNS]
    store.write(
        f"update r_data_main set {_SET} where data_id = ? and data_repl_num = ?",
        *values,
        replica.data_id,
        replica.data_repl_num,
    )


def delete(store: CatalogStore, replica: Replica) -> None:
    """Take a row away, and with the last one the data object."""
    store.write(
        "delete from r_data_main where data_id = ? and data_repl_num = ?", replica.data_id, replica.data_repl_num
    )
    if not store.row("select 1 from r_data_main where data_id = ?", replica.data_id):
        store.write("delete from r_objt_metamap where object_id = ?", replica.data_id)
        access.forget(store, replica.data_id)


def rename(store: CatalogStore, data_id: int, new_name: str) -> None:
    """Give a data object another name."""
    store.write("update r_data_main set data_name = ? where data_id = ?", new_name, data_id)


def move(store: CatalogStore, data_id: int, collection_id: int) -> None:
    """Put a data object into another collection."""
    store.write("update r_data_main set coll_id = ?, modify_ts = ? where data_id = ?", collection_id, now(), data_id)
