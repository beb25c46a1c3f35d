"""A link comes in place of OMERO's copy only where it leads to the right file for ever, whoever is at work there."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from irods_omero.domain.state.one_copy.managed_files import ABSENT, OTHER, OnDisk
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository import copies
from irods_omero.gateways.repository import place as place_module
from irods_omero.gateways.repository.copies import check, clear, refill, remove
from irods_omero.gateways.repository.directory import aside_name, complete_name
from irods_omero.gateways.repository.linking import compared, make_link
from tests.linking_places import linking_state
from tests.unit.gateways.repository.linked import Linkable
from tests.unit.gateways.repository.managed import BYTES, managed, seen

OTHERS = BYTES[::-1]


@pytest.fixture(params=["exchanging", "replacing"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Linkable]:
    """On a file system that can exchange names, and on one that can not."""
    if request.param == "replacing":
        monkeypatch.setattr(copies, "exchange", lambda *_: False)
    with linking_state() as state:
        yield Linkable(state)


def test_a_copy_becomes_a_link_a_link_another_one_and_that_a_copy_with_nothing_left_beside(both: Linkable) -> None:
    both.link()
    assert both.place.readlink() == both.file
    assert seen(both.repository) == OnDisk(OTHER, readable=True, what="a symbolic link", target=str(both.file))
    both.link(both.second)
    assert both.place.readlink() == both.second
    refill(both.repository, both.managed(), [BYTES])
    assert not both.place.is_symlink()
    assert both.place.read_bytes() == both.second.read_bytes() == BYTES
    assert both.names() == ["cells.tiff"]


def test_a_copy_goes_when_the_link_is_on_the_disk(both: Linkable, monkeypatch: pytest.MonkeyPatch) -> None:
    done = list[str]()

    def note(name: str) -> None:
        function = getattr(os, name)

        def noted(*arguments: object, **options: object) -> None:
            function(*arguments, **options)
            done.append(name)

        monkeypatch.setattr(os, name, noted)

    for name in ("symlink", "link", "rename", "fsync", "unlink"):
        note(name)
    both.link()
    assert [name for name in done if name not in {"rename", "unlink"}][-3:] == ["symlink", "link", "fsync"]
    assert "unlink" not in done[done.index("symlink") : -1 - done[::-1].index("fsync")]


def test_a_link_goes_and_comes_back_and_its_file_stays(both: Linkable) -> None:
    both.link()
    file = both.managed()
    assert remove(both.repository, file, check(both.repository, file)) == 0
    assert (both.names(), both.file.read_bytes()) == ([], BYTES)
    both.link()
    assert both.place.read_bytes() == BYTES


def test_of_the_file_nobody_has_compared_no_link_is_made(both: Linkable) -> None:
    for content in (OTHERS, BYTES[:-1], b""):
        file = both.made(content, "1/1")
        assert compared(both.repository, managed(), both.target(file), lambda _: None) is None
        file.unlink()


def test_a_file_that_was_changed_after_it_was_compared_is_not_linked_to(both: Linkable) -> None:
    target = compared(both.repository, managed(), both.target(), lambda _: None)
    assert target is not None
    version = check(both.repository, managed())
    both.file.chmod(0o644)
    both.file.write_bytes(OTHERS)
    both.file.chmod(0o444)
    with pytest.raises(RefusedError, match="changed while"):
        make_link(both.repository, managed(), target, version)
    assert both.place.read_bytes() == BYTES


def test_another_file_of_that_path_is_not_linked_to(both: Linkable) -> None:
    target = compared(both.repository, managed(), both.target(), lambda _: None)
    assert target is not None
    version = check(both.repository, managed())
    both.made(OTHERS, "2/2").rename(both.file)
    with pytest.raises(RefusedError, match="changed while"):
        make_link(both.repository, managed(), target, version)
    assert both.place.read_bytes() == BYTES


def test_a_path_of_this_second_is_linked_to_when_that_is_over(both: Linkable, monkeypatch: pytest.MonkeyPatch) -> None:
    waited, now = list[float](), 1_700_000_000.25
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "sleep", waited.append)
    file = both.file.rename(both.file.with_name("cells.tiff.1700000000"))
    both.link(file)
    assert waited == [0.75]
    later = both.second.rename(both.second.with_name("cells.tiff.1700000100"))
    with pytest.raises(RefusedError, match="clocks"):
        both.link(later)
    assert both.place.readlink() == file


def planted(both: Linkable) -> None:
    both.place.unlink()
    both.place.symlink_to("/etc/hostname")


def replaced(both: Linkable) -> None:
    both.place.unlink()
    both.place.write_bytes(OTHERS)


def second_name(both: Linkable) -> None:
    os.link(both.place, both.place.with_name("another"))


@pytest.mark.parametrize("meanwhile", [planted, replaced, second_name])
def test_what_is_in_the_place_by_then_stays(both: Linkable, meanwhile: Callable[[Linkable], None]) -> None:
    target = compared(both.repository, managed(), both.target(), lambda _: None)
    assert target is not None
    version = check(both.repository, managed())
    meanwhile(both)
    before = both.place.lstat().st_ino
    with pytest.raises(RefusedError, match="changed while"):
        make_link(both.repository, managed(), target, version)
    assert both.place.lstat().st_ino == before


@pytest.mark.parametrize("both", ["exchanging"], indirect=True)
@pytest.mark.parametrize("is_link", [False, True])
def test_what_comes_after_that_gets_its_name_back_where_names_can_be_exchanged(
    both: Linkable, is_link: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all else that was there nothing is lost either: what had the name before lies beside it, and is told of."""
    if is_link:
        both.link(both.second)
    exchange, left = place_module.exchange, list[Callable[[Linkable], None]]([replaced])

    def late(directory: int, one: str, other: str) -> bool:
        if left:
            left.pop()(both)
        return exchange(directory, one, other)

    monkeypatch.setattr(copies, "exchange", late)
    with pytest.raises(RefusedError, match="changed while"):
        both.link()
    assert both.place.read_bytes() == OTHERS
    if not is_link:
        with pytest.raises(RefusedError, match="see which of both is right"):
            check(both.repository, both.managed())
        assert both.place.with_name(aside_name(7)).read_bytes() == BYTES
        assert both.place.read_bytes() == OTHERS


def test_what_comes_between_the_last_look_and_the_second_name_stays(
    both: Linkable, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = place_module.link

    def late(directory: int, name: str, to: str) -> None:
        replaced(both)
        link(directory, name, to)

    def never(*_: object) -> None:
        raise AssertionError("it would have been replaced")

    monkeypatch.setattr(copies, "link", late)
    monkeypatch.setattr(copies, "rename", never)
    monkeypatch.setattr(copies, "exchange", never)
    with pytest.raises(RefusedError, match="changed while"):
        both.link()
    assert both.place.read_bytes() == OTHERS
    assert both.names() == ["cells.tiff"]


@pytest.mark.parametrize("name", [aside_name(7), complete_name(7)])
def test_a_foreign_link_in_the_way_is_not_followed(both: Linkable, name: str, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"keep me")
    both.place.with_name(name).symlink_to(target)
    both.link()
    assert target.read_bytes() == b"keep me"
    assert both.place.readlink() == both.file


def test_a_link_that_an_agent_has_not_made_neither_goes_nor_is_replaced(both: Linkable) -> None:
    both.link()
    file = both.managed()
    both.place.unlink()
    both.place.symlink_to(both.second)
    for work in (lambda: check(both.repository, file), lambda: refill(both.repository, file, [BYTES])):
        with pytest.raises(RefusedError, match="changed while"):
            work()
    assert both.place.readlink() == both.second


@pytest.mark.parametrize(("call", "where"), [("symlink", os), ("link", os), ("exchange", copies)])
def test_a_full_disk_leaves_the_copy(
    both: Linkable, call: str, where: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(where, call, full)
        with pytest.raises(RefusedError, match="No space left"):
            both.link()
    assert both.place.read_bytes() == BYTES
    both.link()
    assert both.names() == ["cells.tiff"]


def test_a_copy_that_had_just_gone_for_a_link_when_an_agent_was_killed_comes_back(both: Linkable) -> None:
    aside = both.place.rename(both.place.with_name(aside_name(7)))
    both.place.symlink_to(both.file)
    file = both.managed()
    with pytest.raises(RefusedError):
        remove(both.repository, file, check(both.repository, file))
    assert aside.exists()
    assert clear(both.repository, file)
    assert not both.place.is_symlink()
    assert both.place.read_bytes() == BYTES
    assert both.names() == ["cells.tiff"]


def test_somebody_elses_file_there_stays_and_is_told_of(both: Linkable) -> None:
    aside = both.place.rename(both.place.with_name(aside_name(7)))
    aside.write_bytes(OTHERS)
    both.place.symlink_to(both.file)
    with pytest.raises(RefusedError, match="are not those that OMERO knows"):
        clear(both.repository, both.managed())
    assert aside.read_bytes() == OTHERS


def test_a_link_whose_file_has_gone_leads_nowhere_until_it_goes(both: Linkable) -> None:
    both.link()
    both.file.unlink()
    assert seen(both.repository).readable is False
    file = both.managed()
    remove(both.repository, file, check(both.repository, file))
    assert seen(both.repository).state == ABSENT
