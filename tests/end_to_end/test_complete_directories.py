"""When a directory is complete: what the nearest collection, or the configuration, says has to be there."""

from __future__ import annotations

import hashlib

import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import RUN, errors_of, put_run, units_of
from tests.pictures import lab_book
from tests.scene import Scene
from tests.scene.units import assert_quiet, entries, explained, put, tiff

IMPORTED = {"registered", "tier:fast"}


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene()
    made.watch(DIRECTORY)
    return made


def say(scene: Scene, value: str, units: str | None = None, directory: str = "") -> None:
    """The user says when directories are complete, or that one is."""
    path = f"{scene.collection}/{directory}".rstrip("/")
    scene.user.metadata.set(Collection, path, iRODSMeta("omero::complete", value, units))


def waits_for(scene: Scene, paths: list[str], what: str) -> bool:
    """Whether an agent leaves a directory alone, and says what is waited for."""
    scene.sweep()
    assert units_of(scene, *paths) == [[]] * len(paths)
    return what in explained(scene, paths[0])["rule"]


def test_a_done_marker_says_that_a_directory_is_complete(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"complete": "marker DONE"})
    scene.watch(DIRECTORY)
    made = put_run(scene)
    assert waits_for(scene, made, "it waits for a file named DONE")
    marker = put(scene, f"{RUN}/DONE")
    scene.sweep()
    assert scene.shown(made[0]).image.texts == IMPORTED
    assert units_of(scene, marker) == [[]]
    assert len(entries(scene, scene.shown(made[0]))) == 3


def test_the_nearest_collection_says_what_is_waited_for(new_scene: SceneFactory) -> None:
    scene = new_scene(imports={"complete": "marker DONE"})
    scene.watch(DIRECTORY)
    say(scene, "marker", "OVER")
    one, two = put_run(scene, "one"), put_run(scene, "two")
    say(scene, "settled", directory="two")
    assert waits_for(scene, one, "it waits for a file named OVER")
    assert scene.shown(two[0]).image.texts == IMPORTED
    say(scene, "settled")
    scene.settle()
    assert scene.shown(one[0]).image.texts == IMPORTED


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_directory_says_by_an_avu_that_it_is_complete(scene: Scene) -> None:
    say(scene, "avu")
    made = put_run(scene)
    assert waits_for(scene, made, "it waits for the AVU omero::complete done on its collection")
    assert_quiet(scene)
    say(scene, "done", directory=RUN)
    scene.sweep()
    assert scene.shown(made[0]).image.texts == IMPORTED
    assert_quiet(scene)


@pytest.mark.parametrize(("directory", "inside"), [("", RUN), (RUN, RUN)])
def test_where_nobody_can_tell_when_it_is_complete_the_collection_says_so(
    scene: Scene, directory: str, inside: str
) -> None:
    put(scene, f"{inside}/README")
    scene.sweep()
    say(scene, "marker", directory=directory)
    made = put_run(scene, inside)
    assert waits_for(scene, made, "it waits until it is clear what makes it complete")
    (error,) = errors_of(scene, directory)
    assert "omero::complete says marker and does not name a file" in error
    say(scene, "settled", directory=directory)
    scene.settle()
    assert errors_of(scene, directory) == []
    assert scene.shown(made[0]).image.texts == IMPORTED


def listing(scene: Scene, *paths: str) -> bytes:
    """A manifest of files, as md5sum and its like write it."""
    lines = list[str]()
    for path in paths:
        content = scene.user.data_objects.open(path, "r").read()
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {path.split(f'/{RUN}/')[1]}\n")
    return "".join(lines).encode()


def run_agent(scene: Scene) -> None:
    """An agent does all that is to be done, in several sweeps: it remembers what it has read."""
    assert scene.agent_once() == 0


def checked(scene: Scene, *paths: str) -> None:
    """The zone computes checksums of files."""
    for path in paths:
        scene.user.data_objects.chksum(path)


def test_a_directory_with_a_manifest_waits_for_all_that_it_lists_and_says_what_is_missing(scene: Scene) -> None:
    say(scene, "manifest", "manifest-sha256.txt")
    made = put_run(scene)
    checked(scene, *made)
    assert waits_for(scene, made, "it waits for a file named manifest-sha256.txt")
    absent = f"{'0' * 64}  late.txt\n".encode()
    put(scene, f"{RUN}/manifest-sha256.txt", listing(scene, *made) + absent)
    assert waits_for(scene, made, "1 file is missing: late.txt")
    assert ["1 file is missing: late.txt" in error for error in errors_of(scene)] == [True]
    late = put(scene, f"{RUN}/late.txt")
    checked(scene, late)
    assert waits_for(scene, made, "1 file is different: late.txt (another checksum)")
    put(scene, f"{RUN}/manifest-sha256.txt", listing(scene, *made, late))
    scene.sweep()
    assert errors_of(scene) == []
    assert scene.shown(late).image.texts == IMPORTED
    assert len(entries(scene, scene.shown(made[0]))) == 4


@pytest.mark.lab_only("counts all writes of both servers")
def test_what_is_new_or_changed_after_the_import_is_told_on_the_directory(scene: Scene) -> None:
    say(scene, "manifest", "manifest-sha256.txt")
    made = [put(scene, f"{RUN}/cells.tif", tiff()), put(scene, f"{RUN}/notes.txt")]
    checked(scene, *made)
    put(scene, f"{RUN}/manifest-sha256.txt", listing(scene, *made))
    scene.sweep()
    late = put(scene, f"{RUN}/late.txt")
    scene.sweep()
    assert errors_of(scene) == ["1 file is not in manifest-sha256.txt, and no part of it: late.txt"]
    assert units_of(scene, late) == [[]]
    put(scene, made[1].split(f"{scene.collection}/")[1], b"another content")
    run_agent(scene)
    assert "1 file is different: notes.txt (another checksum)" in errors_of(scene)[0]
    assert "late.txt" in errors_of(scene)[0]
    assert_quiet(scene)


def test_what_the_zone_has_no_checksum_of_is_read_and_compared(scene: Scene) -> None:
    say(scene, "manifest", "list.md5")
    made = [put(scene, f"{RUN}/cells.tif", tiff()), put(scene, f"{RUN}/notes.txt")]
    checked(scene, made[0])
    right = [hashlib.md5(content).hexdigest() for content in (tiff(), lab_book())]
    put(scene, f"{RUN}/list.md5", f"{right[0]}  cells.tif\n{'0' * 32}  notes.txt\n".encode())
    run_agent(scene)
    assert "1 file is different: notes.txt (another checksum)" in errors_of(scene)[0]
    put(scene, f"{RUN}/list.md5", f"{right[0]}  cells.tif\n{right[1]}  notes.txt\n".encode())
    run_agent(scene)
    assert errors_of(scene) == []
    assert scene.shown(made[0]).image.texts == IMPORTED


def test_a_manifest_of_what_no_directory_holds_is_told(scene: Scene) -> None:
    say(scene, "manifest", "list.md5")
    made = put_run(scene)
    put(scene, f"{RUN}/list.md5", f"{'0' * 32}  ../../other/secret\n".encode())
    assert waits_for(scene, made, "list.md5 cannot be used")
    assert "line 1: its path is none that leads from the directory on to a file" in errors_of(scene)[0]
    assert "secret" not in errors_of(scene)[0]


def test_files_that_come_after_the_import_and_wait_are_told_on_the_directory(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    say(scene, "marker", "AGAIN")
    late = put(scene, f"{RUN}/late.txt")
    scene.sweep()
    (error,) = errors_of(scene)
    assert "1 file is new and not: late.txt; it waits for a file named AGAIN" in error
    assert units_of(scene, late) == [[]]
    put(scene, f"{RUN}/AGAIN")
    scene.sweep()
    assert errors_of(scene) == []
    assert units_of(scene, late) == units_of(scene, made[0])
