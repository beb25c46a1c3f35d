"""What came through OMERO first becomes data in iRODS, where, whose and described as the configuration says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import irods.keywords as kw
import omero
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.agent.reconcile import Reconciler
from irods_omero.gateways.omero.image_facts import EQUIPMENT
from irods_omero.status.reading import read_errors
from irods_omero.vocabulary import OBJECT_NAMESPACE
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import focal_halves, plate, retina, through_a_lens
from tests.scene import Scene
from tests.scene.accounts import FAST, GROUP, USER
from tests.scene.elsewhere import import_elsewhere
from tests.scene.places import AGENT_USER


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """Both servers, with a place below the scene's collection for what comes through OMERO first."""
    return taking(new_scene)


def taking(new_scene: SceneFactory, **changes: Any) -> Scene:
    """A scene that takes filesets in; ``changes`` are keys of the rule."""
    scene = new_scene(omero_first=[])
    rule = {
        "groups": [GROUP],
        "to": f"{scene.collection}/{{project}}/{{dataset}}",
        "resource": FAST,
        "share": False,
        **changes,
    }
    scene.settings = scene.with_settings(omero_first=[rule])
    scene.user.collections.create(scene.collection)
    scene.sweep()  # what OMERO has before the first sweep is left alone
    return scene


def bring(scene: Scene, files: Mapping[str, bytes], project: str = "Screening", dataset: str = "March") -> int:
    """The user imports files into OMERO by another client; returns the fileset's id."""
    return import_elsewhere(scene.microscopist, scene.group_id, files, project, dataset)


def objects_below(scene: Scene, collection: str = "") -> dict[str, bytes]:
    """The data objects of the scene with their bytes."""
    rows = scene.admin.query(Collection.name, DataObject.name)
    paths = {f"{row[Collection.name]}/{row[DataObject.name]}" for row in rows}
    below = sorted(path for path in paths if path.startswith((collection or scene.collection) + "/"))
    contents = {}
    for path in below:
        with scene.user.data_objects.open(path, "r") as stream:
            contents[path.removeprefix(scene.collection + "/")] = stream.read()
    return contents


def test_a_file_that_came_through_omero_becomes_data_with_tags_that_follow_it(scene: Scene) -> None:
    content = retina()
    fileset = bring(scene, {"home/alice/cells.ome.tiff": content})
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    assert objects_below(scene) == {"Screening/March/cells.ome.tiff": content}
    data_object = scene.admin.data_objects.get(path)
    assert data_object.owner_name == USER
    assert data_object.checksum.startswith("sha2:")
    shown = scene.shown(path)
    assert shown.values("omero::fileset") == [str(fileset)]
    assert shown.image.texts == {"registered", "tier:fast"}
    assert dict(shown.image.pairs)["path"] == path
    scene.ask_by_tag(shown.image.id, "archive")
    scene.sweep()
    scene.wait_for("archive", path)
    scene.sweep()
    shown = scene.shown(path)
    assert shown.image.texts == {"registered", "tier:archive"}
    assert shown.image.archived
    scene.ask_by_avu(path, "restage")
    scene.sweep()
    scene.wait_for(FAST, path)
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("counts all writes of both servers")
def test_a_quiet_round_writes_nothing(scene: Scene) -> None:
    bring(scene, {"cells.ome.tiff": retina()})
    scene.sweep()
    scene.sweep()
    before = scene.writes()
    scene.sweep()
    assert scene.writes() == before


@pytest.mark.parametrize(
    ("lay", "lie"),
    [
        pytest.param(
            ("data/run 7/a.ome.tiff", "data/run 7/more/b.ome.tiff"), ("a.ome.tiff", "more/b.ome.tiff"), id="one"
        ),
        pytest.param(
            ("data/run 7/a.ome.tiff", "old/2/notes.txt"), ("data/run 7/a.ome.tiff", "old/2/notes.txt"), id="two"
        ),
    ],
)
def test_files_of_one_import_stay_together_as_they_lay_in_directories(
    scene: Scene, lay: tuple[str, str], lie: tuple[str, str]
) -> None:
    contents = (retina(), b"as before") if lay[1].endswith(".txt") else focal_halves(("a.ome.tiff", "more/b.ome.tiff"))
    files = {f"C/{path}": content for path, content in zip(lay, contents, strict=True)}
    fileset = bring(scene, files)
    scene.sweep()
    names = [f"Screening/March/{path}" for path in lie]
    assert set(objects_below(scene)) == set(names)
    first, second = (scene.shown(f"{scene.collection}/{name}") for name in names)
    assert first.values("omero::unit") == second.values("omero::unit") == [str(first.data_id)]
    assert first.values("omero::fileset") == second.values("omero::fileset") == [str(fileset)]
    assert first.image.texts == {"registered", "tier:fast"}
    scene.ask_by_avu(second.path, "archive")
    scene.sweep()
    scene.wait_for("archive", first.path, second.path)
    scene.sweep()
    assert scene.shown(first.path).image.texts == {"registered", "tier:archive"}


def test_a_plate_waits_until_its_group_may_download_plates_and_carries_the_tags_of_its_fields(scene: Scene) -> None:
    fileset = bring(scene, {"plate.ome.tiff": plate()}, project="", dataset="")
    scene.sweep()
    assert objects_below(scene) == {}
    assert "config omero.policy.binary_access +plate" in error_on_plate(scene, fileset)
    allow_plates(scene, True)
    try:
        scene.sweep()
    finally:
        allow_plates(scene, False)
    (path,) = (f"{scene.collection}/{name}" for name in objects_below(scene))
    shown = scene.shown(path)
    assert len(shown.images) == 3
    assert all(not image.tags for image in shown.images)
    assert shown.values("omero::url")[0].startswith("https://omero.lab/webclient/?show=plate-")


def error_on_plate(scene: Scene, fileset: int) -> str:
    """What the pairs of this project on the plate of a fileset say is wrong."""
    text = (
        "select a from PlateAnnotationLink l join l.child a, WellSample s join s.well w join s.image i "
        "where w.plate.id = l.parent.id and i.fileset.id = :id and a.ns = :ns"
    )
    parameters = omero.sys.ParametersI().addId(fileset).addString("ns", OBJECT_NAMESPACE)
    query = scene.root.getSession().getQueryService()
    annotation = query.findAllByQuery(text, parameters, {"omero.group": "-1"})[0]
    return str({pair.name: pair.value for pair in annotation.getMapValue()}["error"])


def allow_plates(scene: Scene, allowed: bool) -> None:
    """Let the members of the group download the files of plates, or no longer."""
    services = scene.root.getSession()
    group = services.getAdminService().getGroup(scene.group_id)
    group.setConfig([omero.model.NamedValue("omero.policy.binary_access", "+plate")] if allowed else [])
    services.getUpdateService().saveObject(group)


@pytest.mark.parametrize("name", ['it\'s "quoted" 😀', "50% of_it", "..", "-rf", "a/b\\c"])
def test_a_nasty_name_becomes_one_that_all_can_live_with(scene: Scene, name: str) -> None:
    bring(scene, {"cells.ome.tiff": retina(32)}, dataset=name)
    scene.sweep()
    (path,) = objects_below(scene)
    project, dataset, _ = path.split("/")
    assert project == "Screening"
    assert dataset == {"..": "__", "-rf": "_-rf", "a/b\\c": "a_b_c"}.get(name, name)


def test_two_imports_of_one_name_do_not_meet(scene: Scene) -> None:
    first, second = retina(32), retina(40)
    bring(scene, {"cells.ome.tiff": first})
    scene.sweep()
    fileset = bring(scene, {"cells.ome.tiff": second})
    scene.sweep()
    assert objects_below(scene) == {
        "Screening/March/cells.ome.tiff": first,
        f"Screening/March/Fileset-{fileset}/cells.ome.tiff": second,
    }


def test_many_files_of_one_import_do_not_meet_those_of_another_either(scene: Scene) -> None:
    """Of many files in one collection the collection is listed, instead of looking for each."""
    slices = {f"run/it's z{number}.txt": f"{number}".encode() for number in range(15)}
    first, second = retina(32), retina(40)
    bring(scene, {"run/cells.ome.tiff": first, **slices})
    scene.sweep()
    fileset = bring(scene, {"run/cells.ome.tiff": second, **slices})
    scene.sweep()
    names = [path.removeprefix("run/") for path in slices]
    objects = objects_below(scene)
    assert objects["Screening/March/cells.ome.tiff"] == first
    assert objects[f"Screening/March/Fileset-{fileset}/cells.ome.tiff"] == second
    assert len(objects) == 32
    units = {tuple(scene.avus(f"{scene.collection}/Screening/March/{name}", "omero::unit")) for name in names}
    assert len(units) == 1


def failing(scene: Scene) -> list[tuple[str, str]]:
    """What `status` and `doctor` find wrong: where, and what."""
    with scene.connections() as connections:
        return [(error.path, error.text) for error in read_errors(connections.settings, connections.zone)]


def test_who_is_nobody_in_irods_is_told_on_the_image_and_waits(new_scene: SceneFactory) -> None:
    scene = taking(new_scene)
    known = scene.settings
    users = {"omero": {**known.omero.model_dump(mode="json"), "users": {"nobody here": USER}}}
    scene.settings = scene.with_settings(**users)
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    scene.sweep()
    (image,) = images_of(scene, fileset)
    ((key, reason),) = scene.image(image).pairs
    assert key == "error"
    assert "there is no iRODS user nobody here" in reason
    assert objects_below(scene) == {}
    assert [why for where, why in failing(scene) if where == f"Fileset:{fileset}"] == [reason]
    scene.settings = known
    scene.sweep()
    assert f"Fileset:{fileset}" not in dict(failing(scene))
    assert list(objects_below(scene)) == ["Screening/March/cells.ome.tiff"]
    pairs = dict(scene.image(image).pairs)
    assert "error" not in pairs
    assert pairs["tier"] == "fast"


def test_what_is_said_of_the_data_comes_from_omero(new_scene: SceneFactory) -> None:
    avus = {"study": "{project} of {owner}", "imported": "{import:%Y}", "missing": "{tag:no/such}"}
    scene = taking(new_scene, avus=avus, facts="image ")
    bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    assert scene.avus(path, "study") == [f"Screening of {USER}"]
    assert len(scene.avus(path, "imported")) == 1
    assert scene.avus(path, "missing") == []
    assert scene.avus(path, "image size x") == ["32"]
    assert scene.avus(path, "image dataset") == ["March"]


def test_when_and_with_what_an_image_was_taken_comes_from_omero(new_scene: SceneFactory) -> None:
    scene = taking(new_scene, facts="image:", avus={"month": "{acquired:%Y-%m}"})
    bring(scene, {"cells.ome.tiff": through_a_lens()})
    bring(scene, {"plain.ome.tiff": retina(32)}, dataset="April")
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    said = {name: scene.avus(path, f"image:{name}") for name in EQUIPMENT}
    assert said == {
        "microscope manufacturer": ["Zeiss"],
        "microscope model": ["Axio Observer"],
        "objective manufacturer": ["Zeiss"],
        "objective model": ["Plan-Apochromat 63x/1.40"],
        "objective magnification": ["63"],
        "objective NA": ["1.4"],
        "objective immersion": ["Oil"],
    }
    assert scene.triples(path, "image:pixel size x") == [("0.1", "µm")]
    assert scene.triples(path, "image:pixel size y") == [("100", "nm")]
    assert scene.triples(path, "image:pixel size z") == []
    assert (scene.avus(path, "image:acquired"), scene.avus(path, "month")) == (["2024-02-29"], ["2024-02"])
    plain = f"{scene.collection}/Screening/April/plain.ome.tiff"
    assert all(scene.avus(plain, f"image:{name}") == [] for name in (*EQUIPMENT, "acquired"))


def test_members_of_a_group_that_reads_together_can_read_the_data(new_scene: SceneFactory) -> None:
    scene = taking(new_scene, share=True, make_groups=True)
    bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    data_object = scene.admin.data_objects.get(path)
    rights = {access.user_name: access.access_name for access in scene.admin.acls.get(data_object)}
    assert rights[USER] == "own"
    assert rights[GROUP].replace(" ", "_") == "read_object"


def test_what_was_imported_from_irods_is_not_taken_in(scene: Scene) -> None:
    scene.watch()
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.sweep()
    assert list(objects_below(scene)) == ["a.ome.tiff"]
    assert len(scene.shown(path).values("omero::fileset")) == 1


def test_what_was_taken_into_a_watched_collection_is_not_imported_again(scene: Scene) -> None:
    scene.watch()
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    assert scene.shown(path).values("omero::fileset") == [str(fileset)]
    scene.put("Screening/March/cells.ome.tiff", retina(40))
    scene.sweep()
    shown = scene.shown(path)
    assert shown.values("omero::fileset") != [str(fileset)], "a new content is a new fileset"
    (old,) = images_of(scene, fileset)
    assert scene.image(old).texts == {"superseded"}


def images_of(scene: Scene, fileset: int) -> list[int]:
    """The ids of the images of a fileset."""
    text = "select i.id from Image i where i.fileset.id = :id order by i.id"
    parameters = omero.sys.ParametersI().addId(fileset)
    rows = scene.root.getSession().getQueryService().projection(text, parameters, {"omero.group": "-1"})
    return [row[0].val for row in rows]


def test_deleting_one_side_deletes_nothing_on_the_other(scene: Scene) -> None:
    fileset = bring(scene, {"cells.ome.tiff": retina(32)})
    scene.sweep()
    path = f"{scene.collection}/Screening/March/cells.ome.tiff"
    request = omero.cmd.Delete2(targetObjects={"Fileset": [fileset]})
    scene.microscopist.submit(request, loops=600, ms=500, ctx={"omero.group": str(scene.group_id)}).close(True)
    scene.sweep()
    assert scene.avus(path, "omero::fileset") == []
    assert len(objects_below(scene)) == 1
    second = bring(scene, {"more.ome.tiff": retina(40)})
    scene.sweep()
    other = f"{scene.collection}/Screening/March/more.ome.tiff"
    scene.user.data_objects.unlink(other, force=True)
    with scene.connections() as connections:
        reconciler = Reconciler(connections)
        orphans = [orphan.fileset for page in reconciler.orphans() for orphan in page]
    assert second in orphans
    (image,) = images_of(scene, second)
    assert "registered" not in scene.image(image).texts
    scene.sweep()
    assert not scene.admin.data_objects.exists(other), "it is not taken in a second time"


def test_reconcile_finds_what_no_agent_knows_of(scene: Scene) -> None:
    bring(scene, {"cells.ome.tiff": retina(32)})
    home = f"/{scene.zone.zone}/home/{AGENT_USER}"
    for avu in scene.admin.metadata.get(Collection, home):
        if avu.name.startswith("omero::intake:omero:"):  # an agent that believes to have seen it
            scene.admin.metadata.set(Collection, home, iRODSMeta(avu.name, str(2**40)), **{kw.ADMIN_KW: ""})
    scene.sweep()
    assert objects_below(scene) == {}
    with scene.connections() as connections:
        later = Reconciler(connections, clock=lambda: time.time() + 3600)
        assert len([fileset for page in later.missed() for fileset in page]) == 1
    scene.sweep()
    assert list(objects_below(scene)) == ["Screening/March/cells.ome.tiff"]
