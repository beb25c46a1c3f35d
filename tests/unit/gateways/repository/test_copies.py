"""OMERO's repository: what is planted there is never followed, replaced or removed, and no half of a file is seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from irods_omero.domain.state.one_copy.managed_files import ABSENT, COPY, OTHER, OnDisk
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository import place as place_module
from irods_omero.gateways.repository.copies import check, clear, refill, remove
from irods_omero.gateways.repository.directory import Repository, aside_name
from tests.unit.gateways.repository.managed import BYTES, PATH, TIME, evict, managed, names, seen


def test_a_copy_is_removed_and_comes_back_with_its_time(repository: Repository, place: Path) -> None:
    assert seen(repository) == OnDisk(COPY, readable=True)
    assert evict(repository, managed()) == len(BYTES)
    assert seen(repository) == OnDisk(ABSENT, readable=False)
    assert refill(repository, managed(), [BYTES[:10], BYTES[10:]]) == len(BYTES)
    assert place.read_bytes() == BYTES
    assert place.stat().st_mtime_ns == TIME * 1_000_000
    assert names(repository) == ["cells.tiff"]


def test_what_the_agent_reads_counts_as_no_use_and_what_it_brings_back_was_used_just_now(
    repository: Repository, place: Path
) -> None:
    os.utime(place, (1_000_000_000, TIME / 1000))
    assert seen(repository).used == 1_000_000_000
    version = check(repository, managed())
    assert seen(repository).used == 1_000_000_000
    remove(repository, managed(), version)
    before = time.time()
    refill(repository, managed(), [BYTES])
    assert before - 1 <= seen(repository).used <= time.time() + 1
    assert place.stat().st_mtime_ns == TIME * 1_000_000


def test_whether_the_file_system_notes_reading_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, noting in ((os.ST_NOATIME | os.ST_NODEV, False), (os.ST_RELATIME, True)):
        monkeypatch.setattr(os, "statvfs", lambda _, flags=flags: SimpleNamespace(f_flag=flags))
        assert repository.notes_reading() is noting


def test_removing_what_is_gone_frees_nothing(repository: Repository) -> None:
    assert evict(repository, managed()) == 0


def test_a_directory_that_is_gone_holds_no_copies(repository: Repository) -> None:
    assert seen(repository, "bob_3/cells.tiff").state == ABSENT


@pytest.mark.parametrize("path", ["../outside", "alice_2/../../outside", "", "..", "alice_2/./x"])
def test_a_path_that_leads_out_is_refused(repository: Repository, path: str) -> None:
    for work in (lambda: seen(repository, path), lambda: evict(repository, managed(path))):
        with pytest.raises(RefusedError, match="leads out"):
            work()
    with pytest.raises(RefusedError, match="leads out"):
        refill(repository, managed(path), [BYTES])


def test_a_planted_link_is_neither_removed_nor_followed(repository: Repository, place: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    place.rename(target)
    place.symlink_to(target)
    assert seen(repository) == OnDisk(OTHER, readable=True, what="a symbolic link", target=str(target))
    with pytest.raises(RefusedError):
        evict(repository, managed())
    assert place.is_symlink()
    assert target.read_bytes() == BYTES


def test_a_folder_that_is_a_link_leads_nowhere(repository: Repository, place: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    place.parent.rename(real)
    place.parent.symlink_to(real)
    assert seen(repository).state == OTHER
    with pytest.raises(RefusedError):
        evict(repository, managed())
    with pytest.raises(RefusedError):
        refill(repository, managed(), [BYTES])
    assert sorted(real.iterdir()) == [real / "cells.tiff"]


def test_a_second_name_is_seen_and_left(repository: Repository, place: Path, tmp_path: Path) -> None:
    os.link(place, tmp_path / "second")
    assert seen(repository).state == OTHER
    with pytest.raises(RefusedError, match="not a file of its own"):
        evict(repository, managed())
    assert place.exists()


def test_a_file_of_another_size_is_seen_and_left(repository: Repository, place: Path) -> None:
    place.write_bytes(b"stub")
    assert seen(repository).state == OTHER
    assert not seen(repository).readable
    with pytest.raises(RefusedError):
        evict(repository, managed())
    assert place.read_bytes() == b"stub"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
def test_what_is_no_file_is_left_and_blocks_nobody(repository: Repository, make: Callable[[Path], None]) -> None:
    make(Path(repository.path, PATH))
    assert seen(repository) == OnDisk(OTHER, readable=False, what="no file")
    with pytest.raises(RefusedError):
        evict(repository, managed())
    assert names(repository) == ["cells.tiff"]


def test_other_bytes_of_the_same_size_are_left(repository: Repository, place: Path) -> None:
    place.write_bytes(BYTES[::-1])
    with pytest.raises(RefusedError, match="are not those"):
        evict(repository, managed())
    assert place.read_bytes() == BYTES[::-1]


def test_a_copy_without_a_hash_that_says_anything_is_left(repository: Repository, place: Path) -> None:
    with pytest.raises(RefusedError, match="no hash"):
        evict(repository, managed(kind="File-Size-64"))
    assert place.exists()


def replaced(place: Path) -> None:
    place.unlink()
    place.write_bytes(BYTES[::-1])
    os.utime(place, ns=(TIME * 1_000_000, TIME * 1_000_000))


def written_in_place(place: Path) -> None:
    with place.open("r+b") as file:
        file.write(b"P")
    os.utime(place, ns=(TIME * 1_000_000, TIME * 1_000_000))


def linked(place: Path) -> None:
    os.link(place, place.with_name("second"))


def touched(place: Path) -> None:
    os.utime(place, ns=(0, 0))


@pytest.mark.parametrize("change", [replaced, written_in_place, linked, touched])
def test_what_changes_after_it_was_read_is_left(
    repository: Repository, place: Path, change: Callable[[Path], None]
) -> None:
    os.utime(place, ns=(TIME * 1_000_000, TIME * 1_000_000))
    version = check(repository, managed())
    change(place)
    after = place.read_bytes()
    with pytest.raises(RefusedError, match="was changed"):
        remove(repository, managed(), version)
    assert place.read_bytes() == after
    assert aside_name(7) not in names(repository)


@pytest.mark.parametrize("change", [replaced, linked])
def test_what_is_put_in_its_place_just_before_it_is_removed_is_put_back(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    rename = place_module.rename
    os.utime(place, ns=(TIME * 1_000_000, TIME * 1_000_000))

    def swap(directory: int, name: str, to: str) -> None:
        change(place)
        rename(directory, name, to)

    monkeypatch.setattr("irods_omero.gateways.repository.copies.rename", swap)
    with pytest.raises(RefusedError, match="was changed"):
        evict(repository, managed())
    assert place.read_bytes() == (BYTES[::-1] if change is replaced else BYTES)
    assert aside_name(7) not in names(repository)


def test_what_appears_after_nothing_was_there_is_left(repository: Repository) -> None:
    version = check(repository, managed())
    place = Path(repository.path, PATH)
    place.write_bytes(BYTES)
    with pytest.raises(RefusedError, match="was changed"):
        remove(repository, managed(), version)
    assert place.exists()


class TestKilledWhileRemoving:
    """What is under the name that files are removed under may be all that there is of them."""

    @pytest.fixture
    def aside(self, place: Path) -> Path:
        return place.rename(place.with_name(aside_name(7)))

    def test_right_bytes_are_seen_and_put_back(self, repository: Repository, place: Path, aside: Path) -> None:
        before = aside.stat()
        assert seen(repository) == OnDisk(ABSENT, readable=False, aside=True)
        assert clear(repository, managed())
        assert seen(repository) == OnDisk(COPY, readable=True)
        assert (place.read_bytes(), place.stat().st_ino, place.stat().st_mtime_ns) == (
            BYTES,
            before.st_ino,
            before.st_mtime_ns,
        )

    def test_right_bytes_go_when_they_are_to_be_removed(self, repository: Repository, aside: Path) -> None:
        assert evict(repository, managed()) == len(BYTES)
        assert names(repository) == []

    def test_other_bytes_are_left(self, repository: Repository, aside: Path) -> None:
        aside.write_bytes(BYTES[::-1])
        for work in (clear, check):
            with pytest.raises(RefusedError, match=f"{aside.name} are not those that OMERO knows"):
                work(repository, managed())
        assert aside.read_bytes() == BYTES[::-1]

    def test_it_is_left_beside_a_file_of_the_managed_name(
        self, repository: Repository, place: Path, aside: Path
    ) -> None:
        place.write_bytes(b"somebody else's")
        for work in (clear, check):
            with pytest.raises(RefusedError, match="which of both is right"):
                work(repository, managed())
        assert names(repository) == sorted([aside.name, place.name])

    def test_the_second_name_of_what_was_put_back_goes(self, repository: Repository, place: Path, aside: Path) -> None:
        os.link(aside, place)
        assert seen(repository) == OnDisk(COPY, readable=True, aside=True)
        assert clear(repository, managed())
        assert seen(repository) == OnDisk(COPY, readable=True)

    def test_bringing_back_leaves_it_alone(self, repository: Repository, aside: Path) -> None:
        aside.write_bytes(b"somebody else's")
        refill(repository, managed(), [BYTES])
        assert aside.read_bytes() == b"somebody else's"


class TestProof:
    """That the directory is the repository of this OMERO."""

    @pytest.fixture
    def proof(self, repository: Repository) -> Path:
        proof = Path(repository.path, ".omero/repository/database/repo_uuid")
        proof.parent.mkdir(parents=True)
        proof.write_bytes(b"\0\x04uuid")
        return proof

    def test_it_is(self, repository: Repository, proof: Path) -> None:
        repository.prove("database", "uuid")

    def test_another_one_is_not(self, repository: Repository, proof: Path) -> None:
        with pytest.raises(RefusedError, match="not the managed repository of this OMERO"):
            repository.prove("database", "another")

    def test_an_empty_mount_point_is_not(self, repository: Repository) -> None:
        with pytest.raises(RefusedError, match="No such file"):
            repository.prove("database", "uuid")

    def test_one_that_goes_away_later_is_not_taken_for_one_without_files(
        self, repository: Repository, proof: Path, place: Path
    ) -> None:
        repository.prove("database", "uuid")
        root = Path(repository.path)
        root.rename(root.with_name("elsewhere"))
        with pytest.raises(RefusedError, match="No such file"):
            seen(repository)
        root.mkdir()  # an empty mount point
        for work in (seen, lambda where: evict(where, managed()), lambda where: refill(where, managed(), [BYTES])):
            with pytest.raises(RefusedError, match="No such file"):
                work(repository)
        assert list(root.iterdir()) == []

    @pytest.mark.parametrize("database", ["", "..", "a/b"])
    def test_an_id_that_leads_elsewhere_proves_nothing(self, repository: Repository, database: str) -> None:
        with pytest.raises(RefusedError, match="no usable id"):
            repository.prove(database, "uuid")
