"""HQL: what comes back loaded, repeated or not at all, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import Ice
import omero
import omero.model
import pytest

from irods_omero.gateways.batches import BATCH
from tests.conformance.server import ALICE, ANNOTATE, EVERYWHERE, Server, linked, named, objects, rows, save, tag


@dataclass
class Shelf:
    """A dataset of three images, of which two have a tag and the first a second one."""

    client: Any
    dataset: int
    images: list[int]
    tags: list[int]

    @property
    def queries(self) -> Any:
        return self.client.getSession().getQueryService()


@pytest.fixture(scope="module")
def shelf(server: Server) -> Iterator[Shelf]:
    client = server.new_client(ALICE)
    client.getImplicitContext().put("omero.group", str(server.groups[ANNOTATE]))
    dataset = save(client, named("Dataset", "shelf"))
    links = [
        save(client, linked("DatasetImageLink", dataset, named("Image", name))) for name in ("Alpha", "b%a", "c_a")
    ]
    images = [link.child for link in links]
    tags = [save(client, tag(text, "conformance/shelf")) for text in ("red", "blue")]
    for image, label in ((images[0], tags[0]), (images[1], tags[0]), (images[0], tags[1])):
        save(client, linked("ImageAnnotationLink", image, label))
    yield Shelf(client, dataset.id.val, [image.id.val for image in images], [label.id.val for label in tags])
    client.closeSession()


def test_a_join_fetch_gives_each_root_at_least_once(shelf: Shelf) -> None:
    """omero-05: ``findAllByQuery`` is Hibernate's ``list()``: a ``join fetch`` of a collection repeats the root."""
    text = "from Image i left outer join fetch i.annotationLinks l left outer join fetch l.child where i.id in (:ids)"
    images = objects(shelf.client, f"select i {text} order by i.id", ids=shelf.images)
    assert sorted({image.id.val for image in images}) == shelf.images, "repeated or not: nobody may rely on it"
    assert sorted(label.textValue.val for label in images[0].linkedAnnotationList()) == ["blue", "red"]
    distinct = objects(shelf.client, f"select distinct i {text} order by i.id", ids=shelf.images)
    assert [image.id.val for image in distinct] == shelf.images


def test_a_projection_with_a_join_has_a_row_for_each_pair(shelf: Shelf) -> None:
    text = (
        "select i.id, t.textValue from ImageAnnotationLink l, TagAnnotation t, Image i "
        "where l.child.id = t.id and l.parent.id = i.id and i.id in (:ids) order by i.id, t.id"
    )
    first, second, _ = shelf.images
    assert rows(shelf.client, text, ids=shelf.images) == [[first, "red"], [first, "blue"], [second, "red"]]
    text = "select distinct l.parent.id from ImageAnnotationLink l where l.parent.id in (:ids)"
    assert sorted(rows(shelf.client, text, ids=shelf.images)) == [[first], [second]]


def test_find_by_query_wants_one(shelf: Shelf) -> None:
    """omero-06: ``findByQuery`` is ``uniqueResult()``."""
    text = "select i from Image i where i.id in (:ids)"
    with pytest.raises(omero.ApiUsageException):
        shelf.queries.findByQuery(text, omero.sys.ParametersI().addIds(shelf.images))
    assert shelf.queries.findByQuery(text, omero.sys.ParametersI().addIds(shelf.images[:1])).id.val == shelf.images[0]
    assert shelf.queries.findByQuery(text, omero.sys.ParametersI().addIds([10**9])) is None


def test_null_parameters_are_refused(shelf: Shelf) -> None:
    """omero-03: null parameters are refused."""
    parameters = omero.sys.ParametersI().add("id", None)
    with pytest.raises(Ice.UnknownException, match="Parameter argument may not be null"):
        shelf.queries.projection("select i.id from Image i where i.id = :id", parameters)


def test_get_refuses_what_find_does_not_find(shelf: Shelf) -> None:
    assert shelf.queries.find("Image", 10**9) is None
    with pytest.raises(omero.ApiUsageException):
        shelf.queries.get("Image", 10**9)


def test_references_come_by_their_ids_alone_unless_fetched(shelf: Shelf) -> None:
    """omero-71: a link to an annotation is its id where the annotation is not fetched; other links are loaded."""
    text = "select l from ImageAnnotationLink l {} where l.parent.id = :id and l.child.id = :child"
    image, label = shelf.images[0], shelf.tags[0]
    (plain,) = objects(shelf.client, text.format(""), id=image, child=label)
    assert not plain.isLoaded()
    (other,) = objects(shelf.client, "select l from DatasetImageLink l where l.child.id = :id", id=image)
    assert (other.isLoaded(), other.child.isLoaded(), other.child.id.val) == (True, False, image)
    fetched = text.format("join fetch l.child join fetch l.details.owner")
    (loaded,) = objects(shelf.client, fetched, id=image, child=label)
    assert (loaded.child.isLoaded(), loaded.details.owner.isLoaded()) == (True, True)


def test_missing_values_are_nothing(shelf: Shelf) -> None:
    """policies/irods_omero/gateways/omero/filesets.py: an image without a fileset, tags without a namespace or text."""
    text = "select i.fileset.id, i.archived, i.description from Image i where i.id = :id"
    assert rows(shelf.client, text, id=shelf.images[0]) == [[None, None, None]]


def test_the_greatest_of_nothing_is_nothing(shelf: Shelf) -> None:
    """omero-01; policies/irods_omero/gateways/omero/events.py: the end of an empty log."""
    assert rows(shelf.client, "select max(l.id) from EventLog l where l.id < 0") == [[]]


def test_as_many_ids_as_a_batch_has_fit_into_one_query(shelf: Shelf) -> None:
    """omero-08: batches of at most 1,000: larger ones meet the JDBC parameter limit."""
    ids = [*shelf.images, *range(10**9, 10**9 + BATCH - len(shelf.images))]
    ids_of_images = rows(shelf.client, "select i.id from Image i where i.id in (:ids) order by i.id", ids=ids)
    assert [row[0] for row in ids_of_images] == shelf.images


@pytest.mark.parametrize(
    ("pattern", "expected"), [("b%", [1]), ("c_a", [2]), ("_%a", [0, 1, 2]), ("alpha", []), ("c__", [2])]
)
def test_like_takes_percent_and_underscore_for_others(shelf: Shelf, pattern: str, expected: list[int]) -> None:
    """policies/irods_omero/gateways/omero/importer.py: a prefix is found by ``like`` and then compared."""
    text = "select i.id from Image i where i.id in (:ids) and i.name like :pattern order by i.id"
    matches = rows(shelf.client, text, ids=shelf.images, pattern=pattern)
    assert [row[0] for row in matches] == [shelf.images[place] for place in expected]


@pytest.mark.parametrize("text", ["' or 1 = 1 --", "x'; drop table image; --", ":ids", "\\", "😀"])
def test_text_in_parameters_is_only_text(shelf: Shelf, text: str) -> None:
    assert rows(shelf.client, "select i.id from Image i where i.name = :name", name=text) == []
    assert rows(shelf.client, "select i.id from Image i where i.name in (:names)", names=[text]) == []


@pytest.mark.parametrize(
    "hql",
    [
        "select i from Image i where",
        "select i from Picture i",
        "select i.colour from Image i",
        "select x from Image i",
        "select i from Image i where i.id = :missing",
    ],
)
def test_what_is_no_query_is_refused(shelf: Shelf, hql: str) -> None:
    with pytest.raises(omero.ServerError):
        rows(shelf.client, hql)


def test_times_are_milliseconds(shelf: Shelf) -> None:
    """policies/irods_omero/gateways/omero/filesets.py: when a tag was put on."""
    text = "select l.details.creationEvent.time from ImageAnnotationLink l where l.parent.id = :id"
    assert all(row[0] > 1_600_000_000_000 for row in rows(shelf.client, text, id=shelf.images[0]))


def test_details_say_owner_and_group(shelf: Shelf, server: Server) -> None:
    text = "select i.details.owner.id, i.details.owner.omeName, i.details.group.id from Image i where i.id = :id"
    owners = rows(server.client(server.service), text, EVERYWHERE, id=shelf.images[0])
    assert owners == [[server.users[ALICE], ALICE, server.groups[ANNOTATE]]]


def test_nobodys_objects_are_found_by_name_across_groups(shelf: Shelf, server: Server) -> None:
    """omero-99: in one group they are; across groups the name is compared with the id before it."""
    text = "select i.id from Image i where i.id = :id and i.details.owner.omeName = :name"
    client, name, image = server.client(server.service), ALICE, shelf.images[0]
    within = {"omero.group": str(server.groups[ANNOTATE])}
    assert rows(client, text, within, id=image, name=name) == [[image]]
    assert rows(client, text, EVERYWHERE, id=image, name=name) == []
    assert rows(client, text, EVERYWHERE, id=image, name=f"{server.users[ALICE]};{name}") == [[image]]


def test_people_and_their_groups_can_be_asked_for(server: Server) -> None:
    """policies/irods_omero/gateways/omero/people.py: the first of the user's groups is the default one."""
    text = (
        "select g.name from GroupExperimenterMap m join m.parent g join m.child e "
        "where e.omeName = :name and g.name not in (:system) order by m.id"
    )
    groups = rows(server.client(server.service), text, EVERYWHERE, name=ALICE, system=["system", "user", "guest"])
    assert {row[0] for row in groups} == set(server.groups)


def test_a_plate_leads_to_its_images(shelf: Shelf) -> None:
    """omero-28: for plates the annotation goes to the plate."""
    plate, well, sample = named("Plate", "p"), omero.model.WellI(), omero.model.WellSampleI()
    sample.image = omero.model.ImageI(shelf.images[2], False)
    well.addWellSample(sample)
    plate.addWell(well)
    saved = save(shelf.client, plate)
    text = "select distinct p.id, s.image.id from WellSample s join s.well w join w.plate p where s.image.id in (:ids)"
    assert [saved.id.val, shelf.images[2]] in rows(shelf.client, text, ids=shelf.images)
