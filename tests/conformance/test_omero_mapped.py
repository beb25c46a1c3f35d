"""Mapped attributes in OMERO: tags in tag sets, and keys of annotations into which users write, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import omero.model
import pytest
from omero.constants.metadata import NSINSIGHTTAGSET
from omero.rtypes import rstring

from irods_omero.domain.state.actions import AddTag, RemoveKeyValues, WriteKeyValues
from irods_omero.domain.state.places import tags_of
from irods_omero.gateways.omero.events import EventReader
from irods_omero.gateways.omero.filesets import read_filesets
from irods_omero.gateways.omero.tags import Tags
from irods_omero.vocabulary import REQUESTS, TIER_NAMESPACE
from tests.conformance.gateway import LABORATORY, LOOKED, Agent, opener
from tests.conformance.importing import picture
from tests.conformance.mapped import (
    STAIN,
    put_into_set,
    put_on,
    share_annotations,
    shown,
    use_tag_sets,
    written,
)
from tests.conformance.server import ALICE, ANNOTATE, BOB, linked, named, pairs, save, tag


@pytest.fixture
def fileset_id(agent: Agent) -> int:
    """An imported fileset."""
    return agent.importing.bring_in(agent.action(target=agent.target), opener(picture())).fileset


def test_new_tags_are_put_into_their_set(agent: Agent, fileset_id: int) -> None:
    use_tag_sets(agent, fileset_id)


def test_a_tag_counts_for_the_first_of_its_sets_and_for_its_namespace_before_that(
    agent: Agent, fileset_id: int
) -> None:
    put_on(agent, fileset_id, put_into_set(agent, "in both", "Stain", "A set"))
    put_on(agent, fileset_id, put_into_set(agent, "in another", "not mapped"))
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    state = save(client, tag("tier:x", TIER_NAMESPACE), context)
    tag_set = save(client, tag("Stain", NSINSIGHTTAGSET), context)
    save(client, linked("AnnotationAnnotationLink", tag_set, state), context)
    put_on(agent, fileset_id, state)
    assert shown(agent, fileset_id) == {(STAIN._replace(name="A set"), "in both"), (tags_of(TIER_NAMESPACE), "tier:x")}


def test_a_tag_that_is_in_its_set_alone_is_used_again(agent: Agent, fileset_id: int) -> None:
    alone, both = f"alone {agent.data_id}", f"both {agent.data_id}"
    mine = put_into_set(agent, alone, "Stain").id.val
    other = put_into_set(agent, both, "Stain", "A set").id.val
    agent.apply(*(AddTag(agent.subject(fileset_id), STAIN, text) for text in (alone, both)))
    tags = {link.text: link.tag for link in agent.subject(fileset_id).tags}
    assert tags[alone] == mine
    assert tags[both] != other, "it would count for another set"


def test_request_words_without_a_namespace_are_read_in_whatever_letters(agent: Agent, fileset_id: int) -> None:
    """omero-63: by their text, without the blanks around it."""
    for text in ("archive", " Keep ", "KEEP", "keeper"):
        put_on(agent, fileset_id, tag(text))
    put_on(agent, fileset_id, tag("RESTAGE", "of their own"))
    (read,) = read_filesets(agent.service, [fileset_id], replace(LOOKED, words=REQUESTS))[fileset_id].subjects
    assert sorted(link.text for link in read.tags if link.is_typed) == ["archive", "keep", "keep"]
    assert {link.text for link in read.tags} & {"keeper", "restage", "RESTAGE"} == set()
    assert not any(link.is_typed for link in agent.subject(fileset_id).tags)


def test_tags_of_a_set_are_made_once_in_a_sweep(agent: Agent, fileset_id: int) -> None:
    tags, text = Tags(), f"once {agent.data_id}"
    with_session = agent.people.acting_as(agent.server.users[ALICE], agent.server.groups[ANNOTATE])
    first = tags.tag(with_session, agent.server.groups[ANNOTATE], STAIN, text)
    assert tags.tag(with_session, agent.server.groups[ANNOTATE], STAIN, text) == first
    assert Tags().tag(with_session, agent.server.groups[ANNOTATE], STAIN, text) == first


def test_pairs_are_written_into_the_annotation_of_the_user(agent: Agent, fileset_id: int) -> None:
    put_on(agent, fileset_id, pairs(LABORATORY, ("mine", "x")))
    (before,) = written(agent, fileset_id)
    agent.apply(WriteKeyValues(agent.subject(fileset_id), before, (("mine", "x"), ("Temperature", "20")), LABORATORY))
    (after,) = written(agent, fileset_id)
    assert (after.annotation, after.pairs) == (before.annotation, (("mine", "x"), ("Temperature", "20")))
    agent.apply(RemoveKeyValues(agent.subject(fileset_id), after.link, after.owner))
    assert written(agent, fileset_id) == []


def test_pairs_that_a_user_changes_at_this_moment_are_left_to_them(agent: Agent, fileset_id: int) -> None:
    link = put_on(agent, fileset_id, pairs(LABORATORY, ("mine", "x")))
    (before,) = written(agent, fileset_id)
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    changed: Any = client.getSession().getQueryService().get("MapAnnotation", link.child.id.val, context)
    changed.setMapValue([omero.model.NamedValue("mine", "y")])
    save(client, changed, context)
    action = WriteKeyValues(agent.subject(fileset_id), before, (("mine", "x"), ("Temperature", "20")), LABORATORY)
    assert "somebody has changed them" in agent.annotating.apply([(1, action)])[1][0].why
    assert [each.pairs for each in written(agent, fileset_id)] == [(("mine", "y"),)]


def test_an_annotation_that_is_elsewhere_too_is_replaced(agent: Agent, fileset_id: int) -> None:
    image = save(agent.server.client(ALICE), named("Image", "other"), agent.server.within(ANNOTATE))
    share_annotations(agent, fileset_id, image)


def test_an_annotation_of_another_user_is_not_written_into(agent: Agent, fileset_id: int) -> None:
    made = save(agent.server.client(BOB), pairs(LABORATORY, ("Temperature", "20")), agent.server.within(ANNOTATE))
    put_on(agent, fileset_id, made)
    (before,) = written(agent, fileset_id)
    assert (before.owner, before.shared) == (agent.server.users[ALICE], True)


def test_tags_that_are_renamed_or_put_into_a_set_are_followed(agent: Agent, fileset_id: int) -> None:
    mine = put_into_set(agent, f"old {agent.data_id}")
    put_on(agent, fileset_id, mine)
    reader = EventReader()
    reader.read(agent.service)
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    changed: Any = client.getSession().getQueryService().get("TagAnnotation", mine.id.val, context)
    changed.textValue = rstring(f"new {agent.data_id}")
    save(client, changed, context)
    assert fileset_id in reader.read(agent.service).filesets
    tag_set = save(client, tag("Stain", NSINSIGHTTAGSET), context)
    assert fileset_id not in reader.read(agent.service).filesets
    save(client, linked("AnnotationAnnotationLink", tag_set, mine), context)
    assert fileset_id in reader.read(agent.service).filesets
