"""What came through OMERO first and was taken to an offline tier leaves OMERO's disk, and comes back when asked for."""

from __future__ import annotations

from pathlib import Path

import irods.keywords as kw
import pytest
from irods.exception import iRODSException

from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import OneCopy, make
from tests.end_to_end.test_adopt import run
from tests.end_to_end.test_log import told
from tests.end_to_end.test_omero_first import bring
from tests.end_to_end.test_one_copy import drifted
from tests.pictures import focal_halves, retina
from tests.scene.accounts import ARCHIVE, FAST, GROUP

CELLS = {"cells.ome.tiff": retina(32)}
HALVES = ("upper.ome.tiff", "more/lower.ome.tiff")
DIRECTORY = {f"run/{name}": half for name, half in zip(HALVES, focal_halves(HALVES), strict=True)}


def taking_to(new_scene: SceneFactory, resource: str, evict: str = "with-tier", how: str = "copy") -> OneCopy:
    """A scene that takes filesets to a resource, and whose agent sees OMERO's repository."""
    one = make(new_scene, evict)
    place = f"{one.scene.collection}/{{dataset}}"
    rule = {"groups": [GROUP], "to": place, "resource": resource, "share": False, "how": how}
    one.scene.settings = one.scene.with_settings(omero_first=[rule])
    one.scene.sweep()  # what OMERO has before the first sweep is left alone
    return one


def taken(one: OneCopy, files: dict[str, bytes]) -> list[str]:
    """The paths of what a user has imported by another client, when an agent has taken it in."""
    bring(one.scene, files)
    one.settle(3)
    return [f"{one.scene.collection}/March/{name.removeprefix('run/')}" for name in files]


def read(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths if path.exists()]


def test_a_command_that_takes_something_in_takes_the_copy_away_without_an_agent(new_scene: SceneFactory) -> None:
    one = taking_to(new_scene, ARCHIVE)
    result = run(one.scene, "register", f"Fileset:{bring(one.scene, CELLS)}")
    assert result.exit_code == 0, result.output
    path = f"{one.scene.collection}/March/cells.ome.tiff"
    assert read(one.places(path)) == []
    assert one.is_locked(path)


@pytest.mark.parametrize("files", [pytest.param(CELLS, id="one file"), pytest.param(DIRECTORY, id="a directory")])
def test_the_copy_goes_when_it_is_taken_to_an_offline_tier_and_comes_back_by_restage(
    new_scene: SceneFactory, files: dict[str, bytes]
) -> None:
    one = taking_to(new_scene, ARCHIVE)
    paths = taken(one, files)
    assert read(one.places(paths[0])) == []
    assert one.is_locked(paths[0])
    assert one.scene.avus(paths[0], "omero::error") == []
    for path, content in zip(paths, files.values(), strict=True):
        with one.scene.user.data_objects.open(path, "r") as stream:
            assert stream.read() == content
    (image, *_) = one.scene.avus(paths[0], "omero::image")
    one.scene.ask_by_tag(int(image), "restage")
    one.scene.sweep()
    for path in paths:
        one.scene.wait_for(FAST, path)
    one.settle()
    assert read(one.places(paths[0])) == list(files.values())
    assert not one.is_locked(paths[0])


@pytest.mark.parametrize("resource", [FAST, ARCHIVE])
def test_what_is_moved_is_in_irods_alone_says_so_and_comes_back_when_somebody_asks(
    new_scene: SceneFactory, resource: str
) -> None:
    one = taking_to(new_scene, resource, evict="never", how="move")
    (path,) = taken(one, CELLS)
    assert read(one.places(path)) == []
    assert one.is_locked(path)
    with one.scene.user.data_objects.open(path, "r") as stream:
        assert stream.read() == CELLS["cells.ome.tiff"]
    word = "show" if resource == FAST else "restage"
    assert dict(one.scene.shown(path).image.pairs)["in OMERO"] == f"moved to iRODS; tag it {word} to have it back"
    (gone,) = (event["what"] for event in told(one.scene, path) if event["kind"] == "evicted")
    assert gone == f"OMERO's copy of its files removed as it was moved to iRODS: replica 0 on {resource} has it"
    one.settle()
    assert read(one.places(path)) == [], "nobody has asked"
    (image,) = one.scene.avus(path, "omero::image")
    one.scene.ask_by_tag(int(image), word)
    one.scene.sweep()
    one.scene.wait_for(FAST, path)
    one.settle(3)
    assert one.pixels_of(path) == CELLS["cells.ome.tiff"]
    assert not one.is_locked(path)
    assert "in OMERO" not in dict(one.scene.shown(path).image.pairs)
    assert drifted(one.scene) == 0


def test_omeros_file_stays_while_it_is_itself_the_only_good_replica(new_scene: SceneFactory) -> None:
    one = taking_to(new_scene, FAST)
    (path,) = taken(one, CELLS)
    place, objects = one.place(path), one.scene.admin.data_objects
    options = {kw.DEST_RESC_NAME_KW: ARCHIVE, kw.REG_REPL_KW: "", kw.ADMIN_KW: ""}
    try:
        objects.register(str(place), path, **options)
    except iRODSException as error:
        pytest.skip(f"the zone does not see OMERO's repository: {error!r}")
    objects.trim(path, **{kw.RESC_NAME_KW: FAST, kw.COPIES_KW: "1", kw.ADMIN_KW: ""})
    one.settle()
    assert place.exists()
    assert not one.is_locked(path)
    one.restore(path)
    assert place.exists(), "iRODS only unregisters what is not in its vault"
    one.move(path)
    one.settle()
    assert not place.exists()
    one.restore(path)
    one.settle()
    assert read(one.places(path)) == [CELLS["cells.ome.tiff"]]


def test_the_copy_of_what_an_earlier_attempt_has_read_stays_until_it_was_compared_anew(
    new_scene: SceneFactory,
) -> None:
    """OMERO may say something else of the file by now than when it was read."""
    one = taking_to(new_scene, ARCHIVE)
    scene, march = one.scene, f"{one.scene.collection}/March"
    fileset = bring(scene, CELLS)
    in_the_way = [f"{march}/cells.ome.tiff", f"{march}/Fileset-{fileset}/cells.ome.tiff"]
    for path in in_the_way:
        scene.user.collections.create(path)
    scene.sweep()
    for path in in_the_way:
        scene.user.collections.remove(path, force=True)
    one.settle(3)
    assert one.place(in_the_way[0]).exists()
    one.restore(in_the_way[0])
    one.settle()
    one.move(in_the_way[0])
    one.settle()
    assert not one.place(in_the_way[0]).exists()
