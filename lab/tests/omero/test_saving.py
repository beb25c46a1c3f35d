"""Saving: whole graphs, one transaction, versions, and what the database does not take."""

from __future__ import annotations

from typing import Any

import omero
import pytest
from omero.rtypes import rbool, rstring, rtime

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import linked, mapped, named, query, save, tag


@pytest.fixture(scope="module")
def alice(world: World) -> Any:
    client = world.lab.client("alice", group="annotate")
    yield client
    client.closeSession()


def test_a_graph_is_saved_from_its_middle(alice: Any) -> None:
    project, dataset, image = named("Project", "p"), named("Dataset", "d"), named("Image", "i")
    project.linkDataset(dataset)
    dataset.linkImage(image)
    image.linkAnnotation(tag("t"))
    saved = save(alice, project)
    text = (
        "select p.name, d.name, i.name, a.textValue from Project p join p.datasetLinks pl join pl.child d "
        "join d.imageLinks dl join dl.child i join i.annotationLinks al join al.child a where p.id = :id"
    )
    assert query(alice, text, id=saved.id.val) == [["p", "d", "i", "t"]]
    assert saved.copyDatasetLinks()[0].child.id is not None


def test_ids_come_in_the_order_of_the_objects(alice: Any) -> None:
    made = [tag(str(place)) for place in range(20)]
    identities = alice.sf.getUpdateService().saveAndReturnIds(made)
    rows = query(alice, "select t.id, t.textValue from TagAnnotation t where t.id in (:ids)", ids=identities)
    assert sorted(rows) == [[identity, str(place)] for place, identity in enumerate(identities)]


def test_all_of_a_call_is_saved_or_nothing(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    child = save(alice, tag("once"))
    save(alice, linked("ImageAnnotationLink", image, child))
    links = [linked("ImageAnnotationLink", image, tag("all or nothing")), linked("ImageAnnotationLink", image, child)]
    with pytest.raises(omero.ValidationException):
        alice.sf.getUpdateService().saveArray(links)
    assert not query(alice, "select t.id from TagAnnotation t where t.textValue = 'all or nothing'")


def test_one_link_for_a_pair_and_an_owner(world: World, alice: Any) -> None:
    image, child = save(alice, named("Image", "i")), save(alice, tag("t"))
    save(alice, linked("ImageAnnotationLink", image, child))
    with pytest.raises(omero.ValidationException, match="ConstraintViolation"):
        save(alice, linked("ImageAnnotationLink", image, child))
    save(world.client("bob"), linked("ImageAnnotationLink", image, child), world.within("annotate"))
    rows = query(alice, "select l.details.owner.id from ImageAnnotationLink l where l.parent.id = :id", id=image.id.val)
    assert sorted(row[0] for row in rows) == [world.users["alice"], world.users["bob"]]


def test_changes_count_versions_and_move_the_update_event(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    created = image.details.creationEvent.id.val
    image.archived, image.acquisitionDate = rbool(True), rtime(1_700_000_000_000)
    changed = save(alice, image)
    assert (changed.version.val, changed.details.creationEvent.id.val) == (1, created)
    assert changed.details.updateEvent.id.val > created
    read = alice.sf.getQueryService().get("Image", image.id.val)
    assert (read.archived.val, read.acquisitionDate.val) == (True, 1_700_000_000_000)


def test_saving_what_has_not_changed_writes_nothing(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    before = query(alice, "select max(el.id) from EventLog el")
    again = save(alice, alice.sf.getQueryService().get("Image", image.id.val))
    assert again.version.val == 0
    assert query(alice, "select max(el.id) from EventLog el") == before


def test_the_second_of_two_changes_from_one_reading_is_refused(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    first, second = (alice.sf.getQueryService().get("Image", image.id.val) for _ in range(2))
    first.name, second.name = rstring("first"), rstring("second")
    save(alice, first)
    with pytest.raises(omero.OptimisticLockException):
        save(alice, second)


def test_named_values_keep_their_order_and_repeats(alice: Any) -> None:
    pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", "")]
    saved = save(alice, mapped("ns", *pairs))
    read = alice.sf.getQueryService().get("MapAnnotation", saved.id.val)
    assert [(pair.name, pair.value) for pair in read.mapValue] == pairs
    read.setMapValue([omero.model.NamedValue("c", "3")])
    assert save(alice, read).version.val == 1
    read = alice.sf.getQueryService().get("MapAnnotation", saved.id.val)
    assert [(pair.name, pair.value) for pair in read.mapValue] == [("c", "3")]


def test_unloaded_objects_are_only_referred_to(alice: Any) -> None:
    with pytest.raises(omero.ValidationException, match="No row with the given identifier"):
        save(alice, linked("ImageAnnotationLink", omero.model.ImageI(10**9, False), tag("t")))


def test_missing_values_are_refused(alice: Any) -> None:
    with pytest.raises(omero.ValidationException, match=r"not-null property.*Dataset\.name"):
        save(alice, omero.model.DatasetI())


def test_what_the_lab_does_not_keep_is_refused_by_name(alice: Any) -> None:
    image = named("Image", "i")
    image.stageLabel = omero.model.StageLabelI()
    with pytest.raises(omero.ApiUsageException, match=r"lab OMERO does not offer Image\.stageLabel"):
        save(alice, image)
    with pytest.raises(omero.ApiUsageException, match="does not keep objects of class Roi"):
        save(alice, omero.model.RoiI())


def test_text_of_any_alphabet_survives(alice: Any) -> None:
    name = 'it\'s "100%" \\ 😀 Größe\n\tend'
    saved = save(alice, named("Dataset", name))
    assert query(alice, "select d.name from Dataset d where d.name = :n and d.id = :id", n=name, id=saved.id.val)


def test_a_deleted_object_is_gone(alice: Any) -> None:
    saved = save(alice, tag("t"))
    alice.sf.getUpdateService().deleteObject(saved)
    assert alice.sf.getQueryService().find("TagAnnotation", saved.id.val) is None


def test_tags_form_sets(alice: Any) -> None:
    group = save(alice, tag("tiers", "openmicroscopy.org/omero/insight/tagset"))
    member = save(alice, tag("tier:fast"))
    save(alice, linked("AnnotationAnnotationLink", group, member))
    text = "select l.child.textValue from AnnotationAnnotationLink l where l.parent.ns = :ns and l.parent.id = :id"
    assert query(alice, text, ns="openmicroscopy.org/omero/insight/tagset", id=group.id.val) == [["tier:fast"]]


def test_plates_have_wells_with_fields(alice: Any) -> None:
    screen, plate, well, sample = (
        named("Screen", "s"),
        named("Plate", "p"),
        omero.model.WellI(),
        omero.model.WellSampleI(),
    )
    well.row, well.column = omero.rtypes.rint(0), omero.rtypes.rint(3)
    sample.image = named("Image", "field")
    well.addWellSample(sample)
    plate.addWell(well)
    screen.linkPlate(plate)
    plate.linkAnnotation(tag("on the plate"))
    saved = save(alice, screen)
    text = (
        "select p.name, w.column, i.name from ScreenPlateLink sl join sl.child p join p.wells w "
        "join w.wellSamples ws join ws.image i where sl.parent.id = :id"
    )
    assert query(alice, text, id=saved.id.val) == [["p", 3, "field"]]
