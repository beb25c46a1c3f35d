"""OMERO's copy shares the blocks of the vault's file if both have the same bytes, and stays a file of its own."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from irods_omero.errors import RefusedError
from irods_omero.gateways.repository import sharing
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.sharing import share, why_not_shared
from irods_omero.gateways.repository.vault import Vault
from tests.sharing_disk import SIZE, share_blocks, sharing_disk
from tests.unit.gateways.repository.managed import FOLDER, PATH, managed

BLOCK = 4096
BYTES = os.urandom(5 * BLOCK + 123)
NAMES = ["home", "alice", "cells.tiff"]


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with sharing_disk() as directory:
        yield directory


class Both:
    """A repository with a copy, and a vault with the file that it is of."""

    def __init__(self, repository: Path, vault: Path) -> None:
        self.copy, self.original = repository / PATH, vault.joinpath(*NAMES)
        for path in (self.copy, self.original):
            path.parent.mkdir(parents=True)
            path.write_bytes(BYTES)
        os.utime(self.copy, ns=(1, 1_700_000_000_123_000_000))
        self.repository, self.vault = Repository(str(repository)), Vault(str(vault))
        self.counted = 0

    def share(self) -> bool:
        return share(self.repository, managed(content=BYTES), self.vault, NAMES, self._count)

    def _count(self, size: int) -> None:
        self.counted += size

    def seen(self) -> tuple[bytes, tuple[int, ...]]:
        """All that there is to be seen of the copy, but where its blocks are, and when it was read."""
        status = self.copy.lstat()
        times = status.st_mtime_ns, status.st_ctime_ns
        facts = status.st_ino, status.st_mode, status.st_uid, status.st_size, status.st_nlink, *times
        return self.copy.read_bytes(), facts


@pytest.fixture
def both(disk: Path, tmp_path: Path) -> Both:
    return Both(disk / tmp_path.name / "repository", disk / tmp_path.name / "vault")


def test_the_same_bytes_are_on_the_disk_once_and_nothing_else_has_changed(both: Both) -> None:
    before = both.seen()
    assert not share_blocks(both.copy, both.original)
    assert both.share()
    assert share_blocks(both.copy, both.original)
    assert both.seen() == before
    assert both.original.read_bytes() == BYTES
    assert both.counted == len(BYTES)
    assert [each.name for each in both.copy.parent.iterdir()] == ["cells.tiff"]


def test_done_again_it_is_as_it_was(both: Both) -> None:
    assert both.share()
    assert both.share()
    assert share_blocks(both.copy, both.original)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")


@pytest.mark.parametrize("change", [overwrite, Path.unlink, lambda path: path.write_bytes(b"")])
def test_whatever_becomes_of_the_vaults_file_later_the_copy_stays(both: Both, change: Callable[[Path], None]) -> None:
    both.share()
    before = both.seen()
    change(both.original)
    assert both.seen() == before


def test_whatever_becomes_of_the_copy_the_vaults_file_stays(both: Both) -> None:
    both.share()
    overwrite(both.copy)
    assert both.original.read_bytes() == BYTES


@pytest.mark.parametrize("at", [0, BLOCK, 3 * BLOCK + 5, len(BYTES) - 1])
def test_other_bytes_share_nothing_that_could_be_seen(both: Both, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "PART", BLOCK)
    other = BYTES[:at] + bytes([BYTES[at] ^ 1]) + BYTES[at + 1 :]
    both.original.write_bytes(other)
    before = both.seen()
    assert not both.share()
    assert (both.seen(), both.original.read_bytes()) == (before, other)


@pytest.mark.parametrize("content", [BYTES[:-1], BYTES + b"x", b"", BYTES[: 2 * BLOCK]])
def test_a_file_that_grows_or_was_cut_off_is_not_the_same(both: Both, content: bytes) -> None:
    both.original.write_bytes(content)
    before = both.seen()
    assert not both.share()
    assert both.seen() == before


@pytest.mark.parametrize("parts", range(6))
def test_broken_off_after_any_part_all_bytes_are_there_and_the_next_time_it_is_done(
    both: Both, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PART", BLOCK)
    before, ask, left = both.seen(), fcntl.ioctl, iter(range(parts))

    def breaking_off(*arguments: object) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return ask(*arguments)  # type: ignore[call-overload]

    with monkeypatch.context() as broken:
        broken.setattr(fcntl, "ioctl", breaking_off)
        with pytest.raises(KeyboardInterrupt):
            both.share()
    assert (both.seen(), both.original.read_bytes()) == (before, BYTES)
    assert both.share()
    assert share_blocks(both.copy, both.original)
    assert both.seen() == before


def test_a_link_that_a_user_has_planted_is_not_followed(both: Both) -> None:
    elsewhere = both.original.with_name("elsewhere")
    both.original.rename(elsewhere)
    both.original.symlink_to(elsewhere)
    with pytest.raises(RefusedError, match="it is a link"):
        both.share()


def test_nor_is_one_on_the_way(both: Both) -> None:
    above = both.original.parent
    above.rename(above.with_name("bob"))
    above.symlink_to(above.with_name("bob"))
    with pytest.raises(RefusedError, match="below a link"):
        both.share()


def test_a_pipe_is_not_waited_for(both: Both) -> None:
    both.original.unlink()
    os.mkfifo(both.original)
    assert not both.share()


def test_a_second_name_of_the_vaults_file_does_no_harm(both: Both) -> None:
    before = both.seen()
    both.original.with_name("second").hardlink_to(both.original)
    assert both.share()
    assert both.seen() == before


def test_a_copy_that_is_a_link_by_now_is_left_alone(both: Both) -> None:
    both.copy.unlink()
    both.copy.symlink_to(both.original)
    with pytest.raises(RefusedError):
        both.share()
    assert both.copy.is_symlink()


def test_a_copy_that_was_replaced_meanwhile_shares_what_is_the_same_and_keeps_the_rest(both: Both) -> None:
    both.copy.write_bytes(BYTES[::-1])
    before = both.seen()
    assert not both.share()
    assert both.seen() == before


def test_what_is_not_there_is_told_of_by_its_path(both: Both) -> None:
    both.original.unlink()
    with pytest.raises(RefusedError, match=r"cells\.tiff.*No such file"):
        both.share()


@pytest.mark.parametrize(
    "file", ["/vault/../etc/passwd", "/vault/a/../../b", "/elsewhere/a", "/vaults/a", "/vault/", "/"]
)
def test_a_path_that_leads_out_of_the_vault_is_refused(file: str) -> None:
    with pytest.raises(RefusedError):
        Vault("/mnt").names(file, "/vault")


@pytest.mark.parametrize("vault", ["/vault", "/vault/"])
def test_the_way_to_a_file_is_what_the_catalog_says_below_the_vault(vault: str) -> None:
    assert Vault("/mnt").names("/vault/home/alice/cells.tiff", vault) == NAMES


def test_on_a_full_disk_all_bytes_stay(both: Both) -> None:
    before, rest = both.seen(), both.copy.with_name("rest")
    disk = os.statvfs(both.copy)
    if disk.f_blocks * disk.f_frsize > 2 * SIZE:
        pytest.skip("this disk is not for tests alone")
    try:
        with rest.open("wb", buffering=0) as file:
            for size in (1024 * BLOCK, BLOCK, 1):
                with suppress(OSError):  # it is full then
                    while file.write(bytes(size)):
                        pass
        both.share()
        assert both.seen() == before
        assert both.original.read_bytes() == BYTES
    finally:
        rest.unlink()


def test_of_a_vault_that_is_elsewhere_it_is_said_that_its_file_system_is_the_wrong_one(
    disk: Path, tmp_path: Path
) -> None:
    apart = Both(disk / f"{tmp_path.name} apart", tmp_path)
    with pytest.raises(RefusedError, match="file system"):
        apart.share()
    assert "file system" in why_not_shared(apart.repository, apart.vault)


def test_of_a_file_system_that_cannot_share_it_is_said(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> object:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "ioctl", cannot)
    with pytest.raises(RefusedError, match="cannot share blocks"):
        both.share()
    assert "cannot share blocks" in why_not_shared(both.repository, both.vault)


def test_whether_it_can_be_done_is_tried_without_a_trace(both: Both) -> None:
    before = both.seen()
    assert why_not_shared(both.repository, both.vault) == ""
    assert both.seen() == before
    assert sorted(each.name for each in Path(both.repository.path).iterdir()) == [FOLDER.partition("/")[0]]
    both.original.unlink()
    assert why_not_shared(both.repository, both.vault) == ""


def test_a_vault_that_is_not_there_is_told_of(both: Both) -> None:
    assert "No such file" in why_not_shared(both.repository, Vault(f"{both.vault.path}/nowhere"))
