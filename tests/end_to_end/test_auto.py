"""Collections in which the agent tells what belongs together: files in any order become the units that they are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import BinaryIO

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from benchmarks.counting import QUERY, counted
from irods_omero.agent.connections import Connections
from irods_omero.agent.formats import ome_names
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.streaming import open_object
from irods_omero.vocabulary import AUTO
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import companion, lab_book, retina
from tests.scene import Scene
from tests.scene.units import (
    LATER,
    LOWER,
    UPPER,
    assert_quiet,
    assert_waits,
    entries,
    errors,
    explained,
    halves,
    mias_plate,
    put,
    put_all,
    run,
    tiff,
    together,
    unit_of,
    unite,
)


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers in which the agent tells what belongs together."""
    made = new_scene()
    made.watch(AUTO)
    return made


@pytest.mark.parametrize("order", range(3))
def test_files_that_belong_together_become_one_fileset_each_in_whatever_order_they_come(
    scene: Scene, order: int
) -> None:
    notes = {"cells.tif": tiff(1), "cells.txt": lab_book(), "cells.json": b"{}"}
    files = halves() | notes | {"retina.ome.tiff": retina(32), "deeper/alone.tiff": tiff(2)}
    made = put_all(scene, files, order)
    scene.sweep()
    assert together(scene, made[LOWER], made[UPPER])
    assert together(scene, made["cells.tif"], made["cells.txt"], made["cells.json"])
    assert together(scene, made["retina.ome.tiff"])
    assert together(scene, made["deeper/alone.tiff"])
    assert [errors(scene, path) + scene.avus(path, "omero::sync") for path in made.values()] == [[]] * len(files)
    shown = explained(scene, made["cells.txt"])
    assert (shown["path"], shown["rule"]) == (scene.collection, "it is the unit of cells.tif: one TIFF")


FORMATS = {
    "cellSens": ("slide.vsi", "_slide_/stack1/frame_t.ets", "_slide_/stack2/frame_t.ets"),
    "DeltaVision": ("cell_R3D.dv", "cell_R3D.dv.log", "cell_R3D_log.txt"),
    "MetaMorph": ("time.nd", "time_w1DAPI_s1_t1.TIF", "time_w2GFP_s1_t1.stk"),
    "Volocity": ("library.mvd2", "Data/1.aisf", "Data/2.dat"),
    "Olympus": ("scan.oif", "scan.oif.files/s_C001.tif", "scan.oif.files/s_C001.pty"),
    "Leica project": ("Project.xlef", "Series 1.lof", "Metadata/Series 1.xlif"),
    "Harmony or Operetta plate": ("Index.idx.xml", "r01c01f01.tiff", "notes.txt"),
    "InCell plate": ("plate.xdce", "A - 1(fld 1).tif", "A - 2(fld 1).tif", "thumb.png"),
    "CellVoyager plate (CV7000)": ("assay.wpi", "MeasurementData.mlf", "W1F001.tif"),
    "ScanR plate": ("experiment_descriptor.xml", "data/A1.tif", "data/A2.tif"),
    "MetaXpress plate": ("plate.HTD", "TimePoint_1/A01_s1.TIF", "TimePoint_1/ZStep_1/A01_s1.TIF"),
}
"""For formats that nobody can write here names only: what is opened is a TIFF by another name, which the lab reads."""


@pytest.mark.lab_only("has OMERO take TIFFs by other names for images")
def test_formats_of_several_files_are_told_by_their_names(scene: Scene) -> None:
    made: dict[str, list[str]] = {}
    for place, (rule, names) in enumerate(FORMATS.items()):
        made[rule] = [f"run {place}/{name}" for name in names]
    contents = {path: lab_book() for paths in made.values() for path in paths}
    contents |= {paths[0]: tiff(place) for place, paths in enumerate(made.values())}
    paths = put_all(scene, contents)
    scene.sweep()
    assert [rule for rule, of_rule in made.items() if not together(scene, *(paths[name] for name in of_rule))] == []
    rules = {rule: explained(scene, paths[of_rule[-1]])["rule"] for rule, of_rule in made.items()}
    assert [rule for rule, text in rules.items() if not text.endswith(f": {rule}")] == []


@pytest.mark.parametrize("order", range(2))
def test_a_plate_of_which_no_file_stands_out_is_opened_by_the_first_whatever_comes_first(
    scene: Scene, order: int
) -> None:
    files = mias_plate("run/001-B7", wells=3) | mias_plate("run/002-C1", wells=1)
    paths = put_all(scene, files, order)
    scene.sweep()
    one, two = (sorted(path for name, path in paths.items() if plate in name) for plate in ("001-B7", "002-C1"))
    for plate in (one, two):
        first = next(path for path in plate if "/Well0001/mode1_" in path)
        assert together(scene, first, *(path for path in plate if path != first))
        assert explained(scene, plate[-1])["rule"].endswith("mode1_z000_t000_im0_0.tif: MIAS plate")
        # The reader takes number and name of the plate from its folder, which OMERO has to know.
        folder = plate[0].removeprefix(f"{scene.collection}/run/").partition("/")[0]
        assert all(f"/{folder}/" in f"/{where}" for _, where, *_ in entries(scene, scene.shown(first)))
    # Bio-Formats makes plates of them, and the target is a dataset; the lab's OMERO knows no format of plates but one.
    assert all(
        error.startswith("its plate is in no screen") for path in paths.values() for error in errors(scene, path)
    )
    late = put(scene, "run/001-B7/Well0004/mode1_z000_t000_im0_0.tif", tiff(99))
    scene.sweep()
    assert together(scene, next(path for path in one if "/Well0001/mode1_" in path), late, size=len(one) + 1)


@pytest.mark.lab_only("has OMERO take a TIFF by another name for an image")
def test_a_plate_that_two_readers_could_claim_is_an_error_with_the_candidates(scene: Scene) -> None:
    paths = put_all(scene, mias_plate("001-B7", wells=2) | {"001-B7/Well0002/index.xml": lab_book()})
    scene.sweep()
    (error,) = {error for path in paths.values() for error in errors(scene, path)}
    assert "(MIAS plate), Well0002/index.xml (Harmony or Operetta plate)" in error
    assert {unit_of(scene, path) for path in paths.values()} == {""}


@pytest.mark.lab_only("has OMERO take a TIFF by another name for an image")
def test_a_file_of_a_format_of_one_file_is_a_unit_of_its_own_at_once(scene: Scene) -> None:
    path = put(scene, "cells.czi", tiff())
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert [avu[1:] for avu in scene.shown(path).avus if avu[0] == "omero::unit"] == [
        (str(scene.shown(path).data_id), "file")
    ]
    assert explained(scene, path)["rule"] == "it is a unit of its own: one file of the kind czi"


def test_half_a_set_waits_and_is_told_of_until_the_rest_is_there(scene: Scene) -> None:
    files = halves()
    lower = put(scene, LOWER, files[LOWER])
    scene.sweep(**LATER)
    assert (unit_of(scene, lower), errors(scene, lower)) == ("", [])
    scene.sweep()
    (error,) = errors(scene, lower)
    assert f"{LOWER} names {UPPER}, which is not there" in error
    assert unit_of(scene, lower) == ""
    upper = put(scene, UPPER, files[UPPER])
    scene.sweep()
    assert together(scene, lower, upper)
    assert errors(scene, lower) == errors(scene, upper) == []


def test_a_companion_says_which_files_belong_to_it(scene: Scene) -> None:
    files = halves() | {"all.companion.ome": companion((LOWER, UPPER)), "other.ome.tiff": retina(32)}
    made = put_all(scene, files)
    scene.sweep()
    assert together(scene, made["all.companion.ome"], made[LOWER], made[UPPER])
    assert together(scene, made["other.ome.tiff"])


def test_so_many_files_are_read_at_one_look_and_none_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ome_names, "READS", 1)
    opened = list[str]()

    def noted(zone: ZoneConnection, path: str) -> AbstractContextManager[BinaryIO]:
        opened.append(path)
        return open_object(zone, path)

    monkeypatch.setattr(ome_names, "open_object", noted)
    made = put_all(scene, halves() | {f"{number}.ome.tiff": retina(32) for number in range(4)})
    with Connections(scene.settings) as connections:
        sweeper = Sweeper(connections)
        for sweeps in range(1, 5):
            sweeper.sweep()
            assert len(opened) <= 2 * sweeps, "a sweep looks before it takes the mark, and after it"
    assert len(opened) == len(set(opened))
    assert together(scene, made[LOWER], made[UPPER])
    assert all(together(scene, made[f"{number}.ome.tiff"]) for number in range(4))


def test_what_belongs_to_nothing_is_told_of_until_that_is_there(scene: Scene) -> None:
    log, table = put(scene, "cell.dv.log"), put(scene, "table.xlsx")
    scene.sweep(**LATER)
    assert errors(scene, log) == []
    scene.sweep()
    assert "cell.dv.log may belong to DeltaVision (*.dv, *.r3d), but there is none" in errors(scene, log)[0]
    assert "no rule says what table.xlsx is" in errors(scene, table)[0]
    assert explained(scene, log)["rule"] == errors(scene, log)[0]
    assert "0 units so far, and with 2 of them something" in run(scene, "explain", scene.collection).stdout
    cell = put(scene, "cell.dv", tiff())
    scene.sweep()
    assert errors(scene, log) == []
    assert unit_of(scene, log) == unit_of(scene, cell) != ""


@pytest.mark.lab_only("counts all writes of both servers")
def test_nothing_is_written_where_nothing_changes(scene: Scene) -> None:
    put_all(scene, halves() | {"left.txt": lab_book(), "README": b"nothing", "one.tif": tiff()})
    scene.sweep()
    assert_quiet(scene)


@pytest.mark.lab_only("counts all writes of both servers")
def test_what_has_not_come_to_rest_waits_without_a_write(scene: Scene) -> None:
    made = put_all(scene, halves())
    assert_waits(scene)
    assert [unit_of(scene, path) for path in made.values()] == ["", ""]


@pytest.mark.lab_only("counts calls")
def test_each_file_costs_five_writes_and_no_call_of_its_own_while_it_waits(scene: Scene) -> None:
    counts = list[tuple[int, int, int]]()
    for size in (4, 24):
        put_all(scene, {f"{size}/t.nd": tiff(size), **{f"{size}/t_w{n}.tif": lab_book() for n in range(1, size)}})
        with counted(scene) as first:
            scene.sweep(**LATER)
        with counted(scene) as waiting:
            scene.sweep(**LATER)
        with counted(scene) as importing:
            scene.sweep()
        written = [sum(count for name, count in each.zone.items() if " omero::" in name) for each in (first, importing)]
        counts.append((sum(written), waiting.zone_writes, waiting.zone[QUERY]))
        assert together(scene, f"{scene.collection}/{size}/t.nd", f"{scene.collection}/{size}/t_w1.tif", size=size)
    small, large = counts
    assert large[0] - small[0] <= 5 * 20
    assert small[1:] == large[1:]
    assert small[1] == 0


@pytest.mark.lab_only("has OMERO take a TIFF by another name for an image")
def test_nothing_is_guessed_where_two_could_claim_a_file_and_an_administrator_can_say_it(scene: Scene) -> None:
    made = put_all(scene, {"one.mvd2": tiff(1), "two.mvd2": tiff(2), "Data/1.aisf": lab_book()})
    scene.sweep()
    assert {error for path in made.values() for error in errors(scene, path)} == {
        "it is not imported: Data/1.aisf could belong to one.mvd2 (Volocity), two.mvd2 (Volocity)"
    }
    assert {unit_of(scene, path) for path in made.values()} == {""}
    unite(scene, made["one.mvd2"], made["Data/1.aisf"])
    scene.sweep()
    assert unit_of(scene, made["one.mvd2"]) == unit_of(scene, made["Data/1.aisf"]) != ""
    assert errors(scene, made["Data/1.aisf"]) == []
    assert "has none of the files that belong to it" in errors(scene, made["two.mvd2"])[0]


def test_what_files_say_goes_when_it_is_not_asked_any_more(scene: Scene) -> None:
    path = put(scene, "left.txt")
    scene.sweep()
    assert len(errors(scene, path)) == 1
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "off"))
    assert scene.agent_once() == 0
    assert errors(scene, path) == []


def test_a_request_for_any_file_is_one_for_all(scene: Scene) -> None:
    made = put_all(scene, {"cells.tif": tiff(), "cells.txt": lab_book()})
    scene.sweep()
    scene.ask_by_avu(made["cells.txt"], "keep")
    scene.sweep()
    assert [scene.avus(path, "omero::request") for path in made.values()] == [["keep"]] * 2


def test_a_collection_that_becomes_watched_has_its_files_told_apart(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.user.collections.create(scene.collection)
    made = put_all(scene, halves() | {"a/b/cells.tif": tiff(), "a/b/cells.txt": lab_book()})
    scene.sweep()
    scene.watch(AUTO)
    assert scene.agent_once() == 0
    assert together(scene, made[LOWER], made[UPPER])
    assert together(scene, made["a/b/cells.tif"], made["a/b/cells.txt"])


def test_what_was_imported_by_itself_stays_so(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch()
    old = put(scene, "cells.tif", tiff())
    scene.sweep()
    image = scene.shown(old).image.id
    scene.watch(AUTO)
    scene.sweep()
    notes = put(scene, "cells.txt")
    scene.sweep()
    assert "cells.tif was imported by itself" in errors(scene, notes)[0]
    assert (scene.shown(old).image.id, errors(scene, old)) == (image, [])
    scene.ask_by_avu(old, "keep")
    scene.sweep()
    assert "keep" in scene.shown(old).image.texts


def test_a_site_has_rules_of_its_own(new_scene: SceneFactory) -> None:
    rule = {"name": "Lab format", "opens": ["*.tif"], "beside": ["{stem}_parts/*", "{stem}.ini"], "needed": True}
    scene = new_scene(imports={"file_rules": [rule]})
    scene.watch(AUTO)
    made = put_all(scene, {"a.tif": tiff(), "A_parts/1.raw": lab_book(), "b.tif": tiff(1)})
    scene.sweep()
    assert together(scene, made["a.tif"], made["A_parts/1.raw"])
    assert explained(scene, made["a.tif"])["rule"] == "it is the unit of a.tif: Lab format"
    assert "b.tif (Lab format) has none of the files that belong to it" in errors(scene, made["b.tif"])[0]


def test_a_done_marker_says_that_the_files_beside_it_are_complete(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"complete": "marker DONE"})
    scene.watch(AUTO)
    made = put_all(scene, {"cells.tif": tiff(), "cells.txt": lab_book()})
    scene.sweep()
    assert explained(scene, made["cells.tif"])["rule"] == "it waits for a file named DONE"
    marker = put(scene, "DONE")
    scene.sweep()
    assert together(scene, made["cells.tif"], made["cells.txt"])
    assert (unit_of(scene, marker), errors(scene, marker)) == ("", [])


def test_reconcile_finds_files_whose_marks_are_lost(scene: Scene) -> None:
    made = put_all(scene, halves())
    for path in made.values():
        scene.lose_marks(path)
    scene.lose_marks(scene.collection, collection=True)
    assert run(scene, "reconcile").exit_code == 3
    scene.sweep()
    assert together(scene, made[LOWER], made[UPPER])


def test_agents_that_share_a_zone_import_each_unit_once(scene: Scene) -> None:
    made = put_all(scene, halves() | {"cells.tif": tiff(), "cells.txt": lab_book()})
    for _ in range(3):
        for shards in ("0-20", "21-41", "42-63"):
            scene.sweep(agent={"shards": shards})
    assert together(scene, made[LOWER], made[UPPER])
    assert together(scene, made["cells.tif"], made["cells.txt"])
    marks = [avu for avu in scene.admin.metadata.get(Collection, scene.collection) if avu.name == "omero::gather"]
    assert marks == []
