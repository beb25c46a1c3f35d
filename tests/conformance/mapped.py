"""What users and the agent do at the places of mapped attributes: tag sets, and keys of annotations."""

from __future__ import annotations

from typing import Any

import omero.model
from omero.constants.metadata import NSINSIGHTTAGSET

from irods_omero.domain.state.actions import AddTag, WriteKeyValues
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.places import KEY, TAG_SET, Place
from irods_omero.domain.state.views import KeyValues
from tests.conformance.gateway import LABORATORY, Agent
from tests.conformance.server import ALICE, ANNOTATE, linked, pairs, save, tag

STAIN = Place(TAG_SET, name="Stain")
KEYS = Place(KEY, LABORATORY, "Temperature")


def shown(agent: Agent, fileset_id: int) -> set[tuple[Place, str]]:
    """What the gateway reads of the tags on the only image of a fileset."""
    return {(place_of_tag(link), link.text) for link in agent.subject(fileset_id).tags}


def written(agent: Agent, fileset_id: int) -> list[KeyValues]:
    """The annotations of users on the only image of a fileset."""
    return sorted(each for each in agent.subject(fileset_id).key_values if each.namespace == LABORATORY)


def put_into_set(agent: Agent, text: str, *sets: str) -> Any:
    """Alice makes a tag and puts it into tag sets of hers."""
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    made = save(client, tag(text), context)
    for name in sets:
        tag_set = save(client, tag(name, NSINSIGHTTAGSET), context)
        save(client, linked("AnnotationAnnotationLink", tag_set, made), context)
    return made


def put_on(agent: Agent, fileset_id: int, annotation: Any, user: str = ALICE) -> Any:
    """A user puts an annotation on the only image of a fileset; returns the link."""
    subject = agent.subject(fileset_id)
    parent = getattr(omero.model, f"{subject.kind}I")(subject.id, False)
    link = linked(f"{subject.kind}AnnotationLink", parent, annotation)
    return save(agent.server.client(user), link, agent.server.within(ANNOTATE))


def use_tag_sets(agent: Agent, fileset_id: int) -> None:
    """Tags count for the set that they are in, and new ones are put into it."""
    text = f"DAPI {agent.data_id}"
    agent.apply(AddTag(agent.subject(fileset_id), STAIN, text))
    assert (STAIN, text) in shown(agent, fileset_id)
    assert sum(link.text == text for link in agent.subject(fileset_id).tags) == 1


def share_annotations(agent: Agent, fileset_id: int, elsewhere: Any) -> None:
    """An annotation that is also on something else is replaced and stays as it is there."""
    subject = agent.subject(fileset_id)
    link = put_on(agent, fileset_id, pairs(LABORATORY, ("Temperature", "20"), ("mine", "x")))
    assert [each.shared for each in written(agent, fileset_id)] == [False]
    other = linked(f"{subject.kind}AnnotationLink", elsewhere, link.child)
    save(agent.server.client(ALICE), other, agent.server.within(ANNOTATE))
    (before,) = written(agent, fileset_id)
    assert before.shared
    agent.apply(WriteKeyValues(subject, before, (("Temperature", "21"), ("mine", "x")), LABORATORY))
    (after,) = written(agent, fileset_id)
    assert (after.pairs, after.shared) == ((("Temperature", "21"), ("mine", "x")), False)
    assert after.annotation != before.annotation
