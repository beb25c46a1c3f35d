"""Queries: HQL as the real server evaluates it, as far as the lab does, and refusals by name beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import Ice
import omero
import omero.clients
import pytest
from omero.rtypes import rint, rlong, rstring

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import delete, fileset, linked, mapped, named, objects, query, save, settings, tag


@dataclass
class Shelf:
    """A dataset of alice's with three images, of which two have a tag and one a second."""

    client: Any
    dataset: int
    images: list[int]
    tags: list[int]


@pytest.fixture(scope="module")
def shelf(world: World) -> Iterator[Shelf]:
    client = world.lab.client("alice", group="annotate")
    dataset = save(client, named("Dataset", "shelf"))
    images = []
    for name in ("Alpha", "beta", "gamma's"):
        link = omero.model.DatasetImageLinkI()
        link.parent, link.child = dataset.proxy(), named("Image", name)
        images.append(save(client, link).child)
    tags = [save(client, tag(text, "lab/ns")) for text in ("red", "blue")]
    for image, child in ((images[0], tags[0]), (images[1], tags[0]), (images[0], tags[1])):
        save(client, linked("ImageAnnotationLink", image, child))
    yield Shelf(client, dataset.id.val, [i.id.val for i in images], [t.id.val for t in tags])
    client.closeSession()


def test_get_and_find_differ_for_what_is_not_there(shelf: Shelf) -> None:
    queries = shelf.client.sf.getQueryService()
    assert queries.get("Image", shelf.images[0]).name.val == "Alpha"
    assert queries.get("ome.model.core.Image", shelf.images[0]).name.val == "Alpha"
    assert queries.find("Image", 10**9) is None
    with pytest.raises(omero.ApiUsageException, match="not available"):
        queries.get("Image", 10**9)


def test_a_lone_null_makes_an_empty_row_and_one_of_several_does_not(shelf: Shelf) -> None:
    """omero-01."""
    assert query(shelf.client, "select i.fileset.id from Image i left join i.fileset where i.id = -1") == []
    assert query(shelf.client, "select i.description from Image i where i.id = :id", id=shelf.images[0]) == [[]]
    assert query(shelf.client, "select max(i.id) from Image i where i.id = -1") == [[]]
    text = "select i.id, i.description from Image i where i.id = :id"
    assert query(shelf.client, text, id=shelf.images[0]) == [[shelf.images[0], None]]


def test_references_come_unloaded_and_collections_not_at_all(shelf: Shelf) -> None:
    (link,) = objects(shelf.client, "select l from DatasetImageLink l where l.child.id = :id", id=shelf.images[0])
    assert not link.parent.isLoaded()
    assert link.parent.id.val == shelf.dataset
    dataset = shelf.client.sf.getQueryService().get("Dataset", shelf.dataset)
    assert dataset.sizeOfImageLinks() == -1


def test_details_say_owner_group_events_and_permissions(shelf: Shelf, world: World) -> None:
    image = shelf.client.sf.getQueryService().get("Image", shelf.images[0])
    assert image.details.owner.id.val == world.users["alice"]
    assert image.details.group.id.val == world.groups["annotate"]
    assert image.details.creationEvent.id.val == image.details.updateEvent.id.val
    assert str(image.details.permissions) == "rwra--"
    assert image.details.permissions.canAnnotate()
    assert image.details.permissions.canEdit()


def test_a_fetched_collection_repeats_the_root(shelf: Shelf) -> None:
    text = "from Image i left outer join fetch i.annotationLinks l left outer join fetch l.child where i.id in (:ids)"
    images = objects(shelf.client, f"select i {text} order by i.id", ids=shelf.images)
    assert [image.id.val for image in images] == [shelf.images[0], *shelf.images]
    texts = sorted(child.textValue.val for child in images[0].linkedAnnotationList())
    assert texts == ["blue", "red"]
    assert images[-1].sizeOfAnnotationLinks() == 0
    distinct = objects(shelf.client, f"select distinct i {text} order by i.id", ids=shelf.images)
    assert [image.id.val for image in distinct] == shelf.images


def test_a_page_of_fetched_collections_counts_roots(shelf: Shelf) -> None:
    text = "select i from Image i left outer join fetch i.annotationLinks where i.id in (:ids) order by i.id"
    parameters = omero.sys.ParametersI().addIds(shelf.images).page(0, 2)
    images = shelf.client.sf.getQueryService().findAllByQuery(text, parameters)
    assert [image.id.val for image in images] == shelf.images[:2]


def test_find_by_query_refuses_several(shelf: Shelf) -> None:
    queries = shelf.client.sf.getQueryService()
    parameters = omero.sys.ParametersI().addIds(shelf.images)
    with pytest.raises(omero.ApiUsageException, match="more than one Object"):
        queries.findByQuery("select i from Image i where i.id in (:ids)", parameters)
    one = omero.sys.ParametersI().addId(shelf.images[0])
    text = "select i from Image i left join fetch i.annotationLinks where i.id = :id"
    assert queries.findByQuery(text, one).id.val == shelf.images[0]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("i.name = 'Alpha'", [0]),
        ("i.name <> 'Alpha' and i.name != 'beta'", [2]),
        ("i.name = 'gamma''s'", [2]),
        ("i.name like '%a'", [0, 1]),
        ("i.name like 'alpha'", []),
        ("lower(i.name) like 'alpha'", [0]),
        ("i.name not like '%a'", [2]),
        ("i.description is null and i.name is not null", [0, 1, 2]),
        ("i.name in ('Alpha', 'beta')", [0, 1]),
        ("not (i.name = 'Alpha' or i.name = 'beta')", [2]),
        ("i.id between :low and :high", [0, 1, 2]),
        ("i.id >= :low and i.id < :high", [0, 1]),
        ("i.id not in (:low, :high)", [1]),
        ("size(i.annotationLinks) = 0", [2]),
        ("size(i.annotationLinks) * 2 > 2", [0]),
        ("i.details.owner.omeName = 'alice'", [0, 1, 2]),
        ("i.details.group.id = 0", []),
        ("i.id in (select l.parent.id from ImageAnnotationLink l where l.child.id = :blue)", [0]),
        ("i.id not in (select l.parent from ImageAnnotationLink l)", [2]),
        ("exists (select l.id from ImageAnnotationLink l where l.parent = i and l.child.id = :blue)", [0]),
        ("i.fileset.id is null", [0, 1, 2]),
        ("i.archived = true", []),
    ],
)
def test_conditions(shelf: Shelf, condition: str, expected: list[int]) -> None:
    given = {"low": shelf.images[0], "high": shelf.images[-1], "blue": shelf.tags[1]}
    used: dict[str, Any] = {name: value for name, value in given.items() if f":{name}" in condition}
    text = f"select i.id from Image i where i.id in (:ids) and {condition} order by i.id"
    rows = query(shelf.client, text, None, ids=shelf.images, **used)
    assert [row[0] for row in rows] == [shelf.images[place] for place in expected]


def test_projection_wraps_values_and_groups(shelf: Shelf) -> None:
    text = (
        "select l.child.id, l.child.textValue, count(l.id), max(l.parent.id) from ImageAnnotationLink l "
        "where l.parent.id in (:ids) group by l.child.id, l.child.textValue order by count(l.id) desc"
    )
    assert query(shelf.client, text, ids=shelf.images) == [
        [shelf.tags[0], "red", 2, shelf.images[1]],
        [shelf.tags[1], "blue", 1, shelf.images[0]],
    ]
    rows = shelf.client.sf.getQueryService().projection(
        "select i, i.name, i.description, i.details.creationEvent.time from Image i where i.id = :id",
        omero.sys.ParametersI().addId(shelf.images[0]),
    )
    kinds = [type(cell).__name__ for cell in rows[0]]
    assert kinds == ["RObjectI", "RStringI", "NoneType", "RTimeI"]


def test_a_query_without_an_alias_is_understood(shelf: Shelf) -> None:
    assert query(shelf.client, "SELECT name FROM Image WHERE id = :id", id=shelf.images[1]) == [["beta"]]


def test_joins_are_theta_joins_if_asked(shelf: Shelf) -> None:
    text = "select i.id from Image i, ImageAnnotationLink l where l.parent = i and l.child.id = :id"
    assert query(shelf.client, text, id=shelf.tags[1]) == [[shelf.images[0]]]


def test_named_values_can_be_searched(shelf: Shelf) -> None:
    saved = save(shelf.client, mapped("lab/values", ("path", "/zone/a"), ("path", "/zone/b"), ("id", "7")))
    text = "select a from MapAnnotation a join a.mapValue v where v.name = 'path' and v.value in (:paths)"
    (annotation,) = objects(shelf.client, text, paths=["/zone/b"])
    assert annotation.id.val == saved.id.val
    assert [(pair.name, pair.value) for pair in annotation.mapValue] == [
        ("path", "/zone/a"),
        ("path", "/zone/b"),
        ("id", "7"),
    ]


def test_a_base_class_finds_all_its_kinds(shelf: Shelf) -> None:
    tags = objects(shelf.client, "select a from Annotation a where a.ns = 'lab/ns' order by a.id")
    assert {type(annotation).__name__ for annotation in tags} == {"TagAnnotationI"}
    text = "select l.id from ImageAnnotationLink l where l.child.class = TagAnnotation and l.parent.id = :id"
    assert len(query(shelf.client, text, id=shelf.images[0])) == 2


def test_many_ids_fit_into_one_query(shelf: Shelf) -> None:
    text = "select i.id from Image i where i.id in (:ids)"
    assert len(query(shelf.client, text, ids=[*shelf.images, *range(10**6, 10**6 + 30_000)])) == 3


def test_lists_that_are_empty_or_longer_than_postgres_takes_are_refused(shelf: Shelf) -> None:
    text = "select i.id from Image i where i.id in (:ids)"
    with pytest.raises(omero.ApiUsageException, match="unexpected end of subtree"):
        query(shelf.client, text, ids=[])
    with pytest.raises(omero.InternalException, match="2-byte value: 40000"):
        query(shelf.client, text, ids=list(range(40_000)))


def test_find_by_string(shelf: Shelf) -> None:
    queries = shelf.client.sf.getQueryService()
    assert queries.findByString("Dataset", "name", "shelf").id.val == shelf.dataset
    assert [t.id.val for t in queries.findAllByString("TagAnnotation", "textValue", "RED", False, None)] == shelf.tags[
        :1
    ]


@pytest.mark.parametrize(
    ("hql", "reason"),
    [
        ("select i from Image i where", "Illegal query"),
        ("select i from Picture i", "does not keep objects of class Picture"),
        ("select i.colour from Image i", "could not resolve property: colour of: ome.model.core.Image"),
        ("select x from Image i", "Invalid path: 'x'"),
        ("select new map(i.id as id) from Image i", "does not evaluate select new"),
        ("select i from Image i right join i.fileset f", "does not evaluate right joins"),
        ("select i.id from Image i left join fetch i.annotationLinks", "query specified join fetching"),
        (
            "select i from Image i where i.id = (select max(j.id) from Image j)",
            "a subquery here, only after in and exists",
        ),
        ("select i from Image i where i.pixels is empty", "does not evaluate is empty"),
        ("delete from Image", "does not evaluate delete statements"),
        ("select i from Image i where i.datasetLinks.parent.id = 3", "dereference collection"),
        ("select i from Image i where i.id = :missing", "Null parameters not allowed: missing"),
        ("select i from Image i ; drop table image", "unexpected char"),
    ],
)
def test_what_is_no_query_is_refused_with_a_reason(shelf: Shelf, hql: str, reason: str) -> None:
    with pytest.raises((omero.QueryException, omero.ApiUsageException)) as caught:
        query(shelf.client, hql)
    assert reason in caught.value.message


def test_null_parameters_are_refused(shelf: Shelf) -> None:
    parameters = omero.sys.ParametersI().add("id", None)
    with pytest.raises(Ice.UnknownException, match="Parameter argument may not be null"):
        shelf.client.sf.getQueryService().projection("select i.id from Image i where i.id = :id", parameters)


def test_short_integers_are_for_short_columns_only(shelf: Shelf) -> None:
    """omero-02."""
    queries = shelf.client.sf.getQueryService()
    parameters = omero.sys.ParametersI().add("n", rint(0))
    assert queries.projection("select i.id from Image i where i.series = :n", parameters) is not None
    for condition in ("i.id = :n", ":n < i.id", "i.id in (:n)", "i = :n", "i.details.owner = :n"):
        with pytest.raises(omero.InternalException, match="ClassCastException"):
            queries.projection(f"select i.id from Image i where {condition}", parameters)


def test_pairs_come_in_their_order_with_their_places(shelf: Shelf) -> None:
    """omero-65."""
    annotation = omero.model.MapAnnotationI()
    annotation.setMapValue([omero.model.NamedValue(name, "x") for name in "cab"])
    update = shelf.client.sf.getUpdateService()
    full, empty = (update.saveAndReturnObject(each).id.val for each in (annotation, omero.model.MapAnnotationI()))
    text = (
        "select a.id, index(m), m.name from MapAnnotation a left outer join a.mapValue m where a.id in (:ids) "
        "order by a.id, index(m)"
    )
    rows = query(shelf.client, text, ids=[full, empty])
    assert rows == [[full, 0, "c"], [full, 1, "a"], [full, 2, "b"], [empty, None, None]]
    with pytest.raises(omero.ServerError):
        query(shelf.client, "select index(a) from MapAnnotation a")


def test_files_of_a_fileset_have_their_places(world: World) -> None:
    """omero-96."""
    client = world.lab.client("alice", group="annotate")
    client.getManagedRepository().importFileset(fileset("zone/b", "zone/a", "zone/c"), settings())
    ((made,),) = query(client, "select max(f.id) from Fileset f")
    text = "select index(e), e.clientPath from Fileset f join f.usedFiles e where f.id = :id order by index(e)"
    assert query(client, text, id=made) == [[0, "zone/b"], [1, "zone/a"], [2, "zone/c"]]
    text = "select e.clientPath from Fileset f join f.usedFiles e where f.id = :id and index(e) = 0"
    assert query(client, text, id=made) == [["zone/b"]]
    for text in ("FilesetEntry e where index(e) = 0", "Fileset f join f.images i where index(i) = 0"):
        with pytest.raises(omero.ServerError, match=r"index\(\)"):
            query(client, f"select count(*) from {text}")
    delete(client, Fileset=[made])
    client.closeSession()


def test_text_in_parameters_is_only_text(shelf: Shelf) -> None:
    for text in ("' or 1 = 1 --", "x'; drop table image; --", ":ids"):
        assert query(shelf.client, "select i.id from Image i where i.name = :n", n=text) == []
        assert query(shelf.client, "select i.id from Image i where i.name in (:n)", n=[text]) == []


def test_several_objects_are_not_for_find_all(shelf: Shelf) -> None:
    with pytest.raises(omero.ApiUsageException):
        objects(shelf.client, "select i, i.fileset from Image i")
    rows = shelf.client.sf.getQueryService().projection(
        "select l, l.child from ImageAnnotationLink l where l.parent.id = :id",
        omero.sys.ParametersI().add("id", rlong(shelf.images[1])),
    )
    assert rows[0][1].val.textValue == rstring("red")


def test_months_of_times_are_grouped_by(shelf: Shelf) -> None:
    """omero-72."""
    text = (
        "select year(v.time), month(v.time), count(distinct i.id) from Image i join i.details.creationEvent v "
        "where i.id in (:ids) group by year(v.time), month(v.time)"
    )
    (row,) = query(shelf.client, text, ids=shelf.images)
    now = datetime.now(tz=timezone.utc)
    assert row in ([now.year, now.month, 3], [(now - timedelta(days=1)).year, (now - timedelta(days=1)).month, 3])
