"""What people are told of OMERO's copy of a unit's files: on its images, and by ``explain``."""

from __future__ import annotations

from irods_omero.domain.rules.one_copy.copy_decision import CopyDecision
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import MOVE, Eviction
from irods_omero.domain.state.one_copy.managed_files import Refill
from irods_omero.domain.state.texts import timestamp
from irods_omero.domain.state.tiers import Tier
from irods_omero.vocabulary import RESTAGE, SHOW

MINUTE = 60.0


def said_in_omero(observation: Observation, decision: CopyDecision, tier: Tier | None) -> str:
    """What images say about files that OMERO does not have, empty where there is nothing that a user can do about it.

    Args:
        observation: The unit.
        decision: What was decided about its copies.
        tier: The one that users see, None while no replica is good.
    """
    action, evicted = decision.action, decision.evicted
    if isinstance(action, Refill) and action.size:
        return f"on its way back: {action.size} bytes{_estimate(action.size, observation.refill_rate)}"
    if evicted is None or not evicted.until_asked:
        return ""
    gone = "moved to iRODS" if evicted.why == MOVE else "removed to make room"
    return f"{gone}; tag it {RESTAGE if tier and tier.offline else SHOW} to have it back"


def told_of(evicted: Eviction | None) -> str:
    """Since when copies are away, why, and what has their bytes; empty where they are not."""
    return f"; removed at {timestamp(evicted.at)} {evicted}" if evicted is not None else ""


def _estimate(size: int, rate: float | None) -> str:
    if not rate:
        return ""
    minutes = size / rate / MINUTE
    if minutes < 1:
        return ", in less than a minute"
    return f", in about {minutes:.0f} min" if minutes < MINUTE else f", in about {minutes / MINUTE:.0f} h"
