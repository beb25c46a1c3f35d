"""Directories: which collection is the unit, when its files are made one, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.directories.completeness import SETTLED_ONLY, CompletionSigns
from irods_omero.domain.rules.directories.directory_decision import (
    DirectoryDecision,
    decide_directory,
    if_named,
    is_unassigned,
)
from irods_omero.domain.rules.membership import units_of
from irods_omero.domain.state.agreement import VERSION, Agreement, encode
from irods_omero.domain.state.directories.completion import Completion
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, ImportRule, Replica
from irods_omero.vocabulary import BY_AVU, DIRECTORY, LIST, MARKER
from tests.unit.domain.strategies import NAMES, NOW, TIERS

POLICY = Policy("z", "omero.example", TIERS, settle=10)
EACH = ImportRule("/z/home/lab", DIRECTORY, "Project/Dataset", "")
PATH = "/z/home/lab/run"
MARKED = CompletionSigns(Completion(MARKER, "DONE"))
GOOD = Replica(0, "disk", good=True, size=10, modified=NOW - 100)


def file(
    data_id: int, name: str, *claims: tuple[int, str], replica: Replica = GOOD, owner: str = "alice"
) -> DataObject:
    avus = frozenset(Avu(NAMES.unit, str(first), kind) for first, kind in claims)
    return DataObject(data_id, f"{PATH}/{name}", owner, (replica,), avus)


def decided(*files: DataObject, signs: CompletionSigns = SETTLED_ONLY, now: float = NOW) -> DirectoryDecision:
    return decide_directory(PATH, files, POLICY, signs, now)


def carried_out(decision: DirectoryDecision, files: list[DataObject], steps: int) -> list[DataObject]:
    """The files when the first few of those that join were written."""
    unit = decision.unit
    assert unit is not None
    written = {each.data_id for each in decision.joining[:steps]}
    avus = frozenset({Avu(NAMES.unit, str(unit.data_id), unit.kind)})
    return [replace(each, avus=avus) if each.data_id in written else each for each in files]


@pytest.mark.parametrize(
    ("rule", "path", "directory"),
    [
        (EACH, "/z/home/lab/run/a.tif", "/z/home/lab/run"),
        (EACH, "/z/home/lab/run/deep/er/a.tif", "/z/home/lab/run"),
        (EACH, "/z/home/lab/a.tif", ""),
        (replace(EACH, whole=True), "/z/home/lab/a.tif", "/z/home/lab"),
        (replace(EACH, whole=True), "/z/home/lab/run/a.tif", "/z/home/lab"),
        (replace(EACH, kind="file"), "/z/home/lab/run/a.tif", ""),
        (replace(EACH, trouble="two kinds"), "/z/home/lab/run/a.tif", ""),
    ],
)
def test_which_collection_is_the_unit(rule: ImportRule, path: str, directory: str) -> None:
    assert rule.directory_of(path) == directory


def test_files_that_have_come_to_rest_become_a_unit_the_first_last() -> None:
    files = [file(1, "a.ome.tiff"), file(2, "b.ome.tiff"), file(3, "more/notes.txt"), file(4, "README.md")]
    decision = decided(*files)
    assert decision.unit == Unit(1, DIRECTORY)
    assert [each.data_id for each in decision.joining] == [2, 3, 1]


@pytest.mark.parametrize(
    ("files", "rule", "wait"),
    [
        ([], "it has no files", False),
        ([file(1, ".DS_Store")], "it has no files", False),
        ([file(1, "a.tif"), file(2, "b.txt", replica=replace(GOOD, modified=NOW - 9))], "b.txt has been written", True),
        ([file(1, "a.tif"), file(2, "b.txt", replica=replace(GOOD, modified=NOW + 9))], "b.txt has been written", True),
        ([file(1, "a.tif"), file(2, "b.txt", replica=replace(GOOD, good=False))], "a good replica of /z/home", False),
        ([file(1, "a.tif", (1, LIST)), file(2, "b.txt")], "an administrator has made", False),
        ([file(1, "a.tif", (1, DIRECTORY)), file(2, "b.txt", (1, DIRECTORY))], "are the unit", False),
    ],
)
def test_why_nothing_is_done(files: list[DataObject], rule: str, wait: bool) -> None:
    decision = decided(*files)
    assert (decision.joining, decision.error, decision.wait) == ((), "", wait)
    assert rule in decision.rule


def test_a_marker_says_when_it_is_complete_and_is_no_part_of_it() -> None:
    files = [file(1, "a.tif"), file(2, "b.txt")]
    assert decided(*files, signs=MARKED).rule == "it waits for a file named DONE"
    assert decided(*files, file(3, "more/DONE"), signs=MARKED).joining == ()
    decision = decided(*files, file(3, "DONE"), signs=MARKED)
    assert [each.data_id for each in decision.joining] == [2, 1]


def test_the_collection_itself_says_when_it_is_complete() -> None:
    signs = CompletionSigns(Completion(BY_AVU), attribute=NAMES.complete)
    assert decided(file(1, "a.tif"), signs=signs).rule == "it waits for the AVU omero::complete done on its collection"
    assert decided(file(1, "a.tif"), signs=signs._replace(is_done=True)).unit == Unit(1, DIRECTORY)


def test_as_long_as_nobody_knows_when_it_is_complete_nothing_is_done() -> None:
    decision = decided(file(1, "a.tif"), signs=CompletionSigns(Completion(trouble="/z: two signs")))
    assert (decision.joining, decision.rule) == ((), "it waits until it is clear what makes it complete: /z: two signs")


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([file(1, "a.tif"), file(2, "b.tif")], "a.tif, b.tif"),
        ([file(1, "a.tif"), file(2, "b.txt", owner="bob")], "belongs to alice, and /z/home/lab/run/b.txt to bob"),
        ([file(1, "x"), file(2, "y")], "no rule says"),
    ],
)
def test_what_keeps_files_from_being_a_unit_names_the_directory(files: list[DataObject], error: str) -> None:
    decision = decided(*files)
    assert (decision.unit, decision.joining) == (None, ())
    assert decision.error.startswith(f"{PATH} is not imported: ")
    assert error in decision.error


def test_what_was_imported_by_itself_stays_so() -> None:
    agreed = Avu(NAMES.agreement, encode(Agreement(fileset=5)), VERSION)
    old = replace(file(1, "a.tif"), avus=frozenset({agreed}))
    assert decided(old).error == ""
    assert "was imported by itself" in decided(old, file(2, "b.txt")).error


def test_a_late_file_is_taken_into_the_unit_and_only_it_is_written() -> None:
    unit = (1, DIRECTORY)
    decision = decided(file(1, "a.ome.tif", unit), file(2, "b.txt", unit), file(3, "late.txt"))
    assert decision.unit == Unit(1, DIRECTORY)
    assert [each.data_id for each in decision.joining] == [3]


@pytest.mark.parametrize("name", ["README", "more/.hidden", "DONE"])
def test_a_file_that_is_no_part_by_its_name_leaves_the_unit(name: str) -> None:
    unit = (1, DIRECTORY)
    decision = decided(file(1, "a.ome.tif", unit), file(2, name, unit), file(3, "b.txt", unit), signs=MARKED)
    assert decision.unit == Unit(1, DIRECTORY)
    assert [each.data_id for each in decision.leaving] == [2]


def test_files_that_could_be_opened_by_themselves_have_to_be_named() -> None:
    decision = decided(file(1, "a.ome.tif"), file(2, "b.ome.tif"), file(3, "more/c.ome.tif"), file(4, "notes.txt"))
    assert [each.data_id for each in decision.to_name] == [2, 3]
    assert if_named(PATH, decision, {"a.ome.tif", "b.ome.tif", "c.ome.tif"}) == decision
    refused = if_named(PATH, decision, {"a.ome.tif", "b.ome.tif"})
    assert (refused.unit, refused.joining) == (None, ())
    assert f"{PATH}/a.ome.tif does not name {PATH}/more/c.ome.tif: " in refused.error


NUMBERED = st.sampled_from(
    [(), ((1, DIRECTORY),), ((2, DIRECTORY),), ((9, DIRECTORY),), ((1, DIRECTORY), (2, DIRECTORY))]
)
FILES = st.lists(
    st.tuples(st.sampled_from(["a.ome.tif", "b.ome.tif", "c.txt", "d.txt", ".e"]), NUMBERED), min_size=1
).map(lambda drawn: [file(number, name, *claims) for number, (name, claims) in enumerate(dict(drawn).items(), 1)])
"""Files in all states that moves, removals and agents that were killed leave behind."""


@given(FILES, st.integers(0, 6))
def test_wherever_it_is_broken_off_it_comes_to_the_same_end(files: list[DataObject], steps: int) -> None:
    decision = decided(*files)
    if decision.unit is None:
        return
    half = carried_out(decision, files, steps)
    rest = decided(*half)
    assert rest.unit == decision.unit
    done = carried_out(rest, half, len(files))
    assert done == carried_out(decision, files, len(files))
    assert decided(*done).joining == ()
    assert decided(*done).unit == decision.unit


@given(FILES, st.integers(0, 6))
def test_what_is_united_by_half_is_not_believed(files: list[DataObject], steps: int) -> None:
    fresh = [replace(each, avus=frozenset()) for each in files]
    decision = decided(*fresh)
    if decision.unit is None or steps >= len(decision.joining):
        return
    half = carried_out(decision, fresh, steps)
    units = units_of([each.data_id for each in half], {each.data_id: each for each in half}, NAMES)
    assert all(len(unit.objects) == 1 and unit.unit.kind != DIRECTORY for unit in units.values())


@given(FILES)
def test_no_file_of_a_finished_directory_is_loose(files: list[DataObject]) -> None:
    decision = decided(*files)
    if decision.unit is not None:
        done = carried_out(decision, files, len(files))
        ids = {each.data_id for each in done}
        loose = [each for each in done if is_unassigned(each, ids, DIRECTORY, NAMES)]
        assert all(each.path.endswith("/.e") for each in loose)
