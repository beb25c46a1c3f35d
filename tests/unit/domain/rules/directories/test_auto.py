"""Where the agent tells what belongs together: which files are made units now, which wait, what is told of which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.directories.auto import (
    CollectionContents,
    corrections_of_files,
    decide_auto,
    to_observe,
    to_read,
)
from irods_omero.domain.rules.directories.completeness import SETTLED_ONLY, CompletionSigns
from irods_omero.domain.rules.directories.directory_decision import DirectoryDecision
from irods_omero.domain.rules.membership import units_of
from irods_omero.domain.state.agreement import VERSION, Agreement, encode
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, DataObject, ZoneView
from irods_omero.vocabulary import AUTO, DIRECTORY, LIST
from tests.unit.domain.rules.directories.test_directory_decision import GOOD, MARKED, PATH, POLICY, file
from tests.unit.domain.strategies import NAMES, NOW

Files = list[DataObject]
FRESH = replace(GOOD, modified=NOW - 1)


def decided(*files: DataObject, signs: CompletionSigns = SETTLED_ONLY, **named: Any) -> tuple[DirectoryDecision, ...]:
    said = {name.replace("_", "."): frozenset(names) for name, names in named.items()}
    known, _ = to_read(CollectionContents(PATH, files, NOW, said), POLICY)
    return decide_auto(CollectionContents(PATH, files, NOW, {**known, **said}), POLICY, signs)


def of(decisions: tuple[DirectoryDecision, ...], data_id: int) -> DirectoryDecision:
    (decision,) = (each for each in decisions if data_id in {member.data_id for member in each.files})
    return decision


def carried_out(decisions: tuple[DirectoryDecision, ...], files: Files, steps: int = 99) -> Files:
    """The files when the first few of the AVUs were removed and written, in the order of the agent."""
    state = {each.data_id: each for each in files}
    changes: list[tuple[int, frozenset[Avu]]] = [
        (each.data_id, frozenset()) for decision in decisions for each in decision.leaving
    ]
    for unit, joining in ((decision.unit, decision.joining) for decision in decisions if decision.unit):
        changes += [(each.data_id, frozenset({Avu(NAMES.unit, str(unit.data_id), unit.kind)})) for each in joining]
    for data_id, avus in changes[:steps]:
        state[data_id] = replace(state[data_id], avus=avus)
    return [state[each.data_id] for each in files]


def imported(*files: DataObject) -> Files:
    """The files of a unit, first the one that is opened, with what was agreed when they were imported."""
    unit = Unit(files[0].data_id, AUTO)
    agreed = encode(Agreement(fileset=5, content=ZoneView(unit, files).content()))
    avus = files[0].avus | {Avu(NAMES.agreement, agreed, VERSION)}
    return [replace(files[0], avus=avus), *files[1:]]


def told(decisions: tuple[DirectoryDecision, ...], files: Files) -> set[int]:
    """Which files are to show an error."""
    return {each.data_id for each, (_, is_new) in corrections_of_files(decisions, files, NAMES) if is_new}


def test_what_belongs_together_becomes_a_unit_the_first_last_and_what_is_alone_is_left_out() -> None:
    decisions = decided(file(1, "a.txt"), file(2, "a.tif"), file(3, "b.tif"), file(4, "c.czi"), file(5, "README"))
    assert of(decisions, 1).unit == Unit(2, AUTO)
    assert [each.data_id for each in of(decisions, 1).joining] == [1, 2]
    assert of(decisions, 3).unit == Unit(3, AUTO)
    assert {each.data_id for decision in decisions for each in decision.files} == {1, 2, 3}


def test_one_file_that_is_being_written_holds_up_what_it_belongs_to_and_nothing_else() -> None:
    decisions = decided(file(1, "a.txt", replica=FRESH), file(2, "a.tif"), file(3, "b.tif"))
    assert (of(decisions, 2).joining, of(decisions, 2).wait) == ((), True)
    assert of(decisions, 3).unit == Unit(3, AUTO)


def test_an_error_is_told_by_the_files_when_they_have_come_to_rest() -> None:
    files = [file(1, "a.dv.log"), file(2, "b.dv.log", replica=FRESH)]
    decisions = decided(*files)
    assert told(decisions, files) == {1}
    ((_, (avu, _)),) = corrections_of_files(decisions, files, NAMES)
    shown = [replace(files[0], avus=frozenset({avu})), files[1]]
    assert corrections_of_files(decided(*shown), shown, NAMES) == ()
    complete = [*shown, file(3, "a.dv")]
    ((of_file, (taken, is_new)),) = corrections_of_files(decided(*complete), complete, NAMES)
    assert (of_file.data_id, taken, is_new) == (1, avu, False)


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ([file(1, "a.tif", (1, AUTO)), file(2, "a.txt", (1, AUTO))], "it is the unit of a.tif: one TIFF"),
        ([file(1, "a.tif", (1, LIST)), file(2, "b.tif", (1, LIST))], "an administrator has made a unit of it"),
    ],
)
def test_what_is_a_unit_stays_one(files: Files, rule: str) -> None:
    decisions = decided(*files)
    assert {(decision.rule, decision.joining, decision.error) for decision in decisions} == {(rule, (), "")}


def test_what_has_lost_the_file_that_is_opened_says_no_longer_that_it_belongs_to_it() -> None:
    files = [file(2, "a.txt", (1, AUTO)), file(3, "b.txt", (4, AUTO)), file(4, "b.tif", (4, AUTO))]
    decisions = decided(*files)
    assert [each.data_id for each in of(decisions, 2).leaving] == [2]
    assert told(decisions, files) == {2}


def test_what_was_made_a_directory_is_told_apart_here() -> None:
    decisions = decided(file(1, "a.tif", (1, DIRECTORY)), file(2, "b.tif", (1, DIRECTORY)))
    assert [each.data_id for each in of(decisions, 1).joining] == [1]
    assert of(decisions, 2).unit == Unit(2, AUTO)


def test_a_file_that_has_another_name_now_leaves_the_unit_though_that_stays() -> None:
    files = [file(1, "a.tif", (1, AUTO)), file(2, "b.txt", (1, AUTO))]
    decisions = decided(*files)
    assert of(decisions, 1).unit == Unit(1, AUTO)
    assert [each.data_id for each in of(decisions, 2).leaving] == [2]
    assert told(decisions, files) == {2}


@pytest.mark.parametrize("name", ["README", "b.czi", "DONE"])
def test_a_file_that_belongs_to_none_by_its_name_leaves_the_unit(name: str) -> None:
    files = [file(1, "a.tif", (1, AUTO)), file(2, name, (1, AUTO))]
    decisions = decided(*files, signs=MARKED)
    assert [each.data_id for each in of(decisions, 2).leaving] == [2]
    assert told(decisions, files) == set()


def test_what_was_imported_by_itself_is_no_part_of_another_unit() -> None:
    agreed = Avu(NAMES.agreement, encode(Agreement(fileset=5)), VERSION)
    old = replace(file(1, "a.tif"), avus=frozenset({agreed}))
    assert of(decided(old), 1).rule == "it was imported by itself"
    files = [old, file(2, "a.txt")]
    assert told(decided(*files), files) == {2}


def test_files_of_several_owners_are_no_unit() -> None:
    decisions = decided(file(1, "a.tif"), file(2, "a.txt", owner="bob"))
    assert "belongs to alice" in of(decisions, 1).error


def test_a_marker_is_waited_for() -> None:
    files = [file(1, "a.tif"), file(2, "a.txt")]
    assert of(decided(*files, signs=MARKED), 1).rule == "it waits for a file named DONE"
    assert of(decided(*files, file(3, "DONE"), signs=MARKED), 1).unit == Unit(1, AUTO)


def test_files_that_say_what_belongs_to_them_are_read_first() -> None:
    files = [file(1, "a.ome.tif"), file(2, "b.ome.tif"), file(3, "c.ome.tif", replica=FRESH), file(4, "d.tif")]
    _, unread = to_read(CollectionContents(PATH, files, NOW), POLICY)
    assert [each.data_id for each in unread] == [1, 2]
    assert of(decided(*files), 1).wait
    decisions = decided(*files, a_ome_tif={"a.ome.tif", "b.ome.tif"}, b_ome_tif={"a.ome.tif", "b.ome.tif"})
    assert of(decisions, 2).unit == Unit(1, AUTO)


def test_what_is_a_unit_is_not_read_anew_unless_another_file_names_it() -> None:
    unit = imported(file(1, "a.ome.tif", (1, AUTO)), file(2, "b.ome.tif", (1, AUTO)))
    files = [*unit, file(3, "c.ome.tif")]
    known, unread = to_read(CollectionContents(PATH, files, NOW), POLICY)
    assert known["a.ome.tif"] == {"a.ome.tif", "b.ome.tif"}
    assert [each.data_id for each in unread] == [3]
    _, unread = to_read(CollectionContents(PATH, files, NOW, {"c.ome.tif": frozenset({"b.ome.tif"})}), POLICY)
    assert [each.data_id for each in unread] == [1, 2]


def test_what_is_called_now_as_if_it_said_something_is_read() -> None:
    """It was a TIFF with its notes when the unit was made; as an OME-TIFF it would have to name them."""
    files = imported(file(1, "a.ome.tif", (1, AUTO)), file(2, "a.txt", (1, AUTO)))
    known, unread = to_read(CollectionContents(PATH, files, NOW), POLICY)
    assert known == {}
    assert [each.data_id for each in unread] == [1]
    decisions = decided(*files, a_ome_tif={"a.ome.tif"})
    assert [each.data_id for each in of(decisions, 2).leaving] == [2]


def test_what_has_another_content_now_is_read_anew_and_observed() -> None:
    unit = imported(file(1, "a.ome.tif", (1, AUTO)), file(2, "b.ome.tif", (1, AUTO)))
    for files, anew in ((unit, []), ([unit[0], replace(unit[1], replicas=(replace(GOOD, size=11),))], [1, 2])):
        contents = CollectionContents(PATH, files, NOW)
        named, unread = to_read(contents, POLICY)
        assert [each.data_id for each in unread] == anew
        assert to_observe(decide_auto(replace(contents, named=named), POLICY, SETTLED_ONLY), contents, POLICY) == set(
            anew[:1]
        )


CLAIMS = st.sampled_from([(), ((1, AUTO),), ((2, AUTO),), ((9, AUTO),), ((1, AUTO), (2, AUTO)), ((3, DIRECTORY),)])
NAMED = st.sampled_from(
    ["a.tif", "a.txt", "a.json", "b.nd", "b_w1.tif", "b.mvd2", "data/1", "c.dv", "c.dv.log", "x.pdf"]
)
FILES = st.lists(st.tuples(NAMED, CLAIMS), min_size=1).map(
    lambda drawn: [file(number, name, *claims) for number, (name, claims) in enumerate(dict(drawn).items(), 1)]
)
"""Files in all states that moves, removals and agents that were killed leave behind."""


@given(FILES, st.integers(0, 12))
def test_wherever_it_is_broken_off_it_comes_to_the_same_end(files: Files, steps: int) -> None:
    end = carried_out(decided(*files), files)
    half = carried_out(decided(*files), files, steps)
    assert carried_out(decided(*half), half) == end
    assert not [each for decision in decided(*end) for each in (*decision.joining, *decision.leaving)]


@given(FILES, st.integers(0, 12))
def test_what_is_united_by_half_is_not_believed(files: Files, steps: int) -> None:
    fresh = [replace(each, avus=frozenset()) for each in files]
    decisions = decided(*fresh)
    half = carried_out(decisions, fresh, steps)
    believed = units_of([each.data_id for each in half], {each.data_id: each for each in half}, NAMES)
    whole = {decision.unit: {each.data_id for each in decision.files} for decision in decisions if decision.unit}
    for view in believed.values():
        if view.unit.kind == AUTO:
            assert {each.data_id for each in view.objects} == whole[view.unit]


@given(FILES)
def test_each_file_is_in_one_decision_and_what_is_wrong_is_told_of_what_is_part_of_nothing(files: Files) -> None:
    decisions = decided(*files)
    assert sorted(each.data_id for decision in decisions for each in decision.files) == [each.data_id for each in files]
    end = carried_out(decisions, files)
    views = units_of([each.data_id for each in end], {each.data_id: each for each in end}, NAMES)
    believed = {each.data_id for view in views.values() if len(view.objects) > 1 for each in view.objects}
    assert not told(decided(*end), end) & believed
