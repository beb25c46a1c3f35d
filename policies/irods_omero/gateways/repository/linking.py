"""Has OMERO's places lead into a vault by links, where each leads to the right bytes or to nothing for ever.

There is no moment in which a managed name that led to the right bytes leads to others, or to none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository.copies import BLOCK, CHANGED, Version, is_file_in, take_place
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.place import place_of_file
from irods_omero.gateways.repository.vault import NoLinkError, Reader, Vault, any_file, time_of

LINKING = "linking to what iRODS has"

LONGEST_WAIT = 3.0
"""Seconds: clocks of hosts that differ by more have to be put right."""


class LinkTarget(NamedTuple):
    """The file of a data object in a vault, as a link is to lead to it.

    Attributes:
        vault: The vault.
        names: The way to it.
        logical_path: That of the data object.
        version: What it can be known by; nothing that nobody may write to gets another one without a trace.
    """

    vault: Vault
    names: Sequence[str]
    logical_path: str
    version: Version | None = None

    @property
    def path(self) -> str:
        """Where it is."""
        return "/".join([self.vault.path, *self.names])


def reader_of(repository: Repository) -> Reader:
    """The user that OMERO runs as, whose the repository is.

    Raises:
        RefusedError: It is not there.
    """

    def look() -> Reader:
        with repository.directory(()) as root:
            return Reader.owning(os.fstat(root))

    return repository.call(LINKING, repository.path, look)


def compared(
    repository: Repository, file: ManagedFile, target: LinkTarget, count: Callable[[int], None]
) -> LinkTarget | None:
    """Compare a file in a vault with what OMERO knows; ``count`` takes note of how many more bytes were read.

    Returns:
        The target with its version, None where the bytes are others.

    Raises:
        RefusedError: A link to it might be wrong one day, or it cannot be read.
    """
    with _opened(repository, target) as descriptor:
        status = os.fstat(descriptor)
        if status.st_size != file.size or not is_file_in(file, _blocks(repository, target, descriptor, count)):
            return None
        if Version.of(os.fstat(descriptor)) != Version.of(status):
            raise RefusedError(LINKING, target.path, CHANGED)
        return target._replace(version=Version.of(status))


def make_link(repository: Repository, file: ManagedFile, target: LinkTarget, version: Version | None) -> None:
    """Have a managed name lead to a file that was compared.

    Args:
        repository: Where the name is.
        file: What OMERO knows of it.
        target: The file.
        version: What has the managed name, and goes, as ``check`` has seen it; None for nothing.

    Raises:
        RefusedError: Something is not as it was, or it cannot be done.
    """
    with place_of_file(repository, file, LINKING) as place:
        entries = place.tidied()
        seen = Version.of(entries.named) if entries.named is not None else None
        if entries.aside is not None or seen != version:
            raise place.refusal(CHANGED)
        _wait_until_over(target)
        # From here on nothing else gets its path, and nobody writes to it.
        with _opened(repository, target) as descriptor:
            if Version.of(os.fstat(descriptor)) != target.version:
                raise RefusedError(LINKING, target.path, CHANGED)
            if version is None:
                place.call(lambda: os.symlink(target.path, place.name, dir_fd=place.directory))
                place.call(lambda: os.fsync(place.directory))
                return
            place.call(lambda: os.symlink(target.path, place.complete, dir_fd=place.directory))
            take_place(place, version)


def why_not_linked_there(repository: Repository, vault: Vault) -> str:
    """Why links to some file of a vault cannot be made; empty if they can, and where there is no file."""
    try:
        names = any_file(vault.path)
    except OSError as error:
        return f"{vault.path} cannot be looked into: {error.strerror or error}"
    return vault.why_not_linked(names, "", reader_of(repository)) if names is not None else ""


@contextmanager
def _opened(repository: Repository, target: LinkTarget) -> Iterator[int]:
    """A descriptor of the file, to which a link may lead."""
    way = target.vault.opened_for_link(target.names, target.logical_path, reader_of(repository))
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(way)
        except NoLinkError as error:
            raise RefusedError(LINKING, target.logical_path, str(error)) from error
        yield descriptor


def _blocks(
    repository: Repository, target: LinkTarget, descriptor: int, count: Callable[[int], None]
) -> Iterator[bytes]:
    while block := repository.call(LINKING, target.path, lambda: os.read(descriptor, BLOCK)):
        count(len(block))
        yield block


def _wait_until_over(target: LinkTarget) -> None:
    """Wait until the second is over that the path has in it: until then iRODS might give the path away once more."""
    made = time_of(target.names)
    if made is None:
        raise RefusedError(LINKING, target.path, "its path has no time in it")
    left = made + 1 - time.time()
    if left > LONGEST_WAIT:
        raise RefusedError(LINKING, target.path, "the time in its path is in the future: set the clocks of both hosts")
    if left > 0:
        time.sleep(left)
