"""Which file of a set is opened: what each format says, and that nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.rules.formats.format_rules import LEFT_OUT, RULES, is_left_out, opened

NAMES = [
    pattern.replace("*", stem).replace("?", "1")
    for rule in RULES
    for pattern in (*rule.opens, *rule.takes)
    for stem in ("a", "b")
]
FILES = st.frozensets(st.sampled_from([*NAMES, "notes.txt", "run.log", "x"]), min_size=1, max_size=6).map(sorted)
COLLECTIONS = st.sampled_from(("", "data/", "Z/z/"))


@pytest.mark.parametrize(
    ("first", "others"),
    [
        ("whatever.xyz", []),
        ("set.companion.ome", ["a.ome.tiff", "b.ome.tif", "c.tif"]),
        ("a.ome.tiff", ["b.ome.tiff", "notes.txt"]),
        ("Images/Index.idx.xml", ["Images/r01c01.tiff", "Assaylayout/layout.xml", "FFC/FFC.xml"]),
        ("Index.idx.xml", ["Index.ref.xml", "r01c01.tiff"]),
        ("Index.ref.xml", ["r01c01.tiff"]),
        ("plate.xdce", ["A - 1(fld 1).tif", "A - 2(fld 1).tif"]),
        ("assay.wpi", ["MeasurementData.mlf", "MeasurementDetail.mrf", "W1F001.tif", "W1F002.tif"]),
        ("MeasurementResult.xml", ["Image/W1F001.tif", "Image/W1F002.tif"]),
        ("experiment_descriptor.xml", ["data/A1.tif", "data/A2.tif", "AcquisitionLog.dat"]),
        ("plate.HTD", ["TimePoint_1/A01_s1.TIF", "TimePoint_1/A01_s2.TIF"]),
        ("plate.mea", ["001001000.flex", "001002000.flex", "plate.res"]),
        ("time.nd", ["time_w1_t1.stk", "time_w1_t2.stk", "time_thumb.TIF"]),
        ("slide.vsi", ["_slide_/stack1/frame_t.ets", "_slide_/stack2/frame_t.ets"]),
        ("library.mvd2", ["Data/1.aisf", "Data/2.dat"]),
        ("Project.xlef", ["Series 1.lof", "Series 2.lof", "Metadata/Series 1.xlif", "Collection/Series 3.lof"]),
        ("old.lei", ["old_001.tif", "old_002.tif", "old.txt"]),
        ("scan.oif", ["scan.oif.files/s_C001.tif", "scan.oif.files/s_C001.pty"]),
        ("cell.dv", ["cell.dv.log"]),
        ("cell_R3D.dv", ["cell_R3D.dv.log", "thumb.png"]),
        ("stack.czi", ["settings.xml", "overview.jpg"]),
        ("stack.lif", ["notes.txt"]),
        ("stack.nd2", ["stack.csv"]),
        ("picture.tif", ["picture.json", "picture.txt"]),
        (
            "001-B7/Well0001/mode1_z000_t000_im0_0.tif",
            [
                "001-B7/Well0001/mode2_z000_t000_im0_0.tif",
                "001-B7/Well0002/mode1_z000_t000_im0_0.tif",
                "001-B7/results/Well0001_mode1_z000_t000_AllModesOverlay.tif",
                "Batchresults/NEO_Results.txt",
            ],
        ),
        ("planes.pattern", ["p1.tif", "p2.tif", "p3.tif"]),
    ],
)
def test_what_marks_a_format_is_opened(first: str, others: list[str]) -> None:
    assert opened([*others, first]).path == first
    assert opened([first, *others]).path == first


@pytest.mark.parametrize(
    "files",
    [
        ["a.tif", "b.tif"],
        ["a.czi", "b.czi"],
        ["a.czi", "b.lif"],
        ["a.czi", "b.tif"],
        ["a.ome.tiff", "b.tif"],
        ["a.ome.tiff", "b.nd2"],
        ["one/Index.idx.xml", "two/Index.idx.xml"],
        ["a.companion.ome", "b.companion.ome"],
        ["001001000.flex", "001002000.flex"],
        ["cell.dv", "cell_D3D.dv"],
        ["x", "y.txt"],
        ["1/Well0001/mode1_z0_t0_im0_0.tif", "2/Well0001/mode1_z0_t0_im0_0.tif"],
    ],
)
def test_where_several_could_be_meant_all_are_named(files: list[str]) -> None:
    path, why, _ = opened(files)
    assert path == ""
    assert all(name in why for name in files)


@given(FILES, COLLECTIONS)
def test_neither_order_nor_place_nor_case_of_names_counts(files: list[str], where: str) -> None:
    path = opened(files).path
    assert opened(f"{where}{name.upper()}" for name in reversed(files)).path == (
        f"{where}{path.upper()}" if path else ""
    )


@given(FILES)
def test_what_is_opened_is_one_of_them_or_it_is_said_why_not(files: list[str]) -> None:
    path, why, _ = opened(files)
    assert why
    assert path in files or (not path and len(files) > 1)


@given(FILES, st.sampled_from(("notes.txt", "run.log", "settings.json")))
def test_notes_change_nothing_about_what_is_opened(files: list[str], note: str) -> None:
    path = opened(files).path
    if len(files) > 1 and path:
        assert opened({*files, note}).path == path


@pytest.mark.parametrize(
    "path",
    [".DS_Store", "Thumbs.db", "README", "readme.md", "a.tif.md5", "a.sha256", "more/._a.tif", ".git/config.tif"],
)
def test_what_is_no_part_of_an_image(path: str) -> None:
    assert is_left_out(path)


def test_no_rule_opens_what_is_left_out() -> None:
    assert not [name for name in NAMES if is_left_out(name)]
    assert all(pattern == pattern.lower() for rule in RULES for pattern in (*rule.opens, *rule.takes, *LEFT_OUT))
