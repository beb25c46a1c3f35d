"""Delete2, Chgrp2 and Chown2: what goes along, what stays, and what is refused as a whole."""

from __future__ import annotations

from typing import Any

import omero
import omero.callbacks
import omero.cmd
import pytest

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import delete, linked, mapped, named, query, save, tag


@pytest.fixture(scope="module")
def alice(world: World) -> Any:
    client = world.lab.client("alice", group="annotate")
    yield client
    client.closeSession()


def fileset_of(client: Any, *names: str) -> tuple[int, list[int]]:
    """Save a fileset with images, as an import would leave it, but for files and jobs."""
    made = omero.model.FilesetI()
    made.templatePrefix = omero.rtypes.rstring("x/")
    for name in names:
        made.addImage(named("Image", name))
    saved = save(client, made)
    return saved.id.val, [image.id.val for image in saved.copyImages()]


def count(client: Any, kind: str, *identities: int) -> int:
    return len(query(client, f"select o.id from {kind} o where o.id in (:ids)", ids=list(identities)))


def test_taking_tags_away_leaves_the_tags(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    links = [save(alice, linked("ImageAnnotationLink", image, tag(text))) for text in "abc"]
    deleted = delete(alice, ImageAnnotationLink=[link.id.val for link in links])
    assert deleted == {"ome.model.annotations.ImageAnnotationLink": [link.id.val for link in links]}
    assert count(alice, "TagAnnotation", *(link.child.id.val for link in links)) == 3


def test_taking_the_last_link_of_key_value_pairs_away_deletes_them(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    link = save(alice, linked("ImageAnnotationLink", image, mapped("ns", ("a", "b"))))
    deleted = delete(alice, ImageAnnotationLink=[link.id.val])
    assert deleted["ome.model.annotations.MapAnnotation"] == [link.child.id.val]


def test_one_link_that_is_gone_fails_all(alice: Any) -> None:
    """omero-23: the reason is in the trace only."""
    image = save(alice, named("Image", "i"))
    link = save(alice, linked("ImageAnnotationLink", image, tag("t")))
    with pytest.raises(omero.CmdError) as caught:
        delete(alice, ImageAnnotationLink=[link.id.val, 10**9])
    expected = "cannot read all the specified objects of class ome.model.annotations.ImageAnnotationLink"
    failure = caught.value.err
    assert (failure.message, failure.parameters["message"]) == ("", "")
    assert expected in failure.parameters["stacktrace"].splitlines()[0]
    assert count(alice, "ImageAnnotationLink", link.id.val) == 1


def test_an_image_takes_its_owners_own_unused_tags_along(world: World, alice: Any) -> None:
    image, other = save(alice, named("Image", "i")), save(alice, named("Image", "other"))
    own, used = save(alice, tag("own")), save(alice, tag("used"))
    foreign = save(world.client("bob"), tag("bob's"), world.within("annotate"))
    for child in (own, used, foreign):
        save(alice, linked("ImageAnnotationLink", image, child))
    save(alice, linked("ImageAnnotationLink", other, used))
    delete(alice, Image=[image.id.val])
    assert count(alice, "TagAnnotation", own.id.val) == 0
    assert count(alice, "TagAnnotation", used.id.val, foreign.id.val) == 2


def test_tags_can_be_kept(alice: Any) -> None:
    image, own = save(alice, named("Image", "i")), save(alice, tag("own"))
    save(alice, linked("ImageAnnotationLink", image, own))
    option = omero.cmd.graphs.ChildOption(excludeType=["TagAnnotation"])
    alice.submit(omero.cmd.Delete2(targetObjects={"Image": [image.id.val]}, childOptions=[option]), loops=100).close(
        True
    )
    assert count(alice, "Image", image.id.val) == 0
    assert count(alice, "TagAnnotation", own.id.val) == 1


def test_images_of_one_fileset_stay_together(alice: Any) -> None:
    fileset, images = fileset_of(alice, "a", "b")
    with pytest.raises(omero.CmdError) as caught:
        delete(alice, Image=images[:1])
    message = f"within ome.model.fs.Fileset[{fileset}] may not delete ome.model.core.Image[{images[0]}]"
    assert caught.value.err.message == f"{message} while ome.model.core.Image[{images[1]}] remains"
    assert delete(alice, Image=images)["ome.model.fs.Fileset"] == [fileset]


def test_a_container_takes_along_what_is_in_no_other(alice: Any) -> None:
    project, dataset, other = (save(alice, named(kind, "x")) for kind in ("Project", "Dataset", "Dataset"))
    save(alice, linked("ProjectDatasetLink", project, dataset))
    alone, shared = save(alice, named("Image", "alone")), save(alice, named("Image", "shared"))
    for parent, child in ((dataset, alone), (dataset, shared), (other, shared)):
        save(alice, linked("DatasetImageLink", parent, child))
    deleted = delete(alice, Project=[project.id.val])
    assert deleted["ome.model.core.Image"] == [alone.id.val]
    assert deleted["ome.model.containers.Dataset"] == [dataset.id.val]
    assert count(alice, "Image", shared.id.val) == 1


def test_half_a_fileset_does_not_go_with_its_dataset(alice: Any) -> None:
    fileset, images = fileset_of(alice, "a", "b")
    dataset = save(alice, named("Dataset", "d"))
    save(alice, linked("DatasetImageLink", dataset, omero.model.ImageI(images[0], False)))
    delete(alice, Dataset=[dataset.id.val])
    assert count(alice, "Image", *images) == 2
    assert count(alice, "Fileset", fileset) == 1


def test_a_field_holds_its_image(alice: Any) -> None:
    plate, well, sample = named("Plate", "p"), omero.model.WellI(), omero.model.WellSampleI()
    sample.image = named("Image", "field")
    well.addWellSample(sample)
    plate.addWell(well)
    saved = save(alice, plate)
    (row,) = query(alice, "select ws.image.id from WellSample ws where ws.well.plate.id = :id", id=saved.id.val)
    with pytest.raises(omero.CmdError, match="may not delete"):
        delete(alice, Image=row)
    assert delete(alice, Plate=[saved.id.val])["ome.model.core.Image"] == row


def test_a_tag_may_not_be_deleted_from_data_that_one_may_not_delete(world: World, alice: Any) -> None:
    image = save(world.client("bob"), named("Image", "bob's"), world.within("annotate"))
    link = save(alice, linked("ImageAnnotationLink", image, tag("alice's")))
    with pytest.raises(omero.CmdError, match="may not delete"):
        delete(alice, TagAnnotation=[link.child.id.val])


def test_a_dry_run_deletes_nothing(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    request = omero.cmd.Delete2(targetObjects={"Image": [image.id.val]}, dryRun=True)
    callback = alice.submit(request, loops=100)
    assert callback.getResponse().deletedObjects == {"ome.model.core.Image": [image.id.val]}
    callback.close(True)
    assert count(alice, "Image", image.id.val) == 1


def test_several_commands_are_one(alice: Any) -> None:
    images = [save(alice, named("Image", "i")).id.val for _ in range(2)]
    requests = [omero.cmd.Delete2(targetObjects={"Image": [identity]}) for identity in (*images, 10**9)]
    with pytest.raises(omero.CmdError):
        alice.submit(omero.cmd.DoAll(requests), loops=100)
    assert count(alice, "Image", *images) == 2
    callback = alice.submit(omero.cmd.DoAll(requests[:2]), loops=100)
    assert len(callback.getResponse().responses) == 2
    callback.close(True)


def test_the_response_can_be_asked_for_without_a_callback(alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    handle = alice.sf.submit(omero.cmd.Delete2(targetObjects={"Image": [image.id.val]}))
    while handle.getResponse() is None:
        assert handle.getStatus() is not None
    assert handle.getStatus().flags == []
    handle.close()


def test_commands_that_it_does_not_have_are_refused_by_name(alice: Any) -> None:
    with pytest.raises(omero.CmdError) as caught:
        alice.submit(omero.cmd.Chmod2(targetObjects={"ExperimenterGroup": [1]}), loops=100)
    assert caught.value.err.parameters["message"] == "lab OMERO does not offer the command Chmod2"


def test_moving_an_image_to_another_group_loses_links_to_what_stays(world: World, alice: Any) -> None:
    _, images = fileset_of(alice, "moves")
    image = omero.model.ImageI(images[0], False)
    dataset = save(alice, named("Dataset", "stays"))
    save(alice, linked("DatasetImageLink", dataset, image))
    own = save(alice, linked("ImageAnnotationLink", image, tag("own"))).child
    foreign = save(world.client("bob"), tag("bob's"), world.within("annotate"))
    save(alice, linked("ImageAnnotationLink", image, foreign))
    request = omero.cmd.Chgrp2(targetObjects={"Image": images}, groupId=world.groups["shared"])
    callback = alice.submit(request, loops=100)
    response = callback.getResponse()
    callback.close(True)
    assert response.includedObjects["ome.model.core.Image"] == images
    assert len(response.deletedObjects["ome.model.containers.DatasetImageLink"]) == 1
    text = "select l.child.id from ImageAnnotationLink l where l.parent.id = :id"
    assert query(alice, text, world.within("shared"), id=images[0]) == [[own.id.val]]


def test_half_a_fileset_is_not_moved(world: World, alice: Any) -> None:
    _, images = fileset_of(alice, "a", "b")
    request = omero.cmd.Chgrp2(targetObjects={"Image": images[:1]}, groupId=world.groups["shared"])
    with pytest.raises(omero.CmdError, match="may not move"):
        alice.submit(request, loops=100)


def test_nothing_is_moved_into_a_group_of_others(world: World, alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    foreign = alice.sf.getAdminService().lookupGroup("elsewhere").id.val
    with pytest.raises(omero.CmdError) as caught:
        alice.submit(omero.cmd.Chgrp2(targetObjects={"Image": [image.id.val]}, groupId=foreign), loops=100)
    assert caught.value.err.name == "not-in-group"


@pytest.mark.parametrize(("group", "tags", "places"), [("private", 1, 0), ("annotate", 0, 0), ("shared", 0, 1)])
def test_an_image_is_given_with_its_fileset_and_what_the_group_allows(
    world: World, group: str, tags: int, places: int
) -> None:
    """omero-82: where members annotate, annotations stay with their owner; datasets of others only where all write."""
    alice = world.lab.client("alice", group=group)
    fileset, images = fileset_of(alice, "given")
    image = omero.model.ImageI(images[0], False)
    save(alice, linked("DatasetImageLink", save(alice, named("Dataset", "stays")), image))
    own = save(alice, linked("ImageAnnotationLink", image, tag("own")))
    request = omero.cmd.Chown2(targetObjects={"Image": images}, userId=world.users["bob"])
    callback = world.client("root").submit(request, loops=100)
    response = callback.getResponse()
    callback.close(True)
    assert response.includedObjects["ome.model.fs.Fileset"] == [fileset]
    root, within, bob = world.client("root"), world.within(group), world.users["bob"]
    text = "select i.id from Image i where i.fileset.id = :id and i.details.owner.id = :bob"
    assert query(root, text, within, id=fileset, bob=bob) == [images]
    text = "select l.id from ImageAnnotationLink l where l.id = :id and l.details.owner.id = :bob"
    assert len(query(root, text, within, id=own.id.val, bob=bob)) == tags
    text = "select l.id from DatasetImageLink l where l.child.id = :id"
    assert len(query(root, text, within, id=images[0])) == places
    logged = "select l.id from EventLog l where l.entityType = :kind and l.entityId = :id and l.action = :action"
    assert len(query(root, logged, kind="ome.model.core.Image", id=images[0], action="UPDATE")) == 1
    alice.closeSession()


def test_only_owners_of_groups_give_away_and_only_to_members(world: World, alice: Any) -> None:
    image = save(alice, named("Image", "i"))
    request = omero.cmd.Chown2(targetObjects={"Image": [image.id.val]}, userId=world.users["bob"])
    with pytest.raises(omero.CmdError, match="not an owner of any group"):
        alice.submit(request, loops=100)
    request.userId = world.users["stranger"]
    with pytest.raises(omero.CmdError, match="is not a member of group"):
        world.client("owner").submit(request, loops=100)
    request.userId = world.users["bob"]
    world.client("owner").submit(request, loops=100).close(True)
