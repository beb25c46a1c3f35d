"""Units as the agent leaves them after their import, written past both servers, many at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.plan import Plan
from irods_omero.domain.state.actions import AddAvu, AddTag, WriteKeyValues
from irods_omero.domain.state.agreement import VERSION, encode
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Content, Unit, import_key
from irods_omero.domain.state.views import (
    DataObject,
    ImageState,
    ImportRule,
    OmeroView,
    Pairs,
    Replica,
    Subject,
    ZoneView,
)
from irods_omero.vocabulary import OBJECT_NAMESPACE, PENDING, TIER_GROUP, shard_of
from lab.omero import LabOmero
from lab.zone import BulkObject, LabZone
from tests.scene.accounts import ARCHIVE, FAST, GROUP, USER

SIZE = 1_000_000

Triple = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """Where units are loaded to, and what decisions about them rest on.

    Attributes:
        zone: The lab zone.
        server: The lab OMERO.
        collection: A watched collection.
        dataset: OMERO id of the dataset that the images go to.
        owner: OMERO id of the user who owns them.
        group: OMERO id of the group that they are in.
        tags: For each namespace and text the OMERO id of the tag.
        policy: The administrator's choices.
        rule: What the collection says about what arrives in it.
    """

    zone: LabZone
    server: LabOmero
    collection: str
    dataset: int
    owner: int
    group: int
    tags: dict[tuple[str, str], int]
    policy: Policy
    rule: ImportRule | None


def load(place: Place, names: Sequence[str], moved: bool) -> range:
    """Load units of one file and one image, on the fast tier when they were imported.

    Args:
        place: Where to.
        names: Names of the data objects.
        moved: Whether storage tiering has moved each of them to the archive since, and the hooks have marked them.

    Returns:
        Catalog ids of the data objects.
    """
    modified = int(time.time())
    content = Content(SIZE, "", 0, modified)
    resource, replica = (ARCHIVE, 1) if moved else (FAST, 0)
    ids = place.zone.bulk_register(
        place.collection, [BulkObject(name, SIZE, resource, (), replica, modified) for name in names], USER
    )
    keys = [import_key(str(place.policy.zone_key), data_id, content) for data_id in ids]
    with place.server.bulk(USER, GROUP) as loader:
        made = loader.load([key + name for key, name in zip(keys, names, strict=True)], place.dataset)
        plans = {
            data_id: _decided(place, data_id, name, content, OmeroView(fileset, (ImageState(image),)))
            for data_id, name, fileset, image in zip(ids, names, made.filesets, made.images, strict=True)
        }
        tags = [action for action in plans[ids[0]].omero if isinstance(action, AddTag)]
        loader.tag(made.images, [place.tags[tag.place.namespace, tag.text] for tag in tags])
        pairs = {image: _pairs(plan) for image, plan in zip(made.images, plans.values(), strict=True)}
        loader.write_key_values(OBJECT_NAMESPACE, pairs)
    place.zone.bulk_annotate(
        {data_id: _avus(plan, place) + (_movement(data_id, place) if moved else []) for data_id, plan in plans.items()}
    )
    return ids


def _decided(place: Place, data_id: int, name: str, content: Content, omero: OmeroView) -> Plan:
    """What the agent does right after the import."""
    replica = Replica(content.replica, FAST, True, content.size, content.checksum, content.modified)
    data_object = DataObject(data_id, f"{place.collection}/{name}", USER, (replica,))
    subjects = tuple(Subject("Image", image.id, place.owner, place.group) for image in omero.images)
    observation = Observation(
        zone=ZoneView(Unit(data_id), (data_object,), place.rule),
        policy=place.policy,
        now=time.time(),
        omero=OmeroView(omero.fileset, omero.images, subjects),
        imported=content,
    )
    return decide(observation).plan


def _pairs(plan: Plan) -> Pairs:
    (pairs,) = (action.pairs for action in plan.omero if isinstance(action, WriteKeyValues))
    return pairs


def _avus(plan: Plan, place: Place) -> list[Triple]:
    assert plan.record is not None
    avus: list[Triple] = [(*action.avu,) for action in plan.zone + plan.ids if isinstance(action, AddAvu)]
    return [*avus, (place.policy.names.agreement, encode(plan.record.agreement), VERSION)]


def _movement(data_id: int, place: Place) -> list[Triple]:
    """What storage tiering and the hooks leave when an object was moved."""
    return [(TIER_GROUP, GROUP, "1"), (place.policy.names.sync, PENDING, str(shard_of(data_id)))]
