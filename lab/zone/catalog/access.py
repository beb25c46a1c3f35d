"""Permissions on collections and data objects in the catalog."""

from lab.zone.catalog.schema import ACCESS
from lab.zone.catalog.store import CatalogStore, now
from lab.zone.catalog.users import User

LEVELS = {**ACCESS, "read": ACCESS["read_object"], "write": ACCESS["modify_object"]}
READ, WRITE, DELETE, OWN = (ACCESS[name] for name in ("read_object", "modify_object", "delete_object", "own"))
READ_METADATA, CREATE_METADATA, DELETE_METADATA, MODIFY_METADATA = (
    ACCESS[name] for name in ("read_metadata", "create_metadata", "delete_metadata", "modify_metadata")
)


def level(store: CatalogStore, user: User, object_id: int) -> int:
    """What a user may do with an object, by himself or through his groups."""
    return int(
        store.value(
            "select max(a.access_type_id) from r_objt_access a join r_user_group g on g.group_user_id = a.user_id"
            " where a.object_id = ? and g.user_id = ?",
            object_id,
            user.id,
        )
        or 0
    )


def sees(store: CatalogStore, user: User, object_id: int, collection_id: int) -> bool:
    """Whether a data object is there for a user: with rights on it and on its collection (zone-40)."""
    return user.is_administrator or all(level(store, user, id_) >= READ for id_ in (object_id, collection_id))


def grant(store: CatalogStore, user_id: int, object_id: int, number: int) -> None:
    """Set what a user may do with an object; 1000 takes everything away."""
    time = now()
    if number <= ACCESS["null"]:
        store.write("delete from r_objt_access where object_id = ? and user_id = ?", object_id, user_id)
    else:
        store.write(
            "insert or replace into r_objt_access values (?, ?, ?, ?, ?)", object_id, user_id, number, time, time
        )


def inherit(store: CatalogStore, collection_id: int, object_id: int) -> None:
    """Give an object the permissions of a collection."""
    time = now()
    store.write(
        "insert or replace into r_objt_access select ?, user_id, access_type_id, ?, ? from r_objt_access"
        " where object_id = ?",
        object_id,
        time,
        time,
        collection_id,
    )


def forget(store: CatalogStore, object_id: int) -> None:
    """Take all permissions on an object away, with the object."""
    store.write("delete from r_objt_access where object_id = ?", object_id)
