"""What came through OMERO first can be registered where it is: nothing is copied, and iRODS deletes none of it."""

from __future__ import annotations

from pathlib import Path

import omero
import pytest
from irods.exception import iRODSException

from irods_omero.agent.explain import assess
from irods_omero.agent.omero_first.intake_queue import IntakeQueue
from irods_omero.agent.reconcile import Reconciler
from irods_omero.gateways.zone.intake_objects import make_collection
from irods_omero.gateways.zone.registering import register
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import OneCopy, make
from tests.end_to_end.test_omero_first import bring, images_of
from tests.end_to_end.test_omero_first_one_copy import CELLS, DIRECTORY
from tests.end_to_end.test_omero_first_rights import rights_on
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST, GROUP, USER
from tests.scene.snapshot import image_shown


def registering(new_scene: SceneFactory) -> OneCopy:
    """A scene that registers filesets in place; skips where the zone does not see OMERO's repository."""
    one = make(new_scene)
    rule = {"groups": [GROUP], "to": f"{one.scene.collection}/{{dataset}}", "resource": FAST, "how": "register"}
    one.scene.settings = one.scene.with_settings(omero_first=[rule | {"share": False, "acl": {"public": "read"}}])
    one.scene.sweep()  # what OMERO has before the first sweep is left alone
    return one


def replicas(one: OneCopy, path: str) -> list[tuple[str, Path, str]]:
    """Of each replica of a data object its resource, its file, and its checksum."""
    listed = one.scene.admin.data_objects.get(path).replicas
    return [(each.resource_name, Path(each.path), each.checksum) for each in listed]


def why_not(one: OneCopy, fileset: int) -> str:
    """What the images of a fileset say is wrong."""
    (image, *_) = images_of(one.scene, fileset)
    return dict(image_shown(one.scene.root, image).pairs)["error"]


@pytest.mark.parametrize("files", [pytest.param(CELLS, id="one file"), pytest.param(DIRECTORY, id="a directory")])
def test_omeros_files_become_data_without_being_copied_and_a_movement_makes_the_copy(
    new_scene: SceneFactory, files: dict[str, bytes]
) -> None:
    one = registering(new_scene)
    scene = one.scene
    bring(scene, files)
    one.settle(3)
    paths = [f"{scene.collection}/March/{name.removeprefix('run/')}" for name in files]
    places = one.places(paths[0])
    for path, place, content in zip(paths, places, files.values(), strict=True):
        ((resource, file, checksum),) = replicas(one, path)
        assert (resource, file, checksum[:5]) == (FAST, place, "sha2:")
        data_object = scene.user.data_objects.get(path)
        assert (data_object.owner_name, data_object.size) == (USER, len(content))
        assert {USER: "own", "public": "read_object"}.items() <= rights_on(scene, path).items()
        with scene.user.data_objects.open(path, "r") as stream:
            assert stream.read() == content
    shown = scene.shown(paths[0])
    assert shown.image.texts == {"registered", "tier:fast"}
    assert shown.values("omero::error") == []
    scene.ask_by_tag(shown.image.id, "archive")
    scene.sweep()
    for path in paths:
        scene.wait_for(ARCHIVE, path)
    assert [place.read_bytes() for place in places] == list(files.values()), "iRODS only unregisters it"
    one.settle(3)
    assert [place.exists() for place in places] == [False] * len(files), "a copy like any other now"
    scene.ask_by_avu(paths[0], "restage")
    scene.sweep()
    for path in paths:
        scene.wait_for(FAST, path)
    one.settle(3)
    assert [place.read_bytes() for place in places] == list(files.values())
    assert not any(
        file == place for path, place in zip(paths, places, strict=True) for _, file, _ in replicas(one, path)
    )


def test_removing_or_renaming_the_data_object_leaves_omeros_file(new_scene: SceneFactory) -> None:
    one = registering(new_scene)
    bring(one.scene, CELLS)
    one.settle(3)
    path = f"{one.scene.collection}/March/cells.ome.tiff"
    place, objects = one.place(path), one.scene.user.data_objects
    objects.move(path, f"{path}f")
    assert [file for _, file, _ in replicas(one, f"{path}f")] == [place]
    objects.unlink(f"{path}f", force=True)
    assert place.read_bytes() == CELLS["cells.ome.tiff"]


def delete_images(scene: Scene, fileset: int) -> None:
    """The user deletes them in OMERO."""
    request = omero.cmd.Delete2(targetObjects={"Fileset": [fileset]})
    scene.microscopist.submit(request, loops=600, ms=500, ctx={"omero.group": str(scene.group_id)}).close(True)


def test_deleting_the_images_deletes_the_bytes_which_the_data_object_says_until_they_are_back(
    new_scene: SceneFactory,
) -> None:
    one = registering(new_scene)
    scene, fileset = one.scene, bring(one.scene, CELLS)
    one.settle(3)
    path = f"{scene.collection}/March/cells.ome.tiff"
    place = one.place(path)
    delete_images(scene, fileset)
    one.settle(3)
    assert scene.avus(path, "omero::fileset") == []
    with pytest.raises(iRODSException):
        scene.user.data_objects.open(path, "r").read()
    (error,) = scene.avus(path, "omero::error")
    assert error.startswith(f"{path} cannot be read: it was registered where OMERO had it, and went with its images")
    with scene.connections() as connections:
        reasons = {(each.field, each.value): each.rule for each in assess(connections, path).decision.reasons}
    assert reasons["bytes", "gone"] == error
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(CELLS["cells.ome.tiff"])
    with scene.connections() as connections:
        list(Reconciler(connections).run())
    assert scene.avus(path, "omero::error") == []


def test_deleting_the_images_of_what_storage_tiering_has_moved_loses_nothing(new_scene: SceneFactory) -> None:
    one = registering(new_scene)
    scene, fileset = one.scene, bring(one.scene, CELLS)
    one.settle(3)
    path = f"{scene.collection}/March/cells.ome.tiff"
    scene.ask_by_avu(path, "archive")
    scene.sweep()
    scene.wait_for(ARCHIVE, path)
    one.settle(3)
    delete_images(scene, fileset)
    one.settle(3)
    assert scene.avus(path, "omero::error") == []
    with scene.user.data_objects.open(path, "r") as stream:
        assert stream.read() == CELLS["cells.ome.tiff"]


def test_what_irods_could_delete_or_does_not_see_is_not_registered_and_the_image_says_why(
    new_scene: SceneFactory, tmp_path: Path
) -> None:
    one = registering(new_scene)
    scene = one.scene
    vault = scene.admin.resources.get(FAST).vault_path
    for repository, why in [
        (f"{vault}/OMERO", "iRODS would delete OMERO's files"),
        (str(tmp_path), "UNIX_FILE_STAT_ERR"),
    ]:
        (rule,) = scene.settings.omero_first
        scene.settings = scene.with_settings(omero_first=[rule.model_dump() | {"repository": repository}])
        fileset = bring(scene, CELLS, dataset=why)
        scene.sweep()
        assert why in why_not(one, fileset)


def test_a_rule_that_copies_by_now_writes_nothing_into_what_an_earlier_attempt_has_registered(
    new_scene: SceneFactory,
) -> None:
    one = registering(new_scene)
    scene, fileset = one.scene, bring(one.scene, DIRECTORY)
    upper, lower = (Path(one.repository, str(row[0]), str(row[1])) for row in one.rows_of(fileset))
    with scene.connections() as connections:
        staging = IntakeQueue(connections).staging(fileset)
        make_collection(connections.zone, f"{staging}/more")
        # Since then somebody has given the files other names in OMERO.
        for name, place in (("upper.ome.tiff", lower), ("more/lower.ome.tiff", upper)):
            register(connections.zone, f"{staging}/{name}", str(place), place.stat().st_size, FAST)
    for place in (upper, lower):
        place.chmod(0o666)
    before = [place.read_bytes() for place in (upper, lower)]
    (rule,) = scene.settings.omero_first
    scene.settings = scene.with_settings(omero_first=[rule.model_dump() | {"how": "copy"}])
    one.settle(3)
    assert [place.read_bytes() for place in (upper, lower)] == before
    for name, place in (("upper.ome.tiff", upper), ("more/lower.ome.tiff", lower)):
        ((resource, file, _),) = replicas(one, f"{scene.collection}/March/{name}")
        assert (resource, file in (upper, lower), file.read_bytes()) == (FAST, False, place.read_bytes())


def test_what_irods_might_write_into_is_not_registered(new_scene: SceneFactory) -> None:
    one = registering(new_scene)
    fileset = bring(one.scene, CELLS)
    place = one.place_of(fileset)
    place.chmod(0o666)
    one.scene.sweep()
    assert "let its service account only read the repository" in why_not(one, fileset)
    place.chmod(0o644)
    one.settle(3)
    path = f"{one.scene.collection}/March/cells.ome.tiff"
    assert [file for _, file, _ in replicas(one, path)] == [place]
    assert "error" not in dict(one.scene.shown(path).image.pairs)
