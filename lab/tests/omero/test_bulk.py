"""The bulk loader for benchmarks: what it writes looks to clients like any other data."""

from __future__ import annotations

import omero

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import delete, named, query, save, tag


def test_bulk_images_are_images_with_files_tags_and_a_dataset(world: World) -> None:
    client = world.lab.client("alice", group="annotate")
    dataset, label = save(client, named("Dataset", "bulk")), save(client, tag("bulk"))
    paths = [f"zone/bulk/image{place:07d}.tif" for place in range(50)]
    with world.lab.bulk("alice", "annotate") as loader:
        bulk = loader.load(paths, dataset.id.val)
        loader.tag(bulk.images, [label.id.val])
    text = (
        "select i.id, fs.id, e.clientPath, p.sizeX from DatasetImageLink dl join dl.child i join i.fileset fs "
        "join fs.usedFiles e join i.pixels p join i.annotationLinks l where dl.parent.id = :id "
        "and l.child.id = :tag order by i.id"
    )
    rows = query(client, text, id=dataset.id.val, tag=label.id.val)
    assert rows == [list(row) for row in zip(bulk.images, bulk.filesets, paths, [1] * 50, strict=True)]
    assert save(client, named("Image", "next")).id.val > bulk.images[-1]
    delete(client, Fileset=list(bulk.filesets))
    client.closeSession()


def test_bulk_key_values_are_key_values(world: World) -> None:
    client = world.lab.client("alice", group="annotate")
    with world.lab.bulk("alice", "annotate") as loader:
        bulk = loader.load(["zone/a.tif", "zone/b.tif"], None)
        loader.write_key_values("bulk.example", {image: [("a", "1"), ("b", str(image))] for image in bulk.images})
    text = "select l from ImageAnnotationLink l join fetch l.child a where l.parent.id in (:ids) order by l.parent.id"
    parameters = omero.sys.ParametersI().addIds(list(bulk.images))
    links = client.sf.getQueryService().findAllByQuery(text, parameters)
    assert [link.child.ns.val for link in links] == ["bulk.example"] * 2
    key_values = [[(pair.name, pair.value) for pair in link.child.getMapValue()] for link in links]
    assert key_values == [[("a", "1"), ("b", str(image))] for image in bulk.images]
    delete(client, Fileset=list(bulk.filesets))
    client.closeSession()


def test_a_bulk_fileset_has_its_files_in_their_order(world: World) -> None:
    client = world.lab.client("alice", group="annotate")
    with world.lab.bulk("alice", "annotate") as loader:
        fileset = loader.load_fileset("many/", {"b.tif": (3, "00"), "a.tif": (4, "01")})
    text = (
        "select e.clientPath, o.path, o.size, o.hash, h.value, i.name from FilesetEntry e join e.originalFile o "
        "join o.hasher h join e.fileset f join f.images i where f.id = :id order by e.id"
    )
    assert query(client, text, id=fileset) == [
        ["b.tif", "many/", 3, "00", "SHA1-160", "b.tif"],
        ["a.tif", "many/", 4, "01", "SHA1-160", "b.tif"],
    ]
    delete(client, Fileset=[fileset])
    client.closeSession()
