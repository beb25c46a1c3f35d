"""A link may lead to a file in a vault only where that stays what it is: what is missing is said, and none is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from irods_omero.errors import RefusedError
from irods_omero.gateways.repository.linking import reader_of
from irods_omero.gateways.repository.vault import time_of
from tests.linking_places import linking_state
from tests.unit.gateways.repository.linked import LOGICAL, Linkable
from tests.unit.gateways.repository.managed import BYTES


@pytest.fixture
def both() -> Iterator[Linkable]:
    with linking_state() as state:
        yield Linkable(state)


def spoil_mode(both: Linkable) -> Path:
    both.file.chmod(0o644)
    return both.file


def spoil_second_name(both: Linkable) -> Path:
    os.link(both.file, both.file.with_name("other"))
    return both.file


def spoil_owner(both: Linkable) -> Path:
    os.chown(both.file, reader_of(both.repository).user, -1)
    return both.file


def spoil_to_a_third(both: Linkable) -> Path:
    os.chown(both.file, 60_002, -1)
    return both.file


def spoil_directory_to_a_third(both: Linkable) -> Path:
    os.chown(both.file.parent, 60_002, -1)
    return both.file


def spoil_reading(both: Linkable) -> Path:
    both.file.chmod(0o400)
    return both.file


def spoil_directory(both: Linkable) -> Path:
    both.file.parent.chmod(0o777)
    return both.file


def spoil_way(both: Linkable) -> Path:
    both.file.parent.chmod(0o700)
    return both.file


def spoil_above(both: Linkable) -> Path:
    Path(both.vault.path).parent.chmod(0o777)
    return both.file


def spoil_file(both: Linkable) -> Path:
    both.file.unlink()
    both.file.symlink_to(both.second)
    return both.file


def spoil_link_on_the_way(both: Linkable) -> Path:
    both.file.parent.rename(both.file.parent.with_name("real"))
    both.file.parent.symlink_to("real")
    return both.file


def spoil_pipe(both: Linkable) -> Path:
    both.file.unlink()
    os.mkfifo(both.file, 0o444)
    return both.file


def as_the_data_object(both: Linkable) -> Path:
    path = Path(both.vault.path, "home/alice/cells.tiff")
    path.parent.mkdir(parents=True)
    path.write_bytes(BYTES)
    path.chmod(0o444)
    return path


def spoil_root(both: Linkable) -> Path:
    os.chown(both.repository.path, 0, 0)
    return both.file


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_mode, "may be written to: chmod a-w"),
        (spoil_second_name, "has a second name"),
        (spoil_owner, "belongs to OMERO's user"),
        (spoil_to_a_third, "belongs to somebody else than the vault"),
        (spoil_directory_to_a_third, "belongs to somebody else than the vault"),
        (spoil_reading, "OMERO's user may not read"),
        (spoil_directory, "may write into .*: chmod go-w"),
        (spoil_way, "OMERO's user may not enter"),
        (spoil_above, "may rename what is in .*: chmod go-w"),
        (spoil_file, "it is a link"),
        (spoil_link_on_the_way, "below a link"),
        (spoil_pipe, "is no file"),
        (as_the_data_object, "acSetVaultPathPolicy say msiSetRandomScheme"),
        (spoil_root, "OMERO runs as root"),
    ],
)
def test_where_a_condition_fails_it_is_said_and_no_link_is_made(
    both: Linkable, spoil: Callable[[Linkable], Path], why: str
) -> None:
    assert both.why_not() == ""
    file = spoil(both)
    with pytest.raises(RefusedError, match=why):
        both.link(file)
    assert not both.place.is_symlink()
    assert both.names() == ["cells.tiff"]


@pytest.mark.parametrize("names", [["..", "vault", "1", "1", "x.1700000000"], ["alice", "1", "..", "x.1700000000"]])
def test_a_path_that_leads_out_of_the_vault_is_none(both: Linkable, names: list[str]) -> None:
    with pytest.raises(RefusedError, match="leads out of it"):
        both.vault.names("/irods/vault/" + "/".join(names), "/irods/vault")
    assert both.vault.why_not_linked(names, LOGICAL, reader_of(both.repository))


@pytest.mark.parametrize(
    ("path", "is_random"),
    [
        ("alice/0/15/cells.tiff.1700000000", True),
        ("7/3/cells.tiff.1700000000.aB3dE", True),
        ("alice/0/15/cells.tiff.1700000000.2", True),
        ("alice/0/16/cells.tiff.1700000000", False),
        ("home/alice/0/15/cells.tiff.1700000000", False),
        ("alice/0/15/cells.tiff", False),
        ("alice/0/15/cells.tiff.17000000001", False),
    ],
)
def test_a_path_made_up_at_random_has_two_numbers_and_the_time(path: str, is_random: bool) -> None:
    assert (time_of(path.split("/")) is not None) is is_random


def test_what_a_user_calls_so_is_not_made_up_at_random(both: Linkable) -> None:
    name = both.file.name
    why = both.vault.why_not_linked(both.target().names, f"/tempZone/alice/3/11/{name}", reader_of(both.repository))
    assert "msiSetRandomScheme" in why
