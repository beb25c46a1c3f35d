"""The vault of a resource as this machine sees it, and whether a path there leads to one file for as long as it is.

It does where iRODS has made it up with the time and at random, and moves no file: then nothing else ever gets the same
path. The file stays what it is where nobody may write to it, and OMERO's user may change nothing there.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import stat
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from irods_omero.errors import RefusedError
from irods_omero.gateways.repository.directory import DIRECTORY, ROOT, below, parts_of
from irods_omero.gateways.repository.place import open_to_read

IN_VAULT = "looking for its file in the vault"

RANDOM = re.compile(r"(?:[^/]+/)?(?:\d|1[0-5])/(?:\d|1[0-5])/[^/]+\.(\d{10})(?:\.\w{1,32})?", re.DOTALL)
"""A path that ``msiSetRandomScheme`` makes up: the user, two numbers, and the name with the time, in seconds."""

WHY = {errno.ELOOP: "it is a link", errno.ENOTDIR: "it is below a link, or below something that is no directory"}
"""What some errors mean here."""

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
WRITE = stat.S_IWUSR | OTHERS_WRITE


class NoLinkError(Exception):
    """Why no link may lead to a file, for people."""


class Reader(NamedTuple):
    """The user that OMERO runs as.

    Attributes:
        user: The id.
        groups: Those of the groups.
    """

    user: int
    groups: frozenset[int]

    @staticmethod
    def owning(status: os.stat_result) -> Reader:
        """The owner of something."""
        groups = {status.st_gid}
        with suppress(KeyError):
            entry = pwd.getpwuid(status.st_uid)
            groups = set(os.getgrouplist(entry.pw_name, entry.pw_gid))
        return Reader(status.st_uid, frozenset(groups))

    def may(self, bit: int, status: os.stat_result) -> bool:
        """Whether the mode gives a right, that of others by its bit: 4 to read, 1 to enter."""
        if status.st_uid == self.user:
            return bool(status.st_mode & bit << 6)
        return bool(status.st_mode & (bit << 3 if status.st_gid in self.groups else bit))


class Vault:
    """The vault of a resource, as this machine sees it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self, file: str, vault: str, doing: str = IN_VAULT) -> list[str]:
        """The way to a file, from the paths that the catalog has of it and of the vault.

        Raises:
            RefusedError: It is not in the vault.
        """
        root = vault.rstrip("/") + "/"
        if not file.startswith(root):
            raise RefusedError(doing, file, f"the file is not in the vault of its resource, {vault}")
        return parts_of(file.removeprefix(root), doing)

    @contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[int]:
        """A descriptor of a file there, reached through no link.

        Raises:
            OSError: There is no such file, or it may not be read.
        """
        with ExitStack() as stack:
            root = os.open(self.path, ROOT)
            stack.callback(os.close, root)
            descriptor = open_to_read(names[-1], stack.enter_context(below(root, names[:-1])))
            stack.callback(os.close, descriptor)
            yield descriptor

    def why_not_linked(self, names: Sequence[str], logical_path: str, reader: Reader) -> str:
        """Why a link to a file there might be wrong one day, for people; empty where it cannot be.

        Args:
            names: The way to the file.
            logical_path: That of its data object.
            reader: The user that OMERO runs as.
        """
        try:
            with self.opened_for_link(names, logical_path, reader):
                return ""
        except NoLinkError as error:
            return str(error)

    @contextmanager
    def opened_for_link(self, names: Sequence[str], logical_path: str, reader: Reader) -> Iterator[int]:
        """A descriptor of a file to which a link may lead; the arguments are those of ``why_not_linked``.

        Raises:
            NoLinkError: It might be wrong one day, or it cannot be read; says why.
        """
        on = "/".join([self.path, *names])
        if time_of(names) is None or names[-1] == logical_path.rpartition("/")[2]:
            why = "may become the path of another file: let acSetVaultPathPolicy say msiSetRandomScheme for new files"
            raise NoLinkError(f"{on} {why}")
        if not reader.user:
            raise NoLinkError("OMERO runs as root, who may write to every file: let it run as a user of its own")
        with ExitStack() as stack:
            try:
                _refuse(self._why_not_above(reader))
                descriptor = self._opened_below(names, reader, stack)
            except OSError as error:
                why = WHY.get(error.errno or 0) or error.strerror or str(error)
                raise NoLinkError(f"{on} cannot be read by the agent: {why}") from error
            yield descriptor

    def _why_not_above(self, reader: Reader) -> str:
        if os.path.realpath(self.path) != self.path:
            return f"{self.path} is reached through a link: name the directory itself in cache.link"
        for above in Path(self.path).parents:
            status = above.lstat()
            if not reader.may(1, status):
                return f"OMERO's user may not enter {above}"
            if status.st_uid == reader.user or (status.st_mode & OTHERS_WRITE and not status.st_mode & stat.S_ISVTX):
                return f"others than its owner may rename what is in {above}: chmod go-w"
        return ""

    def _opened_below(self, names: Sequence[str], reader: Reader, stack: ExitStack) -> int:
        descriptor, path = os.open(self.path, ROOT), self.path
        stack.callback(os.close, descriptor)
        owners = {os.fstat(descriptor).st_uid, 0}
        for number, name in enumerate(names, 1):
            _refuse(_why_no_directory(descriptor, path, reader, owners))
            path = f"{path}/{name}"
            if number == len(names):
                descriptor = open_to_read(name, descriptor)
            else:
                descriptor = os.open(name, DIRECTORY, dir_fd=descriptor)
            stack.callback(os.close, descriptor)
        _refuse(_why_no_file(descriptor, path, reader, owners))
        return descriptor


def time_of(names: Sequence[str]) -> int | None:
    """The time that is part of a path in a vault, seconds since 1970; None where it was not made up at random."""
    match = RANDOM.fullmatch("/".join(names))
    return int(match[1]) if match else None


def any_file(root: str) -> Sequence[str] | None:
    """The way to some file in a vault, None where there is none.

    Raises:
        OSError: It cannot be looked into.
    """

    def refuse(error: OSError) -> None:
        raise error

    for above, _, files in os.walk(root, onerror=refuse):
        for name in files:
            path = Path(above, name)
            if stat.S_ISREG(path.lstat().st_mode):
                return path.relative_to(root).parts
    return None


def _refuse(why: str) -> None:
    if why:
        raise NoLinkError(why)


def _why_no_directory(descriptor: int, path: str, reader: Reader, owners: Container[int]) -> str:
    status = os.fstat(descriptor)
    if not reader.may(1, status):
        return f"OMERO's user may not enter {path}: chmod o+x, or put that user into its group with g+x"
    if status.st_mode & OTHERS_WRITE or _is_open_to(reader, status, descriptor):
        return f"others than its owner, or OMERO's user, may write into {path}: chmod go-w"
    return _why_not_owned(status, path, owners)


def _why_no_file(descriptor: int, path: str, reader: Reader, owners: Container[int]) -> str:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return f"{path} is no file"
    if status.st_nlink != 1:
        return f"{path} has a second name (a hard link), under which it may be changed"
    if status.st_uid == reader.user:
        return f"{path} belongs to OMERO's user, who must not be able to change it"
    if status.st_mode & WRITE or _is_open_to(reader, status, descriptor):
        return f"{path} may be written to: chmod a-w"
    if not reader.may(4, status):
        return f"OMERO's user may not read {path}: chmod o+r, or put that user into its group with g+r"
    return _why_not_owned(status, path, owners)


def _is_open_to(reader: Reader, status: os.stat_result, descriptor: int) -> bool:
    """Whether OMERO's user may write to something, or give himself that right; an agent that is he asks the system."""
    is_he = os.geteuid() == reader.user
    return status.st_uid == reader.user or (is_he and os.access(f"/proc/self/fd/{descriptor}", os.W_OK))


def _why_not_owned(status: os.stat_result, path: str, owners: Container[int]) -> str:
    return "" if status.st_uid in owners else f"{path} belongs to somebody else than the vault: chown it"
