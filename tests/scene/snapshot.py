"""What both sides show of data objects, read by plain clients, as a person would look at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import omero
import omero.model
from irods.column import In
from irods.models import Collection, DataObject, DataObjectMeta
from omero.rtypes import rlist, rlong, unwrap

from irods_omero.domain.state.directories.member_list import list_in
from irods_omero.domain.state.views import Pairs
from irods_omero.settings.mapping import CLIENT_NAMESPACE
from irods_omero.vocabulary import DIRECTORY, OBJECT_NAMESPACE


@dataclass(frozen=True)
class ImageShown:
    """One image as OMERO shows it: its tags as (namespace, text), its key-value pairs, its lock, its place.

    Of the pairs those of this policy and those of users are told apart.
    """

    id: int
    name: str
    tags: frozenset[tuple[str, str]]
    pairs: Pairs
    archived: bool
    dataset: str
    owner: str
    users_pairs: Pairs = ()

    @property
    def texts(self) -> set[str]:
        """The texts of the tags."""
        return {text for _, text in self.tags}


@dataclass(frozen=True)
class Snapshot:
    """One data object, and the images that its AVUs name."""

    path: str
    data_id: int
    resources: tuple[str, ...]
    avus: frozenset[tuple[str, str, str]]
    images: tuple[ImageShown, ...]

    def values(self, attribute: str) -> list[str]:
        """The values of an AVU attribute, sorted."""
        return sorted(value for name, value, _ in self.avus if name == attribute)

    @property
    def image(self) -> ImageShown:
        """The only image."""
        (image,) = self.images
        return image


def snapshot(session: Any, client: Any, path: str) -> Snapshot:
    """Look at a data object in the zone, and at its images in OMERO: of a directory its first file names them."""
    data_id = session.data_objects.get(path).id
    rows = session.query(DataObjectMeta.name, DataObjectMeta.value, DataObjectMeta.units).filter(
        DataObject.id == data_id
    )
    avus = frozenset(
        (row[DataObjectMeta.name], row[DataObjectMeta.value], row[DataObjectMeta.units] or "") for row in rows
    )
    avus |= {("omero::unit", *said) for said in listed(session, path, data_id)} if not _says_unit(avus) else set()
    resources = tuple(good_resources(session, path))
    firsts = [int(value) for name, value, units in avus if (name, units) == ("omero::unit", DIRECTORY)]
    named = session.query(DataObjectMeta.value).filter(
        In(DataObject.id, [data_id, *firsts]), DataObjectMeta.name == "omero::image"
    )
    ids = sorted({int(row[DataObjectMeta.value]) for row in named})
    return Snapshot(path, data_id, resources, avus, tuple(image_shown(client, id_) for id_ in ids))


def _says_unit(avus: Iterable[tuple[str, str, str]]) -> bool:
    return any(name == "omero::unit" for name, _, _ in avus)


def listed(session: Any, path: str, data_id: int) -> list[tuple[str, str]]:
    """What the collections above a data object say that it belongs to, as value and units: the nearest that does."""
    levels = path.split("/")
    for depth in range(len(levels) - 1, 2, -1):
        avus = session.metadata.get(Collection, "/".join(levels[:depth]))
        members = list_in(avu.value for avu in avus if (avu.name, avu.units) == ("omero::unit", DIRECTORY))
        if members is not None and data_id in members.ids:
            return [(str(members.first), DIRECTORY)]
    return []


def good_resources(session: Any, path: str) -> list[str]:
    """The root resources that hold a good replica of a data object."""
    replicas = session.data_objects.get(path).replicas
    return sorted(replica.resc_hier.partition(";")[0] for replica in replicas if replica.status == "1")


def names_in(session: Any, collection: str) -> list[str]:
    """The names of the data objects in a collection."""
    rows = session.query(DataObject.name).filter(Collection.name == collection)
    return sorted({row[DataObject.name] for row in rows})


def filesets(client: Any, zone: str, data_id: int) -> dict[int, int]:
    """The filesets that were imported for a data object, and how many images each has."""
    text = (
        "select f.id, count(i.id) from FilesetEntry e join e.fileset f left outer join f.images i "
        f"where e.clientPath like 'irods/{zone}@________/{data_id}/%' group by f.id"
    )
    return {row[0]: row[1] for row in _rows(client, text)}


def image_shown(client: Any, id_: int) -> ImageShown:
    """Look at one image in OMERO."""
    text = "select i.name, i.archived, i.details.owner.omeName from Image i where i.id in (:ids)"
    ((name, archived, owner),) = _rows(client, text, [id_])
    text = (
        "select t.ns, t.textValue from ImageAnnotationLink l, TagAnnotation t "
        "where l.child.id = t.id and l.parent.id in (:ids)"
    )
    tags = frozenset((namespace or "", text) for namespace, text in _rows(client, text, [id_]))
    text = (
        "select p.name, d.name from DatasetImageLink i join i.parent d join d.projectLinks l join l.parent p "
        "where i.child.id in (:ids)"
    )
    places = ["/".join(row) for row in _rows(client, text, [id_])]
    ours, users = (_pairs(client, id_, namespace) for namespace in (OBJECT_NAMESPACE, CLIENT_NAMESPACE))
    return ImageShown(id_, name, tags, ours, bool(archived), ", ".join(places), owner, users)


def _pairs(client: Any, image: int, namespace: str) -> Pairs:
    parameters = omero.sys.ParametersI().addIds([image]).addString("ns", namespace)
    text = "select l from ImageAnnotationLink l join fetch l.child a where l.parent.id in (:ids) and a.ns = :ns"
    query = client.getSession().getQueryService()
    links = query.findAllByQuery(text, parameters, {"omero.group": "-1"})
    annotations = (link.child for link in links if isinstance(link.child, omero.model.MapAnnotation))
    return tuple((pair.name, pair.value) for annotation in annotations for pair in annotation.getMapValue())


def _rows(client: Any, text: str, ids: list[int] | None = None) -> list[list[Any]]:
    parameters = omero.sys.ParametersI()
    if ids is not None:
        parameters.add("ids", rlist([rlong(id_) for id_ in ids]))
    rows = client.getSession().getQueryService().projection(text, parameters, {"omero.group": "-1"})
    return [[unwrap(value) for value in row] for row in rows]
