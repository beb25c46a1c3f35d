"""Directories with a manifest: what is missing, what differs, what is new, and what becomes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.directories.completeness import Compared, CompletionSigns, Unread, differences_from
from irods_omero.domain.rules.directories.directory_decision import DirectoryDecision, decide_directory
from irods_omero.domain.state.agreement import VERSION, Agreement, encode
from irods_omero.domain.state.directories.completion import Completion
from irods_omero.domain.state.formats.directory_manifest import DirectoryManifest, ListedFile
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, ZoneView
from irods_omero.vocabulary import DIRECTORY, MANIFEST, MARKER
from tests.unit.domain.rules.directories.test_directory_decision import GOOD, PATH, POLICY, file
from tests.unit.domain.strategies import NAMES, NOW

LIST = "list.md5"
MADE = replace(GOOD, checksum="c" * 32)
FILES = {"a.ome.tif": ListedFile(10, frozenset({"c" * 32})), "more/b.txt": ListedFile(10)}
ALL = [file(1, "a.ome.tif", replica=MADE), file(2, "more/b.txt"), file(9, LIST)]
UNIT = (1, DIRECTORY)


def decided(
    *files: DataObject, listed: dict[str, ListedFile] = FILES, trouble: str = "", **known: Compared
) -> DirectoryDecision:
    manifest = DirectoryManifest({} if trouble else listed, trouble)
    signs = CompletionSigns(Completion(MANIFEST, LIST), manifest=manifest, compared=known.get("compared", {}))
    return decide_directory(PATH, files, POLICY, signs, NOW)


def imported(each: DataObject) -> DataObject:
    """A file of a unit that was imported."""
    return replace(each, avus=each.avus | {Avu(NAMES.unit, "1", DIRECTORY), Avu(NAMES.fileset, "5")})


def test_where_all_is_there_and_as_the_manifest_says_it_is_made_a_unit() -> None:
    decision = decided(*ALL)
    assert (decision.unit, decision.error) == (Unit(1, DIRECTORY), "")
    assert [each.data_id for each in decision.joining] == [2, 1]


@pytest.mark.parametrize(
    ("files", "error"),
    [
        (ALL[1:], "1 file is missing: a.ome.tif"),
        ([replace(ALL[0], replicas=(replace(MADE, size=12),)), *ALL[1:]], "a.ome.tif (12 bytes, and not 10)"),
        ([file(1, "a.ome.tif", replica=replace(GOOD, checksum="d" * 32)), *ALL[1:]], "a.ome.tif (another checksum)"),
    ],
)
def test_what_differs_is_named_and_nothing_is_imported(files: list[DataObject], error: str) -> None:
    decision = decided(*files)
    assert (decision.unit, decision.joining) == (None, ())
    assert decision.error.startswith(f"{PATH} is not imported: it is not as {LIST} says: ")
    assert error in decision.error
    assert not decision.wait


@pytest.mark.parametrize("checksum", ["", "sha2:x"])
def test_what_the_zone_cannot_compare_is_read_before_anything_is_imported(checksum: str) -> None:
    unknown = file(1, "a.ome.tif", replica=replace(GOOD, checksum=checksum))
    decision = decided(unknown, *ALL[1:])
    assert (decision.unit, decision.error, decision.wait) == (None, "", True)
    assert decision.unread == (Unread(unknown, "c" * 32),)
    content = unknown.content()
    assert content is not None
    assert decided(unknown, *ALL[1:], compared={(1, content, "c" * 32): True}).unit == Unit(1, DIRECTORY)
    other = decided(unknown, *ALL[1:], compared={(1, content, "c" * 32): False})
    assert "a.ome.tif (another checksum)" in other.error


def test_of_many_the_first_are_named_and_all_counted() -> None:
    error = decided(ALL[0], ALL[2], listed={**FILES, **{f"{n:02}.tif": ListedFile(1) for n in range(20)}}).error
    assert "21 files are missing: 00.tif, 01.tif, 02.tif, 03.tif, 04.tif, and 16 more" in error


def test_as_long_as_files_are_written_nobody_is_told_of_those_that_are_missing() -> None:
    decision = decided(file(1, "a.ome.tif", replica=replace(MADE, modified=NOW)), ALL[2])
    assert (decision.error, decision.wait) == ("", True)


def test_a_manifest_that_cannot_be_used_says_so() -> None:
    assert decided(*ALL, trouble="line 1: no").error == f"{PATH} is not imported: {LIST} cannot be used: line 1: no"
    assert decided(*ALL[:2]).rule == f"it waits for a file named {LIST}"


def test_what_the_manifest_does_not_list_is_no_part_and_is_told() -> None:
    late = file(3, "late.txt", UNIT)
    decision = decided(*map(imported, ALL[:2]), ALL[2], late)
    assert decision.error == f"1 file is not in {LIST}, and no part of it: late.txt"
    assert (decision.unit, decision.joining, decision.leaving) == (Unit(1, DIRECTORY), (), (late,))


def test_a_change_after_the_import_is_told_and_the_unit_stays() -> None:
    changed = imported(file(1, "a.ome.tif", replica=replace(MADE, size=11)))
    decision = decided(changed, imported(ALL[1]), ALL[2])
    assert decision.unit == Unit(1, DIRECTORY)
    assert decision.error == (
        f"{PATH} is imported, and it is not as {LIST} says: 1 file is different: a.ome.tif (11 bytes, and not 10)"
    )


def test_what_is_new_since_the_import_and_has_to_wait_is_told() -> None:
    signs = CompletionSigns(Completion(MARKER, "DONE"))
    late = [file(number, f"{number}.txt") for number in (3, 4)]
    decision = decide_directory(PATH, [*map(imported, ALL[:2]), *late], POLICY, signs, NOW)
    assert decision.error == (
        f"{PATH} is imported, and 2 files are new and not: 3.txt, 4.txt; it waits for a file named DONE"
    )


def test_what_belongs_to_others_is_there_and_what_is_in_a_hierarchy_is_not_compared() -> None:
    manifest = DirectoryManifest({"raw/a.tif": ListedFile(), "x.zarr/0/0": ListedFile(), "b": ListedFile()})
    assert differences_from(manifest, {}, {"raw/a.tif"}).missing == ("b",)


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef"), min_size=1))
def test_each_file_that_is_listed_is_there_or_told(there: set[str], wanted: set[str]) -> None:
    manifest = DirectoryManifest({name: ListedFile(10) for name in wanted})
    differences = differences_from(manifest, {name: file(ord(name), name) for name in there})
    assert set(differences.missing) == wanted - there
    assert not differences.differing


def test_what_was_imported_is_not_read_again_and_what_is_told_of_it_stays() -> None:
    files = [imported(file(1, "a.ome.tif")), imported(ALL[1])]
    agreed = Agreement(fileset=5, content=ZoneView(Unit(1, DIRECTORY), tuple(files)).content())
    files[0] = replace(files[0], avus=files[0].avus | {Avu(NAMES.agreement, encode(agreed), VERSION)})
    decision = decided(*files, ALL[2])
    assert (decision.unit, decision.wait, len(decision.unread)) == (Unit(1, DIRECTORY), False, 1)
    changed = replace(files[0], replicas=(replace(GOOD, modified=NOW - 50),))
    assert decided(changed, files[1], ALL[2]).wait
    busy = replace(files[0], replicas=(replace(GOOD, modified=NOW - 5),))
    away = replace(files[1], replicas=(replace(GOOD, resource="tape"),))
    for not_due in ([busy, files[1]], [changed, away]):
        decision = decided(*not_due, ALL[2])
        assert (decision.unit, decision.wait, len(decision.unread)) == (Unit(1, DIRECTORY), False, 1)
