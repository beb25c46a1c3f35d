"""Which files belong together: what each format says, that order does not count, and that nothing is guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from glob import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.formats import grouping
from irods_omero.domain.rules.formats.format_rules import RULES
from irods_omero.domain.rules.formats.grouping import Group, groups
from irods_omero.domain.rules.formats.neighbour_rules import (
    depends_on_others,
    is_grouped,
    may_hold_parts,
    place_of,
    stands_alone,
)
from irods_omero.domain.state.formats.file_rule import STEM, FileRule, matches, own_rule
from irods_omero.domain.state.views import ImportRule

NAMES = sorted(
    {
        name.replace("?", "1")
        for rule in RULES
        for pattern in (*rule.opens, *rule.beside)
        for stem in ("a", "b")
        for name in (pattern.replace("*", "x").replace(STEM, stem) if STEM in pattern else pattern.replace("*", stem),)
    }
)
PATHS = st.lists(st.sampled_from([*NAMES, "sub/a.tif", "sub/a.txt", "notes.pdf"]), max_size=12, unique=True)
OME = ("a.ome.tif", "b.ome.tif", "c.ome.tif", "a.tif", "x.companion.ome")
SAID = st.dictionaries(st.sampled_from(OME), st.frozensets(st.sampled_from([*OME, "absent.ome.tif"]), max_size=4))


def test_what_thousands_of_files_name_alike_is_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand files that each name all of them are no hundred million names to compare."""
    sizes, plain = list[int](), grouping._connected

    def noting(lots: Iterable[Collection[str]]) -> Iterator[list[str]]:
        known = list(lots)
        sizes.extend(map(len, known))
        return plain(known)

    monkeypatch.setattr(grouping, "_connected", noting)
    paths = [f"{place}.ome.tif" for place in range(9)]
    (group,) = groups(paths, dict.fromkeys(paths, frozenset(paths)))
    assert len(group.files) == 9
    assert sum(sizes) <= 2 * len(paths)


def by_opened(*paths: str, own: tuple[FileRule, ...] = (), **named: set[str]) -> dict[str, Group]:
    """The groups, each by what is opened, or by its first file."""
    said = {name.replace("_", ".", 2): frozenset(names) for name, names in named.items()}
    return {group.opened or group.files[0]: group for group in groups(paths, said, own)}


@pytest.mark.parametrize(
    ("opened", "others"),
    [
        ("slide.vsi", ["_slide_/stack1/frame_t.ets", "_slide_/stack10000/frame_t_0.ets"]),
        ("Slide.VSI", ["_slide_/stack1/frame_t.ets"]),
        ("cell.dv", ["cell.dv.log", "cell_log.txt"]),
        ("cell.r3d", ["cell.r3d.log"]),
        ("time.nd", ["time_w1_s1_t1.TIF", "time_w2_s1_t1.stk", "time_thumb_w1.TIF"]),
        ("library.mvd2", ["Data/1.aisf", "Data/2.dat"]),
        ("scan.oif", ["scan.oif.files/s_C001.tif", "scan.oif.files/s_C001.pty"]),
        ("slides.ndpis", ["slides-DAPI.ndpi", "slides-FITC.ndpi"]),
        ("stack.ics", ["stack.ids"]),
        ("Index.idx.xml", ["Index.ref.xml", "r01c01f01.tiff", "FFC.xml"]),
        ("plate.xdce", ["A - 1(fld 1).tif", "thumb.png", "log.txt"]),
        ("assay.wpi", ["MeasurementData.mlf", "W1F001.tif"]),
        ("MeasurementResult.xml", ["Image/W1F001.tif", "MeasurementResult.ome.xml"]),
        ("experiment_descriptor.xml", ["data/A1.tif", "AcquisitionLog.dat"]),
        ("plate.HTD", ["TimePoint_1/A01_s1.TIF", "TimePoint_1/ZStep_1/A01_s1.TIF"]),
        ("Project.xlef", ["Series 1.lof", "Series 2_ch00.tif", "Metadata/Series 1.xlif", "Metadata/Collection.xlcf"]),
        ("plate.mea", ["001001000.flex", "001002000.flex", "plate.res"]),
        (
            "001-B7/Well0001/mode1_z000_t000_im0_0.tif",
            [
                *(f"001-B7/Well{well}/mode{mode}_z000_t000_im0_0.tif" for well in ("0002", "0013") for mode in "12"),
                "001-B7/Well0001/mode2_z000_t000_im0_0.tif",
                "001-B7/results/Well0001_mode1_z000_t000_AllModesOverlay.tif",
                "001-B7/results/Well0001_mode1_z000_t000_detail.txt",
                "001-B7/Nugenesistemplate.txt",
            ],
        ),
        ("picture.tif", ["picture.txt", "picture.json", "picture.xml"]),
        ("below/cell.dv", ["below/cell.dv.log"]),
        ("odd[1].dv", ["odd[1].dv.log"]),
    ],
)
def test_what_belongs_to_a_file_goes_with_it_and_what_does_not_stays(opened: str, others: list[str]) -> None:
    made = by_opened(opened, *others, "elsewhere/other.tif")
    assert made[opened].files == tuple(sorted([opened, *others]))
    assert made[opened].error == ""
    assert made["elsewhere/other.tif"].files == ("elsewhere/other.tif",)


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (["a.mvd2"], "a.mvd2 (Volocity) has none of the files that belong to it: data/*"),
        (["a.nd", "ab_w1.tif"], "a.nd (MetaMorph) has none of"),
        (["plate.xdce", "notes.txt"], "plate.xdce (InCell plate) has none of"),
        (["a.xlef", "Metadata/1.xlif", "notes.txt"], "a.xlef (Leica project) has none of the files that belong to it"),
        (["a.dv.log"], "a.dv.log may belong to DeltaVision (*.dv, *.r3d)"),
        (["_a_/stack1/frame_t.ets"], "may belong to cellSens (*.vsi), but there is none beside it"),
        (["table.xlsx"], "no rule says what table.xlsx is"),
        (["a.mvd2", "b.mvd2", "data/1"], "data/1 could belong to a.mvd2 (Volocity), b.mvd2 (Volocity)"),
        (["a.xdce", "b.xdce", "1.tif"], "1.tif could belong to a.xdce (InCell plate), b.xdce (InCell plate)"),
        (["a.xdce", "a.nd", "a_w1.tif"], "a_w1.tif could belong to a.nd (MetaMorph), a.xdce (InCell plate)"),
        (["a.tif", "a.tiff", "a.txt"], "a.txt could belong to a.tif (one TIFF), a.tiff (one TIFF)"),
        (["1.flex", "2.flex"], "could belong to 1.flex (Opera plate), 2.flex (Opera plate)"),
        (
            ["Well0001/mode1_z0_t0_im0_0.tif", "Well0002/mode1_z0_t0_im0_0.tif", "Well0002/index.xml"],
            "could belong to Well0001/mode1_z0_t0_im0_0.tif (MIAS plate), Well0002/index.xml (Harmony or Op",
        ),
        (["results/Well0001_detail.txt"], "may belong to MIAS plate"),
    ],
)
def test_nothing_is_guessed(paths: list[str], text: str) -> None:
    assert [group for group in groups(paths, {}) if text in group.error]


def test_files_that_name_each_other_belong_together() -> None:
    both = {"a.ome.tif", "b.ome.tif"}
    made = by_opened("b.ome.tif", "a.ome.tif", "c.ome.tif", a_ome_tif=both, b_ome_tif=both)
    assert made["a.ome.tif"].files == ("a.ome.tif", "b.ome.tif")
    assert made["c.ome.tif"].files == ("c.ome.tif",)


def test_the_first_that_names_all_is_opened() -> None:
    made = by_opened("a.ome.tif", "b.ome.tif", "p.tif", a_ome_tif={"b.ome.tif"}, b_ome_tif={"a.ome.tif", "p.tif"})
    assert made["b.ome.tif"] == Group(("a.ome.tif", "b.ome.tif", "p.tif"), "b.ome.tif", "OME-TIFF")


def test_a_file_that_is_named_and_not_there_is_waited_for() -> None:
    made = by_opened("a.ome.tif", a_ome_tif={"a.ome.tif", "b.ome.tif"})
    assert made["a.ome.tif"].error == "a.ome.tif names b.ome.tif, which is not there"


def test_a_file_that_names_one_that_is_not_there_has_another_name_now() -> None:
    assert by_opened("new.ome.tif", new_ome_tif={"old.ome.tif"})["new.ome.tif"].error == ""


def test_a_companion_takes_what_it_names() -> None:
    said = {"x.companion.ome": frozenset({"a.ome.tif", "b.tif"})}
    made = {group.opened: group for group in groups(["a.ome.tif", "b.tif", "c.tif", "x.companion.ome"], said)}
    assert made["x.companion.ome"].files == ("a.ome.tif", "b.tif", "x.companion.ome")
    assert made["c.tif"].files == ("c.tif",)


def test_files_that_do_not_know_of_each_other_are_not_taken_for_one() -> None:
    made = by_opened("a.ome.tif", "b.ome.tif", "c.ome.tif", a_ome_tif={"b.ome.tif"}, c_ome_tif={"b.ome.tif"})
    assert "does not name" in made["a.ome.tif"].error


@pytest.mark.parametrize(
    ("path", "place", "alone"),
    [
        ("a.tif", "", False),
        ("x/y/a.tif", "x/y", False),
        ("x/_a_/stack1/frame_t.ets", "x", False),
        ("x/data/a.tif", "x", False),
        ("x/data/y/a.tif", "x/data/y", False),
        ("x/TimePoint_1/ZStep_2/a.tif", "x", False),
        ("x/Well0001/mode1_z0_t0_im0_0.tif", "x", False),
        ("x/results/notes.txt", "x", False),
        ("x/results/a.czi", "x", True),
        ("x/a.czi", "x", True),
        ("x/A.LIF", "x", True),
        ("x/a.ndpi", "x", False),
        ("x/a.stk", "x", False),
        ("x/.a.czi", "x", False),
    ],
)
def test_where_a_file_is_looked_at_and_whether_it_is_a_unit_whatever_lies_beside_it(
    path: str, place: str, alone: bool
) -> None:
    assert (place_of(path, ()), stands_alone(path, ())) == (place, alone)


def test_each_plate_of_which_no_file_stands_out_is_one_and_opened_by_its_first() -> None:
    names = [f"{plate}/Well000{well}/mode1_z0_t0_im0_0.tif" for plate in ("001-a", "002-b") for well in (2, 1)]
    made = by_opened(*names, "mode1_z0_t0_im0_0.tif", "Batchresults/NEO_Results.txt")
    plates = {opened: len(group.files) for opened, group in made.items() if group.rule == "MIAS plate"}
    assert plates == {names[1]: 2, names[3]: 2}
    assert made["mode1_z0_t0_im0_0.tif"].rule == "one TIFF", "it lies in no well"
    assert made["Batchresults/NEO_Results.txt"].error, "it is about all plates"


def test_a_site_says_where_each_of_many_files_is_as_good() -> None:
    planes = own_rule("planes", ["Field*/*.TIF"], ["field*/*", "stage.ini"], needed=False)
    paths = ("run/Field1/a.txt", "run/Field1/z.tif", "run/Field2/b.tif", "run/stage.ini")
    made = by_opened("a.tif", *reversed(paths), own=(planes,))
    assert made["run/Field1/z.tif"].files == paths
    assert made["a.tif"].rule == "one TIFF"
    assert [place_of(path, (planes,)) for path in ("run/Field2/b.tif", "run/stage.ini")] == ["run", "run"]


def test_rules_of_a_site_come_first() -> None:
    own = (
        own_rule("ours", ["*.CZI"], ["{stem}_more/*/*.raw"], needed=True),
        own_rule("raw", ["*.xyz"], [], needed=False),
    )
    made = by_opened("a.czi", "a_more/1/1.raw", "b.czi", own=own)
    assert made["a.czi"].files == ("a.czi", "a_more/1/1.raw")
    assert "b.czi (ours) has none of" in made["b.czi"].error
    assert [stands_alone(name, own) for name in ("a.czi", "a.xyz", "a.lif")] == [False, True, True]
    assert place_of("x/a_more/1/1.raw", own) == "x"
    assert [may_hold_parts(folder, own) for folder in ("a_more", "a_more/1", "a_more/1/2")] == [True, True, False]


@given(PATHS, SAID, st.randoms())
def test_the_order_of_arrival_does_not_matter_and_each_file_is_in_exactly_one_group(
    paths: list[str], said: dict[str, frozenset[str]], random: object
) -> None:
    wanted = groups(paths, said)
    shuffled = list(paths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert groups(shuffled, said) == wanted
    assert sorted(path for group in wanted for path in group.files) == sorted(paths)
    assert all(group.error or group.opened in group.files for group in wanted)


@given(PATHS)
def test_what_lies_in_another_place_changes_nothing(paths: list[str]) -> None:
    """So that it is enough to look at one place."""
    grouped = [path for path in paths if is_grouped(path, ())]
    places = {place_of(path, ()) for path in grouped}
    alone = [group for place in places for group in groups([p for p in grouped if place_of(p, ()) == place], {})]
    assert sorted(alone, key=lambda group: group.files) == groups(grouped, {})


def test_patterns_are_in_small_letters_and_need_one_star_where_there_is_a_stem() -> None:
    for rule in RULES:
        assert all(pattern == pattern.lower() for pattern in (*rule.opens, *rule.beside))
        if any(STEM in pattern for pattern in rule.beside):
            assert all(pattern.count("*") == 1 for pattern in rule.opens)
        assert rule.beside or not rule.needed


@given(st.text(st.sampled_from("ab.[]"), max_size=6), st.text(st.sampled_from("ab.*?"), max_size=6), st.text("b]*[?"))
def test_patterns_mean_what_they_mean_in_a_shell(name: str, pattern: str, odd: str) -> None:
    assert matches(name, pattern) == fnmatchcase(name, pattern)
    assert matches(odd, escape(odd))
    assert matches(f"{odd}.x", f"{escape(odd)}*")


def test_ten_thousand_files_are_told_apart_in_no_time() -> None:
    """In a minute at most, where comparing each with each would take hours."""
    paths = [f"e{number}.{suffix}" for number in range(5000) for suffix in ("nd", "tif")]
    assert len(groups(paths, {})) == 5000


def test_thousands_of_files_that_name_each_other_are_one_in_no_time() -> None:
    """In seconds, where looking at what each names for each that it names would take hours."""
    names = [f"{number}.ome.tif" for number in range(3000)]
    (group,) = groups(names, {name: frozenset(names) for name in names})
    assert group.error == ""
    assert len(group.files) == 3000


@pytest.mark.parametrize("root", ["zarr.json", ".zattrs"])
def test_what_speaks_for_a_hierarchy_depends_on_nothing_beside_it(root: str) -> None:
    rule = ImportRule("/z/home/lab", "auto", "", "")
    assert not depends_on_others(f"/z/home/lab/cells.zarr/{root}", rule, ())
    assert depends_on_others("/z/home/lab/cells.tif", rule, ())
