"""Plates: users see tags and key-values on the plate, and ask there, not on each of its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
import omero.model
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection
from omero.rtypes import rstring, unwrap

from irods_omero.vocabulary import OBJECT_NAMESPACE
from tests.pictures import plate, retina
from tests.scene import Scene

WELLS = 3


@dataclass(frozen=True)
class PlateShown:
    """A plate as OMERO shows it: its tags, its key-value pairs, its images."""

    id: int
    screen: int
    tags: set[str]
    pairs: dict[str, str]
    images: list[int]


def rows(scene: Scene, text: str, **ids: int) -> list[list[Any]]:
    parameters = omero.sys.ParametersI()
    for name, id_ in ids.items():
        parameters.addLong(name, id_)
    results = scene.root.getSession().getQueryService().projection(text, parameters, {"omero.group": "-1"})
    return [[unwrap(value) for value in row] for row in results]


def shown(scene: Scene, path: str) -> PlateShown:
    """The plate of a data object, found from its fileset as a person would."""
    (fileset,) = scene.avus(path, "omero::fileset")
    text = (
        "select p.id, i.id from WellSample s join s.image i join s.well w join w.plate p "
        "where i.fileset.id = :id order by i.id"
    )
    members = rows(scene, text, id=int(fileset))
    (id_,) = {plate_id for plate_id, _ in members}
    ((screen,),) = rows(scene, "select l.parent.id from ScreenPlateLink l where l.child.id = :id", id=id_)
    text = (
        "select t.textValue from PlateAnnotationLink l, TagAnnotation t where l.child.id = t.id and l.parent.id = :id"
    )
    tags = {text for (text,) in rows(scene, text, id=id_)}
    parameters = omero.sys.ParametersI().addId(id_).addString("ns", OBJECT_NAMESPACE)
    text = "select l from PlateAnnotationLink l join fetch l.child a where l.parent.id = :id and a.ns = :ns"
    links = scene.root.getSession().getQueryService().findAllByQuery(text, parameters, {"omero.group": "-1"})
    pairs = {pair.name: pair.value for link in links for pair in link.child.getMapValue()}
    return PlateShown(id_, screen, tags, pairs, [image for _, image in members])


def on_images(scene: Scene, images: list[int]) -> list[tuple[Any, ...]]:
    """What the images of a plate carry themselves."""
    shown_images = [scene.image(image) for image in images]
    return [(image.tags, image.pairs) for image in shown_images if image.tags or image.pairs]


@pytest.fixture
def screen(scene: Scene) -> int:
    """A screen of the user's, into which plates go."""
    made = omero.model.ScreenI()
    made.name = rstring(scene.target)
    context = {"omero.group": str(scene.group_id)}
    saved = scene.microscopist.getSession().getUpdateService().saveAndReturnObject(made, context)
    target = iRODSMeta("omero::target", f"Screen:{saved.id.val}", "microscopy")
    scene.user.metadata.set(Collection, scene.collection, target)
    return int(saved.id.val)


@pytest.fixture
def path(scene: Scene, screen: int) -> str:
    """An imported plate."""
    made = scene.put("plate.ome.tiff", plate(WELLS))
    scene.sweep()
    return made


def test_a_plate_goes_into_its_screen_and_is_tagged_itself(scene: Scene, screen: int, path: str) -> None:
    plate_shown = shown(scene, path)
    assert plate_shown.screen == screen
    assert plate_shown.tags == {"registered", "tier:fast"}
    assert plate_shown.pairs["path"] == path
    assert len(plate_shown.images) == WELLS
    assert on_images(scene, plate_shown.images) == []
    assert scene.avus(path, "omero::url") == [f"https://omero.lab/webclient/?show=plate-{plate_shown.id}"]
    assert scene.avus(path, "omero::image") == sorted(map(str, plate_shown.images))


def test_a_request_on_the_plate_moves_the_data(scene: Scene, path: str) -> None:
    scene.ask_by_tag(shown(scene, path).id, "archive", "Plate")
    scene.sweep()
    assert scene.avus(path, "omero::request") == ["archive"]
    scene.wait_for("archive", path)
    scene.sweep()
    plate_shown = shown(scene, path)
    assert plate_shown.tags == {"registered", "tier:archive"}
    assert plate_shown.pairs["tier"] == "archive"
    assert on_images(scene, plate_shown.images) == []
    assert all(scene.image(image).archived for image in plate_shown.images)
    assert scene.avus(path, "omero::request") == []


def test_a_plate_whose_target_is_a_dataset_says_that_it_is_in_no_screen_until_it_is(scene: Scene) -> None:
    path = scene.put("plate.ome.tiff", plate(WELLS))
    scene.sweep()
    assert "its plate is in no screen" in str(scene.avus(path, "omero::error"))
    text = "select distinct p.id from WellSample s join s.well w join w.plate p where s.image.fileset.id = :id"
    ((id_,),) = rows(scene, text, id=int(scene.avus(path, "omero::fileset")[0]))
    link = omero.model.ScreenPlateLinkI()
    link.parent, link.child = omero.model.ScreenI(), omero.model.PlateI(id_, False)
    link.parent.name = rstring(scene.target)
    context = {"omero.group": str(scene.group_id)}
    scene.microscopist.getSession().getUpdateService().saveObject(link, context)
    scene.sweep()
    assert scene.avus(path, "omero::error") == []
    assert "error" not in shown(scene, path).pairs


def test_images_whose_target_is_a_screen_say_that_they_are_in_no_dataset_until_they_are(
    scene: Scene, screen: int
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    assert "its images are in no dataset" in str(scene.avus(path, "omero::error"))
    image = scene.shown(path).image
    assert "its images are in no dataset" in dict(image.pairs)["error"]
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    assert "its images are in no dataset" in str(scene.avus(path, "omero::error")), "it is still so"
    link = omero.model.DatasetImageLinkI()
    link.parent, link.child = omero.model.DatasetI(), omero.model.ImageI(image.id, False)
    link.parent.name = rstring(scene.target)
    context = {"omero.group": str(scene.group_id)}
    scene.microscopist.getSession().getUpdateService().saveObject(link, context)
    scene.sweep()
    assert scene.avus(path, "omero::error") == []
    assert "error" not in dict(scene.shown(path).image.pairs)


def test_a_request_in_irods_shows_on_the_plate(scene: Scene, path: str) -> None:
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    plate_shown = shown(scene, path)
    assert "keep" in plate_shown.tags
    assert on_images(scene, plate_shown.images) == []
