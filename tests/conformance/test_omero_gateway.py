"""Every call of the gateway to OMERO, made by the gateway itself with the service account, and each of its queries."""

from __future__ import annotations

import time

import omero.model
import pytest
from omero.constants.metadata import NSINSIGHTTAGSET
from omero.rtypes import rstring

from irods_omero.domain.state.actions import AddTag, RemoveKeyValues, RemoveTag, SetArchived, WriteKeyValues
from irods_omero.domain.state.counts import ImageCount, TierCount
from irods_omero.domain.state.places import TIER_TAGS
from irods_omero.domain.state.recorded_event import CHANGE, IMPORT_EVENT, PAIRS, PLACE, TAG
from irods_omero.domain.state.request_lookup import STANDING
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.views import Subject
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.annotations import AnnotationWriter
from irods_omero.gateways.omero.containers import find_container
from irods_omero.gateways.omero.edits import EditReader
from irods_omero.gateways.omero.events import EventReader, unanswered_since
from irods_omero.gateways.omero.fileset_history import recorded
from irods_omero.gateways.omero.fileset_pages import fileset_pages, filesets_below
from irods_omero.gateways.omero.filesets import client_paths, fileset_of_image, unplaced
from irods_omero.gateways.omero.image_counts import count_images, count_since
from irods_omero.gateways.omero.image_facts import EQUIPMENT, facts_of
from irods_omero.gateways.omero.importer import find_existing, half_made
from irods_omero.gateways.omero.managed_rows import managed_rows, repository_uuid
from irods_omero.gateways.omero.sources import (
    blocks_of,
    exists_in_omero,
    filesets_after,
    filesets_in,
    groups_of,
    owners_of,
    read_sources,
    write_key,
)
from irods_omero.gateways.omero.tags import Tags
from irods_omero.vocabulary import REQUEST_NAMESPACE
from lab.omero.setup import set_group_owner
from tests.conformance.gateway import ZONE, Agent, opener, wait_for_one_of_another_agent
from tests.conformance.hierarchies import refer_to
from tests.conformance.hql import asked, sendable
from tests.conformance.importing import bring_in, picture
from tests.conformance.mapped import use_tag_sets
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    BOB,
    EVERYWHERE,
    GROUPS,
    PRIVATE,
    delete,
    linked,
    named,
    objects,
    rows,
    save,
    tag,
)
from tests.conformance.server import pairs as key_values_of
from tests.conformance.test_omero_events import PATIENCE
from tests.pictures import through_a_lens
from tests.zarr import METADATA


def import_into_all_places(agent: Agent) -> int:
    """Import by name with and without a project, and by id; the last one is the only present content."""
    first = agent.importing.bring_in(agent.action(), opener(picture()))
    again = agent.importing.bring_in(agent.action(), opener(b"not read"))
    assert (first.earlier, again.fileset) == ((), first.fileset), "each unit once"
    assert [existing.complete for existing in find_existing(agent.service, agent.action().prefix)] == [True]
    session = agent.people.owner_session(ALICE, "")
    alone = Target(dataset=f"Dataset {agent.data_id}")
    dataset = find_container(session, alone)
    assert find_container(session, alone).id.val == dataset.id.val
    by_id = Target(existing="Dataset", id=dataset.id.val)
    assert find_container(session, by_id).id.val == dataset.id.val
    done = agent.importing.bring_in(agent.action(2, target=agent.target), opener(picture()))
    assert done.earlier == (first.fileset,)
    assert client_paths(agent.service, [done.fileset])[done.fileset] == agent.action(2).key + "a 'b' % 😀.ome.tiff"
    (image,) = agent.view(done.fileset).images
    assert fileset_of_image(agent.service, image.id) == done.fileset
    listed = {
        fileset_id: data_id for page in fileset_pages(agent.service, ZONE) for fileset_id, data_id in page.items()
    }
    assert (listed[first.fileset], listed[done.fileset]) == (agent.data_id, agent.data_id)
    below = filesets_below(agent.service, [agent.action().prefix, "irods/no such zone/1/"])
    assert list(below) == [first.fileset, done.fileset]
    assert list(filesets_below(agent.service, [agent.action(2).key, agent.action(3).key])) == [done.fileset]
    return done.fileset


def annotate(agent: Agent, fileset_id: int) -> None:
    """Everything that a plan can say, there and back."""
    subject = agent.subject(fileset_id)
    pairs = (("path", "/it's 100% \\ 😀"), ("tier", "fast"))
    agent.apply(
        AddTag(subject, TIER_TAGS, "tier:fast"),
        AddTag(subject, TIER_TAGS, "registered"),
        SetArchived(subject.id, subject.owner, subject.group, archived=True),
        WriteKeyValues(subject, None, pairs),
    )
    (key_values,) = agent.subject(fileset_id).key_values
    assert (agent.texts(fileset_id), key_values.pairs) == ({"tier:fast", "registered"}, pairs)
    assert agent.view(fileset_id).images[0].archived
    (link,) = [link for link in agent.subject(fileset_id).tags if link.text == "tier:fast"]
    assert (link.owner_name, link.owner) == (ALICE, agent.server.users[ALICE])
    agent.apply(
        RemoveTag(subject, link.link, link.owner),
        SetArchived(subject.id, subject.owner, subject.group, archived=False),
        WriteKeyValues(subject, key_values, pairs[:1]),
    )
    (key_values,) = agent.subject(fileset_id).key_values
    assert (agent.texts(fileset_id), key_values.pairs) == ({"registered"}, pairs[:1])
    for _ in range(2):
        agent.apply(RemoveKeyValues(subject, key_values.link, key_values.owner))
    assert agent.subject(fileset_id).key_values == frozenset()


def put_on_a_plate(agent: Agent, fileset_id: int) -> None:
    """Of a plate's images the plate is what carries the annotations."""
    image = agent.view(fileset_id).images[0].id
    context = agent.server.within(ANNOTATE)
    plate, well, sample = named("Plate", "p"), omero.model.WellI(), omero.model.WellSampleI()
    sample.image = omero.model.ImageI(image, False)
    well.addWellSample(sample)
    plate.addWell(well)
    saved = save(agent.server.client(ALICE), plate, context)
    subject = agent.subject(fileset_id)
    assert (subject.kind, subject.id) == ("Plate", saved.id.val)
    agent.apply(AddTag(subject, TIER_TAGS, "tier:fast"), WriteKeyValues(subject, None, (("a", "b"),)))
    assert agent.texts(fileset_id) == {"tier:fast"}
    (key_values,) = agent.subject(fileset_id).key_values
    agent.apply(RemoveKeyValues(subject, key_values.link, key_values.owner))


def follow_events(agent: Agent, fileset_id: int) -> None:
    """What users do with tags and pairs, on images and plates, is followed to the fileset."""
    reader = EventReader()
    reader.read(agent.service)
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    image, plate = (
        omero.model.ImageI(agent.view(fileset_id).images[0].id, False),
        omero.model.PlateI(agent.subject(fileset_id).id, False),
    )
    annotation = omero.model.MapAnnotationI()
    annotation.setMapValue([omero.model.NamedValue("a", "b")])
    saved = save(client, linked("ImageAnnotationLink", image, annotation), context)
    save(client, linked("PlateAnnotationLink", plate, tag("t")), context)
    changed = client.getSession().getQueryService().get("MapAnnotation", saved.child.id.val, context)
    changed.setMapValue([omero.model.NamedValue("a", "c")])
    save(client, changed, context)
    for kind, id_ in (("Image", image.id.val), ("Plate", plate.id.val)):
        changed = client.getSession().getQueryService().get(kind, id_, context)
        changed.description = rstring("new")
        save(client, changed, context)
    tagged = save(client, linked("PlateAnnotationLink", plate, tag("to be put into a set")), context).child
    tag_set = save(client, tag("Stain", NSINSIGHTTAGSET), context)
    save(client, linked("AnnotationAnnotationLink", tag_set, tagged), context)
    gone = save(client, linked("ImageAnnotationLink", named("Image", "with a tag"), tag("t")), context).parent
    delete(client, context, Image=[gone.id.val])
    hints = reader.read(agent.service)
    assert fileset_id in hints.filesets
    assert not hints.unlinked, "what is deleted with its image was not taken from it"
    place_and_edit(agent, fileset_id)


def place_and_edit(agent: Agent, fileset_id: int) -> None:
    """Where images and plates are put, and what is edited, is followed to the fileset."""
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    reader, namespace = EventReader(), f"conformance/{agent.data_id}"
    reader.read(agent.service)
    image = omero.model.ImageI(agent.view(fileset_id).images[0].id, False)
    plate = omero.model.PlateI(agent.subject(fileset_id).id, False)
    assert unplaced(agent.service, [fileset_id]) == {fileset_id}
    for kind, parent, child in (("ScreenPlateLink", "Screen", plate), ("DatasetImageLink", "Dataset", image)):
        save(client, linked(kind, named(parent, "made by hand"), child), context)
        assert reader.read(agent.service).filesets == {fileset_id}
    assert unplaced(agent.service, [fileset_id]) == set()
    rename_what_it_is_in(agent, fileset_id)
    save(client, linked("PlateAnnotationLink", plate, key_values_of(namespace, ("a", "b"))), context)
    assert EditReader(0, clock=lambda: time.time() + 3600).read(agent.service, [namespace]) == {fileset_id}
    unanswered_since(agent.service)


def rename_what_it_is_in(agent: Agent, fileset_id: int) -> None:
    """What images and plates are in is renamed, and put elsewhere: whoever wants to hear of it does."""
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    reader, deaf = EventReader(follows_names=True), EventReader()
    text = "select d from DatasetImageLink l join l.parent d where l.child.fileset.id = :id order by l.id desc"
    (dataset, *_) = objects(client, text, context, id=fileset_id)
    text = "select s from ScreenPlateLink l join l.parent s where l.child.id = :id"
    (screen,) = objects(client, text, context, id=agent.subject(fileset_id).id)
    let_the_indexer_catch_up(agent)
    for each in (reader, deaf):
        each.read(agent.service)

    def check() -> None:
        assert reader.read(agent.service).filesets == {fileset_id}
        assert deaf.read(agent.service).filesets == set()

    link = linked("ProjectDatasetLink", named("Project", "P"), omero.model.DatasetI(dataset.id.val, False))
    project = save(client, link, context).parent
    check()
    for kind, id_ in (("Dataset", dataset.id.val), ("Project", project.id.val), ("Screen", screen.id.val)):
        changed = client.getSession().getQueryService().get(kind, id_, context)
        changed.name = rstring("renamed")
        save(client, changed, context)
        check()


def let_the_indexer_catch_up(agent: Agent) -> None:
    """It answers in order, and seconds later on a real server: what was removed before is told of by now."""
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    image = save(client, named("Image", "the last one"), context)
    save(client, linked("ImageAnnotationLink", image, tag("t")), context)
    deadline = time.monotonic() + PATIENCE
    while unanswered_since(agent.service) is not None:
        assert time.monotonic() < deadline, "the indexer did not answer"
        time.sleep(0.05)


def look_back(agent: Agent, fileset_id: int) -> None:
    """What OMERO remembers of images and plates: who imported, tagged, placed and changed them."""
    records = recorded(agent.service, [fileset_id])
    kinds = {(each.kind, each.subject.partition(":")[0], each.user, each.agent) for each in records}
    assert {
        (IMPORT_EVENT, "Fileset", ALICE, True),
        (PLACE, "Plate", ALICE, False),
        (PLACE, "Image", ALICE, False),
    } <= kinds
    assert {(TAG, "Plate", ALICE, True), (PAIRS, "Image", ALICE, False), (CHANGE, "Image", ALICE, False)} <= kinds
    assert {each.fileset for each in records} == {fileset_id}
    assert all(time.time() - 86_400 < each.at < time.time() + 3600 for each in records), "seconds, not milliseconds"
    assert recorded(agent.service, [2**40]) == []


def add_up(agent: Agent) -> None:
    """Images, filesets and bytes by group, tier and month, on plates and off them; each image counts once."""
    content = picture("one", "two")
    done = agent.importing.bring_in(agent.action(3, target=agent.target), opener(content))
    of_event = "select year(v.time), month(v.time) from Fileset f join f.details.creationEvent v where f.id = :id"
    ((year, in_year),) = agent.service.rows("reading when it came", of_event, {"id": done.fileset})
    month = f"{year:04d}-{in_year:02d}"
    on_images, on_plates = f"i{agent.data_id}", f"p{agent.data_id}"
    agent.apply(*(AddTag(subject, TIER_TAGS, f"tier:{on_images}") for subject in agent.view(done.fileset).subjects))
    put_on_a_plate(agent, done.fileset)
    agent.apply(AddTag(agent.subject(done.fileset), TIER_TAGS, f"tier:{on_plates}"))
    counted = [each for each in count_images(agent.service) if each.tier in (on_images, on_plates)]
    assert counted == [
        ImageCount(ANNOTATE, on_images, month, 2, 1, len(content)),
        ImageCount(ANNOTATE, on_plates, month, 1, 1, len(content)),
    ]
    since = [each for each in count_since(agent.service) if each.tier in (on_images, on_plates)]
    assert since == [TierCount(on_images, month, 2), TierCount(on_plates, month, 1)]


def take_in(agent: Agent) -> None:
    """What another client imported: what it is, its bytes, and the key by which it is known from then on."""
    client = agent.server.client(ALICE)
    content = picture("one")
    images = [pixels.image.id.val for pixels in bring_in(client, "elsewhere/a.ome.tiff", content).pixels]
    fileset_id = fileset_of_image(agent.service, images[0])
    assert fileset_id is not None
    listed = [each for page in filesets_after(agent.service, fileset_id - 1) for each in page if each.id == fileset_id]
    assert [each.owner for each in listed] == [ALICE]
    assert owners_of(agent.service, [fileset_id, 2**40]) == {fileset_id: ALICE}
    assert fileset_id not in filesets_in(agent.service, 2**40)
    named = {"group": ANNOTATE, "user": ALICE, "dataset": str(2**40)}
    assert [exists_in_omero(agent.service, kind, name) for kind, name in named.items()] == [True, True, False]
    assert groups_of(agent.service)[ANNOTATE]
    source = read_sources(agent.service, [fileset_id])[fileset_id]
    assert source.completed
    assert source.names["name"]
    assert dict(fact[:2] for fact in source.facts)["size x"] == "24"
    (file,) = source.files
    assert b"".join(blocks_of(agent.service, file)) == content
    assert not set(EQUIPMENT) & {fact.name for fact in source.facts}
    (pixels,) = bring_in(client, "elsewhere/b.ome.tiff", through_a_lens()).pixels
    facts = {fact.name: fact for fact in facts_of(agent.service, pixels.image.id.val, {}, ALICE)}
    taken_with = ["Zeiss", "Axio Observer", "Zeiss", "Plan-Apochromat 63x/1.40", "63", "1.4", "Oil"]
    assert [facts[name].value for name in EQUIPMENT] == taken_with
    assert [facts[f"pixel size {axis}"][1:] for axis in "xy"] == [("0.1", "µm"), ("100", "nm")]
    (row,) = managed_rows(agent.service, repository_uuid(agent.service), [fileset_id])[fileset_id]
    assert (row.id, row.size, row.client_path) == (file.id, len(content), "elsewhere/a.ome.tiff")
    assert managed_rows(agent.service, "of another server", [fileset_id]) == {}
    assert client_paths(agent.service, [fileset_id]) == {fileset_id: "elsewhere/a.ome.tiff"}
    key = agent.action().key
    write_key(agent.people.acting_as(source.owner_id, source.group_id), fileset_id, key)
    assert client_paths(agent.service, [fileset_id]) == {fileset_id: key}
    pages = [page for page in fileset_pages(agent.service, ZONE) if fileset_id in page]
    assert pages[0][fileset_id] == agent.data_id


def test_every_query_of_the_product_is_answered(agent: Agent) -> None:
    """The lab evaluates HQL of its own: a text that is sent in production is sent here, in the same form."""
    with asked() as texts:
        fileset_id = import_into_all_places(agent)
        assert half_made(agent.service, [fileset_id]) == []
        wait_for_one_of_another_agent(agent)
        assert [existing.id for existing in find_existing(agent.service, "irods/none/", present=fileset_id)] == [
            fileset_id
        ]
        assert agent.people.in_place_of(agent.server.groups[ANNOTATE])[-1] == agent.service.user
        annotate(agent, fileset_id)
        use_tag_sets(agent, fileset_id)
        take_in(agent)
        refer_to(agent, METADATA["ome-zarr-py 0.4"])
        put_on_a_plate(agent, fileset_id)
        use_tag_sets(agent, fileset_id)
        follow_events(agent, fileset_id)
        look_back(agent, fileset_id)
        add_up(agent)
    unasked = [place for place, text in sendable().items() if not any(text.fullmatch(sent) for sent in texts)]
    assert unasked == [], "queries that no test of the conformance suite has sent: call what sends them here"


def test_people_are_found_by_id_and_by_name(agent: Agent) -> None:
    session = agent.people.acting_as(agent.server.users[ALICE], agent.server.groups[PRIVATE])
    assert (session.name, session.group) == (ALICE, agent.server.groups[PRIVATE])
    assert agent.people.owner_session(ALICE, "").group in agent.server.groups.values()
    with pytest.raises(RefusedError):
        agent.people.acting_as(10**9, agent.server.groups[PRIVATE])


def test_of_a_group_that_does_not_exist_it_is_asked_whether_it_does(agent: Agent) -> None:
    """OMERO says nothing but that there is no session (omero-14)."""
    with pytest.raises(RefusedError, match=f"is there an OMERO group no such group, and is {ALICE} in it"):
        agent.connection.as_user(ALICE, "no such group")


@pytest.mark.parametrize("group", GROUPS)
def test_request_tags_are_offered_once(agent: Agent, group: str) -> None:
    """Tags are not unique by text: what was found is not made again."""
    session = agent.connection.as_user(ALICE, group)
    for _ in range(2):
        Tags().offer_requests(session, session.group)
    text = (
        "select t.textValue, count(t.id) from TagAnnotation t where t.ns = :ns and t.details.owner.id = :owner "
        "and t.details.group.id = :group group by t.textValue"
    )
    given = {"ns": REQUEST_NAMESPACE, "owner": agent.server.users[ALICE], "group": agent.server.groups[group]}
    counts = rows(agent.server.client(""), text, EVERYWHERE, **given)
    assert sorted(counts) == [[request, 1] for request in sorted(STANDING)]


def test_an_owner_of_the_group_acts_in_the_place_of_a_user_who_is_not_there(agent: Agent) -> None:
    """omero-68: an owner of a group that is not private tags its members' images, and takes tags away again."""
    server, group, root = agent.server, agent.server.groups[ANNOTATE], agent.server.client("")
    image = save(server.client(ALICE), named("Image", "i"), server.within(ANNOTATE)).id.val
    tag = AddTag(Subject("Image", image, 10**9, group), TIER_TAGS, "tier:x")
    assert list(agent.annotating.apply([(1, tag)])) == [1]
    set_group_owner(root, group, server.users[BOB])
    try:
        writer = AnnotationWriter(agent.people, Tags())
        assert writer.apply([(1, tag)]) == {}
        text = "select l.id, l.details.owner.id from ImageAnnotationLink l where l.parent.id = :id"
        ((link, owner),) = rows(root, text, EVERYWHERE, id=image)
        assert owner == server.users[BOB]
        assert writer.apply([(1, RemoveTag(tag.subject, link, 10**9))]) == {}
        assert rows(root, text, EVERYWHERE, id=image) == []
    finally:
        owner_of = omero.model.ExperimenterGroupI(group, False), omero.model.ExperimenterI(server.users[BOB], False)
        root.sf.getAdminService().unsetGroupOwner(*owner_of)


def test_one_refused_action_of_a_batch_is_the_only_one(agent: Agent) -> None:
    """policies/irods_omero/gateways/batches.py: a batch that is refused is halved until the culprits are alone."""
    client, context = agent.server.client(ALICE), agent.server.within(ANNOTATE)
    owner, group = agent.server.users[ALICE], agent.server.groups[ANNOTATE]
    images = [save(client, named("Image", "i"), context).id.val for _ in range(3)]
    subjects = [Subject("Image", image, owner, group) for image in (images[0], 10**9, *images[1:])]
    failed = agent.annotating.apply(
        [(unit, AddTag(subject, TIER_TAGS, "tier:x")) for unit, subject in enumerate(subjects)]
    )
    assert list(failed) == [1]
    text = "select count(l.id) from ImageAnnotationLink l where l.parent.id in (:ids)"
    assert rows(client, text, context, ids=images) == [[3]]
