"""What people should be told of a decision, besides what both sides show: requests that got no answer, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.rules.causes import REFUSED, UNANSWERED, kind_of
from irods_omero.domain.rules.requests import HOUR
from irods_omero.domain.state.agreement import Failure
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.request_lookup import STANDING, request_for


@dataclass(frozen=True)
class News:
    """Something that happened to one unit.

    Attributes:
        kind: One of the kinds of ``rules/causes.py``.
        text: What happened, as the unit's users read it.
        path: Logical path of its first data object.
    """

    kind: str
    text: str
    path: str


def news_of(observation: Observation, decision: Decision) -> Iterator[News]:
    """What there is to tell of a decision about a unit that is there."""
    base, agreement = observation.base, decision.agreement
    path = observation.zone.first.path
    if agreement.refused and agreement.refused != base.refused:
        yield News(REFUSED, agreement.refused, path)
    if agreement.request not in STANDING or agreement.request != base.request or request_for(agreement.request).holds:
        return
    tiers = observation.policy.tiers
    places = (tiers.place(data_object) or tiers.of_object(data_object) for data_object in observation.zone.objects)
    hours = max((place.recall_hours for place in places if place is not None), default=0.0)
    if base.asked and observation.now >= base.stands_since + hours * HOUR:
        text = f"request {agreement.request} has been pending on tier {agreement.tier} for more than {hours:g} hours"
        yield News(UNANSWERED, text, path)


def news_of_failure(observation: Observation, failure: Failure) -> News:
    """What there is to tell of an import, of writing, or of changing OMERO's copy, that failed."""
    return News(kind_of(failure, observation.policy.attempts), failure.reason, observation.zone.first.path)
