"""What arrives in a watched collection becomes a tagged image; what does not is left alone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from irods_omero.agent.reconcile import Reconciler
from irods_omero.gateways.omero import importer
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.vocabulary import TIER_NAMESPACE
from tests.pictures import lab_book, retina, stained_tissue
from tests.scene import Scene

NASTY = [
    "with a space.ome.tiff",
    "50%.ome.tiff",
    'it\'s "quoted".ome.tiff',
    "back\\slash.ome.tiff",
    "😀 émoji.ome.tiff",
    "percent %s %n.ome.tiff",
    "_under%score_.ome.tiff",
]


def test_many_arrivals_are_searched_for_in_omero_together(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        scene.put(f"{name}.ome.tiff", retina(32))
    searches = []

    def noted(session: OmeroSession, prefixes: Iterable[str]) -> dict[str, importer.Searched]:
        searches.append(list(prefixes))
        return search(session, searches[-1])

    search = importer.search
    monkeypatch.setattr(importer, "search", noted)
    assert scene.sweep().imported == 3
    assert [len(prefixes) for prefixes in searches] == [3]


def test_an_image_is_imported_tagged_and_linked_back(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", stained_tissue())
    scene.sweep()
    shown = scene.shown(path)
    assert shown.image.tags == {(TIER_NAMESPACE, "registered"), (TIER_NAMESPACE, "tier:fast")}
    assert shown.image.owner == "alice"
    assert shown.image.dataset == scene.target
    assert not shown.image.archived
    pairs = dict(shown.image.pairs)
    assert pairs["zone"] == scene.zone.zone
    assert pairs["path"] == path
    assert pairs["data id"] == str(shown.data_id)
    assert pairs["tier"] == "fast"
    assert shown.values("omero::url") == [f"https://omero.lab/webclient/?show=image-{shown.image.id}"]
    assert shown.values("omero::unit") == [str(shown.data_id)]
    assert shown.values("omero::sync") == []


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_goes_all_the_way_round(scene: Scene, name: str) -> None:
    path = scene.put(name, retina())
    scene.sweep()
    shown = scene.shown(path)
    assert dict(shown.image.pairs)["path"] == path
    scene.ask_by_tag(shown.image.id, "archive")
    scene.sweep()
    assert scene.shown(path).values("omero::request") == ["archive"]
    scene.wait_for("archive", path)
    scene.sweep()
    shown = scene.shown(path)
    assert shown.image.texts == {"registered", "tier:archive"}
    assert shown.image.archived
    assert shown.values("omero::request") == []


def test_what_is_no_image_gets_an_error_and_disturbs_nobody(scene: Scene) -> None:
    notes = scene.put("notes.txt", lab_book())
    path = scene.put("a.ome.tiff", retina())
    for attempt in (1, 2, 3):
        scene.sweep()
        shown = scene.shown(notes)
        ((value, units),) = [(value, units) for name, value, units in shown.avus if name == "omero::error"]
        assert notes in value
        assert units == str(attempt)
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert shown.values("omero::sync") == [], "given up after three attempts"
    before = scene.shown(notes), scene.shown(path)
    scene.sweep()
    assert (scene.shown(notes), scene.shown(path)) == before


def test_a_mended_file_is_tried_again(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", lab_book())
    for _ in range(3):
        scene.sweep()
    scene.put("a.ome.tiff", retina())
    scene.sweep()
    shown = scene.shown(path)
    assert shown.image.texts == {"registered", "tier:fast"}
    assert shown.values("omero::error") == []


def test_an_unwatched_collection_is_left_alone(scene: Scene) -> None:
    scene.watch("off")
    path = scene.put("a.ome.tiff", retina())
    scene.sweep()
    assert scene.shown(path).values("omero::fileset") == []


def test_a_collection_that_becomes_watched_has_its_images_imported(scene: Scene) -> None:
    scene.watch("off")
    path = scene.put("a.ome.tiff", retina())
    scene.sweep()
    scene.watch("file")
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


def test_new_content_becomes_a_new_image_and_the_old_one_says_so(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina())
    scene.sweep()
    old = scene.shown(path).image.id
    scene.put("a.ome.tiff", stained_tissue())
    scene.sweep()
    new = scene.shown(path).image
    assert new.id != old
    assert new.texts == {"registered", "tier:fast"}
    assert scene.image(old).texts == {"superseded"}


def test_a_moved_object_keeps_its_image(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(64))
    scene.sweep()
    before = scene.shown(path)
    scene.let_a_second_pass()  # moving sets the modification time
    moved = scene.move(path, "elsewhere/b.ome.tiff")
    scene.sweep()
    after = scene.shown(moved)
    assert after.image.id == before.image.id
    assert after.image.texts == {"registered", "tier:fast"}
    assert dict(after.image.pairs)["path"] == moved


def test_a_touched_object_keeps_its_image(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(64))
    scene.sweep()
    image = scene.shown(path).image.id
    scene.let_a_second_pass()
    scene.user.data_objects.touch(path)
    scene.sweep()
    with scene.connections() as connections:
        for _ in Reconciler(connections).run():
            pass
    assert scene.shown(path).image.id == image


@pytest.mark.parametrize("group", ["system", "no such group"])
def test_a_target_where_the_owner_may_not_go_is_an_error_of_the_unit(scene: Scene, group: str) -> None:
    scene.watch(group=group)
    path = scene.put("a.ome.tiff", retina(64))
    scene.sweep()
    shown = scene.shown(path)
    assert len(shown.values("omero::error")) == 1
    assert shown.values("omero::fileset") == []
