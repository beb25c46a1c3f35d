"""The directory of OMERO's managed repository: proof that it is the one, and ways into it that no link leads out of."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from irods_omero.domain.state.one_copy.managed_files import ABSENT, COPY, OTHER, OnDisk
from irods_omero.errors import RefusedError

Result = TypeVar("Result")

OWN_FILES = ".omero/repository"
"""Where OMERO keeps, below a directory named after the database, what a repository is known by."""

UUID_FILE = "repo_uuid"
UUID_BYTES = 200
"""More than a file with a UUID can have."""

WHAT = {
    errno.ELOOP: "below a link",
    errno.ENOTDIR: "below a link, or below something that is no directory",
    errno.EACCES: "where the agent may not look",
}
"""What keeps the agent from a file, but not OMERO."""

LOOKING = "looking into omero.repository"
LOOKING_INTO = "looking into OMERO's repository"

ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
DIRECTORY = ROOT | os.O_NOFOLLOW


def working_name(file: int) -> str:
    """The name, beside a managed file, of what is being brought there: hidden, always the same, never all there is.

    Bio-Formats looks at neighbouring names to find what belongs together; this one is like no image's.
    """
    return f".irods-omero-{file}"


def aside_name(file: int) -> str:
    """The name, beside a managed file, of what is being removed: it may be all that there is of somebody's bytes."""
    return f".irods-omero-{file}-aside"


def complete_name(file: int) -> str:
    """The name, beside a managed file, of what is whole and about to take its place; never all there is."""
    return f".irods-omero-{file}-complete"


class Repository:
    """The directory, as this machine sees it.

    All that is done there goes through ``call``: what fails is told in this project's words.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._known: tuple[str, str] | None = None

    def call(self, doing: str, on: str, function: Callable[[], Result]) -> Result:
        """Do something in the repository.

        Raises:
            RefusedError: The operating system would not do it.
        """
        return _in_words(doing, on, function)

    def prove(self, database: str, repository: str) -> None:
        """See that this is the repository of an OMERO, and not an empty mount point, or that of another one.

        From then on the same is seen by each way into it: what is mounted there may go away at any time.

        Args:
            database: UUID of OMERO's database.
            repository: UUID of the managed repository, as OMERO says it.

        Raises:
            RefusedError: It is not, or nobody can tell.
        """
        if os.sep in database or database in {"", ".", ".."}:
            raise RefusedError(LOOKING, self.path, f"OMERO has no usable id: {database!r}")
        self._known = database, repository

        def enter() -> None:
            with self.directory(()):
                pass

        self.call(LOOKING, self.path, enter)

    def notes_reading(self) -> bool:
        """Whether the file system notes when files are read: not where it is mounted with ``noatime``."""
        return not os.statvfs(self.path).f_flag & os.ST_NOATIME

    def look(self, files: Iterable[tuple[int, str, int]]) -> dict[int, OnDisk]:
        """What is at the places of managed files.

        Args:
            files: For each its OMERO id, its path below the root, and its size by the database.

        Raises:
            RefusedError: The operating system does not say.
        """
        by_directory: dict[tuple[str, ...], list[tuple[int, str, int]]] = {}
        for file, path, size in files:
            *folders, name = parts_of(path)
            by_directory.setdefault(tuple(folders), []).append((file, name, size))

        def look() -> dict[int, OnDisk]:
            states: dict[int, OnDisk] = {}
            with self.directory(()) as root:  # proven once for all of them
                for above, inside in by_directory.items():
                    states |= _in_words(LOOKING_INTO, "/".join(above), _looking(root, above, inside))
            return states

        return self.call(LOOKING_INTO, self.path, look)

    @contextmanager
    def directory(self, above: Sequence[str]) -> Iterator[int]:
        """A descriptor of a directory below the root, reached step by step, through no link.

        The root itself may be a link: an administrator has named it.

        Raises:
            FileNotFoundError: There is no such directory below a root that is there.
            OSError: Something else is in the way.
            RefusedError: The root is not there, or not what it was proven to be.
        """
        descriptor = _in_words(LOOKING, self.path, lambda: os.open(self.path, ROOT))
        try:
            if self._known is not None:
                self._prove(descriptor, *self._known)
            with below(descriptor, above) as inner:
                yield inner
        finally:
            os.close(descriptor)

    def _prove(self, root: int, database: str, repository: str) -> None:
        beginning = _in_words(LOOKING, self.path, lambda: _beginning_of(root, f"{OWN_FILES}/{database}/{UUID_FILE}"))
        if repository.encode() not in beginning:
            cause = f"it is not the managed repository of this OMERO, which has the id {repository}"
            raise RefusedError(LOOKING, self.path, cause)

    @contextmanager
    def place_of(self, path: str) -> Iterator[tuple[int, str]]:
        """A descriptor of the directory that a managed file is in, and its name there."""
        *above, name = parts_of(path)
        with self.directory(above) as directory:
            yield directory, name


@contextmanager
def below(root: int, above: Sequence[str]) -> Iterator[int]:
    """A descriptor of a directory below another one, reached step by step, through no link.

    Raises:
        OSError: There is no such directory, or something else is in the way.
    """
    descriptor = os.dup(root)
    try:
        for name in above:
            inner = os.open(name, DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def parts_of(path: str, doing: str = LOOKING_INTO) -> list[str]:
    """The names that a path below a directory consists of.

    Raises:
        RefusedError: It leads out of that directory.
    """
    parts = [part for part in path.split("/") if part]
    if not parts or any(part in {".", ".."} or "\0" in part for part in parts):
        raise RefusedError(doing, path, "this path leads out of it")
    return parts


def _in_words(doing: str, on: str, function: Callable[[], Result]) -> Result:
    try:
        return function()
    except OSError as error:
        raise RefusedError(doing, on, error.strerror or str(error)) from error


def _looking(root: int, above: Sequence[str], files: Sequence[tuple[int, str, int]]) -> Callable[[], dict[int, OnDisk]]:
    def look() -> dict[int, OnDisk]:
        try:
            with below(root, above) as directory:
                return {file: _on_disk(directory, file, name, size) for file, name, size in files}
        except FileNotFoundError:
            return {file: OnDisk(ABSENT, readable=False) for file, _, _ in files}
        except OSError as error:
            if error.errno not in WHAT:
                raise
            what = WHAT[error.errno]
            return {file: OnDisk(OTHER, readable=True, what=what) for file, _, _ in files}

    return look


def _beginning_of(root: int, path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=root)
    try:
        return os.read(descriptor, UUID_BYTES)
    finally:
        os.close(descriptor)


def _on_disk(directory: int, file: int, name: str, size: int) -> OnDisk:
    own = (working_name(file), aside_name(file), complete_name(file))
    status, working, aside, complete = (lstat(directory, each) for each in (name, *own))
    is_link = status is not None and stat.S_ISLNK(status.st_mode)
    end = _end_of(directory, name) if is_link else status
    is_right = end is not None and size == end.st_size
    if status is None:
        state = OnDisk(ABSENT, readable=False)
    elif is_link:
        target = ""
        with suppress(OSError):  # it may go at any time
            target = os.readlink(name, dir_fd=directory)
        read, made = end.st_atime if end else 0.0, status.st_ctime
        state = OnDisk(OTHER, is_right, "a symbolic link", target, used=read, written=made)
    elif not stat.S_ISREG(status.st_mode):
        state = OnDisk(OTHER, readable=False, what="no file")
    elif not is_right:
        what = f"a file of {status.st_size} bytes, and OMERO knows one of {size}"
        state = OnDisk(OTHER, readable=False, what=what)
    elif status.st_nlink > 1 + sum(is_same(status, each) for each in (working, aside, complete)):
        state = OnDisk(OTHER, readable=True, what="a file with another name (a hard link)")
    else:
        state = OnDisk(COPY, readable=True, used=status.st_atime, written=status.st_ctime)
    return replace(state, leftover=working is not None or complete is not None, aside=aside is not None)


def is_same(one: os.stat_result, other: os.stat_result | None) -> bool:
    """Whether these are two names of one file."""
    return other is not None and os.path.samestat(one, other)


def lstat(directory: int, name: str) -> os.stat_result | None:
    """What is there by itself, None for nothing."""
    with suppress(FileNotFoundError):
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    return None


def _end_of(directory: int, name: str) -> os.stat_result | None:
    """The file that OMERO finds there, None where it finds none."""
    try:
        status = os.stat(name, dir_fd=directory)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
