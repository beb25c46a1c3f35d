"""The key-value pairs of a unit's images: its own annotation, and mapped keys in annotations that users write, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from irods_omero.domain.state.actions import OmeroAction, RemoveKeyValues, WriteKeyValues
from irods_omero.domain.state.carried import own_annotations
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.views import KeyValues, Pair, Pairs, Subject

Texts = Mapping[Place, frozenset[str]]
"""For each place the texts that should be there; other places are left alone."""

TextsOfKeys = Mapping[str, frozenset[str]]
"""For each key of a namespace the texts that should be there; other keys are left alone."""


def diff_own_pairs(subject: Subject, pairs: Pairs) -> Iterator[OmeroAction]:
    """What makes one annotation of this policy on an image or plate say exactly this, and removes its copies."""
    annotations = sorted(own_annotations(subject), key=lambda annotation: annotation.shared)
    kept = annotations[0] if annotations else None
    if kept is None or kept.shared or kept.pairs != pairs:
        yield WriteKeyValues(subject, kept, pairs)
    yield from (RemoveKeyValues(subject, extra.link, extra.owner) for extra in annotations[1:])


@dataclass
class _Changed:
    """An annotation that is being changed.

    Attributes:
        now: The annotation before the change.
        subjects: The images that carry it.
        kept: Its pairs without those that are removed.
        added: The pairs that are added to it.
    """

    now: KeyValues
    kept: Pairs
    subjects: list[tuple[Subject, KeyValues]] = field(default_factory=list)
    added: set[Pair] = field(default_factory=set)

    @property
    def is_left(self) -> bool:
        """Whether it is left alone for others, who see it, too, and replaced or removed on the images of this unit."""
        return self.now.shared and self.kept != self.now.pairs


def diff_mapped_keys(subjects: Sequence[Subject], desired: Texts) -> Iterator[OmeroAction]:
    """What makes the mapped keys of all images say what they should.

    Users write into the same annotations: all other pairs stay, in their order. New pairs go into the first annotation
    that the owner of the image has in the namespace. Each action may be done without the others: none removes a pair
    that is to stay and that another action has yet to add.
    """
    keys: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for place, texts in desired.items():
        if place.is_key:
            keys[place.namespace][place.name] = texts
    in_order = sorted(subjects, key=lambda subject: (subject.kind, subject.id))
    for namespace, texts_of in sorted(keys.items()):
        yield from _diff_namespace(namespace, in_order, texts_of)


def _diff_namespace(namespace: str, subjects: Sequence[Subject], desired: TextsOfKeys) -> Iterator[OmeroAction]:
    changes = _changes(namespace, subjects, desired)
    for subject in subjects:
        mine = [changes[annotation.annotation] for annotation in sorted(_in(namespace, subject))]
        yield from _diff_subject(namespace, subject, mine, desired)
    for change in changes.values():
        if change.is_left:
            continue
        pairs = _rewritten(change)
        if not pairs:
            yield from (
                RemoveKeyValues(subject, annotation.link, annotation.owner) for subject, annotation in change.subjects
            )
        elif pairs != change.now.pairs:
            yield WriteKeyValues(change.subjects[0][0], change.now, pairs, namespace)


def _changes(namespace: str, subjects: Sequence[Subject], desired: TextsOfKeys) -> dict[int, _Changed]:
    """All the annotations of a namespace by their ids, with the pairs that are kept."""
    changes: dict[int, _Changed] = {}
    for subject in subjects:
        for annotation in sorted(_in(namespace, subject)):
            kept = tuple(pair for pair in annotation.pairs if _stays(pair, annotation, desired))
            changes.setdefault(annotation.annotation, _Changed(annotation, kept)).subjects.append((subject, annotation))
    return changes


def _diff_subject(
    namespace: str, subject: Subject, mine: Sequence[_Changed], desired: TextsOfKeys
) -> Iterator[OmeroAction]:
    """Add what an image lacks, and replace annotations that others see, too, with the pairs that only they have."""
    has = {pair for change in mine if not change.is_left for pair in change.kept}
    home = next((change for change in mine if not change.now.shared and change.now.owner == subject.owner), None)
    for change in mine:
        if not change.is_left:
            continue
        rest = tuple(pair for pair in change.kept if pair not in has)
        has.update(rest)
        annotation = next(annotation for other, annotation in change.subjects if other is subject)
        if rest:
            yield WriteKeyValues(subject, annotation, rest, namespace)
        else:
            yield RemoveKeyValues(subject, annotation.link, annotation.owner)
    missing = {(key, text) for key, texts in desired.items() for text in texts} - has
    if missing and home is not None:
        home.added |= missing
    elif missing:
        yield WriteKeyValues(subject, None, tuple(sorted(missing)), namespace)


def _in(namespace: str, subject: Subject) -> Iterator[KeyValues]:
    return (annotation for annotation in subject.key_values if annotation.namespace == namespace)


def _stays(pair: Pair, annotation: KeyValues, desired: TextsOfKeys) -> bool:
    key, text = pair
    return pair in annotation.invalid or key not in desired or text in desired[key]


def _rewritten(change: _Changed) -> Pairs:
    """The kept pairs, with each new value in the place of an old one of its key, and the other new ones at the end."""
    pairs: list[Pair] = []
    kept, added = set(change.kept), sorted(change.added - set(change.kept))
    for pair in change.now.pairs:
        if pair in kept:
            pairs.append(pair)
        else:
            pairs += [new for new in added if new[0] == pair[0]]
            added = [new for new in added if new[0] != pair[0]]
    return (*pairs, *added)
