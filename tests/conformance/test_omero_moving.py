"""Images that get another owner or another group: what goes along, what stays, and what the event log says."""

from __future__ import annotations

import omero
import omero.model
import pytest

from irods_omero.gateways.omero.events import last_row
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.omero.sources import write_key
from tests.conformance.gateway import Agent
from tests.conformance.importing import imported
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    BOB,
    EVERYWHERE,
    PRIVATE,
    READ_ONLY,
    SHARED,
    linked,
    named,
    rows,
    run,
    save,
    tag,
)

OWNER_OF = "select l.details.owner.omeName from {} l where l.id = :id"


def taken_in(agent: Agent, group: str) -> tuple[int, int, dict[str, int]]:
    """A fileset of a user with its key, its image, and the ids of links: to a tag of that user, and of a dataset."""
    with agent.server.sudo(ALICE, group) as client:
        fileset, (image,) = imported(client, "elsewhere/moving.ome.tiff", "one")
        of_image = omero.model.ImageI(image, False)
        links = {
            "ImageAnnotationLink": save(client, linked("ImageAnnotationLink", of_image, tag("own"))).id.val,
            "DatasetImageLink": save(client, linked("DatasetImageLink", named("Dataset", "stays"), of_image)).id.val,
        }
    user, within = agent.server.users[ALICE], agent.server.groups[group]
    write_key(agent.people.acting_as(user, within), fileset, agent.action().key)
    return fileset, image, links


def logged(agent: Agent, after: int, *entities: tuple[str, int]) -> set[tuple[str, str]]:
    """What the event log says since of some objects: for each its class, and what was done."""
    text = (
        "select l.entityType, l.action from EventLog l where l.id > :after and l.entityType = :kind "
        "and l.entityId = :id and l.action in ('INSERT', 'UPDATE', 'DELETE')"
    )
    log_rows = (
        rows(agent.server.client(""), text, EVERYWHERE, after=after, kind=kind, id=id_) for kind, id_ in entities
    )
    return {(kind, action) for of_entity in log_rows for kind, action in of_entity}


@pytest.mark.parametrize(
    ("group", "tagger", "place"),
    [(PRIVATE, BOB, None), (READ_ONLY, BOB, None), (ANNOTATE, ALICE, None), (SHARED, ALICE, ALICE)],
)
def test_who_is_given_images_gets_their_fileset_and_it_is_known_by_its_key(
    agent: Agent, group: str, tagger: str, place: str | None
) -> None:
    """omero-82: where members annotate, annotations stay with their owner; datasets of others only where all write."""
    fileset, image, links = taken_in(agent, group)
    root, end = agent.server.client(""), last_row(agent.service)
    run(root, omero.cmd.Chown2(targetObjects={"Image": [image]}, userId=agent.server.users[BOB]), EVERYWHERE)
    text = "select f.details.owner.omeName, i.details.owner.omeName from Image i join i.fileset f where i.id = :id"
    assert rows(root, text, EVERYWHERE, id=image) == [[BOB, BOB]]
    owners = {kind: rows(root, OWNER_OF.format(kind), EVERYWHERE, id=link) for kind, link in links.items()}
    assert owners == {"ImageAnnotationLink": [[tagger]], "DatasetImageLink": [[place]] if place else []}
    assert client_paths(agent.service, [fileset]) == {fileset: agent.action().key}
    entities = (("ome.model.core.Image", image), ("ome.model.fs.Fileset", fileset))
    assert logged(agent, end, *entities) == {(kind, "UPDATE") for kind, _ in entities}


def test_what_is_moved_to_another_group_takes_its_key_along(agent: Agent) -> None:
    """omero-32: the log says UPDATE of all that is moved."""
    fileset, image, _ = taken_in(agent, ANNOTATE)
    root, end = agent.server.client(""), last_row(agent.service)
    group = agent.server.groups[SHARED]
    run(root, omero.cmd.Chgrp2(targetObjects={"Image": [image]}, groupId=group), EVERYWHERE)
    text = "select f.details.group.id, i.details.group.id from Image i join i.fileset f where i.id = :id"
    assert rows(root, text, EVERYWHERE, id=image) == [[group, group]]
    assert client_paths(agent.service, [fileset]) == {fileset: agent.action().key}
    entities = (("ome.model.core.Image", image), ("ome.model.fs.Fileset", fileset))
    assert logged(agent, end, *entities) == {(kind, "UPDATE") for kind, _ in entities}
