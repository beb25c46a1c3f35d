"""OME-Zarr: a hierarchy is one unit, which OMERO reads where it is."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import irods.keywords as kw
import omero.model
import pytest
from irods.column import Like
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, DataObjectMeta, Resource, RuleExec
from irods.rule import Rule
from omero.rtypes import rstring

from benchmarks.counting import counted
from irods_omero.agent.sweep import Sweeper
from irods_omero.gateways.omero.zarr_filesets import ENTITY_ID, ENTITY_TYPE
from irods_omero.vocabulary import AUTO, DIRECTORY, LIST, PENDING, TIER_GROUP
from tests.end_to_end.conftest import SceneFactory
from tests.faults.end_state import query
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST, GROUP
from tests.scene.snapshot import good_resources
from tests.zarr import IMAGES, METADATA, PLATES, files_of, root_of, several

ADDRESS = "s3://s3.example.org/irods{path}"


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A watched collection, and an OMERO that can read OME-Zarr."""
    made = new_scene()
    made.watch()
    return made


def put_zarr(
    scene: Scene, documents: dict[str, Any], name: str = "book.zarr", order: int | None = None, chunks: int = 3
) -> str:
    """A user uploads a hierarchy, in an order of their own; returns the path of what speaks for it."""
    files = list(files_of(documents, chunks).items())
    if order is not None:
        random.Random(order).shuffle(files)
    for path, content in files:
        scene.user.collections.create(f"{scene.collection}/{name}/{path}".rpartition("/")[0])
        scene.put(f"{name}/{path}", content)
    return f"{scene.collection}/{name}/{root_of(documents)}"


def sweep(scene: Scene) -> None:
    scene.sweep(omero={"zarr": ADDRESS})


def images(scene: Scene, path: str) -> list[list[Any]]:
    """What OMERO has of the images of a hierarchy."""
    (fileset,) = scene.avus(path, "omero::fileset")
    text = (
        "select i.name, x.lsid, x.entityType, x.entityId, p.sizeX, p.sizeY, p.sizeZ, p.sizeC, t.value from Image i "
        "join i.details.externalInfo x join i.pixels p join p.pixelsType t where i.fileset.id = :id order by i.id"
    )
    return query(scene, text, id=int(fileset))


def marked_below(scene: Scene, path: str) -> set[str]:
    """The names of what carries an AVU of ours in a hierarchy."""
    zarr, names = path.rpartition("/")[0], set[str]()
    for pattern in (zarr, f"{zarr}/%"):
        rows = scene.admin.query(DataObject.name).filter(
            Like(Collection.name, pattern), Like(DataObjectMeta.name, "omero::%")
        )
        names |= {row[DataObject.name] for row in rows}
    return names


@pytest.mark.parametrize("name", IMAGES)
def test_a_hierarchy_becomes_one_image_that_omero_reads_where_it_is(scene: Scene, name: str) -> None:
    path = put_zarr(scene, METADATA[name], order=len(name))
    assert marked_below(scene, path) == {root_of(METADATA[name])}
    sweep(scene)
    (image,) = images(scene, path)
    address = ADDRESS.replace("{path}", path.rpartition("/")[0])
    assert image[:4] == ["book.zarr", address, ENTITY_TYPE, ENTITY_ID]
    assert image[4:] == [96, 64, 3, 1 if name.startswith("ngff") else 2, "uint16"]
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert marked_below(scene, path) == {root_of(METADATA[name])}


@pytest.mark.parametrize("name", [name for name in IMAGES if name.startswith("ome")])
def test_the_images_of_one_conversion_are_one_fileset(scene: Scene, name: str) -> None:
    path = put_zarr(scene, several(name))
    sweep(scene)
    zarr = ADDRESS.replace("{path}", path.rpartition("/")[0])
    assert [image[:2] for image in images(scene, path)] == [
        ["book.zarr [0]", f"{zarr}/0"],
        ["book.zarr [1]", f"{zarr}/1"],
    ]


@pytest.mark.parametrize("name", PLATES)
def test_a_plate_has_its_images_in_wells_and_the_tags_of_the_unit(scene: Scene, name: str) -> None:
    screen = omero.model.ScreenI()
    screen.name = rstring(f"screen of {scene.collection}")
    update = scene.microscopist.getSession().getUpdateService()
    screen = update.saveAndReturnObject(screen, {"omero.group": str(scene.group_id)})
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::target", f"Screen:{screen.id.val}", GROUP))
    path = put_zarr(scene, METADATA[name], "plate.zarr")
    sweep(scene)
    (fileset,) = scene.avus(path, "omero::fileset")
    text = (
        "select p.name, w.row, w.column, i.name, l.parent.id from ScreenPlateLink l join l.child p join p.wells w "
        "join w.wellSamples s join s.image i where i.fileset.id = :id order by i.series"
    )
    assert query(scene, text, id=int(fileset)) == [
        ["plate.zarr", 0, 0, "plate.zarr [A/1/0]", screen.id.val],
        ["plate.zarr", 0, 1, "plate.zarr [A/2/0]", screen.id.val],
    ]
    text = "select distinct w.plate.id from WellSample s join s.well w where s.image.fileset.id = :id"
    ((plate,),) = query(scene, text, id=int(fileset))
    text = (
        "select t.textValue from PlateAnnotationLink l, TagAnnotation t where l.child.id = t.id and l.parent.id = :id "
        "order by t.textValue"
    )
    assert query(scene, text, id=plate) == [["registered"], ["tier:fast"]]
    assert scene.avus(path, "omero::error") == []


@pytest.mark.parametrize("kind", [AUTO, DIRECTORY, LIST])
def test_a_hierarchy_is_a_unit_by_itself_whatever_the_collection_is_watched_for(scene: Scene, kind: str) -> None:
    scene.watch(kind)
    path = put_zarr(scene, METADATA["ome-zarr-py 0.5"], "run 1/book.zarr")
    sweep(scene)
    assert scene.shown(path).image.name == "book.zarr"


def test_where_omero_cannot_read_it_that_is_told_and_nothing_else_happens(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"])
    scene.sweep()
    assert scene.avus(path, "omero::error") == [
        "it is OME-Zarr, which OMERO has to read itself: omero.zarr has to say at which address"
    ]
    assert marked_below(scene, path) == {".zattrs"}
    scene.mark(path)
    sweep(scene)
    assert scene.avus(path, "omero::error") == []
    assert len(images(scene, path)) == 1


def test_what_is_wrong_with_the_metadata_is_told_by_document_and_key(scene: Scene) -> None:
    documents = deepcopy(METADATA["ome-zarr-py 0.4"])
    documents["s0/.zarray"]["dtype"] = "<i8"
    path = put_zarr(scene, documents)
    sweep(scene)
    (error,) = scene.avus(path, "omero::error")
    assert error.endswith("s0/.zarray: dtype: OMERO has no pixel type '<i8'")


def test_a_hierarchy_that_is_half_there_waits_for_the_rest(scene: Scene) -> None:
    documents = dict(METADATA["ome-zarr-py 0.5"])
    late = documents.pop("s0/zarr.json")
    path = put_zarr(scene, documents)
    waiting = {"omero": {"zarr": ADDRESS}, "imports": {"settle_seconds": 0, "backoff_seconds": 0}}
    for _ in range(4):
        scene.sweep(**waiting)
    (error,) = scene.avus(path, "omero::error")
    assert "book.zarr/s0/zarr.json" in error
    scene.put("book.zarr/s0/zarr.json", json.dumps(late).encode())
    scene.sweep(**waiting)
    assert (len(images(scene, path)), scene.avus(path, "omero::error")) == (1, [])


def test_other_metadata_is_another_content(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"])
    sweep(scene)
    before = scene.shown(path).image.id
    other = deepcopy(METADATA["ome-zarr-py 0.4"])
    other[".zattrs"]["omero"]["channels"][0]["label"] = "Hoechst 33342"
    put_zarr(scene, other)
    sweep(scene)
    assert scene.shown(path).image.id != before
    assert scene.image(before).texts == {"superseded"}


def test_a_hierarchy_that_is_renamed_is_read_at_its_new_address(scene: Scene) -> None:
    path = put_zarr(scene, several())
    sweep(scene)
    known = scene.shown(path).images
    scene.user.collections.move(f"{scene.collection}/book.zarr", f"{scene.collection}/atlas 2.zarr")
    sweep(scene)
    renamed = path.replace("book.zarr", "atlas 2.zarr")
    zarr = ADDRESS.replace("{path}", f"{scene.collection}/atlas%202.zarr")
    assert [image[1] for image in images(scene, renamed)] == [f"{zarr}/0", f"{zarr}/1"]
    assert {image.id for image in scene.shown(renamed).images} == {image.id for image in known}


def parts_of(scene: Scene, path: str) -> list[str]:
    """The paths of all data objects of a hierarchy."""
    zarr = path.rpartition("/")[0]
    rows = (
        row
        for pattern in (zarr, f"{zarr}/%")
        for row in scene.admin.query(Collection.name, DataObject.name).filter(Like(Collection.name, pattern))
    )
    return sorted(f"{row[Collection.name]}/{row[DataObject.name]}" for row in rows)


def move_until_served(scene: Scene, path: str, **changes: Any) -> None:
    """Sweep and let storage tiering work until the request is answered."""
    while scene.avus(path, "omero::request"):
        scene.wait_until(lambda: not scene.movements(), "nothing is queued")
        scene.sweep(**changes)


@pytest.mark.parametrize("batch", [4, 1000])
def test_a_request_moves_all_of_a_hierarchy_there_and_back_so_many_at_a_time(scene: Scene, batch: int) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"], order=1, chunks=12)
    changes: dict[str, Any] = {"omero": {"zarr": ADDRESS}, "agent": {"batch": batch}}
    sweep(scene)
    parts = parts_of(scene, path)
    for word, resource in (("archive", ARCHIVE), ("restage", FAST)):
        scene.ask_by_tag(scene.shown(path).image.id, word)
        scene.sweep(**changes)
        assert f": {len(parts)} data objects of " in dict(scene.shown(path).image.pairs)["waiting"]
        move_until_served(scene, path, **changes)
        assert {tuple(good_resources(scene.admin, part)) for part in parts} == {(resource,)}
        image = scene.shown(path).image
        assert (image.texts, image.archived) == ({"registered", f"tier:{resource}"}, resource == ARCHIVE)
        assert marked_below(scene, path) == {".zattrs"}


def test_no_more_than_that_many_movements_of_a_hierarchy_are_queued(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"], chunks=9)
    sweep(scene)
    delay = iRODSMeta("irods::storage_tiering::minimum_delay_time_in_seconds", "3600")
    scene.admin.metadata.set(Resource, FAST, delay)
    try:
        scene.ask_by_avu(path, "archive")
        for _ in range(3):
            scene.sweep(omero={"zarr": ADDRESS}, agent={"batch": 4})
            queued = [json.loads(text) for text in scene.movements()]
            first = sorted(parts_of(scene, path), key=lambda part: int(scene.admin.data_objects.get(part).id))[:4]
            assert sorted(rule.get("parameters", rule)["object-path"] for rule in queued) == sorted(first)
    finally:
        scene.admin.metadata.remove(Resource, FAST, delay)
        for row in scene.admin.query(RuleExec.id, RuleExec.name):
            if f"{scene.collection}/" in row[RuleExec.name]:
                Rule(scene.admin).remove_by_id(row[RuleExec.id])


def test_more_than_a_tier_takes_is_refused_with_the_number(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"], chunks=9)
    sweep(scene)
    count = len(parts_of(scene, path))
    scene.ask_by_avu(path, "archive")
    scene.sweep(omero={"zarr": ADDRESS}, tiers={ARCHIVE: {"name": "archive", "most_objects": count - 1}})
    assert (scene.avus(path, "omero::request"), scene.movements()) == ([], [])
    (error,) = scene.avus(path, "omero::error")
    assert error.startswith(f"request archive refused: it would move {count} data objects of ")
    assert error.endswith(f"tiers.{ARCHIVE}.most_objects is {count - 1}")
    assert dict(scene.shown(path).image.pairs)["error"] == error


def test_a_request_to_keep_a_hierarchy_stands(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"])
    sweep(scene)
    scene.ask_by_avu(path, "keep")
    sweep(scene)
    assert "keep" in scene.shown(path).image.texts
    assert scene.movements() == []


def test_the_tier_is_the_slowest_of_all_parts(scene: Scene) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"])
    sweep(scene)
    chunk = path.replace(".zattrs", "s0/c/0/0/1")
    scene.admin.data_objects.replicate(chunk, ARCHIVE, **{kw.ADMIN_KW: ""})
    scene.admin.data_objects.trim(chunk, **{kw.REPL_NUM_KW: "0", kw.COPIES_KW: "1", kw.ADMIN_KW: ""})
    scene.mark(path)
    sweep(scene)
    image = scene.shown(path).image
    assert (image.texts, image.archived) == ({"registered", "tier:archive"}, True)
    assert marked_below(scene, path) == {".zattrs"}


@pytest.mark.lab_only("counts what hooks write, and what the agent does")
def test_what_storage_tiering_moves_of_it_is_shown_by_one_mark_for_all_parts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_zarr(scene, METADATA["ome-zarr-py 0.4"], chunks=9)
    zarr, parts = path.rpartition("/")[0], parts_of(scene, path)
    sweep(scene)
    assert scene.hook_writes(zarr) == []
    scene.grow_old(*(part for part in parts if part != path))
    scene.run_tiering()
    scene.wait_for(ARCHIVE, *(part for part in parts if part != path))
    scene.wait_until(lambda: not scene.movements(), "nothing is queued")
    # Storage tiering has no rights on the collection: the first call is refused, the second as an administrator is not.
    # Of movements at the same time each may find no mark yet; those after them find one.
    writes = scene.hook_writes(zarr)
    assert set(writes) == {"omero::sync"}
    assert len(writes) < len(parts)
    with scene.connections(omero={"zarr": ADDRESS}) as connections:
        sweeper = Sweeper(connections)
        sweeper.sweep()
        image = scene.shown(path).image
        assert (image.texts, image.archived) == ({"registered", "tier:archive"}, True)
        assert marks_on(scene, zarr) == []
        # One more moves: in the next minute its mark rests, and then it is looked at.
        scene.admin.metadata.add(DataObject, parts[-1], iRODSMeta(TIER_GROUP, "other"), **{kw.ADMIN_KW: ""})
        assert marks_on(scene, zarr) == [PENDING]
        assert (sweeper.sweep().waiting, marks_on(scene, zarr)) == (1, [PENDING])
        monkeypatch.setattr("irods_omero.agent.marks.walks.MOVING_SECONDS", 0.0)
        assert (sweeper.sweep().waiting, marks_on(scene, zarr)) == (0, [])


def marks_on(scene: Scene, collection: str) -> list[str]:
    """The marks that a collection bears."""
    return [avu.value for avu in scene.admin.metadata.get(Collection, collection) if avu.name == "omero::sync"]


@pytest.mark.lab_only("counts calls")
def test_chunks_cost_nothing(scene: Scene) -> None:
    counts = []
    for chunks in (0, 1, 40):  # with the first comes what is done once
        path = put_zarr(scene, METADATA["ome-zarr-py 0.5"], f"{chunks}.zarr", chunks=chunks)
        with counted(scene) as calls:
            sweep(scene)
        counts.append((calls.zone, calls.omero))
        assert len(images(scene, path)) == 1
    assert counts[1] == counts[2]
