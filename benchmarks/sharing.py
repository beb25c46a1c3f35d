"""How fast OMERO's copy is made to share the blocks of the vault's file, against plainly copying the file on that disk.

Small files are compared with giving as many files another name, which is the least that a file system can do with them.
It takes a file system that shares blocks, see ``tests/sharing_disk.py``.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.shown import PLAIN, Figures, fastest, part_of_plain, run, table, too_slow
from irods_omero.domain.state.one_copy.managed_files import COPY, ManagedFile, OnDisk
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.sharing import share
from irods_omero.gateways.repository.vault import Vault
from tests.sharing_disk import share_blocks, sharing_disk

SHARED = "sharing"
MEGABYTES, QUICK_MEGABYTES = 150, 32
SMALL, QUICK_SMALL = 2000, 200
SMALL_BYTES = 20_000
ROUNDS = 3
FACTOR = 0.5
"""Sharing reads two files and reaches at least this part of the rate of the plain copy, which reads and writes one."""


def measure(quick: bool) -> Figures:
    """The figures of both."""
    megabytes, small = (QUICK_MEGABYTES, QUICK_SMALL) if quick else (MEGABYTES, SMALL)
    bytes_of = np.random.default_rng(1).bytes
    ways: dict[str, list[float]] = {PLAIN: [], SHARED: []}
    with sharing_disk() as disk:
        for number in range(ROUNDS):
            pair = Pair(disk / f"{number}", [bytes_of(megabytes * 1_000_000)])
            ways[PLAIN].append(timed(pair.copy_plainly))
            ways[SHARED].append(timed(pair.share))
            pair.remove()
        pair = Pair(disk / "small", [bytes_of(SMALL_BYTES) for _ in range(small)])
        shared, renamed = timed(pair.share), timed(pair.rename)
    return {
        "megabytes": megabytes,
        **fastest(ways),
        "small files": small,
        "small files, shared a minute": round(small / shared * 60),
        "small files, renamed a minute": round(small / renamed * 60),
    }


class Pair:
    """A repository and a vault with the same files."""

    def __init__(self, directory: Path, contents: list[bytes]) -> None:
        self._directory, self._sizes = directory, [len(content) for content in contents]
        for name in ("repository", "vault"):
            (directory / name).mkdir(parents=True)
            for number, content in enumerate(contents):
                (directory / name / f"{number}").write_bytes(content)
        os.sync()

    def share(self) -> None:
        """Have each copy share the blocks of its file."""
        repository, vault = Repository(str(self._directory / "repository")), Vault(str(self._directory / "vault"))
        for number, size in enumerate(self._sizes):
            file = ManagedFile(number, f"{number}", size, "", "", None, "", OnDisk(COPY, readable=True))
            assert share(repository, file, vault, [f"{number}"], lambda _: None)
        assert share_blocks(self._directory / "repository" / "0", self._directory / "vault" / "0")

    def rename(self) -> None:
        """Give each copy another name."""
        for number in range(len(self._sizes)):
            path = self._directory / "repository" / f"{number}"
            path.replace(path.with_name(f"{number} renamed"))

    def copy_plainly(self) -> None:
        """Copy the first file, until it is on the disk."""
        with (self._directory / "vault" / "0").open("rb") as source, (self._directory / "plain").open("wb") as copy:
            while block := source.read(1 << 22):
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())

    def remove(self) -> None:
        """Take all of it away."""
        shutil.rmtree(self._directory)


def timed(work: Callable[[], None]) -> float:
    """How many seconds something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and sentences."""
    size, made = figures["megabytes"], table(f"One file of {figures['megabytes']} MB", "", "MB a second")
    for way in (PLAIN, SHARED):
        made.add_row(way, f"{size / figures[f'{way}, seconds']:,.0f}")
    yield made
    yield f"Sharing reaches {part_of_plain(figures, SHARED):.2f} of the rate of the plain copy."
    shared, renamed = figures["small files, shared a minute"], figures["small files, renamed a minute"]
    part = shared / renamed
    yield f"Of {figures['small files']:,} small files {shared:,} a minute, {part:.3f} of those that are renamed."


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    yield from too_slow(figures, SHARED, FACTOR)


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
