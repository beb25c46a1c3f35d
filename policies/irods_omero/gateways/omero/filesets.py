"""What OMERO says about filesets: a few queries for a thousand of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from omero.constants.metadata import NSINSIGHTTAGSET

from irods_omero.domain.state.unit import parse_import_key
from irods_omero.domain.state.views import ImageState, KeyValues, OmeroView, Pair, Subject, TagLink
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.referring import ENTITY_TYPE
from irods_omero.gateways.omero.session import OmeroSession, Values
from irods_omero.vocabulary import KEY_NAMESPACE, OBJECT_NAMESPACE

NO_WORDS = ("",)
"""A query takes no empty list."""


@dataclass
class _Found:
    """One fileset while its parts come in."""

    images: list[ImageState] = field(default_factory=list)
    subjects: dict[tuple[str, int], Subject] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadScope:
    """What is looked at on images and plates.

    Attributes:
        tags: Namespaces of tags.
        tag_sets: Names of tag sets.
        pairs: Namespaces of key-value annotations.
        words: Texts of tags without a namespace, as users make them by typing; in whatever letters they are written.
    """

    tags: tuple[str, ...]
    tag_sets: tuple[str, ...] = ()
    pairs: tuple[str, ...] = (OBJECT_NAMESPACE,)
    words: tuple[str, ...] = ()


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


def _images(session: OmeroSession, filesets: list[int]) -> dict[int, _Found]:
    text = (
        "select i.fileset.id, i.id, i.archived, i.details.owner.id, i.details.group.id, x.lsid, x.entityType "
        "from Image i left outer join i.details.externalInfo x where i.fileset.id in (:ids) order by i.id"
    )
    parts: dict[int, _Found] = defaultdict(_Found)
    for fileset, image, archived, owner, group, lsid, kind in session.rows("reading images", text, {"ids": filesets}):
        address = str(lsid or "") if kind == ENTITY_TYPE else ""
        parts[fileset].images.append(ImageState(image, bool(archived), address))
        parts[fileset].subjects["Image", image] = Subject("Image", image, owner, group)
    return parts


def _plates(session: OmeroSession, parts: Mapping[int, _Found], filesets: list[int]) -> None:
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


def _annotate(session: OmeroSession, parts: Mapping[int, _Found], kind: str, scope: ReadScope) -> None:
    places = {id_: fileset for fileset, part in parts.items() for kind_, id_ in part.subjects if kind_ == kind}
    if not places:
        return
    tags: dict[int, set[TagLink]] = defaultdict(set)
    pairs: dict[int, set[KeyValues]] = defaultdict(set)
    for chunk in in_batches(sorted(places), BATCH):
        _read_tags(session, kind, chunk, scope, tags)
        _read_key_values(session, kind, chunk, scope, pairs)
    shared = _seen_by_others(session, kind, places, pairs)
    for id_ in {*tags, *pairs}:
        subjects = parts[places[id_]].subjects
        annotations = frozenset(replace(each, shared=each.shared or each.annotation in shared) for each in pairs[id_])
        subjects[kind, id_] = replace(subjects[kind, id_], tags=frozenset(tags[id_]), key_values=annotations)


def _read_tags(
    session: OmeroSession, kind: str, ids: list[int], scope: ReadScope, into: dict[int, set[TagLink]]
) -> None:
    text = (
        "select l.id, l.parent.id, t.id, t.ns, t.textValue, l.details.owner.id, l.details.owner.omeName, "
        f"l.details.creationEvent.time from {kind}AnnotationLink l, TagAnnotation t where l.child.id = t.id "
        "and l.parent.id in (:ids) and (t.ns in (:namespaces) or t.ns is null and lower(trim(t.textValue)) in (:words))"
    )
    values: Values = {"ids": ids, "namespaces": list(scope.tags), "words": list(scope.words or NO_WORDS)}
    for row in session.rows("reading tags", text, values):
        link = _tag_link(row)
        into[row[1]].add(link if link.namespace else replace(link, text=link.text.strip().lower()))
    if scope.tag_sets:
        _read_tags_in_sets(session, kind, ids, scope, into)


def _read_tags_in_sets(
    session: OmeroSession, kind: str, ids: list[int], scope: ReadScope, into: dict[int, set[TagLink]]
) -> None:
    """Tags in mapped tag sets, without those that count by their namespace already."""
    text = (
        "select l.id, l.parent.id, t.id, t.ns, t.textValue, l.details.owner.id, l.details.owner.omeName, "
        f"l.details.creationEvent.time, s.textValue from {kind}AnnotationLink l, TagAnnotation t, "
        "AnnotationAnnotationLink x, TagAnnotation s where l.child.id = t.id and x.child.id = t.id "
        "and x.parent.id = s.id and l.parent.id in (:ids) and s.ns = :namespace and s.textValue in (:names)"
    )
    values: Values = {"ids": ids, "namespace": NSINSIGHTTAGSET, "names": list(scope.tag_sets)}
    tag_links: dict[int, TagLink] = {}
    parents: dict[int, int] = {}
    for *row, tag_set in session.rows("reading tags in tag sets", text, values):
        link = replace(_tag_link(row), tag_set=tag_set)
        if link.namespace not in scope.tags:
            tag_links[link.link] = min(link, tag_links.get(link.link, link), key=lambda each: each.tag_set)
            parents[link.link] = row[1]
    for link in tag_links.values():
        there = into[parents[link.link]]
        there -= {other for other in there if other.link == link.link}  # what is in a set was not just typed
        there.add(link)


def _tag_link(row: Sequence[Any]) -> TagLink:
    link, _, tag, namespace, text, owner, name, created = row
    return TagLink(link, tag, namespace or "", text or "", owner, (created or 0) / 1000, name)


def _read_key_values(
    session: OmeroSession, kind: str, ids: list[int], scope: ReadScope, into: dict[int, set[KeyValues]]
) -> None:
    text = (
        "select l.id, l.parent.id, a.id, a.ns, l.details.owner.id, a.details.owner.id "
        f"from {kind}AnnotationLink l, MapAnnotation a "
        "where l.child.id = a.id and l.parent.id in (:ids) and a.ns in (:namespaces) order by l.id"
    )
    links = session.rows("reading key-value annotations", text, {"ids": ids, "namespaces": list(scope.pairs)})
    pairs = _pairs_in(session, {link[2] for link in links})
    for link, parent, annotation, namespace, owner, maker in links:
        # One that belongs to somebody else than its link does is shared, whatever else carries it.
        shared = maker != owner
        into[parent].add(KeyValues(annotation, link, owner, tuple(pairs[annotation]), namespace, shared=shared))


def _pairs_in(session: OmeroSession, annotations: Iterable[int]) -> dict[int, list[Pair]]:
    """The pairs of annotations, as rows: asked for as objects, the server reads the pairs of each by itself.

    Nothing but the pairs is in these rows, as there are some ten for each annotation.
    """
    text = (
        "select a.id, m.name, m.value from MapAnnotation a join a.mapValue m where a.id in (:ids) "
        "order by a.id, index(m)"
    )
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for chunk in in_batches(sorted(annotations), BATCH):
        for annotation, name, value in session.rows("reading key-value pairs", text, {"ids": chunk}):
            pairs[annotation].append((name or "", value or ""))
    return pairs


def _seen_by_others(
    session: OmeroSession, kind: str, places: Mapping[int, int], pairs: Mapping[int, set[KeyValues]]
) -> set[int]:
    """Those of the annotations that are also on images of other filesets."""
    carriers: dict[int, Counter[int]] = defaultdict(Counter)
    for id_, carried in pairs.items():
        for annotation in carried:
            carriers[annotation.annotation][places[id_]] += 1
    text = f"select l.child.id, count(l.id) from {kind}AnnotationLink l where l.child.id in (:ids) group by l.child.id"
    shared: set[int] = set()
    for chunk in in_batches(sorted(carriers), BATCH):
        for annotation, count in session.rows("reading who shares key-value pairs", text, {"ids": chunk}):
            if count > min(carriers[annotation].values()):
                shared.add(annotation)
    return shared


def pairs_of(annotation: Any) -> tuple[Pair, ...]:
    """The pairs of an annotation, in their order."""
    return tuple((pair.name or "", pair.value or "") for pair in annotation.getMapValue() or [] if pair is not None)


def _view(fileset: int, part: _Found) -> OmeroView:
    subjects = tuple(part.subjects[key] for key in sorted(part.subjects))
    return OmeroView(fileset=fileset, images=tuple(part.images), subjects=subjects)
