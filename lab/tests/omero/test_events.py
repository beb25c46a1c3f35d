"""The event log: what is written there, in which order it shows, and whose it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import Glacier2
import omero
import omero.clients
import pytest

from lab.omero import LabOmero
from lab.omero.setup import add_group, add_user
from lab.tests.omero.helpers import delete, linked, mapped, named, query, save, tag

TEXT = "select el.entityType, el.entityId, el.action from EventLog el where el.id > :last order by el.id"
LINK = "ome.model.annotations.ImageAnnotationLink"


@pytest.fixture
def lab() -> Iterator[LabOmero]:
    with LabOmero() as made:
        root = made.client()
        add_group(root, "lab")
        add_user(root, "alice", "alice", ["lab"])
        root.closeSession()
        yield made


@pytest.fixture
def alice(lab: LabOmero) -> Iterator[Any]:
    client = lab.client("alice")
    yield client
    with suppress(Glacier2.SessionNotExistException):  # a test restarted the server
        client.closeSession()


def last(client: Any) -> int:
    return int(query(client, "select max(el.id) from EventLog el")[0][0])


def test_each_change_of_an_object_is_one_row(alice: Any) -> None:
    before = last(alice)
    image = save(alice, named("Image", "i"))
    link = save(alice, linked("ImageAnnotationLink", image, tag("t")))
    image.name = omero.rtypes.rstring("renamed")
    save(alice, image)
    delete(alice, ImageAnnotationLink=[link.id.val])
    assert query(alice, TEXT, last=before) == [
        ["ome.model.core.Image", image.id.val, "INSERT"],
        ["ome.model.annotations.TagAnnotation", link.child.id.val, "INSERT"],
        [LINK, link.id.val, "INSERT"],
        ["ome.model.core.Image", image.id.val, "REINDEX"],
        ["ome.model.core.Image", image.id.val, "UPDATE"],
        [LINK, link.id.val, "DELETE"],
        ["ome.model.core.Image", image.id.val, "REINDEX"],
    ]


def test_an_image_that_is_logged_itself_is_not_logged_again_for_its_tags(alice: Any) -> None:
    before = last(alice)
    image = named("Image", "i")
    image.linkAnnotation(tag("t"))
    save(alice, image)
    assert [row[2] for row in query(alice, TEXT, last=before)] == ["INSERT"] * 3


def test_a_changed_annotation_concerns_all_that_it_is_on(alice: Any) -> None:
    label = save(alice, tag("t"))
    images = [save(alice, linked("ImageAnnotationLink", named("Image", "i"), label)).parent.id.val for _ in range(2)]
    before = last(alice)
    label.textValue = omero.rtypes.rstring("renamed")
    save(alice, label)
    rows = query(alice, TEXT, last=before)
    assert rows[1:] == [["ome.model.core.Image", image, "REINDEX"] for image in images]


def test_of_changed_pairs_only_the_indexer_tells(alice: Any) -> None:
    """omero-33: two rows for each image, none of the annotation; a changed description is a row of the annotation."""
    link = save(alice, linked("ImageAnnotationLink", named("Image", "i"), mapped("ns", ("a", "b"))))
    pairs = alice.sf.getQueryService().get("MapAnnotation", link.child.id.val)
    before = last(alice)
    pairs.setMapValue([omero.model.NamedValue("a", "c")])
    pairs = save(alice, pairs)
    assert query(alice, TEXT, last=before) == [["ome.model.core.Image", link.parent.id.val, "REINDEX"]] * 2
    pairs.description = omero.rtypes.rstring("changed")
    before = last(alice)
    save(alice, pairs)
    assert [row[2] for row in query(alice, TEXT, last=before)] == ["UPDATE", "REINDEX"]


def test_events_tell_who_in_which_session_by_which_program(lab: LabOmero, alice: Any) -> None:
    root = omero.client(lab.host, lab.port)
    root.setAgent("irods-omero")
    root.createSession("root", lab.password)
    before = last(root)
    save(root, named("Project", "root's"))
    sudo = root.sf.getSessionService().createSessionWithTimeouts(
        omero.sys.Principal("alice", "lab", "User"), 60_000, 0, {"omero.agent": "irods-omero"}
    )
    client = omero.client(lab.host, lab.port)
    client.joinSession(sudo.uuid.val)
    save(client, named("Project", "alice's by sudo"))
    client.closeSession()
    save(alice, named("Project", "alice's"))
    text = (
        "select e.experimenter.omeName, s.userAgent, s.sudoer.id, e.experimenterGroup.name from EventLog el "
        "join el.event e join e.session s left join s.sudoer where el.id > :last "
        "and el.entityType like '%Project' order by el.id"
    )
    text = text.replace("s.sudoer.id", "sudoer.id").replace("left join s.sudoer", "left join s.sudoer sudoer")
    assert query(root, text, {"omero.group": "-1"}, last=before) == [
        ["root", "irods-omero", None, "system"],
        ["alice", "irods-omero", 0, "lab"],
        ["alice", "OMERO.py", None, "lab"],
    ]
    root.closeSession()


def test_rows_may_show_after_rows_with_higher_ids(lab: LabOmero, alice: Any) -> None:
    before = last(alice)
    lab.hold_events()
    early = save(alice, named("Dataset", "early"))
    lab.pass_events()
    late = save(alice, named("Dataset", "late"))
    seen = query(alice, "select el.id, el.entityId from EventLog el where el.id > :last", last=before)
    assert seen == [[before + 2, late.id.val]]
    lab.release_events()
    seen = query(alice, "select el.id, el.entityId from EventLog el where el.id > :last order by el.id", last=before)
    assert seen == [[before + 1, early.id.val], [before + 2, late.id.val]]


def test_the_rows_of_a_large_write_show_late_under_ids_taken_early(lab: LabOmero, alice: Any) -> None:
    """omero-29: others commit above them meanwhile."""
    before = last(alice)
    lab.delay_events(3, 1.0)
    alice.sf.getUpdateService().saveArray([named("Dataset", f"large {n}") for n in range(3)])
    small = save(alice, named("Dataset", "small"))
    text = "select el.id, el.entityId from EventLog el where el.id > :last order by el.id"
    assert query(alice, text, last=before) == [[before + 4, small.id.val]]
    deadline = time.monotonic() + 30
    while len(seen := query(alice, text, last=before)) == 1:
        assert time.monotonic() < deadline, "they did not show"
        time.sleep(0.05)
    assert [row[0] for row in seen] == [before + 1, before + 2, before + 3, before + 4]
    lab.delay_events(0, 0)


def test_ids_are_not_used_twice_after_a_restart(lab: LabOmero, alice: Any) -> None:
    saved = save(alice, named("Dataset", "d"))
    delete(alice, Dataset=[saved.id.val])
    before = last(alice)
    lab.stop()
    lab.start()
    again = lab.client("alice")
    assert save(again, named("Dataset", "next")).id.val > saved.id.val
    assert last(again) > before
    again.closeSession()
