"""Who may see, change, link, annotate and delete what, in each kind of group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.cmd
import pytest
from omero.rtypes import rstring

from lab.tests.omero.conftest import GROUPS, World
from lab.tests.omero.helpers import delete, linked, named, objects, query, save, tag


def image_of(world: World, user: str, group: str) -> Any:
    return save(world.client(user), named("Image", "picture"), world.within(group))


def allows(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (omero.SecurityViolation, omero.CmdError):
        return False
    return True


@pytest.mark.parametrize(
    ("group", "visible"), [("private", False), ("readonly", True), ("annotate", True), ("shared", True)]
)
def test_members_see_each_others_data_unless_the_group_is_private(world: World, group: str, visible: bool) -> None:
    image = image_of(world, "alice", group)
    for context in (world.within(group), world.within("all")):
        rows = query(world.client("bob"), "select i.id from Image i where i.id = :id", context, id=image.id.val)
        assert bool(rows) is visible
        for user in ("alice", "owner", "root", "service"):
            assert query(world.client(user), "select i.id from Image i where i.id = :id", context, id=image.id.val)
    assert not query(
        world.client("stranger"), "select i.id from Image i where i.id = :id", world.within("all"), id=image.id.val
    )


@pytest.mark.parametrize("user", ["bob", "owner", "service", "root"])
@pytest.mark.parametrize("group", GROUPS)
def test_annotating_and_changing_others_data(world: World, group: str, user: str) -> None:
    may_annotate = {"bob": ("annotate", "shared"), "service": ()}.get(user, ("readonly", "annotate", "shared"))
    may_edit = {"bob": ("shared",), "service": ()}.get(user, tuple(GROUPS))
    image = image_of(world, "alice", group)
    client, context = world.client(user), world.within(group)
    annotate = allows(lambda: save(client, linked("ImageAnnotationLink", image, tag("t")), context))
    assert annotate is (group in may_annotate)
    changed = world.client("alice").sf.getQueryService().get("Image", image.id.val, context)
    changed.description = rstring("new")
    assert allows(lambda: save(client, changed, context)) is (group in may_edit)


@pytest.mark.parametrize("group", ["readonly", "annotate", "shared"])
def test_permissions_that_clients_see_agree(world: World, group: str) -> None:
    image = image_of(world, "alice", group)
    for user, edits, annotates in (
        ("alice", True, True),
        ("bob", group == "shared", group in ("annotate", "shared")),
        ("owner", True, True),
        ("root", True, True),
        ("service", False, False),
    ):
        seen = world.client(user).sf.getQueryService().get("Image", image.id.val, world.within(group))
        shown = seen.details.permissions
        assert (shown.canEdit(), shown.canDelete(), shown.canAnnotate()) == (edits, edits, annotates), user


@pytest.mark.parametrize("group", GROUPS)
def test_by_sudo_the_service_writes_as_the_user(world: World, group: str) -> None:
    image = image_of(world, "alice", group)
    client = world.sudo("alice", group)
    link = save(client, linked("ImageAnnotationLink", image, tag("by sudo")))
    assert link.details.owner.id.val == world.users["alice"]
    assert link.details.group.id.val == world.groups[group]
    client.killSession()


def test_supervisors_may_not_annotate_in_private_groups_even_with_their_own_tag(world: World) -> None:
    image = image_of(world, "alice", "private")
    for user in ("root", "owner"):
        with pytest.raises(omero.ReadOnlyGroupSecurityViolation, match="link to users' data"):
            save(world.client(user), linked("ImageAnnotationLink", image, tag("t")), world.within("private"))


@pytest.mark.parametrize(("group", "others_tag"), [("readonly", False), ("annotate", True), ("shared", True)])
def test_a_tag_of_somebody_else_may_be_put_on_own_data(world: World, group: str, others_tag: bool) -> None:
    context = world.within(group)
    child = save(world.client("alice"), tag("alice's"), context)
    image = image_of(world, "bob", group)
    link = linked("ImageAnnotationLink", image, child)
    assert allows(lambda: save(world.client("bob"), link, context)) is others_tag


@pytest.mark.parametrize(
    ("user", "group", "may"),
    [
        ("alice", "annotate", True),
        ("bob", "annotate", False),
        ("bob", "shared", True),
        ("owner", "annotate", True),
        ("root", "annotate", True),
        ("service", "annotate", False),
    ],
)
def test_who_may_take_a_tag_away(world: World, user: str, group: str, may: bool) -> None:
    context = world.within(group)
    image = image_of(world, "bob", group)
    link = save(world.client("alice"), linked("ImageAnnotationLink", image, tag("alice's")), context)
    assert allows(lambda: delete(world.client(user), ImageAnnotationLink=[link.id.val])) is may
    assert (
        bool(
            query(
                world.client("root"), "select l.id from ImageAnnotationLink l where l.id = :id", context, id=link.id.val
            )
        )
        is not may
    )


def test_the_failure_of_a_forbidden_delete_says_what(world: World) -> None:
    image = image_of(world, "alice", "annotate")
    with pytest.raises(omero.CmdError) as caught:
        delete(world.client("bob"), Image=[image.id.val])
    assert isinstance(caught.value.err, omero.cmd.GraphException)
    assert caught.value.err.message == f"not permitted to delete ome.model.core.Image[{image.id.val}]"
    assert caught.value.err.name == "graph-fail"


def test_objects_of_two_groups_are_not_linked(world: World) -> None:
    image = image_of(world, "alice", "annotate")
    child = save(world.client("alice"), tag("elsewhere"), world.within("shared"))
    with pytest.raises(omero.GroupSecurityViolation, match="MIXED GROUP"):
        save(world.client("alice"), linked("ImageAnnotationLink", image, child), world.within("annotate"))


def test_saving_across_all_groups_is_refused(world: World) -> None:
    with pytest.raises(omero.ApiUsageException, match="for a save without context"):
        save(world.client("alice"), named("Project", "nowhere"), world.within("all"))
    image = image_of(world, "alice", "annotate")
    image = world.client("alice").sf.getQueryService().get("Image", image.id.val, world.within("all"))
    image.description = rstring("new")
    with pytest.raises(omero.SecurityViolation, match="Currently logged into group -1"):
        save(world.client("alice"), image, world.within("all"))


def test_administrators_may_write_for_others(world: World) -> None:
    made = named("Dataset", "given")
    made.details.owner = omero.model.ExperimenterI(world.users["alice"], False)
    saved = save(world.client("root"), made, world.within("annotate"))
    assert saved.details.owner.id.val == world.users["alice"]
    made = named("Dataset", "taken")
    made.details.owner = omero.model.ExperimenterI(world.users["alice"], False)
    with pytest.raises(omero.SecurityViolation, match="not authorized to set the Experimenter"):
        save(world.client("bob"), made, world.within("annotate"))


def test_a_restricted_administrator_creates_nothing_outside_of_its_groups(world: World) -> None:
    with pytest.raises(omero.SecurityViolation, match="not authorized to create"):
        save(world.client("service"), named("Dataset", "no"), world.within("annotate"))


def test_users_do_not_make_users(world: World) -> None:
    with pytest.raises(omero.SecurityViolation):
        save(world.client("alice"), named("ExperimenterGroup", "mine"))


def test_sessions_of_others_are_hidden_but_not_what_events_say_of_them(world: World) -> None:
    image = image_of(world, "alice", "annotate")
    service, context = world.client("service"), world.within("all")
    seen = objects(service, "select s from Session s where s.owner.id = :id", context, id=world.users["alice"])
    assert all(session.sudoer.id.val == world.users["service"] for session in seen), "but for its own, by sudo"
    text = "select i.details.creationEvent.session.userAgent from Image i where i.id = :id"
    assert query(service, text, context, id=image.id.val) == [["OMERO.py"]]
