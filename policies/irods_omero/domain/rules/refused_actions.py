"""What a side has refused to do: what is therefore not agreed, and what people are told of it.

A refused action only means that one side still says what it said before. Nothing else waits for it, as what both sides
should say was decided from their views, and actions do not depend on each other. There are two exceptions (see
``is_in_vain``): an AVU with units stays if the AVU that was to take over its units was refused; and a unit goes to
another place as a whole, or not at all.

The agreement, the base of the next merge, has to stay true. A value that a side lacks, as it would not take it, is not
agreed: it would seem to have been removed there. A value that a side still has, as it would not give it up, stays
agreed: it would seem to have been added there. Both are tried again at each look, and nothing else is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from irods_omero.domain.state.actions import (
    Action,
    AddAvu,
    AddTag,
    Move,
    OmeroAction,
    Refusal,
    Relocate,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetArchived,
    SetRight,
    WriteKeyValues,
)
from irods_omero.domain.state.agreement import REASON_BYTES, AgreedValues, Answered
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import REQUEST_TAGS, Place, key_in
from irods_omero.domain.state.policy import TO_IRODS, Policy
from irods_omero.domain.state.texts import printable, remembered
from irods_omero.domain.state.views import Pairs, Subject, TagLink
from irods_omero.vocabulary import OBJECT_NAMESPACE

NOTE_BYTES = 200

Values = Mapping[str, Set[str]]
"""For mapped attributes, by their names in agreements, some of their values."""


@dataclass(frozen=True)
class RefusedActions:
    """What is not as it should be.

    Attributes:
        missing: Values that a side would not take.
        owed: Those of attributes that OMERO leads, and that it would not take.
        staying: Values that a side would not give up.
        unshown: Whether OMERO would not show the pending request.
        answered: Requests that OMERO goes on showing.
        told: What was refused, for people.
        notes: What was refused and is never tried again.
    """

    missing: Values = field(default_factory=dict)
    owed: Values = field(default_factory=dict)
    staying: Values = field(default_factory=dict)
    unshown: bool = False
    answered: Answered = ()
    told: str = ""
    notes: tuple[str, ...] = ()

    def agreed(self, values: AgreedValues) -> AgreedValues:
        """What is agreed of some values that both sides should have."""
        names = {*dict(values), *self.staying}
        of_each = {
            name: {*dict(values).get(name, ()), *self.staying.get(name, ())} - self.missing.get(name, set())
            for name in names
        }
        return _as_values(of_each)

    def missing_in(self, attributes: AgreedValues) -> AgreedValues:
        """What OMERO lacks of the attributes that it leads, besides what was not even tried."""
        known = dict(attributes)
        return _as_values({name: {*known.get(name, ()), *self.owed.get(name, ())} for name in {*known, *self.owed}})


def _as_values(values: Values) -> AgreedValues:
    return tuple((name, tuple(sorted(kept))) for name, kept in sorted(values.items()) if kept)


def refusals_of(observation: Observation) -> RefusedActions:
    """What is not as it should be: as it was found the last time, while nothing was tried yet."""
    base, refusals = observation.base, observation.refused
    if refusals is None:
        return RefusedActions(unshown=base.unshown, answered=base.answered, told=base.refusals_told)
    here, of_earlier = list[Refusal](), list[Refusal]()
    for refusal in refusals:
        (of_earlier if is_of_earlier(refusal, observation) else here).append(refusal)
    missing: dict[str, set[str]] = defaultdict(set)
    owed: dict[str, set[str]] = defaultdict(set)
    staying: dict[str, set[str]] = defaultdict(set)
    for action, _ in here:
        for attribute, text, is_there in _values_of(action, observation.policy):
            mapping = observation.policy.mapping_of(attribute)
            if mapping is not None:
                name = mapping.for_attribute(attribute).remembered_as
                (staying if is_there else missing)[name].add(remembered(text))
                if mapping.direction == TO_IRODS and not is_there and isinstance(action, OmeroAction):
                    owed[name].add(remembered(text))
    return RefusedActions(
        missing=missing,
        owed=owed,
        staying=staying,
        unshown=any(isinstance(action, AddTag) and action.place == REQUEST_TAGS for action, _ in here),
        answered=_answered(action for action, _ in here),
        told=_told(here),
        notes=_notes(of_earlier),
    )


def _answered(actions: Iterable[Action]) -> Answered:
    """The request tags that stay, by their words; with the time of the last, as later ones ask for something."""
    times: dict[str, int] = {}
    for action in actions:
        for link in _links(action) if isinstance(action, RemoveTag) else ():
            if place_of_tag(link) == REQUEST_TAGS:
                times[link.text] = max(int(link.created), times.get(link.text, 0))
    return tuple(sorted(times.items()))


def is_in_vain(action: Action, refused: Iterable[Refusal]) -> bool:
    """Whether an action makes no sense after what was refused.

    It would remove an AVU whose units nothing else has, as its replacement was refused; or it would part a unit.
    """
    if isinstance(action, Relocate):
        return any(isinstance(each, Relocate) for each, _ in refused)
    if not isinstance(action, RemoveAvu) or not action.avu.units:
        return False
    return any(
        isinstance(each, AddAvu)
        and (each.data_id, each.avu.attribute, each.avu.units)
        == (action.data_id, action.avu.attribute, action.avu.units)
        for each, _ in refused
    )


def without_answered(observation: Observation) -> Observation:
    """The observation without the request tags that were answered, and that OMERO would not have taken away."""
    answered = dict(observation.base.answered)
    if not answered:
        return observation

    def is_left(link: TagLink) -> bool:
        return place_of_tag(link) != REQUEST_TAGS or int(link.created) > answered.get(link.text, -1)

    def without(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
        return tuple(replace(subject, tags=frozenset(filter(is_left, subject.tags))) for subject in subjects)

    omero = observation.omero
    omero = replace(omero, subjects=without(omero.subjects), earlier=without(omero.earlier))
    return replace(observation, omero=omero)


def is_of_earlier(refusal: Refusal, observation: Observation) -> bool:
    """Whether it is about images of an earlier content, which nobody looks at again once they are superseded."""
    subject = getattr(refusal.action, "subject", None)
    return subject is not None and subject.id not in observation.omero.subject_ids


Touched = tuple[str, str, bool]
"""An attribute of the zone, a text in OMERO for one of its values, and whether it stays on a side, or is missing."""


def _values_of(action: Action, policy: Policy) -> Iterator[Touched]:
    """The mapped values that an action would have changed."""
    match action:
        case AddAvu(avu=avu) | RemoveAvu(avu=avu):
            mapping = policy.mapping_of(avu.attribute)
            if mapping is not None:
                yield avu.attribute, mapping.in_omero(avu.value, avu.units), isinstance(action, RemoveAvu)
        case _:
            for place, text, is_there in _texts_of(action):
                mapping = policy.mapping_at(place)
                if mapping is not None:
                    yield mapping.attribute_at(place), text, is_there


def _texts_of(action: Action) -> Iterator[tuple[Place, str, bool]]:
    """The texts in OMERO that an action would have changed, and whether they stay there."""
    match action:
        case AddTag(place=place, text=text):
            yield place, text, False
        case RemoveTag():
            yield from ((place_of_tag(link), link.text, True) for link in _links(action))
        case WriteKeyValues(existing=existing, namespace=namespace, pairs=pairs):
            yield from _changed_pairs(namespace, existing.pairs if existing else (), pairs)
        case RemoveKeyValues(subject=subject, link=number):
            for annotation in subject.key_values:
                if annotation.link == number:
                    yield from _changed_pairs(annotation.namespace, annotation.pairs, ())


def _changed_pairs(namespace: str, before: Pairs, after: Pairs) -> Iterator[tuple[Place, str, bool]]:
    if namespace != OBJECT_NAMESPACE:
        yield from ((key_in(namespace, key), text, True) for key, text in before if (key, text) not in after)
        yield from ((key_in(namespace, key), text, False) for key, text in after if (key, text) not in before)


def _links(action: RemoveTag) -> Iterator[TagLink]:
    return (link for link in action.subject.tags if link.link == action.link)


def _told(refusals: list[Refusal]) -> str:
    """The first of some refusals by name, whatever the order in which they came, and how many there are."""
    texts = sorted({f"{_name(action)}: {why}" for action, why in refusals})
    if not texts:
        return ""
    more = f" (and {len(texts) - 1} more)" if len(texts) > 1 else ""
    return printable(f"not done: {texts[0]}", REASON_BYTES - len(more)) + more


def _name(action: Action) -> str:
    """What an action is called in a message."""
    match action:
        case AddTag(subject=subject, place=place, text=text):
            name = f"{place.word} {text!r} on {subject.kind}:{subject.id}"
        case RemoveTag(subject=subject):
            taken = "".join(f"{link.place.word} {link.text!r}" for link in _links(action))
            name = f"taking {taken} off {subject.kind}:{subject.id}"
        case WriteKeyValues(subject=subject) | RemoveKeyValues(subject=subject):
            name = f"key-value pairs on {subject.kind}:{subject.id}"
        case SetArchived(image=image):
            name = f"lock on Image:{image}"
        case Move(path=path, destination=destination):
            name = f"movement of {path} to {destination}"
        case Relocate(path=path, new=new):
            name = f"moving {path} to {new}"
        case SetRight(path=path, grant=grant):
            name = f"rights of {grant.name} on {path}"
        case AddAvu(path=path, avu=avu) | RemoveAvu(path=path, avu=avu):
            name = f"AVU {avu.attribute} on {path}"
        case _:
            name = "agreement"
    return name


def _notes(refusals: list[Refusal]) -> tuple[str, ...]:
    if not refusals:
        return ()
    why = min(why for _, why in refusals)
    return (printable(f"images of an earlier content do not say that they are superseded ({why})", NOTE_BYTES),)
