"""The place of a managed file: the names there that concern it, and the single steps that are done with them."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

from irods_omero.domain.state.one_copy.managed_files import LINK, ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository.directory import (
    Repository,
    Result,
    aside_name,
    complete_name,
    is_same,
    lstat,
    working_name,
)

RENAME_EXCHANGE = 2
"""From ``linux/fs.h``."""

NO_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
"""What file systems answer that cannot do it, as NFS."""

_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class PlaceEntries(NamedTuple):
    """What has the managed name, and what has the name that files are removed under.

    Both only where a link has the managed name, and a copy went for it: an agent was killed meanwhile.
    """

    named: os.stat_result | None
    aside: os.stat_result | None


@dataclass(frozen=True)
class ManagedPlace:
    """Where a managed file is, or would be.

    Attributes:
        repository: What it is in.
        file: What OMERO knows of it.
        doing: What is done there, for errors.
        directory: Descriptor of the directory.
        name: The managed name.
    """

    repository: Repository
    file: ManagedFile
    doing: str
    directory: int
    name: str

    @property
    def working(self) -> str:
        """The name that it is brought back under."""
        return working_name(self.file.id)

    @property
    def aside(self) -> str:
        """The name that it is removed under."""
        return aside_name(self.file.id)

    @property
    def complete(self) -> str:
        """The name of what is whole and about to take its place."""
        return complete_name(self.file.id)

    def call(self, function: Callable[[], Result]) -> Result:
        """Do one step: an agent may be killed between any two.

        Raises:
            RefusedError: The operating system would not do it.
        """
        return self.repository.call(self.doing, self.file.path, function)

    def refusal(self, cause: str) -> RefusedError:
        """The error to raise where something is not as it has to be."""
        return RefusedError(self.doing, self.file.path, cause)

    def unlink(self, name: str) -> None:
        """Take a name away, if it is there."""
        self.call(lambda: unlink(self.directory, name))

    @contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A descriptor to read what has a name here; no link is followed, and no pipe waited for.

        What the agent reads counts as no use of it, where the file is its own.
        """
        descriptor = self.call(lambda: open_to_read(name, self.directory))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def name_it(self, descriptor: int, name: str) -> None:
        """Give an open file its managed name, unless there is something of that name, and take another one away."""
        self.call(lambda: link_open(descriptor, self.directory, self.name))
        self.unlink(name)
        self.call(lambda: os.fsync(self.directory))

    def tidied(self) -> PlaceEntries:
        """What is here, after all is removed that is never all there is.

        That is what was on its way in, the second name of one file, of an agent that was killed putting it back, and a
        link that was on its way out.

        Raises:
            RefusedError: There are two files of which each may be somebody's only one.
        """
        self.unlink(self.working)
        self.unlink(self.complete)
        named, aside = self._entry(self.name), self._entry(self.aside)
        if named is not None and is_same(named, aside):
            self.unlink(self.aside)
            return PlaceEntries(self._entry(self.name), None)
        if aside is not None and stat.S_ISLNK(aside.st_mode):
            self.unlink(self.aside)
            return PlaceEntries(named, None)
        if named is not None and aside is not None and not self.is_own_link(named):
            cause = f"beside it lies {self.aside}: see which of both is right, and move the other one away"
            raise self.refusal(cause)
        return PlaceEntries(named, aside)

    def is_own_link(self, status: os.stat_result) -> bool:
        """Whether what has the managed name is a link that an agent has made: it leads where that one led."""
        if self.file.disk.state != LINK or not stat.S_ISLNK(status.st_mode):
            return False
        return self.call(lambda: os.readlink(self.name, dir_fd=self.directory)) == self.file.disk.target

    def _entry(self, name: str) -> os.stat_result | None:
        return self.call(lambda: lstat(self.directory, name))


@contextmanager
def place_of_file(repository: Repository, file: ManagedFile, doing: str) -> Iterator[ManagedPlace]:
    """The place of a managed file.

    Raises:
        RefusedError: There is no way to it.
    """
    with ExitStack() as stack:
        way = repository.place_of(file.path)
        directory, name = repository.call(doing, file.path, lambda: stack.enter_context(way))
        yield ManagedPlace(repository, file, doing, directory, name)


def open_to_read(name: str, directory: int) -> int:
    """A descriptor of what has a name in a directory, see ``ManagedPlace.opened``."""
    with suppress(PermissionError):
        return os.open(name, READ | os.O_NOATIME, dir_fd=directory)
    return os.open(name, READ, dir_fd=directory)


def unlink(directory: int, name: str) -> None:
    """Take a name away, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)


def rename(directory: int, name: str, to: str) -> None:
    """Give something another name; what has that name is replaced."""
    os.rename(name, to, src_dir_fd=directory, dst_dir_fd=directory)


def exchange(directory: int, one: str, other: str) -> bool:
    """Have two things exchange their names at once, see renameat2(2); returns whether the file system can do that."""
    if _renameat2 is None:
        return False
    if not _renameat2(directory, os.fsencode(one), directory, os.fsencode(other), RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), one)


def link(directory: int, name: str, to: str) -> None:
    """Give something a second name, unless there is something of that name: a plain renaming would replace it."""
    os.link(name, to, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)


def link_open(descriptor: int, directory: int, to: str) -> None:
    """Give an open file a name, and not what has its earlier name by now; see open(2) for this way to link."""
    os.link(f"/proc/self/fd/{descriptor}", to, dst_dir_fd=directory)
