"""Tags, key-value pairs and their links: who may put them where, and what deleting takes along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.cmd
import omero.model
import pytest
from omero.constants.metadata import NSINSIGHTTAGSET
from omero.rtypes import rstring

from irods_omero.gateways.batches import BATCH
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    BOB,
    EVERYWHERE,
    GROUPS,
    PRIVATE,
    SHARED,
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

LINK = "ImageAnnotationLink"


def image_of(server: Server, user: str, group: str = ANNOTATE) -> Any:
    return save(server.client(user), named("Image", "i"), server.within(group))


def put_on(server: Server, user: str, image: Any, child: Any, group: str = ANNOTATE) -> Any:
    return save(server.client(user), linked(LINK, image, child), server.within(group))


def allows(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (omero.SecurityViolation, omero.CmdError):
        return False
    return True


def there(server: Server, kind: str, *ids: int) -> set[int]:
    """Which of some objects there are."""
    text = f"select o.id from {kind} o where o.id in (:ids)"
    return {row[0] for row in rows(server.client(server.service), text, EVERYWHERE, ids=list(ids))}


def test_links_are_unique_on_parent_child_and_owner(server: Server) -> None:
    """omero-17: two users can apply the same tag to one image; taking it away means deleting every owner's link."""
    image = image_of(server, ALICE)
    label = put_on(server, ALICE, image, tag("t")).child
    with pytest.raises(omero.ValidationException):
        put_on(server, ALICE, image, label)
    put_on(server, BOB, image, label)
    text = f"select l.details.owner.id from {LINK} l where l.parent.id = :id and l.child.id = :child"
    owners = rows(server.client(ALICE), text, server.within(ANNOTATE), id=image.id.val, child=label.id.val)
    assert sorted(row[0] for row in owners) == sorted([server.users[ALICE], server.users[BOB]])


def test_saving_several_is_all_or_nothing(server: Server) -> None:
    """policies/irods_omero/gateways/batches.py: a batch that is refused is halved until the culprits are alone."""
    image, other = image_of(server, ALICE), image_of(server, ALICE)
    label = put_on(server, ALICE, image, tag("t")).child
    links = [linked(LINK, other, label), linked(LINK, image, label)]
    update = server.client(ALICE).getSession().getUpdateService()
    with pytest.raises(omero.ValidationException):
        update.saveArray(links, server.within(ANNOTATE))
    text = f"select l.id from {LINK} l where l.parent.id = :id"
    assert rows(server.client(ALICE), text, server.within(ANNOTATE), id=other.id.val) == []


def test_a_batch_of_links_is_saved_and_deleted_at_once(server: Server) -> None:
    """omero-08, omero-22: ``saveArray`` for new links and ``Delete2`` to remove them, in batches of at most 1,000."""
    image, context = image_of(server, ALICE), server.within(ANNOTATE)
    client = server.client(ALICE)
    labels = [tag(f"batch {number}") for number in range(BATCH)]
    ids = client.getSession().getUpdateService().saveAndReturnIds(labels, context)
    links = [linked(LINK, image, omero.model.TagAnnotationI(id_, False)) for id_ in ids]
    client.getSession().getUpdateService().saveArray(links, context)
    text = f"select l.id from {LINK} l where l.child.id in (:ids)"
    made = [row[0] for row in rows(client, text, context, ids=ids)]
    assert len(made) == BATCH
    delete(client, context, ImageAnnotationLink=made)
    assert there(server, LINK, *made) == set()
    delete(client, context, TagAnnotation=ids)


def test_tags_are_not_unique_by_text(server: Server) -> None:
    """omero-17: tags live in one group each: match namespace and text per group."""
    for group in (ANNOTATE, SHARED):
        for _ in range(2):
            save(server.client(ALICE), tag("the same", "conformance"), server.within(group))
    text = "select t.id from TagAnnotation t where t.ns = 'conformance' and t.textValue = 'the same'"
    tags = {
        group: {row[0] for row in rows(server.client(ALICE), text, server.within(group))} for group in server.groups
    }
    assert len(tags[ANNOTATE]) > 1
    assert not tags[ANNOTATE] & tags[SHARED]


def test_a_tag_of_another_group_cannot_be_put_on(server: Server) -> None:
    label = save(server.client(ALICE), tag("elsewhere"), server.within(SHARED))
    with pytest.raises(omero.SecurityViolation):
        put_on(server, ALICE, image_of(server, ALICE), label)


@pytest.mark.parametrize("group", GROUPS)
def test_members_annotate_each_others_data_in_two_kinds_of_groups(server: Server, group: str) -> None:
    """omero-18: members can annotate others' data only in read-annotate and read-write groups."""
    image = image_of(server, ALICE, group)
    assert allows(lambda: put_on(server, BOB, image, tag("bob's"), group)) is (group in (ANNOTATE, SHARED))


@pytest.mark.parametrize("group", GROUPS)
def test_administrators_do_not_annotate_in_private_groups(server: Server, group: str) -> None:
    """omero-19: admins cannot annotate in private groups: act as the data's owner, by sudo."""
    image = image_of(server, ALICE, group)
    links = list[Any]()
    assert allows(lambda: links.append(put_on(server, "", image, tag("root's"), group))) is (group != PRIVATE)
    for link in links:
        delete(server.client(""), EVERYWHERE, TagAnnotation=[link.child.id.val])
    with server.sudo(ALICE, group) as client:
        link = save(client, linked(LINK, image, tag("by sudo")))
    assert link.details.owner.id.val == server.users[ALICE]


@pytest.mark.parametrize("group", [ANNOTATE, SHARED])
def test_an_owner_puts_on_the_tags_of_others_where_members_annotate(server: Server, group: str) -> None:
    """policies/irods_omero/gateways/omero/tags.py: there the oldest tag serves all of them."""
    label = save(server.client(BOB), tag("bob's"), server.within(group))
    assert put_on(server, ALICE, image_of(server, ALICE, group), label, group).child.id.val == label.id.val


def test_each_takes_his_own_links_away(server: Server) -> None:
    """policies/irods_omero/gateways/omero/annotations.py: links are removed as their owner."""
    image = image_of(server, ALICE)
    link = put_on(server, BOB, image, tag("bob's"))
    context = server.within(ANNOTATE)
    with server.sudo(BOB, ANNOTATE) as client:
        delete(client, ImageAnnotationLink=[link.id.val])
    assert there(server, LINK, link.id.val) == set()
    assert there(server, "TagAnnotation", link.child.id.val) == {link.child.id.val}, "the tag stays"
    link = put_on(server, ALICE, image, tag("alice's"))
    assert not allows(lambda: delete(server.client(BOB), context, ImageAnnotationLink=[link.id.val]))
    assert there(server, LINK, link.id.val) == {link.id.val}


def test_one_link_that_is_gone_fails_the_deletion_of_all(server: Server) -> None:
    """policies/irods_omero/gateways/batches.py halves the batch then."""
    link = put_on(server, ALICE, image_of(server, ALICE), tag("t"))
    with pytest.raises(omero.CmdError):
        delete(server.client(ALICE), server.within(ANNOTATE), ImageAnnotationLink=[link.id.val, 10**9])
    assert there(server, LINK, link.id.val) == {link.id.val}


def test_key_value_pairs_keep_order_and_repetition(server: Server) -> None:
    given = (("zone", "tempZone"), ("path", "/a 'b' \"c\" % \\ 😀"), ("a", ""), ("zone", "again"))
    link = put_on(server, ALICE, image_of(server, ALICE), pairs("conformance/pairs", *given))
    text = f"select l from {LINK} l join fetch l.child a join fetch l.details.owner where l.id = :id"
    (saved,) = objects(server.client(server.service), text, EVERYWHERE, id=link.id.val)
    assert isinstance(saved.child, omero.model.MapAnnotationI)
    assert tuple((pair.name, pair.value) for pair in saved.child.getMapValue()) == given
    assert saved.details.owner.omeName.val == ALICE


def test_key_value_pairs_are_changed_in_place(server: Server) -> None:
    """policies/irods_omero/gateways/omero/annotations.py: read, given other pairs, and saved."""
    context = server.within(ANNOTATE)
    link = put_on(server, ALICE, image_of(server, ALICE), pairs("conformance/pairs", ("a", "1"), ("b", "2")))
    text = "select a from MapAnnotation a where a.id in (:ids)"
    for given in ((("a", "3"),), (("x", "1"), ("y", "2"), ("z", "3"))):
        (annotation,) = objects(server.client(ALICE), text, context, ids=[link.child.id.val])
        annotation.setMapValue([omero.model.NamedValue(*pair) for pair in given])
        server.client(ALICE).getSession().getUpdateService().saveArray([annotation], context)
        (annotation,) = objects(server.client(ALICE), text, context, ids=[link.child.id.val])
        assert tuple((pair.name, pair.value) for pair in annotation.getMapValue()) == given


def test_several_images_can_share_one_annotation_that_is_saved_with_them(server: Server) -> None:
    """policies/irods_omero/gateways/omero/annotations.py: one annotation for all images of a fileset, in one call."""
    shared, context = pairs("conformance/pairs", ("a", "b")), server.within(ANNOTATE)
    images = [image_of(server, ALICE) for _ in range(2)]
    links = [linked(LINK, image, shared) for image in images]
    server.client(ALICE).getSession().getUpdateService().saveArray(links, context)
    text = f"select l.child.id from {LINK} l where l.parent.id in (:ids)"
    orders = rows(server.client(ALICE), text, context, ids=[image.id.val for image in images])
    assert len(orders) == 2
    assert orders[0] == orders[1]


def test_the_last_link_takes_key_value_pairs_along(server: Server) -> None:
    image = image_of(server, ALICE)
    link = put_on(server, ALICE, image, pairs("conformance/pairs", ("a", "b")))
    delete(server.client(ALICE), server.within(ANNOTATE), ImageAnnotationLink=[link.id.val])
    assert there(server, LINK, link.id.val) == there(server, "MapAnnotation", link.child.id.val) == set()


def test_tags_form_sets(server: Server) -> None:
    """omero-26: tag set ``openmicroscopy.org/omero/insight/tagset``; a set and its tag are made in one call."""
    group = tag("a set", NSINSIGHTTAGSET)
    link = save(server.client(ALICE), linked("AnnotationAnnotationLink", group, tag("in it")), server.within(ANNOTATE))
    text = "select l.child.textValue from AnnotationAnnotationLink l where l.parent.id = :id and l.parent.ns = :ns"
    texts = rows(server.client(ALICE), text, server.within(ANNOTATE), id=link.parent.id.val, ns=NSINSIGHTTAGSET)
    assert texts == [["in it"]]


@pytest.mark.parametrize("text", ['it\'s "quoted"', "100% _ \\ 😀", "'); drop table annotation; --", ":id"])
def test_text_is_only_text(server: Server, text: str) -> None:
    saved = save(server.client(ALICE), tag(text, text), server.within(ANNOTATE))
    query = "select t.id from TagAnnotation t where t.ns = :ns and t.textValue = :text and t.id = :id"
    ids = rows(server.client(ALICE), query, server.within(ANNOTATE), ns=text, text=text, id=saved.id.val)
    assert ids == [[saved.id.val]]


def test_saving_what_was_changed_meanwhile_is_refused(server: Server) -> None:
    """Two agents, or an agent and a user, do not overwrite each other unseen."""
    client, context = server.client(ALICE), server.within(ANNOTATE)
    image = image_of(server, ALICE)
    first, second = (client.getSession().getQueryService().get("Image", image.id.val, context) for _ in range(2))
    first.description = rstring("first")
    save(client, first, context)
    second.description = rstring("second")
    with pytest.raises(omero.OptimisticLockException):
        save(client, second, context)


def test_a_forbidden_deletion_says_what_is_not_permitted(server: Server) -> None:
    image = image_of(server, ALICE)
    with pytest.raises(omero.CmdError) as caught:
        delete(server.client(BOB), server.within(ANNOTATE), Image=[image.id.val])
    assert isinstance(caught.value.err, omero.cmd.ERR)
    assert there(server, "Image", image.id.val) == {image.id.val}
