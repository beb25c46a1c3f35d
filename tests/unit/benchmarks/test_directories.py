"""What each file of a directory takes: docs/figures.md speaks of ten thousand of them."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.directories import measure
from irods_omero.domain.state.tiers import Tiers
from irods_omero.domain.state.views import DataObject

FILES = 25
"""Enough for a unit whose data objects are read as those of one."""

READING = ("DATA_OBJ_OPEN_AN", "DATA_OBJ_LSEEK_AN", "DATA_OBJ_READ_AN", "REPLICA_CLOSE_APN")
ONCE = ("add omero::fileset", "add omero::image", "add omero::url")
UPLOADING = ("ImportProcess.getUploader", "RawFileStore.write", "RawFileStore.close")


def test_a_file_of_a_directory_takes_six_calls_to_read_it_no_write_and_three_calls_to_omero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at, plain = list[str](), Tiers.replica_to_read

    def noting(tiers: Tiers, data_object: DataObject) -> int | None:
        looked_at.append(data_object.path)
        return plain(tiers, data_object)

    monkeypatch.setattr(Tiers, "replica_to_read", noting)
    (directory,) = measure(sizes=(FILES,))["directories"]
    calls = directory["agent"]["by kind"]
    assert [calls[kind] for kind in READING] == [FILES, 2 * FILES, 2 * FILES, FILES]
    assert [calls[kind] for kind in UPLOADING] == [FILES] * 3
    assert max(Counter(looked_at).values()) == 1, "which replica is read is told of the file that is opened alone"
    assert calls["add omero::unit"] == 1, "on the collection, for all of them"
    assert calls["rm omero::sync pending"] == 2, "on the collection, and on the first file, which is to be imported"
    assert [calls[kind] for kind in ONCE] == [2] * 3, "on the collection, and on the first file"
