"""What tells of edited key-value pairs and of taken tags where the search indexer does not: events."""

from __future__ import annotations

import time
from uuid import uuid4

import omero.model
import pytest

from irods_omero.gateways.omero.edits import EditReader
from irods_omero.gateways.omero.events import unanswered_since
from irods_omero.gateways.omero.login import OmeroConnection
from tests.conformance.importing import imported
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    EVERYWHERE,
    Server,
    delete,
    linked,
    named,
    pairs,
    rows,
    save,
    tag,
)
from tests.conformance.test_omero_events import PATIENCE, end_of_log


@pytest.fixture
def namespace() -> str:
    return f"conformance/{uuid4().hex}"


def edit(server: Server, annotation: int, value: str) -> None:
    """Alice writes another pair into an annotation."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    loaded = client.getSession().getQueryService().get("MapAnnotation", annotation, within)
    loaded.setMapValue([omero.model.NamedValue("a", value)])
    save(client, loaded, within)


def test_changing_pairs_gives_the_annotation_a_later_update_event(server: Server, namespace: str) -> None:
    """omero-60: the event of the last change, by which edits are found without the indexer."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    link = save(client, linked("ImageAnnotationLink", named("Image", "i"), pairs(namespace, ("a", "b"))), within)
    text = (
        "select a.id, a.details.updateEvent.id, a.details.creationEvent.id from MapAnnotation a "
        "where a.ns in (:namespaces) and a.details.updateEvent.id > :place"
    )
    ((annotation, update, creation),) = rows(client, text, within, namespaces=[namespace], place=0)
    assert (annotation, update) == (link.child.id.val, creation)
    edit(server, annotation, "c")
    ((_, later, _),) = rows(client, text, within, namespaces=[namespace], place=update)
    assert later > update
    assert rows(client, text, within, namespaces=[namespace], place=later) == []


def test_the_reader_of_edits_finds_filesets_and_leaves_out_what_the_agent_does(
    server: Server, agent_omero: OmeroConnection, namespace: str
) -> None:
    session = agent_omero.service()
    with server.sudo(ALICE, ANNOTATE) as client:
        fileset, images = imported(client, f"{namespace}/a.ome.tiff")
    link = save(
        server.client(ALICE),
        linked("ImageAnnotationLink", omero.model.ImageI(images[0], False), pairs(namespace, ("a", "b"))),
        server.within(ANNOTATE),
    )
    reader = EditReader(0, clock=lambda: time.time() + 3600)
    assert reader.read(session, [namespace]) == {fileset}
    assert reader.read(session, [namespace]) == set()
    edit(server, link.child.id.val, "c")
    assert reader.read(session, [namespace]) == {fileset}
    late = EditReader(reader.place, clock=time.time)  # not so much later: it may be read again
    assert late.read(session, [namespace]) <= {fileset}
    assert late.read(session, [namespace]) == set()
    own = agent_omero.as_user(ALICE, ANNOTATE)
    (annotation,) = own.objects("reading", "select a from MapAnnotation a where a.ns = :ns", {"ns": namespace})
    annotation.setMapValue([omero.model.NamedValue("a", "by the agent")])
    own.save("writing", "", [annotation])
    assert reader.read(session, [namespace]) == set()


def test_links_that_go_with_an_image_are_rows_of_the_same_event(server: Server) -> None:
    """omero-61: which tells them from annotations that somebody took away."""
    last, client, within = end_of_log(server), server.client(ALICE), server.within(ANNOTATE)
    link = save(client, linked("ImageAnnotationLink", named("Image", "i"), tag("t")), within)
    delete(client, within, Image=[link.parent.id.val])
    text = (
        "select l.entityType, l.event.id from EventLog l "
        "where l.id > :last and l.action = :action and l.entityId in (:ids)"
    )
    ids = [link.id.val, link.parent.id.val]
    event_rows = rows(server.client(server.service), text, EVERYWHERE, last=last, action="DELETE", ids=ids)
    events = {kind.rpartition(".")[2]: event for kind, event in event_rows}
    assert events["ImageAnnotationLink"] == events["Image"]


def test_the_indexer_answers_to_annotations_that_are_added(server: Server, agent_omero: OmeroConnection) -> None:
    """omero-32, by which doctor sees whether it runs."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    image = save(client, named("Image", "i"), within)
    save(client, linked("ImageAnnotationLink", image, tag("t")), within)
    deadline = time.monotonic() + PATIENCE
    while unanswered_since(agent_omero.service()) is not None:
        assert time.monotonic() < deadline, "the indexer did not answer"
        time.sleep(0.05)
