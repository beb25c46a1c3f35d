"""The rows of files in the managed repository, which only the server itself may write."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from lab.omero import errors
from lab.omero.model import ENTITIES
from lab.omero.store import Row, Store
from lab.omero.work import Work, now

FILE = ENTITIES["OriginalFile"]
DIRECTORY = "Directory"


def repository_uuid(store: Store) -> str:
    """Return the id that the repository is known by, which is not that of the database (omero-78)."""
    return str(uuid.uuid5(uuid.UUID(store.setting("database")), "ManagedRepository"))


def algorithm_id(store: Store, name: str) -> int:
    """Return the id of a checksum algorithm."""
    return int(store.run('select id from "checksumalgorithm" where value = ?', [name])[0][0])


def algorithm_of(store: Store, row: Row) -> str | None:
    """Return the name of the algorithm of a file's checksum."""
    rows = store.run('select value from "checksumalgorithm" where id = ?', [row["hasher"]])
    return str(rows[0][0]) if rows else None


def add_file(work: Work, path: str, algorithm: str | None, mimetype: str | None) -> int:
    """Write down a file or folder, by its path in the repository; one that is known keeps its row."""
    folder, _, name = path.rpartition("/")  # only the top has a slash before it (omero-79)
    known = work.store.run(f"select id from {FILE.table} where path = ? and name = ?", [f"{folder}/", name])
    if known:
        return int(known[0][0])
    row = {
        "path": f"{folder}/",
        "name": name,
        "repo": repository_uuid(work.store),
        "mimetype": mimetype or "application/octet-stream",
        "ctime": now(),
        "hasher": algorithm_id(work.store, algorithm) if algorithm else None,
        "owner_id": work.caller.user,
        "group_id": work.caller.group,
        "creation_id": work.event,
        "update_id": work.event,
    }
    identity = work.store.insert(FILE, row)
    work.log("INSERT", FILE, [identity])
    return identity


def add_folders(work: Work, path: str) -> None:
    """Write down the folders above a file."""
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        add_file(work, "/".join(parts[:depth]), None, DIRECTORY)


def file_row(store: Store, identity: int) -> Row:
    """Return the row of a file."""
    row = store.row(FILE, identity)
    if row is None:
        raise errors.unavailable(FILE.java, identity)
    return row


def place_of(repository: Path, row: Row) -> Path:
    """Return where a file of the repository is on disk."""
    return repository.joinpath(row["path"].lstrip("/") + row["name"])


def set_contents(work: Work, identity: int, **changes: Any) -> None:
    """Write down size, checksum and time of a file that was written to."""
    row = file_row(work.store, identity)
    work.store.update(FILE, identity, {**changes, "version": row["version"] + 1, "update_id": work.event})
    work.log("UPDATE", FILE, [identity])
