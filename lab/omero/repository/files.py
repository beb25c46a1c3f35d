"""Raw file stores: the bytes of one file, written while it is uploaded, read afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

from omero.rtypes import rlong

from lab.omero import errors, permissions
from lab.omero.caller import Caller
from lab.omero.control import Control
from lab.omero.model import ENTITIES
from lab.omero.repository.checksums import checksum
from lab.omero.repository.rows import FILE, algorithm_of, file_row, place_of, set_contents
from lab.omero.servants import Call, writes
from lab.omero.services.query import QueryService
from lab.omero.store import Store
from lab.omero.work import working

READ_LIMIT = 64_000_000


def refuse_restricted(store: Store, identity: int) -> None:
    """Refuse to give the bytes of a plate's file away, unless the configuration of its group says so (omero-66)."""
    row = file_row(store, identity)
    config = store.get_values(ENTITIES["ExperimenterGroup"], "config", [row["group_id"]]).get(row["group_id"], [])
    if row["name"].endswith(".txt") or ("omero.policy.binary_access", "+plate") in config:
        return
    text = (
        'select 1 from "filesetentry" e join "image" i on i.fileset = e.fileset join "wellsample" s on s.image = i.id '
        'where e."originalFile" = ? limit 1'
    )
    if store.run(text, [identity]):
        raise errors.violation(f"Download is restricted for {FILE.java}:Id_{identity}")


class StoredFile:
    """One open file of the managed repository."""

    def __init__(self, store: Store, control: Control, caller: Caller) -> None:
        self._store = store
        self._control = control
        self._caller = caller
        self._id = 0
        self._path = Path()
        self._file: BinaryIO | None = None
        self._writable = False
        self._written = False
        self._fixed = False
        self.offset = 0

    def open(self, repository: Path, identity: int, writable: bool) -> None:
        """Open a file by its id; for writing it is made anew if need be."""
        row = file_row(self._store, identity)
        self._id, self._path, self._writable = identity, place_of(repository, row), writable
        if writable:
            self._fixed = True
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            self._file = os.fdopen(descriptor, "r+b", buffering=0)

    def setFileId(self, call: Call, identity: int) -> None:
        if self._fixed:
            raise errors.api_usage(f"Cannot reset id to {identity}")
        QueryService().get(call, "OriginalFile", identity)
        row = file_row(self._store, identity)
        if row["repo"] is None:
            raise errors.refused("raw file stores for files outside of the managed repository")
        self.open(call.host.repository, identity, writable=False)

    def getFileId(self, call: Call) -> Any:
        return rlong(self._id) if self._id else None

    def _opened(self) -> BinaryIO:
        if not self._id:
            raise errors.api_usage(
                "This RawFileStore has not been properly initialized.\n"
                "Please set the file id before executing any other methods.\n"
            )
        if self._file is None:
            try:
                self._file = self._path.open("rb", buffering=0)
            except OSError as error:
                raise errors.made("ResourceError", f"{self._path} ({error.strerror})") from None
        return self._file

    def exists(self, call: Call) -> bool:
        return self._path.exists()

    def size(self, call: Call) -> int:
        return os.fstat(self._opened().fileno()).st_size

    def read(self, call: Call, position: int, length: int) -> bytes:
        if length > READ_LIMIT:
            raise errors.api_usage(f"Too big: {length}")
        if not self._fixed:
            refuse_restricted(self._store, self._id)
        # The real server reads into a buffer of that length, whose end stays zero past the file's (omero-45).
        return os.pread(self._opened().fileno(), length, position).ljust(length, b"\0")

    @writes
    def write(self, call: Call, block: bytes, position: int, length: int) -> None:
        if not self._writable:
            raise errors.violation(f"file {self._id} is open for reading only")
        call.objects = 1
        os.pwrite(self._opened().fileno(), bytes(block[:length]), position)
        self._written = True
        self.offset = position + length

    @writes
    def truncate(self, call: Call, length: int) -> bool:
        if not self._writable:
            raise errors.violation(f"file {self._id} is open for reading only")
        os.ftruncate(self._opened().fileno(), length)
        self._written = True
        return True

    @writes
    def save(self, call: Call) -> Any:
        call.objects = 1
        if not self._settle():
            return None
        return QueryService().get(call, "OriginalFile", self._id)

    @writes
    def close(self, call: Call) -> None:
        self.abandon()
        call.host.withdraw(call.session, call.current.id)

    def abandon(self) -> None:
        """Close the file, also when its client is gone: what was written is written down."""
        if self._id and self._path.exists():
            self._settle()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _settle(self) -> bool:
        """Write down what the file holds, if anything was written or it is empty."""
        size = os.fstat(self._opened().fileno()).st_size
        row = file_row(self._store, self._id)
        if row["size"] == size and (size == 0 or not self._written):
            return False
        if row["size"] is None and size > 0 and not self._written:
            return False
        self._written = False
        if "edit" not in permissions.allowed(self._caller, FILE, row):
            raise errors.violation(f"Updating {FILE.java}:{self._id} not allowed.")
        algorithm = algorithm_of(self._store, row)
        digest = checksum(algorithm, self._path) if algorithm else None
        changed = int(self._path.stat().st_mtime * 1000)
        with working(self._store, self._caller, self._control) as work:
            set_contents(work, self._id, size=size, hash=digest, mtime=changed)
        return True
