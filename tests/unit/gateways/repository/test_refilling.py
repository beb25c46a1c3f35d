"""OMERO's copy comes back whole and on disk, or not at all, whoever else is at work there."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from irods_omero.domain.state.one_copy.managed_files import ABSENT, COPY, OnDisk
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository import copies
from irods_omero.gateways.repository import place as place_module
from irods_omero.gateways.repository.copies import clear, refill, try_out
from irods_omero.gateways.repository.directory import Repository, working_name
from tests.unit.gateways.repository.managed import BYTES, FOLDER, PATH, managed, names, seen


def test_what_is_there_by_the_time_that_a_file_is_back_is_not_replaced(repository: Repository) -> None:
    place = Path(repository.path, PATH)

    def blocks() -> Iterator[bytes]:
        place.write_bytes(b"somebody else's")
        yield BYTES

    with pytest.raises(RefusedError, match="exists"):
        refill(repository, managed(), blocks())
    assert place.read_bytes() == b"somebody else's"
    assert names(repository) == ["cells.tiff"]


@pytest.mark.parametrize("content", [BYTES[:-1], BYTES + b"x", BYTES[::-1], b""])
def test_other_bytes_never_get_the_managed_name(repository: Repository, content: bytes) -> None:
    with pytest.raises(RefusedError, match="the hash differs"):
        refill(repository, managed(), [content])
    assert names(repository) == []


def test_a_full_disk_leaves_nothing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RefusedError, match="No space left"):
        refill(repository, managed(), [BYTES])
    assert names(repository) == []


def test_nothing_is_written_where_there_is_no_room(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_room", lambda _: len(BYTES) - 1)
    with pytest.raises(RefusedError, match="has room for"):
        refill(repository, managed(), [BYTES])
    assert names(repository) == []


def test_a_broken_stream_leaves_nothing(repository: Repository) -> None:
    def blocks() -> Iterator[bytes]:
        yield BYTES[:10]
        raise RefusedError("reading", "/z/cells.tiff", "gone")

    with pytest.raises(RefusedError, match="gone"):
        refill(repository, managed(), blocks())
    assert names(repository) == []


def test_a_second_agent_that_takes_the_working_name_does_not_get_its_bytes_placed(repository: Repository) -> None:
    working = Path(repository.path, FOLDER, working_name(7))

    def blocks() -> Iterator[bytes]:
        yield BYTES[:10]
        working.unlink()
        working.write_bytes(b"half")  # it has just begun
        yield BYTES[10:]

    with pytest.raises(RefusedError):
        refill(repository, managed(), blocks())
    assert not Path(repository.path, PATH).exists()


def test_what_is_linked_is_what_was_written_whatever_has_the_working_name_by_then(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_open = place_module.link_open
    working = Path(repository.path, FOLDER, working_name(7))

    def swap(descriptor: int, directory: int, to: str) -> None:
        working.rename(working.with_name("moved"))
        working.write_bytes(b"half")
        link_open(descriptor, directory, to)

    monkeypatch.setattr(place_module, "link_open", swap)
    refill(repository, managed(), [BYTES])
    assert Path(repository.path, PATH).read_bytes() == BYTES


def test_bytes_are_on_disk_before_they_get_a_name_and_the_name_before_it_is_said_to_be_there(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = list[str]()
    link, unlink, fsync = os.link, os.unlink, os.fsync

    def note(name: str, function: Callable[..., None]) -> Callable[..., None]:
        def noted(*arguments: object, **options: object) -> None:
            function(*arguments, **options)
            done.append(name)

        return noted

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        done.append("directory on disk" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes on disk")

    monkeypatch.setattr(os, "link", note("named", link))
    monkeypatch.setattr(os, "unlink", note("working name gone", unlink))
    monkeypatch.setattr(os, "fsync", synced)
    refill(repository, managed(), [BYTES])
    assert done == ["bytes on disk", "named", "working name gone", "directory on disk"]


def test_what_an_agent_that_was_killed_while_bringing_back_has_left_is_cleared_away(
    repository: Repository, place: Path
) -> None:
    os.link(place, place.with_name(working_name(7)))
    assert seen(repository) == OnDisk(COPY, readable=True, leftover=True)
    assert clear(repository, managed())
    assert seen(repository) == OnDisk(COPY, readable=True)
    place.rename(place.with_name(working_name(7)))
    assert seen(repository) == OnDisk(ABSENT, readable=False, leftover=True)
    assert not clear(repository, managed())
    assert names(repository) == []


def test_a_link_planted_under_the_working_name_is_not_written_through(repository: Repository, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"keep me")
    Path(repository.path, FOLDER, working_name(7)).symlink_to(target)
    refill(repository, managed(), [BYTES])
    assert target.read_bytes() == b"keep me"
    assert Path(repository.path, PATH).read_bytes() == BYTES


def test_a_trial_leaves_nothing_and_tells_of_a_file_system_without_links(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_out(repository)

    def without_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", without_links)
    with pytest.raises(RefusedError, match="Operation not permitted"):
        try_out(repository)
    monkeypatch.undo()
    try_out(repository)
    assert [each.name for each in Path(repository.path).iterdir()] == ["alice_2"]
