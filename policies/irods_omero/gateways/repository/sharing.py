"""Has OMERO's copies share the blocks of the vault's files: the kernel does that, where the bytes are the same.

It compares the files while nobody can write to them (``ioctl_fideduperange(2)``), and changes nothing of them but where
their blocks are. So it does no harm whatever is found in the vault, and whenever this is broken off.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.gateways.repository.directory import Repository, Result, working_name
from irods_omero.gateways.repository.place import open_to_read, place_of_file, unlink
from irods_omero.gateways.repository.vault import WHY as WHY_NO_FILE
from irods_omero.gateways.repository.vault import Vault, any_file

SHARING = "sharing the blocks of OMERO's copy"

FIDEDUPERANGE = 0xC0189436
"""The call, from ``linux/fs.h``."""

REQUEST = struct.Struct("=QQHHIqQQiI")
"""Its argument: where, how much, how many files; the other file, where there, how much was shared, what came of it."""

DIFFERENT = 1

PART = 16 * 1024 * 1024
"""Bytes of one call: Btrfs takes no more."""

TRIED = 4096
"""Bytes that are tried: one block."""

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

NO_SHARING = "its file system cannot share blocks, as XFS and Btrfs can"
WHY = {
    errno.EXDEV: "it is on another file system than OMERO's repository",
    errno.EOPNOTSUPP: NO_SHARING,
    errno.ENOTTY: NO_SHARING,
    **WHY_NO_FILE,
}
"""What some errors mean here."""


def share(
    repository: Repository, file: ManagedFile, vault: Vault, names: Sequence[str], count: Callable[[int], None]
) -> bool:
    """Have OMERO's copy share the blocks of a file in a vault.

    Args:
        repository: Where the copy is.
        file: What OMERO knows of it.
        vault: Where the other file is.
        names: The way to it.
        count: Takes note of how many more bytes were compared.

    Returns:
        Whether all of it has the same bytes, and is shared by now.

    Raises:
        RefusedError: It cannot be done.
    """
    on = "/".join([vault.path, *names])
    with ExitStack() as stack:
        place = stack.enter_context(place_of_file(repository, file, SHARING))
        copy = stack.enter_context(place.opened(place.name))
        original = repository.call(SHARING, on, _in_words(lambda: stack.enter_context(vault.opened(names))))
        for status in map(os.fstat, (original, copy)):
            if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
                return False
        done = 0
        while done < file.size:
            part = repository.call(SHARING, on, _in_words(_asking(original, copy, done, min(PART, file.size - done))))
            if not part:
                return False
            done += part
            count(part)
    return True


def why_not_shared(repository: Repository, vault: Vault) -> str:
    """Why blocks cannot be shared between a vault and the repository; empty if they can, as far as can be tried.

    Nothing is written into the vault: a file that is there tells whether it can be read, and where it is.
    """

    def work() -> None:
        with ExitStack() as stack:
            directory = stack.enter_context(repository.directory(()))
            one = stack.enter_context(_new_file(directory, f"{working_name(0)}-one"))
            other = stack.enter_context(_new_file(directory, f"{working_name(0)}-other"))
            _asking(one, other, 0, TRIED)()
            if (names := any_file(vault.path)) is not None:
                _asking(stack.enter_context(vault.opened(names)), one, 0, 0)()

    try:
        _in_words(work)()
    except OSError as error:
        return error.strerror or str(error)
    return ""


@contextmanager
def _new_file(directory: int, name: str) -> Iterator[int]:
    """A descriptor to read a file that is there for this only, as copies are: an old Linux shares nothing then."""
    unlink(directory, name)
    with ExitStack() as stack:
        descriptor = os.open(name, CREATE, 0o600, dir_fd=directory)
        stack.callback(unlink, directory, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(TRIED))
        descriptor = open_to_read(name, directory)
        stack.callback(os.close, descriptor)
        yield descriptor


def _asking(original: int, copy: int, offset: int, length: int) -> Callable[[], int]:
    """To have two files share the blocks of a range; gives of how many bytes they do, none where any differs."""

    def ask() -> int:
        request = bytearray(REQUEST.pack(offset, length, 1, 0, 0, copy, offset, 0, 0, 0))
        fcntl.ioctl(original, FIDEDUPERANGE, request)
        *_, shared, status, _ = REQUEST.unpack(request)
        if status < 0:
            raise OSError(-status, os.strerror(-status))
        return 0 if status == DIFFERENT else int(shared)

    return ask


def _in_words(function: Callable[[], Result]) -> Callable[[], Result]:
    """The same, with errors that say what they mean here."""

    def work() -> Result:
        try:
            return function()
        except OSError as error:
            raise OSError(error.errno, WHY.get(error.errno or 0) or error.strerror or str(error)) from error

    return work
