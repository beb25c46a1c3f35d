"""Removes copies from OMERO's managed repository and brings them back, so that no half of it is ever seen.

A managed name leads to nothing or to all the right bytes, whenever this is broken off: OMERO takes a file of another
size for the image, and writes its size and hash into the database.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from irods_omero.domain.state.managed_files import ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.ahead import read_ahead
from irods_omero.gateways.checksums import Digest, hexadecimal_digest
from irods_omero.gateways.repository.directory import Repository, lstat, working_name

BLOCK = 4 * 1024 * 1024
REMOVING = "removing OMERO's copy"
REFILLING = "bringing back OMERO's copy"
SEARCHING = "clearing up beside OMERO's copy"

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def digest_for(file: ManagedFile, doing: str) -> Digest:
    """What computes a hash of the kind that OMERO has for a file.

    Raises:
        RefusedError: OMERO has none, or one that says nothing of the bytes.
    """
    digest = hexadecimal_digest(file.kind) if file.digest else None
    if digest is None:
        cause = f"OMERO has no hash of its bytes that can be compared ({file.kind or 'none'})"
        raise RefusedError(doing, file.path, cause)
    return digest


def clear(repository: Repository, file: ManagedFile) -> None:
    """Remove what an agent that was killed has left beside a managed file, which is never all that there is of it."""
    with _place(repository, file, SEARCHING) as (directory, _):
        repository.call(SEARCHING, file.path, lambda: _unlink(directory, working_name(file.id)))


def evict(repository: Repository, file: ManagedFile) -> int:
    """Remove a copy, if its bytes are those that OMERO knows; returns how many bytes that has freed.

    It gets another name first, and is seen to be still the one that was read: what was put in its place meanwhile is
    put back.

    Raises:
        RefusedError: It is something else by now, or it may not be removed.
    """
    working = working_name(file.id)
    with _place(repository, file, REMOVING) as (directory, name):
        repository.call(REMOVING, file.path, lambda: _unlink(directory, working))
        if lstat(directory, name) is None:
            return 0
        descriptor = repository.call(REMOVING, file.path, lambda: os.open(name, READ, dir_fd=directory))
        try:
            before = repository.call(REMOVING, file.path, lambda: os.fstat(descriptor))
            _check_is_copy(file, before)
            _check_bytes(file, REMOVING, _blocks(repository, file, descriptor))
            repository.call(REMOVING, file.path, lambda: _rename(directory, name, working))
            found = repository.call(
                REMOVING, file.path, lambda: os.stat(working, dir_fd=directory, follow_symlinks=False)
            )
            if _version(found) != _version(before):
                repository.call(REMOVING, file.path, lambda: _place_new(directory, working, name))
                raise RefusedError(REMOVING, file.path, "it was changed while it was looked at: left as it is")
            repository.call(REMOVING, file.path, lambda: _unlink(directory, working))
        finally:
            os.close(descriptor)
    return before.st_size


def refill(repository: Repository, file: ManagedFile, blocks: Iterable[bytes]) -> int:
    """Bring a file back, with the modification time that it had; returns how many bytes were written.

    Args:
        repository: Where to.
        file: What OMERO knows of it.
        blocks: Its bytes, from iRODS.

    Raises:
        RefusedError: They are not those that OMERO knows, there is no room for them, or something is there already.
    """
    working, digest = working_name(file.id), digest_for(file, REFILLING)
    with _place(repository, file, REFILLING) as (directory, name):
        repository.call(REFILLING, file.path, lambda: _unlink(directory, working))
        room = repository.call(REFILLING, file.path, lambda: _room(directory))
        if room < file.size:
            raise RefusedError(REFILLING, file.path, f"OMERO's disk has room for {room} bytes, and it has {file.size}")
        descriptor = repository.call(REFILLING, file.path, lambda: os.open(working, CREATE, 0o644, dir_fd=directory))
        try:
            size = 0
            for block in read_ahead(_digested(blocks, digest)):
                size += len(block)
                repository.call(REFILLING, file.path, _writing(descriptor, block))
            if size != file.size or not digest.is_that_of(file.digest):
                raise RefusedError(REFILLING, file.path, "what iRODS has is not what OMERO knows: its hash is another")
            repository.call(REFILLING, file.path, lambda: _finish(directory, descriptor, file))
            repository.call(REFILLING, file.path, lambda: _place_new(directory, working, name))
        except BaseException:
            with suppress(OSError):
                _unlink(directory, working)
            raise
        finally:
            os.close(descriptor)
    return size


def try_out(repository: Repository) -> None:
    """Do once, beside everything else and with a file of its own, what bringing back and removing takes.

    Raises:
        RefusedError: It cannot be done here: rights are missing, or the file system has no hard links.
    """
    doing, working, name = "trying to write into omero.repository", f"{working_name(0)}-new", working_name(0)

    def work() -> None:
        with repository.directory(()) as directory:
            _unlink(directory, working)
            _unlink(directory, name)
            descriptor = os.open(working, CREATE, 0o644, dir_fd=directory)
            try:
                os.utime(descriptor, ns=(0, 0))
            finally:
                os.close(descriptor)
            _place_new(directory, working, name)
            _rename(directory, name, working)
            _unlink(directory, working)

    repository.call(doing, repository.path, work)


def is_file_in(file: ManagedFile, blocks: Iterable[bytes]) -> bool:
    """Whether these bytes are those that OMERO knows of a file.

    Raises:
        RefusedError: OMERO has no hash of it that can be compared.
    """
    digest, size = digest_for(file, "comparing with OMERO's hash"), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return size == file.size and digest.is_that_of(file.digest)


class _place:  # noqa: N801 - a context manager
    """The directory of a managed file, and its name there."""

    def __init__(self, repository: Repository, file: ManagedFile, doing: str) -> None:
        self._repository, self._file, self._doing = repository, file, doing
        self._opened = repository.place_of(file.path)

    def __enter__(self) -> tuple[int, str]:
        return self._repository.call(self._doing, self._file.path, self._opened.__enter__)

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(None, None, None)


def _check_is_copy(file: ManagedFile, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size != file.size:
        raise RefusedError(
            REMOVING, file.path, "it is no file of its own with the size that OMERO knows: left as it is"
        )


def _check_bytes(file: ManagedFile, doing: str, blocks: Iterable[bytes]) -> None:
    if not is_file_in(file, blocks):
        raise RefusedError(doing, file.path, "its bytes are not those that OMERO knows: left as it is")


def _blocks(repository: Repository, file: ManagedFile, descriptor: int) -> Iterator[bytes]:
    while block := repository.call(REMOVING, file.path, lambda: os.read(descriptor, BLOCK)):
        yield block


def _version(found: os.stat_result) -> tuple[int, int, int, int, int]:
    """What differs as soon as a file is another one, or was written to, or has got another name."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_nlink


def _digested(blocks: Iterable[bytes], digest: Digest) -> Iterator[bytes]:
    """The same blocks, taken into account on their way: computing takes as long as writing, and goes on beside it."""
    for block in blocks:
        digest.update(block)
        yield block


def _unlink(directory: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)


def _rename(directory: int, name: str, to: str) -> None:
    os.rename(name, to, src_dir_fd=directory, dst_dir_fd=directory)


def _place_new(directory: int, name: str, to: str) -> None:
    """Give something its managed name, unless there is something of that name: a plain renaming would replace it."""
    os.link(name, to, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    os.unlink(name, dir_fd=directory)
    os.fsync(directory)


def _room(directory: int) -> int:
    found = os.fstatvfs(directory)
    return found.f_bavail * found.f_frsize


def _writing(descriptor: int, block: bytes) -> Callable[[], None]:
    def write() -> None:
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return write


def _finish(directory: int, descriptor: int, file: ManagedFile) -> None:
    """Give a file the time and, for an agent that may, the owner that it had, and have all of it on disk.

    Without that it might be there with no bytes after a power cut.
    """
    if os.geteuid() == 0:
        above = os.fstat(directory)
        os.fchown(descriptor, above.st_uid, above.st_gid)
    if file.modified is not None:
        os.utime(descriptor, ns=(file.modified * 1_000_000, file.modified * 1_000_000))
    os.fsync(descriptor)
