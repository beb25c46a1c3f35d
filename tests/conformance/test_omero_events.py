"""The event log: what users and the agent do there, and what the gateway reads out of it."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import omero
import omero.model
import pytest
from omero.rtypes import rbool, rstring

from irods_omero.gateways.omero.events import EventReader, Hints
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.session import AGENT
from tests.conformance.importing import imported
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    BOB,
    EVERYWHERE,
    Context,
    Server,
    delete,
    linked,
    named,
    objects,
    pairs,
    rows,
    save,
    tag,
)

PATIENCE = 300.0
"""Seconds in which the search indexer gets to what has changed."""

LINK = "ome.model.annotations.ImageAnnotationLink"


def log_since(server: Server, last: int, *kinds: str) -> list[list[Any]]:
    """The rows of the log after an id that are about some kinds of objects."""
    text = (
        "select l.entityType, l.entityId, l.action, s.userAgent, e.experimenter.id from EventLog l join l.event e "
        "join e.session s where l.id > :last and l.entityType in (:kinds) order by l.id"
    )
    return rows(server.client(server.service), text, EVERYWHERE, last=last, kinds=list(kinds))


def end_of_log(server: Server) -> int:
    return int(rows(server.client(server.service), "select max(l.id) from EventLog l", EVERYWHERE)[0][0])


def about(events: list[list[Any]], *ids: int) -> list[list[Any]]:
    """On a real server others are at work too."""
    return [row for row in events if row[1] in ids]


def test_adding_and_removing_a_tag_are_rows_with_the_links_id_alone(server: Server) -> None:
    """omero-30: a DELETE row of a link carries only the link's id."""
    last, context = end_of_log(server), server.within(ANNOTATE)
    image = save(server.client(ALICE), named("Image", "i"), context)
    link = save(server.client(ALICE), linked("ImageAnnotationLink", image, tag("t")), context)
    delete(server.client(ALICE), context, ImageAnnotationLink=[link.id.val])
    events = about(log_since(server, last, LINK), link.id.val)
    assert [row[:3] for row in events] == [[LINK, link.id.val, action] for action in ("INSERT", "DELETE")]
    assert {row[4] for row in events} == {server.users[ALICE]}


def test_the_log_tells_by_which_program(server: Server) -> None:
    """omero-31: what the agent does by sudo is known by the user agent of the session."""
    last = end_of_log(server)
    with server.sudo(ALICE, ANNOTATE, agent=AGENT) as client:
        image = save(client, named("Image", "by the agent"))
        made = save(client, linked("ImageAnnotationLink", image, tag("by the agent")))
        own = save(client, linked("ImageAnnotationLink", image, tag("taken away by the agent")))
        delete(client, ImageAnnotationLink=[own.id.val])
    user = save(server.client(BOB), linked("ImageAnnotationLink", image, tag("by bob")), server.within(ANNOTATE))
    events = log_since(server, last, LINK)
    assert {row[3] for row in about(events, made.id.val, own.id.val)} == {AGENT}
    assert AGENT not in {row[3] for row in about(events, user.id.val)}


def test_changes_of_images_are_updates_and_those_of_pairs_are_not(server: Server) -> None:
    """omero-33: of pairs only the indexer tells."""
    last, context, client = end_of_log(server), server.within(ANNOTATE), server.client(ALICE)
    image = save(client, named("Image", "i"), context)
    link = save(client, linked("ImageAnnotationLink", image, pairs("conformance", ("a", "b"))), context)
    loaded = client.getSession().getQueryService().get("Image", image.id.val, context)
    loaded.archived = rbool(True)
    save(client, loaded, context)
    (annotation,) = objects(client, "select a from MapAnnotation a where a.id = :id", context, id=link.child.id.val)
    annotation.setMapValue([omero.model.NamedValue("a", "c")])
    save(client, annotation, context)
    for kind, id_, expected in (
        ("ome.model.core.Image", image.id.val, ["INSERT", "UPDATE"]),
        ("ome.model.annotations.MapAnnotation", link.child.id.val, ["INSERT"]),
    ):
        actions = [row[2] for row in about(log_since(server, last, kind), id_) if row[2] != "REINDEX"]
        assert actions == expected


def test_saving_what_has_not_changed_is_no_event(server: Server) -> None:
    """docs/concepts.md, quiescence: nothing changed means no write on either side."""
    context, client = server.within(ANNOTATE), server.client(ALICE)
    image = save(client, named("Image", "i"), context)
    last = end_of_log(server)
    client.getSession().getUpdateService().saveArray(
        [client.getSession().getQueryService().get("Image", image.id.val, context)], context
    )
    assert about(log_since(server, last, "ome.model.core.Image"), image.id.val) == []


def test_ids_grow(server: Server) -> None:
    """omero-35: range on ``id``, not on the event's time."""
    before = end_of_log(server)
    save(server.client(ALICE), named("Project", "p"), server.within(ANNOTATE))
    assert end_of_log(server) > before


class Reading:
    """What the gateway's reader says of what has been done since it was last asked."""

    def __init__(self, server: Server, agent: OmeroConnection) -> None:
        self._session = agent.service()
        self._reader = EventReader()
        self._reader.read(self._session)
        self.context: Context = server.within(ANNOTATE)
        self.alice = server.client(ALICE)
        self.fileset, images = self._imported(server)
        self.image = omero.model.ImageI(images[0], False)
        self.now()

    def _imported(self, server: Server) -> tuple[int, list[int]]:
        with server.sudo(ALICE, ANNOTATE) as client:
            return imported(client, f"conformance/{uuid4().hex}/a.ome.tiff")

    def now(self) -> Hints:
        """What is new."""
        return self._reader.read(self._session)

    def wait(self) -> None:
        """Wait until the indexer has told that the fileset has changed."""
        deadline = time.monotonic() + PATIENCE
        while self.fileset not in self.now().filesets:
            assert time.monotonic() < deadline, "the indexer did not tell"
            time.sleep(0.05)


@pytest.fixture
def reading(server: Server, agent_omero: OmeroConnection) -> Reading:
    return Reading(server, agent_omero)


def test_the_reader_hints_at_an_import(server: Server, agent_omero: OmeroConnection) -> None:
    reader = EventReader()
    reader.read(agent_omero.service())
    with server.sudo(ALICE, ANNOTATE) as client:
        fileset, _ = imported(client, f"conformance/{uuid4().hex}/a.ome.tiff")
    assert fileset in reader.read(agent_omero.service()).filesets


def test_the_reader_hints_at_the_filesets_that_users_change(reading: Reading) -> None:
    """Tags and pairs that come and change, and images that are changed."""
    link = save(reading.alice, linked("ImageAnnotationLink", reading.image, pairs("ns", ("a", "b"))), reading.context)
    assert reading.fileset in reading.now().filesets
    annotation = reading.alice.getSession().getQueryService().get("MapAnnotation", link.child.id.val, reading.context)
    annotation.setMapValue([omero.model.NamedValue("a", "c")])
    save(reading.alice, annotation, reading.context)
    reading.wait()
    image = reading.alice.getSession().getQueryService().get("Image", reading.image.id.val, reading.context)
    image.description = rstring("new")
    save(reading.alice, image, reading.context)
    assert reading.fileset in reading.now().filesets
    delete(reading.alice, reading.context, ImageAnnotationLink=[link.id.val])
    assert reading.now().unlinked


def test_the_indexer_tells_from_which_image_an_annotation_was_taken(reading: Reading) -> None:
    """policies/irods_omero/gateways/omero/events.py: some seconds later, by a row with the action ``REINDEX``."""
    link = save(reading.alice, linked("ImageAnnotationLink", reading.image, tag("t")), reading.context)
    reading.now()
    delete(reading.alice, reading.context, ImageAnnotationLink=[link.id.val])
    reading.wait()


def test_the_reader_hints_at_the_filesets_of_plates(reading: Reading) -> None:
    plate, well, sample = named("Plate", "p"), omero.model.WellI(), omero.model.WellSampleI()
    sample.image = reading.image
    well.addWellSample(sample)
    plate.addWell(well)
    saved = save(reading.alice, plate, reading.context)
    reading.now()
    link = save(reading.alice, linked("PlateAnnotationLink", saved, tag("on a plate")), reading.context)
    assert reading.fileset in reading.now().filesets
    delete(reading.alice, reading.context, PlateAnnotationLink=[link.id.val])
    assert reading.now().unlinked


def test_the_reader_leaves_out_what_the_agent_does(reading: Reading, agent_omero: OmeroConnection) -> None:
    """docs/concepts.md, quiescence: the agent's own writes cause no further work."""
    session = agent_omero.as_user(ALICE, ANNOTATE)
    link = session.save_and_return("tagging", "", linked("ImageAnnotationLink", reading.image, tag("by the agent")))
    assert reading.fileset not in reading.now().filesets
    session.delete("taking away", "ImageAnnotationLink", [link.id.val])
    assert reading.fileset not in reading.now().filesets
