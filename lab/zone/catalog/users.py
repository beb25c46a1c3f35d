"""Users, groups and passwords in the catalog."""

import re
from typing import NamedTuple

from lab.zone.catalog.store import CatalogStore, now
from lab.zone.errors import ZoneError

ADMINISTRATOR = "rodsadmin"
GROUP = "rodsgroup"
_NAME = re.compile(r"[\w.@-]+", re.ASCII)
TYPES = (ADMINISTRATOR, "rodsuser", "groupadmin")


class User(NamedTuple):
    """A user or a group."""

    id: int
    name: str
    kind: str
    zone: str

    @property
    def is_administrator(self) -> bool:
        """Whether the user may do everything."""
        return self.kind == ADMINISTRATOR


def find(store: CatalogStore, name: str, zone: str) -> User | None:
    """The user or group with a name."""
    row = store.row(
        "select user_id, user_name, user_type_name, zone_name from r_user_main where user_name = ? and zone_name = ?",
        name,
        zone,
    )
    return User(*row) if row else None


def need(store: CatalogStore, name: str, zone: str) -> User:
    """The user or group with a name, or CAT_INVALID_USER."""
    user = find(store, name, zone)
    if user is None:
        raise ZoneError("CAT_INVALID_USER", f"no user {name}#{zone}")
    return user


def password(store: CatalogStore, user: User) -> str | None:
    """The password of a user; None for one who has none."""
    value: str | None = store.value("select password from r_user_main where user_id = ?", user.id)
    return value or None


def set_password(store: CatalogStore, user: User, value: str) -> None:
    """Give a user a password."""
    store.write("update r_user_main set password = ?, modify_ts = ? where user_id = ?", value, now(), user.id)


def add(store: CatalogStore, name: str, kind: str, zone: str, value: str = "") -> User:
    """Make a user or a group; users are members of the group public."""
    if not _NAME.fullmatch(name):
        raise ZoneError("USER_INVALID_USERNAME_FORMAT", name)  # zone-94
    if kind not in (*TYPES, GROUP):
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a user type: {kind}")
    if find(store, name, zone):
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", name)
    user, time = User(store.new_ids(), name, kind, zone), now()
    store.write(
        "insert into r_user_main values (?, ?, ?, ?, '', '', ?, ?, ?)", user.id, name, kind, zone, time, time, value
    )
    store.write("insert into r_user_group values (?, ?)", user.id, user.id)
    public = find(store, "public", zone)
    if public and kind != GROUP:
        join(store, public, user)
    return user


def remove(store: CatalogStore, user: User) -> None:
    """Take a user or group away, with the permissions that it had."""
    store.write("delete from r_user_main where user_id = ?", user.id)
    store.write("delete from r_user_group where user_id = ? or group_user_id = ?", user.id, user.id)
    store.write("delete from r_objt_access where user_id = ?", user.id)


def join(store: CatalogStore, group: User, member: User) -> None:
    """Put a user into a group."""
    if group.kind != GROUP:
        raise ZoneError("CAT_INVALID_GROUP", f"{group.name} is not a group")
    if store.row("select 1 from r_user_group where group_user_id = ? and user_id = ?", group.id, member.id):
        raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", f"{member.name} in {group.name}")
    store.write("insert into r_user_group values (?, ?)", group.id, member.id)


def leave(store: CatalogStore, group: User, member: User) -> None:
    """Take a user out of a group."""
    if not store.write("delete from r_user_group where group_user_id = ? and user_id = ?", group.id, member.id):
        raise ZoneError("CAT_SUCCESS_BUT_WITH_NO_INFO", f"{member.name} is not in {group.name}")


def set_kind(store: CatalogStore, user: User, kind: str) -> None:
    """Make a user an administrator or an ordinary one."""
    if kind not in TYPES:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a user type: {kind}")
    store.write("update r_user_main set user_type_name = ?, modify_ts = ? where user_id = ?", kind, now(), user.id)


def set_text(store: CatalogStore, user: User, field: str, value: str) -> None:
    """Set the comment or the info of a user."""
    column = {"comment": "r_comment", "info": "user_info"}[field]
    store.write(f"update r_user_main set {column} = ?, modify_ts = ? where user_id = ?", value, now(), user.id)
