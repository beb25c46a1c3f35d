"""What the event log says of key-value pairs that change."""

from __future__ import annotations

import time

import omero
import omero.model
from omero.rtypes import rstring, unwrap

from tests.conformance.server import ALICE, ANNOTATE, Server, linked, named, pairs, rows, save
from tests.conformance.test_omero_events import PATIENCE, end_of_log, log_since

MAP, IMAGE = "ome.model.annotations.MapAnnotation", "ome.model.core.Image"


def actions(server: Server, last: int, kind: str, id_: int) -> list[str]:
    """What the log says of an object after an id."""
    return [row[2] for row in log_since(server, last, kind) if row[1] == id_]


def test_of_changed_pairs_only_the_indexer_tells(server: Server) -> None:
    """omero-33: rows of the images some seconds later, none of the annotation; a description is a row of it."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    link = save(client, linked("ImageAnnotationLink", named("Image", "i"), pairs("conformance", ("a", "b"))), within)
    image, annotation = link.parent.id.val, link.child.id.val
    loaded = client.getSession().getQueryService().get("MapAnnotation", annotation, within)
    last, version = end_of_log(server), unwrap(loaded.version) or 0
    loaded.setMapValue([omero.model.NamedValue("a", "c")])
    save(client, loaded, within)
    deadline = time.monotonic() + PATIENCE
    while not actions(server, last, IMAGE, image):
        assert time.monotonic() < deadline, "the indexer did not tell"
        time.sleep(0.05)
    assert set(actions(server, last, IMAGE, image)) == {"REINDEX"}
    assert actions(server, last, MAP, annotation) == []
    text = "select a.version from MapAnnotation a where a.id = :id"
    assert rows(client, text, within, id=annotation)[0][0] > version
    loaded = client.getSession().getQueryService().get("MapAnnotation", annotation, within)
    loaded.description = rstring("changed")
    save(client, loaded, within)
    assert actions(server, last, MAP, annotation) == ["UPDATE"]
