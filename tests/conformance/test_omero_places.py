"""Where imported images are in OMERO, when the target is of the wrong kind."""

from __future__ import annotations

from typing import Any

import omero.model

from irods_omero.domain.state.target import Target
from irods_omero.gateways.omero.events import EventReader
from irods_omero.gateways.omero.filesets import unplaced
from tests.conformance.gateway import Agent, opener
from tests.conformance.importing import picture
from tests.conformance.server import ALICE, ANNOTATE, linked, named, save
from tests.pictures import plate


def bring_in(agent: Agent, content: bytes, target: Target) -> int:
    return agent.importing.bring_in(agent.action(target=target, name="x.ome.tiff"), opener(content)).fileset


def made(agent: Agent, kind: str) -> Any:
    """A dataset or screen of alice's."""
    return save(agent.server.client(ALICE), named(kind, f"{kind} {agent.data_id}"), agent.server.within(ANNOTATE))


def test_what_is_where_it_belongs_is_found(agent: Agent) -> None:
    screen = Target(existing="Screen", id=made(agent, "Screen").id.val, group=ANNOTATE)
    assert unplaced(agent.service, [bring_in(agent, picture(), agent.target)]) == set()
    assert unplaced(agent.service, [bring_in(agent, plate(2), screen)]) == set()


def test_images_with_a_screen_as_target_are_in_no_dataset_until_they_are_put_into_one(agent: Agent) -> None:
    """omero-64, and the row by which the agent learns of it."""
    fileset = bring_in(
        agent, picture("a", "b"), Target(existing="Screen", id=made(agent, "Screen").id.val, group=ANNOTATE)
    )
    assert unplaced(agent.service, [fileset]) == {fileset}
    reader, dataset = EventReader(), made(agent, "Dataset")
    for subject in agent.view(fileset).subjects:
        reader.read(agent.service)
        image = omero.model.ImageI(subject.id, False)
        link = linked("DatasetImageLink", dataset, image)
        save(agent.server.client(ALICE), link, agent.server.within(ANNOTATE))
    assert fileset in reader.read(agent.service).filesets
    assert unplaced(agent.service, [fileset]) == set()


def test_a_plate_with_a_dataset_as_target_is_in_no_screen_until_it_is_put_into_one(agent: Agent) -> None:
    """omero-64, and the row by which the agent learns of it."""
    fileset = bring_in(agent, plate(2), agent.target)
    assert unplaced(agent.service, [fileset]) == {fileset}
    reader = EventReader()
    reader.read(agent.service)
    link = linked("ScreenPlateLink", made(agent, "Screen"), omero.model.PlateI(agent.subject(fileset).id, False))
    save(agent.server.client(ALICE), link, agent.server.within(ANNOTATE))
    assert fileset in reader.read(agent.service).filesets
    assert unplaced(agent.service, [fileset]) == set()
