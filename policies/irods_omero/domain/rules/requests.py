"""What becomes of a request: pending, served, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from irods_omero.domain.rules.merge import Asked, merge_request
from irods_omero.domain.rules.moving import Amount, Journey, journey_of
from irods_omero.domain.rules.side_values import Sides
from irods_omero.domain.state.actions import Move
from irods_omero.domain.state.agreement import REASON_BYTES, Agreement, Moving
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import OTHER
from irods_omero.domain.state.places import REQUEST_TAGS
from irods_omero.domain.state.policy import DOUBLINGS
from irods_omero.domain.state.request_lookup import STANDING, request_for
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import TagLink
from irods_omero.vocabulary import RESTAGE, Request

HOUR = 3600.0
"""Seconds; the longest pause before a movement is queued again that storage tiering has given up."""


class Progress(NamedTuple):
    """How the movement that a request asks for goes on.

    Attributes:
        queued: How often it was queued.
        asked_at: Since when the request is pending, seconds since 1970.
        queued_at: When it was queued last, seconds since 1970.
        moving: How far it has come, where it is about several data objects.
    """

    queued: int = 0
    asked_at: int = 0
    queued_at: int = 0
    moving: Moving | None = None

    @property
    def stands_since(self) -> int:
        """Since when nothing of it has moved, seconds since 1970."""
        return max(self.asked_at, self.moving.at if self.moving else 0)

    def may_be_queued(self, now: float, backoff: float) -> bool:
        """Whether it is time to queue it, again if it was before; a time in the future is of a clock that was wrong."""
        if not self.queued or self.queued_at > now:
            return True
        return now >= self.queued_at + min(backoff * 2.0 ** min(self.queued - 1, DOUBLINGS), HOUR)


NO_PROGRESS = Progress()


@dataclass(frozen=True)
class RequestDecision:
    """What becomes of a request.

    Attributes:
        pending: The request that both sides show, None for none.
        moves: Movements to queue now.
        progress: How the movement that is asked for goes on.
        refused: Why the last request was refused, empty if it was not.
        rule: Which rule decided, in words.
        wait: Whether to look again soon.
        beside: A request that both sides show beside it, and that stands when it is answered; None for none.
    """

    pending: Asked | None
    moves: tuple[Move, ...]
    progress: Progress
    refused: str
    rule: str
    wait: bool = False
    beside: Asked | None = None

    @property
    def shown(self) -> tuple[Asked, ...]:
        """What both sides show."""
        return tuple(asked for asked in (self.pending, self.beside) if asked is not None)

    def in_agreement(self, agreement: Agreement) -> Agreement:
        """An agreement with this in it."""
        return replace(
            agreement,
            request=self.pending.request if self.pending else "",
            beside=self.beside.request if self.beside else "",
            moves=self.progress.queued,
            asked=self.progress.asked_at,
            queued=self.progress.queued_at,
            moving=self.progress.moving,
            refused=self.refused,
        )


def decide_request(observation: Observation, sides: Sides) -> RequestDecision:
    """Merge the requests of both sides, and decide what becomes of the one that stands."""
    attribute = observation.policy.names.request
    base = sides.agreed({observation.base.request, observation.base.beside} & set(STANDING))
    in_zone, in_omero = sides.zone.says(attribute, base), sides.omero.says(REQUEST_TAGS, base)
    in_omero |= sides.taken_over(REQUEST_TAGS, base) | (base if observation.base.unshown else set())
    new = [asked for asked in asked_on(observation) if asked.request not in base]

    def standing(such: Callable[[Request], bool] = lambda _: True) -> tuple[Asked | None, str]:
        of_such = [each for each in new if such(request_for(each.request))]
        of_base = sorted(word for word in base if such(request_for(word)))
        known = next((word for word in of_base if word in in_zone & in_omero), "".join(of_base[:1]))
        return merge_request(of_such, known, known in in_zone, known in in_omero)

    (asked, rule), beside = standing(), None
    if asked is None:
        return RequestDecision(None, (), NO_PROGRESS, observation.base.refused, rule)
    # One asks for a moment, the other holds until somebody takes it away: neither takes the place of the other.
    show, why = standing(lambda request: not request.holds)
    hold, _ = standing(lambda request: not request.shows)
    if show is not None and hold is not None and request_for(show.request).shows and request_for(hold.request).holds:
        asked, rule, beside = show, why, hold
    if request_for(asked.request).holds:
        # Where something was pending before it may be the answer to that which is refused.
        refused = observation.base.refused if observation.base.request else ""
        return RequestDecision(asked, (), NO_PROGRESS, refused, f"{rule}: held on its tier until taken away")
    progress = _progress(observation, asked.request)
    served = _serve(observation, asked, progress, rule)
    there = (sides.zone.anywhere(attribute) | sides.omero.anywhere(REQUEST_TAGS)) & set(STANDING)
    if served.pending is None and there - {asked.request, beside.request if beside else ""}:
        # Were all taken away at once, an agent that is killed on the way could leave one that has lost already.
        rule = f"{rule}: the other requests are removed first"
        return RequestDecision(asked, (), progress, "", rule, wait=True, beside=beside)
    if served.pending is None:
        return replace(served, pending=beside)
    return replace(served, beside=beside)


def _progress(observation: Observation, request: str) -> Progress:
    base, now = observation.base, int(observation.now)
    if request != base.request:
        return Progress(asked_at=now)
    moving = base.moving._replace(at=min(base.moving.at, now)) if base.moving else None
    return Progress(base.moves, min(base.asked or now, now), base.queued, moving)


def asked_on(observation: Observation) -> list[Asked]:
    """All the requests that data objects, their collection and images carry."""
    attribute = observation.policy.names.request
    in_zone = [
        Asked(avu.value, avu.units or observation.zone.first.owner, dict(carrier.asked_at).get(avu, 0))
        for carrier in observation.zone.carriers(attribute)
        for avu in carrier.avus
        if avu.attribute == attribute and avu.value in STANDING
    ]
    in_omero = [
        Asked(link.text, link.owner_name, link.created, in_zone=False)
        for subject in observation.omero.subjects + observation.omero.earlier
        for link in subject.tags
        if _is_request(link)
    ]
    return in_zone + in_omero


def _is_request(link: TagLink) -> bool:
    return place_of_tag(link) == REQUEST_TAGS and link.text in STANDING


def _serve(observation: Observation, asked: Asked, progress: Progress, rule: str) -> RequestDecision:
    zone, policy = observation.zone, observation.policy
    present = policy.tiers.of_unit(zone.objects, zone.parts)
    if present is None:
        return RequestDecision(asked, (), progress, "", f"{rule}: waiting for a good replica")
    request = request_for(asked.request)
    if request.shows:
        return _show(observation, asked, progress, present, rule)
    has_no_place = any(policy.tiers.place(data_object) is None for data_object in zone.objects)
    if has_no_place and not _is_recall(asked, present):
        return _refuse(asked.request, f"{present.name} has no other tier to go to")
    if zone.parts and zone.ahead is None:  # asked for while this was being looked at
        return RequestDecision(asked, (), progress, "", f"{rule}: waiting until its parts are looked at", wait=True)
    journey = journey_of(zone, policy.tiers, request)
    if not journey.legs:
        return _there(observation, asked, progress, present, rule)
    return _move(observation, RequestDecision(asked, (), progress, "", rule), journey)


def _move(observation: Observation, decision: RequestDecision, journey: Journey) -> RequestDecision:
    """See that the first of what is left is queued, no more at a time than storage tiering is to be asked for."""
    asked, progress, now = decision.pending, decision.progress, int(observation.now)
    if asked is not None and (why := journey.why_too_much()):
        return _refuse(asked.request, why)
    queued = set(observation.zone.movements)
    window = journey.legs[: observation.policy.most_queued]
    due = [leg for leg in window if (leg.data_object.data_id, leg.destination.resource) not in queued]
    if not due:
        since = progress.queued_at or now  # an agent that was killed may have queued it
        moving = progress.moving or _begun(journey.amount, now)
        progress = progress._replace(queued=max(progress.queued, 1), queued_at=since, moving=moving)
        rule = f"{decision.rule}: its movement is queued, to tier {journey.destinations}: {journey.amount}"
        return replace(decision, progress=progress, rule=rule)
    progress = _come(progress, journey.amount, now)
    if len(due) < len(window):  # some are queued still: the others have joined the unit, or are next, since then
        progress = progress._replace(queued_at=0)
    moves = tuple(leg.move() for leg in due)
    return _queue(observation, replace(decision, moves=moves, progress=progress), journey)


def _begun(amount: Amount, now: int) -> Moving | None:
    """What is remembered of a movement that begins; nothing of one data object, which moves or does not."""
    return Moving(*amount, amount.objects, now) if amount.objects > 1 else None


def _come(progress: Progress, amount: Amount, now: int) -> Progress:
    """How far it has come: where something has moved since movements were queued last, attempts count anew."""
    moving = progress.moving
    if moving is None:
        return progress._replace(moving=_begun(amount, now))
    if amount.objects >= moving.left:
        return progress._replace(moving=moving._replace(left=amount.objects))
    return progress._replace(queued=0, queued_at=0, moving=moving._replace(left=amount.objects, at=now))


def _is_recall(asked: Asked, tier: Tier) -> bool:
    """Whether it is asked for bytes of which the site says where they are, and which it may bring into reach itself."""
    return request_for(asked.request).restages and bool(tier.residency)


def _recall(observation: Observation, asked: Asked, progress: Progress, tier: Tier, rule: str) -> RequestDecision:
    """Pending until the site says that the bytes can be read: there is nothing to move, and it sees the request."""
    if not tier.moving and observation.now >= progress.asked_at + tier.recall_hours * HOUR:
        hours = f"{tier.recall_hours:g} hours"
        return _refuse(asked.request, f"its bytes on tier {tier.name} were not brought into reach within {hours}")
    rule = f"{rule}: waiting until {tier.residency} says that its bytes on tier {tier.name} can be read"
    return RequestDecision(asked, (), progress, "", rule)


def _there(observation: Observation, asked: Asked, progress: Progress, tier: Tier, rule: str) -> RequestDecision:
    """Served, as all of it is where it was asked to; who asks for it back is to have OMERO's copy back, too."""
    evicted = observation.base.evicted
    if _is_recall(asked, tier) and tier.offline:
        return _recall(observation, asked, progress, tier, rule)
    if request_for(asked.request).restages and evicted is not None and evicted.until_asked:
        return _show(observation, asked, progress, tier, rule)
    return RequestDecision(None, (), NO_PROGRESS, "", f"{rule}: served, it is on tier {tier.name}")


def _show(observation: Observation, asked: Asked, progress: Progress, tier: Tier, rule: str) -> RequestDecision:
    """Served when OMERO can read the files; they are brought back meanwhile, as a request for them stands."""
    files = observation.copies if observation.policy.has_repository else ()
    if observation.omero.fileset is None:
        return _refuse(asked.request, "it has no images in OMERO")
    if files is None:
        return RequestDecision(asked, (), progress, "", f"{rule}: waiting until OMERO's repository can be looked into")
    missing = [file for file in files if not file.disk.readable]
    if not missing and (files or not tier.offline):
        return RequestDecision(None, (), NO_PROGRESS, "", f"{rule}: served, OMERO can read it")
    if tier.offline and not tier.moving:
        return _refuse(asked.request, f"its bytes are on tier {tier.name}, out of OMERO's reach: request {RESTAGE}")
    if foreign := [file for file in missing if file.disk.state == OTHER]:
        return _refuse(asked.request, f"OMERO's file {foreign[0].path} is {foreign[0].disk.what}")
    return RequestDecision(asked, (), progress, "", f"{rule}: waiting for OMERO's copy")


def _queue(observation: Observation, decision: RequestDecision, journey: Journey) -> RequestDecision:
    """Queue movements, unless it is too late for that, or too early after the last time."""
    asked, progress, policy, rule = decision.pending, decision.progress, observation.policy, decision.rule
    assert asked is not None
    names, is_over = journey.destinations, observation.now >= progress.stands_since + journey.recall_hours * HOUR
    if progress.queued >= policy.attempts and is_over:
        what = str(journey.amount) if progress.moving else "it"
        return _refuse(asked.request, f"storage tiering did not move {what} to {names} in {progress.queued} attempts")
    if not progress.may_be_queued(observation.now, policy.backoff):
        rule = f"{rule}: its movement to tier {names} was given up by storage tiering, and is queued again later"
        return RequestDecision(asked, (), progress, "", rule)
    progress = progress._replace(queued=progress.queued + 1, queued_at=int(observation.now))
    return replace(decision, progress=progress, rule=f"{rule}: queued, to tier {names}: {journey.amount}")


def _refuse(request: str, reason: str) -> RequestDecision:
    refused = refusal(request, reason)
    return RequestDecision(None, (), NO_PROGRESS, refused, refused)


def refusal(request: str, reason: str) -> str:
    """Why a request is refused, as both sides show it."""
    return printable(f"request {request} refused: {reason}", REASON_BYTES)
