"""What OMERO says about filesets: a few queries for a thousand of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omero.rtypes import unwrap

from policies.domain.views import ImageState, KeyValues, OmeroView, Subject, TagLink
from policies.gateways.batches import BATCH, in_batches
from policies.gateways.omero.session import OmeroSession
from policies.vocabulary import OBJECT_NAMESPACE


@dataclass
class _Found:
    """One fileset while its parts come in."""

    images: list[ImageState] = field(default_factory=list)
    subjects: dict[tuple[str, int], Subject] = field(default_factory=dict)


@dataclass(frozen=True)
class Fileset:
    """A fileset as its entries name it.

    Attributes:
        id: OMERO id.
        path: Client path of an entry.
    """

    id: int
    path: str


def read_filesets(session: OmeroSession, ids: Iterable[int], namespaces: Sequence[str]) -> dict[int, OmeroView]:
    """The filesets with these ids; those that are gone, or have no images, are left out.

    Args:
        session: A session that may read across groups.
        ids: OMERO ids.
        namespaces: Namespaces of the tags to read.
    """
    found: dict[int, OmeroView] = {}
    for chunk in in_batches(sorted(set(ids)), BATCH):
        parts = _images(session, chunk)
        _plates(session, parts, chunk)
        _annotate(session, parts, "Image", namespaces)
        _annotate(session, parts, "Plate", namespaces)
        found.update({fileset: _view(fileset, part) for fileset, part in parts.items()})
    return found


def client_paths(session: OmeroSession, filesets: Iterable[int]) -> dict[int, str]:
    """For each fileset the client path of its first entry."""
    text = (
        "select e.fileset.id, e.clientPath from FilesetEntry e where e.fileset.id in (:ids) order by e.fileset.id, e.id"
    )
    found: dict[int, str] = {}
    for chunk in in_batches(sorted(set(filesets)), BATCH):
        for fileset, path in session.rows("reading filesets", text, {"ids": chunk}):
            found.setdefault(fileset, path)
    return found


def fileset_of_image(session: OmeroSession, image: int) -> int | None:
    """The fileset of an image, None for an image without one and for an id that does not exist."""
    rows = session.rows("looking for the image", "select i.fileset.id from Image i where i.id = :id", {"id": image})
    return int(rows[0][0]) if rows and rows[0][0] is not None else None


def _images(session: OmeroSession, filesets: list[int]) -> dict[int, _Found]:
    text = (
        "select i.fileset.id, i.id, i.archived, i.details.owner.id, i.details.group.id from Image i "
        "where i.fileset.id in (:ids) order by i.id"
    )
    parts: dict[int, _Found] = defaultdict(_Found)
    for fileset, image, archived, owner, group in session.rows("reading images", text, {"ids": filesets}):
        parts[fileset].images.append(ImageState(image, bool(archived)))
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


def _annotate(session: OmeroSession, parts: Mapping[int, _Found], kind: str, namespaces: Sequence[str]) -> None:
    places = {id_: fileset for fileset, part in parts.items() for kind_, id_ in part.subjects if kind_ == kind}
    if not places:
        return
    tags: dict[int, set[TagLink]] = defaultdict(set)
    pairs: dict[int, set[KeyValues]] = defaultdict(set)
    for chunk in in_batches(sorted(places), BATCH):
        _read_tags(session, kind, chunk, namespaces, tags)
        _read_key_values(session, kind, chunk, pairs)
    for id_ in {*tags, *pairs}:
        subjects = parts[places[id_]].subjects
        old = subjects[kind, id_]
        subjects[kind, id_] = Subject(kind, id_, old.owner, old.group, frozenset(tags[id_]), frozenset(pairs[id_]))


def _read_tags(
    session: OmeroSession, kind: str, ids: list[int], namespaces: Sequence[str], into: dict[int, set[TagLink]]
) -> None:
    text = (
        "select l.id, l.parent.id, t.id, t.ns, t.textValue, l.details.owner.id, l.details.owner.omeName, "
        f"l.details.creationEvent.time from {kind}AnnotationLink l, TagAnnotation t "
        "where l.child.id = t.id and l.parent.id in (:ids) and t.ns in (:namespaces)"
    )
    found = session.rows("reading tags", text, {"ids": ids, "namespaces": list(namespaces)})
    for link, parent, tag, namespace, value, owner, name, created in found:
        into[parent].add(TagLink(link, tag, namespace, value or "", owner, (created or 0) / 1000, name))


def _read_key_values(session: OmeroSession, kind: str, ids: list[int], into: dict[int, set[KeyValues]]) -> None:
    text = (
        f"select l from {kind}AnnotationLink l join fetch l.child a join fetch l.details.owner "
        "where l.parent.id in (:ids) and a.ns = :namespace"
    )
    for link in session.objects("reading key-value pairs", text, {"ids": ids, "namespace": OBJECT_NAMESPACE}):
        annotation = link.child
        if not hasattr(annotation, "getMapValue"):
            continue  # another kind of annotation that somebody gave our namespace
        found = KeyValues(unwrap(annotation.id), unwrap(link.id), unwrap(link.details.owner.id), _pairs(annotation))
        into[unwrap(link.parent.id)].add(found)


def _pairs(annotation: Any) -> tuple[tuple[str, str], ...]:
    return tuple((pair.name or "", pair.value or "") for pair in annotation.getMapValue() or [] if pair is not None)


def _view(fileset: int, part: _Found) -> OmeroView:
    subjects = tuple(part.subjects[key] for key in sorted(part.subjects))
    return OmeroView(fileset=fileset, images=tuple(part.images), subjects=subjects)
