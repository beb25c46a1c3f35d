"""What a new database starts with: enumerations, the root and guest users, the groups that every server has."""

from __future__ import annotations

import hashlib
import secrets
import uuid

from lab.omero.caller import GUEST, ROOT, SYSTEM, USER
from lab.omero.model import ENTITIES
from lab.omero.model.description import ENUMERATIONS
from lab.omero.store import Store
from lab.omero.work import now

GUEST_USER = 1
NODE = 0


def seed(store: Store, root_password: str) -> None:
    """Fill a database that is new, and leave any other as it is."""
    with store.transaction():
        if store.setting("database"):
            return
        store.set_setting("database", str(uuid.uuid4()))
        for name, values in ENUMERATIONS.items():
            for value in values:
                _insert(store, name, value=value)
        for identity, name, permissions in (
            (SYSTEM, "system", "rw----"),
            (USER, "user", "rwr-r-"),
            (GUEST, "guest", "rw----"),
        ):
            _insert(store, "ExperimenterGroup", id=identity, name=name, ldap=0, permissions=permissions)
        _insert(store, "Experimenter", id=ROOT, omeName="root", firstName="root", lastName="root", ldap=0)
        _insert(store, "Experimenter", id=GUEST_USER, omeName="guest", firstName="Guest", lastName="Account", ldap=0)
        for group, user, leads in ((SYSTEM, ROOT, 1), (USER, ROOT, 0), (GUEST, GUEST_USER, 0)):
            _insert(store, "GroupExperimenterMap", parent=group, child=user, owner=leads)
        _insert(store, "Node", id=NODE, uuid=str(uuid.uuid4()), conn="lab", up=now())
        set_password(store, ROOT, root_password)


def _insert(store: Store, entity: str, /, **row: object) -> None:
    store.insert(ENTITIES[entity], row)


def set_password(store: Store, user: int, password: str) -> None:
    """Set a user's password."""
    salt = secrets.token_hex(8)
    store.run("insert or replace into password values (?, ?, ?)", [user, salt, _digest(salt, password)])


def has_password(store: Store, user: int, password: str) -> bool:
    """Tell whether that is the user's password."""
    rows = store.run("select salt, digest from password where experimenter = ?", [user])
    return bool(rows) and secrets.compare_digest(rows[0][1], _digest(rows[0][0], password))


def _digest(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}{password}".encode()).hexdigest()
