"""Key-value annotations as images and plates carry them: what is read of them, and how they are made and changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import omero
import omero.model
from omero.rtypes import rstring

from irods_omero.domain.state.actions import WriteKeyValues
from irods_omero.domain.state.places import KEY, ReadScope
from irods_omero.domain.state.views import KeyValues, Pair, Pairs
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.vocabulary import OBJECT_NAMESPACE

MODEL = "MapAnnotation"
"""What OMERO's model calls them."""


def read_key_values(
    session: OmeroSession, kind: str, filesets: Mapping[int, int], scope: ReadScope
) -> dict[int, frozenset[KeyValues]]:
    """The key-value annotations on images or plates, by the ids of these.

    Args:
        session: A session that may read across groups.
        kind: ``Image`` or ``Plate``.
        filesets: For each image or plate its fileset, by OMERO ids.
        scope: Which are looked at.
    """
    pairs: dict[int, set[KeyValues]] = defaultdict(set)
    for chunk in in_batches(sorted(filesets), BATCH):
        _read(session, kind, chunk, scope, pairs)
    shared = _seen_by_others(session, kind, filesets, pairs)
    return {
        id_: frozenset(replace(each, shared=each.shared or each.annotation in shared) for each in carried)
        for id_, carried in pairs.items()
    }


def _read(session: OmeroSession, kind: str, ids: list[int], scope: ReadScope, into: dict[int, set[KeyValues]]) -> None:
    text = (
        "select l.id, l.parent.id, a.id, a.ns, l.details.owner.id, a.details.owner.id "
        f"from {kind}AnnotationLink l, MapAnnotation a "
        "where l.child.id = a.id and l.parent.id in (:ids) and a.ns in (:namespaces) order by l.id"
    )
    links = session.rows("reading key-value annotations", text, {"ids": ids, "namespaces": scope.namespaces(KEY)})
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


def new_key_values(namespace: str, pairs: Pairs) -> Any:
    """An annotation that is not in OMERO yet."""
    annotation = omero.model.MapAnnotationI()
    annotation.ns = rstring(namespace)
    annotation.setMapValue(_map(pairs))
    return annotation


def is_change(action: WriteKeyValues) -> bool:
    """Whether an annotation is changed, and not a new one made."""
    return action.existing is not None and not action.existing.shared


def changed_key_values(session: OmeroSession, changes: Mapping[int, WriteKeyValues]) -> list[Any]:
    """Annotations, by their ids, with their new pairs; they are not saved yet.

    Raises:
        RefusedError: A user has changed one since it was looked at: it is left to them.
    """
    text = "select a from MapAnnotation a where a.id in (:ids)"
    annotations = session.objects("reading key-value pairs", text, {"ids": sorted(changes)})
    for annotation in annotations:
        _change(annotation, changes[annotation.id.val])
    return annotations


def _change(annotation: Any, action: WriteKeyValues) -> None:
    assert action.existing is not None
    if action.namespace != OBJECT_NAMESPACE and _pairs_of(annotation) != action.existing.pairs:
        name = f"{action.subject.kind}:{action.subject.id}"
        raise RefusedError("writing key-value pairs on", name, "somebody has changed them at this moment")
    annotation.setMapValue(_map(action.pairs))


def _pairs_of(annotation: Any) -> Pairs:
    return tuple((pair.name or "", pair.value or "") for pair in annotation.getMapValue() or [] if pair is not None)


def _map(pairs: Pairs) -> list[Any]:
    return [omero.model.NamedValue(name, value) for name, value in pairs]
