"""What OMERO says about filesets: a few queries for a thousand of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from irods_omero.domain.state.places import ReadScope
from irods_omero.domain.state.unit import parse_import_key
from irods_omero.domain.state.views import ImageState, OmeroView, Subject, TagLink
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.map_annotations import read_key_values
from irods_omero.gateways.omero.place_kinds import TEXT_KINDS
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.zarr_filesets import ENTITY_TYPE
from irods_omero.vocabulary import KEY_NAMESPACE


@dataclass
class _FilesetParts:
    """One fileset while its parts come in."""

    images: list[ImageState] = field(default_factory=list)
    subjects: dict[tuple[str, int], Subject] = field(default_factory=dict)


def read_filesets(session: OmeroSession, ids: Iterable[int], scope: ReadScope) -> dict[int, OmeroView]:
    """The filesets with these ids; those that are gone, or have no images, are left out.

    Args:
        session: A session that may read across groups.
        ids: OMERO ids.
        scope: What is looked at on their images and plates.
    """
    views: dict[int, OmeroView] = {}
    for chunk in in_batches(sorted(set(ids)), BATCH):
        parts = _images(session, chunk)
        _plates(session, parts, chunk)
        _annotate(session, parts, "Image", scope)
        _annotate(session, parts, "Plate", scope)
        views.update({fileset: _view(fileset, part) for fileset, part in parts.items()})
    return views


def unplaced(session: OmeroSession, filesets: Iterable[int]) -> set[int]:
    """Those of some filesets of which an image is in no dataset and on no plate, or a plate in no screen."""
    of_images = (
        "select distinct i.fileset.id from Image i where i.fileset.id in (:ids) "
        "and not exists (select l.id from DatasetImageLink l where l.child.id = i.id) "
        "and not exists (select s.id from WellSample s where s.image.id = i.id)"
    )
    of_plates = (
        "select distinct s.image.fileset.id from WellSample s join s.well w where s.image.fileset.id in (:ids) "
        "and not exists (select l.id from ScreenPlateLink l where l.child.id = w.plate.id)"
    )
    chunks = list(in_batches(sorted(set(filesets)), BATCH))
    texts = ((text, chunk) for text in (of_images, of_plates) for chunk in chunks)
    return {row[0] for text, ids in texts for row in session.rows("looking for where images are", text, {"ids": ids})}


def client_paths(session: OmeroSession, filesets: Iterable[int]) -> dict[int, str]:
    """For each fileset the client path of its first entry, or in its place the key that it was given when taken in.

    Whatever is asked of client paths is asked of first entries only, here as elsewhere: all of a fileset begin alike if
    it was imported from a zone, and OMERO finds the first by an index, where a fileset may have ten thousand.
    """
    text = "select f.id, e.clientPath from Fileset f join f.usedFiles e where f.id in (:ids) and index(e) = 0"
    paths: dict[int, str] = {}
    for chunk in in_batches(sorted(set(filesets)), BATCH):
        paths.update((fileset, path) for fileset, path in session.rows("reading filesets", text, {"ids": chunk}))
    foreign = [fileset for fileset, path in paths.items() if parse_import_key(path) is None]
    return paths | keys_of(session, foreign)


def keys_of(session: OmeroSession, filesets: Iterable[int]) -> dict[int, str]:
    """The keys of filesets that were taken in after another client had imported them.

    Members of a group may annotate each other's filesets: only what is their owner's own counts, or their importer's,
    with whom annotations stay in most groups when the images are given to somebody else.
    """
    text = (
        "select f.id, a.textValue from FilesetAnnotationLink l join l.parent f, CommentAnnotation a where "
        "l.child.id = a.id and a.ns = :ns and f.id in (:ids) and (l.details.owner.id = f.details.owner.id "
        "or l.details.owner.id = f.details.creationEvent.experimenter.id) order by a.id"
    )
    keys: dict[int, str] = {}
    for chunk in in_batches(sorted(set(filesets)), BATCH):
        for fileset, key in session.rows("reading keys of filesets", text, {"ids": chunk, "ns": KEY_NAMESPACE}):
            keys.setdefault(int(fileset), str(key or ""))
    return keys


def fileset_of_image(session: OmeroSession, image: int) -> int | None:
    """The fileset of an image, None for an image without one and for an id that does not exist."""
    rows = session.rows("looking for the image", "select i.fileset.id from Image i where i.id = :id", {"id": image})
    return int(rows[0][0]) if rows and rows[0][0] is not None else None


def _images(session: OmeroSession, filesets: list[int]) -> dict[int, _FilesetParts]:
    text = (
        "select i.fileset.id, i.id, i.archived, i.details.owner.id, i.details.group.id, x.lsid, x.entityType "
        "from Image i left outer join i.details.externalInfo x where i.fileset.id in (:ids) order by i.id"
    )
    parts: dict[int, _FilesetParts] = defaultdict(_FilesetParts)
    for fileset, image, archived, owner, group, lsid, kind in session.rows("reading images", text, {"ids": filesets}):
        address = str(lsid or "") if kind == ENTITY_TYPE else ""
        parts[fileset].images.append(ImageState(image, bool(archived), address))
        parts[fileset].subjects["Image", image] = Subject("Image", image, owner, group)
    return parts


def _plates(session: OmeroSession, parts: Mapping[int, _FilesetParts], filesets: list[int]) -> None:
    """Images of plates carry no annotations of their own: their plates do."""
    text = (
        "select distinct s.image.fileset.id, p.id, p.details.owner.id, p.details.group.id from WellSample s "
        "join s.well w join w.plate p where s.image.fileset.id in (:ids)"
    )
    for fileset, plate, owner, group in session.rows("reading plates", text, {"ids": filesets}):
        subjects = parts[fileset].subjects
        for key in [key for key in subjects if key[0] == "Image"]:
            del subjects[key]
        subjects["Plate", plate] = Subject("Plate", plate, owner, group)


def _annotate(session: OmeroSession, parts: Mapping[int, _FilesetParts], kind: str, scope: ReadScope) -> None:
    places = {id_: fileset for fileset, part in parts.items() for kind_, id_ in part.subjects if kind_ == kind}
    if not places:
        return
    links: dict[int, dict[int, TagLink]] = defaultdict(dict)
    for chunk in in_batches(sorted(places), BATCH):
        for text_kind in TEXT_KINDS.values():
            for id_, link in text_kind.read(session, kind, chunk, scope):
                links[id_][link.link] = link
    pairs = read_key_values(session, kind, places, scope)
    for id_ in {*links, *pairs}:
        subjects = parts[places[id_]].subjects
        tags, annotations = frozenset(links[id_].values()), pairs.get(id_, frozenset())
        subjects[kind, id_] = replace(subjects[kind, id_], tags=tags, key_values=annotations)


def _view(fileset: int, part: _FilesetParts) -> OmeroView:
    subjects = tuple(part.subjects[key] for key in sorted(part.subjects))
    return OmeroView(fileset=fileset, images=tuple(part.images), subjects=subjects)
