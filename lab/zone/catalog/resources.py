"""Storage resources and their hierarchies in the catalog."""

from typing import NamedTuple

from lab.zone.catalog.store import CatalogStore, now
from lab.zone.errors import ZoneError, unsupported

COORDINATING = ("passthru", "random", "deferred", "replication")
STORING = ("unixfilesystem", "unix file system")


class Resource(NamedTuple):
    """A resource: one that stores has a vault, one that coordinates has children."""

    id: int
    name: str
    kind: str
    host: str
    vault: str
    parent: str
    status: str

    @property
    def stores(self) -> bool:
        """Whether files can be kept here."""
        return self.kind in STORING

    @property
    def is_down(self) -> bool:
        """Whether an administrator has marked it as out of order."""
        return self.status == "down"


_COLUMNS = "resc_id, resc_name, resc_type_name, resc_net, resc_def_path, resc_parent, resc_status"


def find(store: CatalogStore, name: str) -> Resource | None:
    """The resource with a name."""
    row = store.row(f"select {_COLUMNS} from r_resc_main where resc_name = ?", name)
    return Resource(*row) if row else None


def need(store: CatalogStore, name: str) -> Resource:
    """The resource with a name, or SYS_RESC_DOES_NOT_EXIST."""
    resource = find(store, name)
    if resource is None:
        raise ZoneError("SYS_RESC_DOES_NOT_EXIST", name)
    return resource


def by_id(store: CatalogStore, resource_id: int) -> Resource:
    """The resource with an id."""
    row = store.row(f"select {_COLUMNS} from r_resc_main where resc_id = ?", resource_id)
    if row is None:
        raise ZoneError("CAT_UNKNOWN_RESOURCE", str(resource_id))
    return Resource(*row)


def children(store: CatalogStore, resource: Resource) -> list[Resource]:
    """The resources right below one."""
    rows = store.rows(f"select {_COLUMNS} from r_resc_main where resc_parent = ? order by resc_id", str(resource.id))
    return [Resource(*row) for row in rows]


def leaves(store: CatalogStore, resource: Resource) -> list[Resource]:
    """The resources that store files, at or below one."""
    below = children(store, resource)
    if not below:
        return [resource]
    return [leaf for child in below for leaf in leaves(store, child)]


def storing_leaves(store: CatalogStore, resource: Resource) -> list[Resource]:
    """The leaves that can keep a file, or HIERARCHY_ERROR."""
    storage_resources = [leaf for leaf in leaves(store, resource) if leaf.stores]
    if not storage_resources:
        raise ZoneError("HIERARCHY_ERROR", f"{resource.name} has nowhere to keep a file")
    return storage_resources


def hierarchy(store: CatalogStore, resource_id: int) -> str:
    """The names from the root down to a resource, with semicolons between."""
    resource = by_id(store, resource_id)
    if not resource.parent:
        return resource.name
    return f"{hierarchy(store, int(resource.parent))};{resource.name}"


def hierarchies(store: CatalogStore) -> dict[int, str]:
    """The hierarchy of every resource."""
    return {row[0]: hierarchy(store, row[0]) for row in store.rows("select resc_id from r_resc_main")}


def root(hierarchy_string: str) -> str:
    """The first name of a hierarchy."""
    return hierarchy_string.partition(";")[0]


def leaf_of(store: CatalogStore, hierarchy_string: str) -> Resource:
    """The resource at the end of a hierarchy."""
    return need(store, hierarchy_string.rpartition(";")[2])


def add(store: CatalogStore, name: str, kind: str, location: str, *, context: str, zone: str) -> Resource:
    """Make a resource."""
    if find(store, name):
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", name)
    if kind not in STORING + COORDINATING:
        raise unsupported(f"resources of type {kind!r}")
    host, _, vault = location.partition(":")
    if kind in STORING and not vault.startswith("/"):
        raise ZoneError("CAT_INVALID_ARGUMENT", f"a vault path is needed, not {vault!r}")
    identifier, time = store.new_ids(), now()
    store.write(
        "insert into r_resc_main values (?, ?, ?, ?, 'cache', ?, ?, '', '', '', '', '', ?, ?, '0', '', ?, '', '')",
        identifier,
        name,
        zone,
        "unixfilesystem" if kind in STORING else kind,
        host or "localhost",
        vault or "EMPTY_RESC_PATH",
        time,
        time,
        context,
    )
    return by_id(store, identifier)


def remove(store: CatalogStore, resource: Resource) -> None:
    """Take an unused resource away."""
    if store.row("select 1 from r_data_main where resc_id = ?", resource.id) or children(store, resource):
        raise ZoneError("CAT_RESOURCE_NOT_EMPTY", resource.name)
    store.write("delete from r_objt_metamap where object_id = ?", resource.id)
    store.write("delete from r_resc_main where resc_id = ?", resource.id)


_CHANGEABLE = {
    "comment": "r_comment",
    "context": "resc_context",
    "host": "resc_net",
    "info": "resc_info",
    "name": "resc_name",
    "path": "resc_def_path",
    "status": "resc_status",
    "type": "resc_type_name",
    "free_space": "free_space",
}


def modify(store: CatalogStore, resource: Resource, option: str, value: str) -> None:
    """Change one property of a resource."""
    if option not in _CHANGEABLE:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"no such property of a resource: {option}")
    store.write(
        f"update r_resc_main set {_CHANGEABLE[option]} = ?, modify_ts = ? where resc_id = ?", value, now(), resource.id
    )


def set_parent(store: CatalogStore, child: Resource, parent: Resource | None, context: str = "") -> None:
    """Hang a resource below another, or take it off."""
    if parent and child.parent:
        raise ZoneError("HIERARCHY_ERROR", f"{child.name} has a parent")
    store.write(
        "update r_resc_main set resc_parent = ?, resc_parent_context = ?, modify_ts = ? where resc_id = ?",
        str(parent.id) if parent else "",
        context,
        now(),
        child.id,
    )
