"""Rights that follow OMERO: where a fileset was given to another owner or group, what the agent gave itself changes.

A three-way merge for each name: what the agent gave before, what the rule gives now, what the zone has. Where the first
two are the same nothing is done, whatever the zone has; where the zone has something else than the agent gave, a person
has changed it, and it stays, but that a new owner owns.

The owner whom the catalog names stays, too: data objects of one unit have the same, at any moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from irods_omero.domain.state.actions import SetRight
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.rights import NOTHING, Grant, Rights, RightsView
from irods_omero.domain.state.views import DataObject

NOT_GIVEN = frozenset({NOTHING})


@dataclass(frozen=True)
class RightsDecision:
    """What becomes of the rights on a unit.

    Attributes:
        agreed: What the agent has given when all is done.
        actions: What to do.
        under_way: What it may have given while that goes on; None where nothing is to be done.
        error: Why nothing can be done.
        rule: Which rule decided, empty where nothing was to be decided.
    """

    agreed: Rights | None
    actions: tuple[SetRight, ...] = ()
    under_way: Rights | None = None
    error: str = ""
    rule: str = ""


def are_in_question(observation: Observation) -> bool:
    """Whether rights may have to change: the images have another owner or group than these were given for.

    So may those that an agent was changing when it was killed, though the images are back where they were.
    """
    rights, omero = observation.base.rights, observation.omero
    if rights is None or omero.fileset is None or omero.fileset != observation.base.fileset:
        return False
    is_under_way = len(dict(rights.grants)) < len(rights.grants) or NOTHING in dict(rights.grants).values()
    hands = {(subject.owner, subject.group) for subject in omero.subjects}
    return is_under_way or hands != {(rights.owner, rights.group)}


def decide_rights(observation: Observation) -> RightsDecision:
    """Decide about the rights on the data objects of a unit."""
    given, seen = observation.base.rights, observation.rights
    if given is None or observation.omero.fileset != observation.base.fileset:
        return RightsDecision(None)  # images of a content that came from iRODS have nothing to say about rights
    if seen is None:
        return RightsDecision(given)
    if seen.error:
        return RightsDecision(given, error=seen.error, rule="omero_first: nobody can tell who gets them")
    ours, wanted = _levels(given), dict(seen.wanted.grants)
    actions = tuple(
        action for data_object in observation.zone.objects for action in _changes(data_object, ours, wanted, seen)
    )
    under_way = given._replace(grants=_together(given, seen.wanted))
    is_refused = any(isinstance(refusal.action, SetRight) for refusal in observation.refused or ())
    rule = "omero_first: they follow the owner and the group in OMERO"
    return RightsDecision(
        under_way if is_refused else seen.wanted, _each_opened_once(actions), under_way if actions else None, rule=rule
    )


def _levels(rights: Rights) -> Mapping[str, frozenset[str]]:
    """For each name the levels that the agent may have given."""
    levels: dict[str, set[str]] = defaultdict(set)
    for name, level in rights.grants:
        levels[name].add(level)
    return {name: frozenset(known) for name, known in levels.items()}


def _changes(
    data_object: DataObject, ours: Mapping[str, frozenset[str]], wanted: Mapping[str, str], seen: RightsView
) -> Iterator[SetRight]:
    """What to do on one data object: who gets rights comes before those who lose them."""
    present = seen.present.get(data_object.data_id, {})
    changed = {name for name in {*ours, *wanted} if ours.get(name, NOT_GIVEN) != {wanted.get(name, NOTHING)}}
    as_given = {name for name in changed if present.get(name, NOTHING) in ours.get(name, NOT_GIVEN)}
    new_owner = {seen.user} & changed  # whatever that user had before
    due = {name for name in as_given | new_owner if present.get(name, NOTHING) != wanted.get(name, NOTHING)}
    for name in sorted(due, key=lambda each: (each not in wanted, each)):
        yield SetRight(
            data_object.data_id,
            data_object.path,
            Grant(name, wanted.get(name, NOTHING)),
            is_new_group=name == seen.new_group,
            opens=name in wanted,
        )


def _each_opened_once(actions: Iterable[SetRight]) -> tuple[SetRight, ...]:
    """The actions, of which only the first for a name and a collection has this opened."""
    known, reduced = set[tuple[str, str]](), list[SetRight]()
    for action in actions:
        where = (action.grant.name, action.path.rpartition("/")[0])
        reduced.append(action.closed() if where in known else action)
        known.add(where)
    return tuple(reduced)


def _together(given: Rights, wanted: Rights) -> tuple[Grant, ...]:
    """All that the agent may have given on the way from one to the other, with what it had not yet, or no more."""
    before, after = {grant.name for grant in given.grants}, {grant.name for grant in wanted.grants}
    nothing = {Grant(name, NOTHING) for name in before ^ after}
    return tuple(sorted({*given.grants, *wanted.grants, *nothing}))
