"""Collections in the catalog."""

from typing import NamedTuple

from lab.zone.catalog import access
from lab.zone.catalog.store import CatalogStore, Row, now
from lab.zone.catalog.users import User
from lab.zone.errors import ZoneError
from lab.zone.structs import name, parent


class Collection(NamedTuple):
    """A collection."""

    id: int
    path: str
    owner: str
    owner_zone: str
    inherits: bool
    created: str
    modified: str


_COLUMNS = (
    "coll_id, coll_name, coll_owner_name, coll_owner_zone, coalesce(coll_inheritance, '') = '1', create_ts, modify_ts"
)


def _made(row: Row) -> Collection:
    identifier, path, owner, zone, inherits, created, modified = row
    return Collection(identifier, path, owner, zone, bool(inherits), created, modified)


def find(store: CatalogStore, path: str) -> Collection | None:
    """The collection at a path."""
    row = store.row(f"select {_COLUMNS} from r_coll_main where coll_name = ?", path)
    return _made(row) if row else None


def need(store: CatalogStore, path: str) -> Collection:
    """The collection at a path, or CAT_UNKNOWN_COLLECTION."""
    collection = find(store, path)
    if collection is None:
        raise ZoneError("CAT_UNKNOWN_COLLECTION", path)
    return collection


def path_of(store: CatalogStore, collection_id: int) -> str:
    """The path of the collection with an id."""
    return str(store.value("select coll_name from r_coll_main where coll_id = ?", collection_id))


def object_in(store: CatalogStore, collection: Collection, data_name: str) -> int | None:
    """The id of the data object with a name in a collection."""
    data_id: int | None = store.value(
        "select data_id from r_data_main where coll_id = ? and data_name = ?", collection.id, data_name
    )
    return data_id


def add(store: CatalogStore, path: str, owner: User) -> Collection:
    """Make a collection; it belongs to its owner, and inherits if its parent does."""
    above = need(store, parent(path))
    if find(store, path):
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", path)
    if object_in(store, above, name(path)):
        raise ZoneError("CAT_NAME_EXISTS_AS_DATAOBJ", path)
    identifier = insert(store, path, owner, above.inherits)
    if above.inherits:
        access.inherit(store, above.id, identifier)
    access.grant(store, owner.id, identifier, access.OWN)
    return need(store, path)


def insert(store: CatalogStore, path: str, owner: User, inherits: bool = False) -> int:
    """Write the row of a collection."""
    identifier, time = store.new_ids(), now()
    store.write(
        "insert into r_coll_main values (?, ?, ?, ?, ?, 0, ?, '', ?, ?, '', '', '')",
        identifier,
        path,
        parent(path),
        owner.name,
        owner.zone,
        "1" if inherits else "",
        time,
        time,
    )
    return identifier


def below(store: CatalogStore, path: str) -> list[Collection]:
    """A collection and all below it, deepest first."""
    rows = store.rows(
        f"select {_COLUMNS} from r_coll_main where coll_name = ? or (coll_name > ? and coll_name < ?)"
        " order by coll_name desc",
        path,
        path + "/",
        path + "0",
    )
    return [_made(row) for row in rows]


def children(store: CatalogStore, path: str) -> list[Collection]:
    """The collections right below one."""
    rows = store.rows(
        f"select {_COLUMNS} from r_coll_main where parent_coll_name = ? and coll_name <> '/' order by coll_name", path
    )
    return [_made(row) for row in rows]


def remove(store: CatalogStore, path: str) -> None:
    """Take an empty collection away."""
    collection = need(store, path)
    if children(store, path) or store.row("select 1 from r_data_main where coll_id = ?", collection.id):
        raise ZoneError("CAT_COLLECTION_NOT_EMPTY", path)
    store.write("delete from r_objt_metamap where object_id = ?", collection.id)
    access.forget(store, collection.id)
    store.write("delete from r_coll_main where coll_id = ?", collection.id)


def move(store: CatalogStore, old: str, new: str) -> None:
    """Give a collection another path, and all below it with it."""
    rows = [
        (new + collection.path[len(old) :], parent(new + collection.path[len(old) :]), collection.id)
        for collection in below(store, old)
    ]
    store.write_many("update r_coll_main set coll_name = ?, parent_coll_name = ? where coll_id = ?", rows)
    store.write("update r_coll_main set modify_ts = ? where coll_name = ?", now(), new)


def touch(store: CatalogStore, path: str, time: str | None = None) -> None:
    """Set when a collection was last changed."""
    store.write("update r_coll_main set modify_ts = ? where coll_name = ?", time or now(), path)


def set_inheritance(store: CatalogStore, path: str, inherits: bool, recursive: bool) -> None:
    """Say whether what is made in a collection gets its permissions."""
    for collection in below(store, path) if recursive else [need(store, path)]:
        store.write(
            "update r_coll_main set coll_inheritance = ? where coll_id = ?", "1" if inherits else "0", collection.id
        )
