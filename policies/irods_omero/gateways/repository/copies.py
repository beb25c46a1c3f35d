"""Removes copies from OMERO's managed repository and brings them back, so that no half of it is ever seen.

A managed name leads to nothing or to all the right bytes, whenever this is broken off: OMERO takes a file of another
size for the image, and writes its size and hash into the database.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from irods_omero.domain.state.one_copy.managed_files import LINK, ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.checksums import Digest, hexadecimal_digest
from irods_omero.gateways.read_ahead import read_ahead
from irods_omero.gateways.repository.directory import Repository, is_same, lstat, working_name
from irods_omero.gateways.repository.place import (
    ManagedPlace,
    PlaceEntries,
    exchange,
    link,
    link_open,
    place_of_file,
    rename,
    unlink,
)

BLOCK = 4 * 1024 * 1024

WRITE_OUT = 8 * BLOCK
"""Number of bytes after which the disk is set to work: otherwise it would begin when all of a file has come, and be
waited for in the end."""

REMOVING = "removing OMERO's copy"
REFILLING = "bringing back OMERO's copy"
CLEARING = "clearing up beside OMERO's copy"
CHANGED = "it was changed while it was looked at: left as it is"

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


class Version(NamedTuple):
    """What differs as soon as a file is another one, or was written to, or has got another name."""

    device: int
    inode: int
    size: int
    modified: int
    links: int
    changed: int

    @staticmethod
    def of(status: os.stat_result) -> Version:
        """That of what the operating system has told of."""
        return Version(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_nlink, status.st_ctime_ns
        )

    def is_renamed(self, other: Version) -> bool:
        """Whether the other one is the same but for its name, of which the time of change tells, too."""
        return self._replace(changed=other.changed) == other


def clear(repository: Repository, file: ManagedFile) -> bool:
    """Clear up what an agent that was killed has left beside a managed file.

    Bytes that were on their way out get their managed name back, if they are those that OMERO knows.

    Returns:
        Whether there is something of the managed name now, and it is no link.

    Raises:
        RefusedError: What was on its way out is something else: left as it is.
    """
    with place_of_file(repository, file, CLEARING) as place:
        entries = place.tidied()
        if entries.aside is None:
            return entries.named is not None and not stat.S_ISLNK(entries.named.st_mode)
        with place.opened(place.aside) as descriptor:
            check_bytes(place, place.aside, descriptor)
            if entries.named is None:
                place.name_it(descriptor, place.aside)
            else:  # a link, which the copy had gone for
                place.call(lambda: link_open(descriptor, place.directory, place.complete))
                _into_place(place, entries.named)
                place.unlink(place.complete)
                place.unlink(place.aside)
                place.call(lambda: os.fsync(place.directory))
    return True


def check(repository: Repository, file: ManagedFile) -> Version | None:
    """See that a copy may be removed: it is a file of its own with the bytes that OMERO knows, or a link of ours.

    Returns:
        What it can be known by when it is removed, None where there is nothing.

    Raises:
        RefusedError: It is something else.
    """
    with place_of_file(repository, file, REMOVING) as place:
        entries = place.tidied()
        if entries.named is None and entries.aside is None:
            return None
        if file.disk.state == LINK:
            return _own_link(place, entries)
        name = place.name if entries.named is not None else place.aside
        with place.opened(name) as descriptor:
            return check_bytes(place, name, descriptor)


def remove(repository: Repository, file: ManagedFile, version: Version | None) -> int:
    """Remove a copy, if it is still what ``check`` has seen; returns how many bytes that has freed.

    It gets another name first, and is seen to be that file: what was put in its place meanwhile is put back.

    Raises:
        RefusedError: It is something else by now, or it may not be removed.
    """
    with place_of_file(repository, file, REMOVING) as place:
        entries = place.tidied()
        if entries.named is None and entries.aside is None:
            return 0
        if file.disk.state == LINK:
            if version is None or _own_link(place, entries) != version:
                raise place.refusal(CHANGED)
            _put_aside(place, version)
            place.unlink(place.aside)
            place.call(lambda: os.fsync(place.directory))
            return 0
        # While it is open no other file gets its number.
        with place.opened(place.name if entries.named is not None else place.aside) as descriptor:
            if version is None or Version.of(place.call(lambda: os.fstat(descriptor))) != version:
                raise place.refusal(CHANGED)
            if entries.named is not None:
                _put_aside(place, version)
            place.unlink(place.aside)
    return version.size


def refill(repository: Repository, file: ManagedFile, blocks: Iterable[bytes]) -> int:
    """Bring a file back, with the modification time that it had; returns how many bytes were written.

    It replaces a link that an agent has made, and nothing else. What gets the managed name is the file that was written
    here, whatever has its working name by then.

    Args:
        repository: Where to.
        file: What OMERO knows of it.
        blocks: Its bytes, from iRODS.

    Raises:
        RefusedError: They are not those that OMERO knows, there is no room for them, or something is there already.
    """
    digest = digest_for(file, REFILLING)
    with place_of_file(repository, file, REFILLING) as place:
        place.unlink(place.working)
        room = place.call(lambda: _room(place.directory))
        if room < file.size:
            raise place.refusal(f"OMERO's disk has room for {room} bytes, and the file has {file.size}")
        descriptor = place.call(lambda: os.open(place.working, CREATE, 0o644, dir_fd=place.directory))
        try:
            size = begun = 0
            for block in read_ahead(blocks):
                size += len(block)
                digest.update(block)
                place.call(_writing(descriptor, block))
                if size - begun >= WRITE_OUT:
                    _begin_to_write_out(descriptor, begun, size)
                    begun = size
            if size != file.size or not digest.is_that_of(file.digest):
                raise place.refusal("what iRODS has is not what OMERO knows: the hash differs")
            place.call(lambda: _give_looks(place.directory, descriptor, file))
            # Without this it might be there with no bytes after a power cut.
            place.call(lambda: os.fsync(descriptor))
            named = place.call(lambda: lstat(place.directory, place.name))
            if file.disk.state == LINK and named is not None:
                version = _own_link(place, PlaceEntries(named, None))
                place.unlink(place.complete)
                place.call(lambda: link_open(descriptor, place.directory, place.complete))
                take_place(place, version)
                place.unlink(place.working)
            else:
                place.name_it(descriptor, place.working)
        except BaseException:
            with suppress(OSError):
                unlink(place.directory, place.working)
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
            unlink(directory, working)
            unlink(directory, name)
            descriptor = os.open(working, CREATE, 0o644, dir_fd=directory)
            try:
                os.utime(descriptor, ns=(0, 0))
                link_open(descriptor, directory, name)
            finally:
                os.close(descriptor)
            unlink(directory, working)
            rename(directory, name, working)
            unlink(directory, working)

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


def take_place(place: ManagedPlace, version: Version) -> None:
    """Have what is complete take the place of what has the managed name, if that is still that version.

    There is no moment without anything of that name, and what had it has another one meanwhile.
    """
    made = place.call(lambda: os.stat(place.complete, dir_fd=place.directory, follow_symlinks=False))
    place.call(lambda: link(place.directory, place.name, place.aside))
    if not _is_kept(place, version):
        place.unlink(place.aside)
        place.unlink(place.complete)
        raise place.refusal(CHANGED)
    _into_place(place, place.call(lambda: os.stat(place.aside, dir_fd=place.directory, follow_symlinks=False)))
    taken = place.call(lambda: lstat(place.directory, place.name))
    if not _is_kept(place, version) or taken is None or not os.path.samestat(taken, made):
        place.call(lambda: rename(place.directory, place.aside, place.name))
        place.unlink(place.complete)
        place.call(lambda: os.fsync(place.directory))
        raise place.refusal(CHANGED)
    # What has the second name may be all that there is of OMERO's bytes until this is on the disk.
    place.call(lambda: os.fsync(place.directory))
    place.unlink(place.complete)
    place.unlink(place.aside)


def _into_place(place: ManagedPlace, expected: os.stat_result) -> None:
    """Give what is complete the managed name.

    What had it gets the other name, so that it can be looked at. Something else, which came there meanwhile, gets its
    name back, and what lies beside it is left to a person. Where names cannot be exchanged, it is replaced.

    Raises:
        RefusedError: It is not what was expected.
    """
    if not place.call(lambda: exchange(place.directory, place.complete, place.name)):
        place.call(lambda: rename(place.directory, place.complete, place.name))
        return
    if not is_same(expected, place.call(lambda: lstat(place.directory, place.complete))):
        place.call(lambda: exchange(place.directory, place.complete, place.name))
        place.call(lambda: os.fsync(place.directory))
        raise place.refusal(CHANGED)


def _is_kept(place: ManagedPlace, version: Version) -> bool:
    """Whether what was put aside is that version, but for its names, of which the time of change tells, too."""
    aside = Version.of(place.call(lambda: os.stat(place.aside, dir_fd=place.directory, follow_symlinks=False)))
    return aside._replace(links=version.links).is_renamed(version)


def _own_link(place: ManagedPlace, entries: PlaceEntries) -> Version:
    """See that the link that an agent has made is there."""
    if entries.named is None or entries.aside is not None or not place.is_own_link(entries.named):
        raise place.refusal(CHANGED)
    return Version.of(entries.named)


def _put_aside(place: ManagedPlace, version: Version) -> None:
    """Give what has the managed name the name that files are removed under, if it is still that version."""
    place.call(lambda: rename(place.directory, place.name, place.aside))
    moved = place.call(lambda: os.stat(place.aside, dir_fd=place.directory, follow_symlinks=False))
    if not Version.of(moved).is_renamed(version):
        place.call(lambda: link(place.directory, place.aside, place.name))
        place.unlink(place.aside)
        place.call(lambda: os.fsync(place.directory))
        raise place.refusal(CHANGED)


def check_bytes(place: ManagedPlace, name: str, descriptor: int) -> Version:
    """See that what is open, and has a name here, is a file of its own with the bytes that OMERO knows."""
    status = place.call(lambda: os.fstat(descriptor))
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size != place.file.size:
        raise place.refusal(f"{name} is not a file of its own of the size that OMERO knows: left as it is")
    if not is_file_in(place.file, _blocks(place, descriptor)):
        raise place.refusal(f"the bytes of {name} are not those that OMERO knows: left as it is")
    return Version.of(status)


def _blocks(place: ManagedPlace, descriptor: int) -> Iterator[bytes]:
    while block := place.call(lambda: os.read(descriptor, BLOCK)):
        yield block


def _begin_to_write_out(descriptor: int, begin: int, end: int) -> None:
    """Have the kernel begin to write a part of a file to the disk, without waiting for it.

    That is what Linux does for pages that are said not to be needed and are not on the disk yet.
    """
    with suppress(OSError):
        os.posix_fadvise(descriptor, begin, end - begin, os.POSIX_FADV_DONTNEED)


def _room(directory: int) -> int:
    disk = os.fstatvfs(directory)
    return disk.f_bavail * disk.f_frsize


def _writing(descriptor: int, block: bytes) -> Callable[[], None]:
    def write() -> None:
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return write


def _give_looks(directory: int, descriptor: int, file: ManagedFile) -> None:
    """Give a file the modification time and, for an agent that may, the owner that it had; it is used from now on."""
    if os.geteuid() == 0:
        above = os.fstat(directory)
        os.fchown(descriptor, above.st_uid, above.st_gid)
    if file.modified is not None:
        os.utime(descriptor, ns=(time.time_ns(), file.modified * 1_000_000))
