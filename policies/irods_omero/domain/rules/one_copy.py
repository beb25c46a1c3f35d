"""Whether OMERO should have a copy of a unit's files, and whether its images are locked: one rule for all states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from irods_omero.domain.state.agreement import Agreement, Eviction, Failure
from irods_omero.domain.state.managed_files import ABSENT, COPY, OTHER, CopyAction, Evict, ManagedFile, Refill, Verify
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import DOUBLINGS, WITH_TIER
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import DataObject
from irods_omero.vocabulary import KEEP, RESTAGE

LONGEST_PAUSE = 300.0
"""Seconds between two attempts to remove a copy or to bring it back."""


@dataclass(frozen=True)
class CopyDecision:
    """The answer.

    Attributes:
        locked: Whether images are shown with a lock, None to leave locks as they are.
        action: What is to be done in the repository, after both sides say what they should.
        evicted: The eviction to remember, None where OMERO has, or is to have, its copies.
        rule: Why, in words.
        error: What somebody has to put right, empty for nothing.
        wait: Whether it is to be looked at again soon, without a new mark.
    """

    locked: bool | None
    action: CopyAction | None = None
    evicted: Eviction | None = None
    rule: str = ""
    error: str = ""
    wait: bool = False


def decide_copies(observation: Observation, tier: Tier | None, pending: str) -> CopyDecision:
    """Decide about OMERO's copies of a unit.

    Args:
        observation: The unit.
        tier: The one that users see, None while no replica is good.
        pending: The request that stands, empty for none.
    """
    offline = tier is not None and tier.offline
    evicted, files = observation.base.evicted, observation.copies
    if not observation.policy.has_repository or observation.omero.fileset is None:
        return CopyDecision(offline, evicted=evicted)
    if files is None:
        shown = {image.archived for image in observation.omero.images}
        rule = "OMERO's repository cannot be looked into: locks stay as they are"
        return CopyDecision(None, evicted=evicted, rule=rule, wait=shown != {offline})
    if not files:
        return CopyDecision(offline, evicted=evicted, rule="its files are not in OMERO's managed repository")
    decision = _decide(observation, files, tier, pending)
    failure = observation.base.copy_failure
    if decision.action is None or failure is None:
        return decision
    if not _rests(failure, observation):
        return replace(decision, error=failure.reason)
    locked = not all(file.disk.readable for file in files)
    rule = f"attempt {failure.attempts} to change that failed, the next one is due later"
    return CopyDecision(locked, evicted=evicted, rule=rule, error=failure.reason, wait=True)


def _decide(observation: Observation, files: tuple[ManagedFile, ...], tier: Tier | None, pending: str) -> CopyDecision:
    locked = not all(file.disk.readable for file in files)
    foreign = [file for file in files if file.disk.state == OTHER]
    error = "; ".join(f"OMERO's file {file.path} is {file.disk.what}" for file in foreign if not file.disk.readable)
    if foreign:
        rule = f"left alone: {foreign[0].path} is {foreign[0].disk.what}"
        return CopyDecision(locked, evicted=observation.base.evicted, rule=rule, error=error)
    if tier is None:
        return CopyDecision(locked, evicted=observation.base.evicted, rule="no replica is good")
    if tier.offline:
        return _offline(observation, files, tier, pending)
    if any(file.disk.state == ABSENT or file.disk.leftover for file in files):
        refill = Refill(_sought(files))
        return CopyDecision(
            locked, refill, observation.base.evicted, f"tier {tier.name} can be read: brought back", wait=True
        )
    if _may_be_verified(observation):
        rule = "to be compared with what iRODS has while that can be read"
        return CopyDecision(locked, Verify(files), rule=rule, wait=True)
    return CopyDecision(locked, rule=f"a copy, and tier {tier.name} can be read")


def _offline(observation: Observation, files: tuple[ManagedFile, ...], tier: Tier, pending: str) -> CopyDecision:
    locked, base = not all(file.disk.readable for file in files), observation.base
    if observation.policy.evict != WITH_TIER:
        rule = f"tier {tier.name} cannot be read, and cache.evict is {observation.policy.evict}"
    elif pending in {KEEP, RESTAGE}:
        rule = f"the request {pending} stands"
    elif any(file.disk.state == COPY for file in files) and (why_not := why_not_evicted(observation)):
        rule = f"not removed: {why_not}"
    elif base.undone and not all(image.archived for image in observation.omero.images):
        rule = "not removed: its images cannot be shown with a lock"
    else:
        to_remove = any(file.disk.state == COPY or file.disk.leftover for file in files)
        action = Evict(files) if to_remove else None
        rule = f"tier {tier.name} cannot be read, and cache.evict says {WITH_TIER}"
        return CopyDecision(True, action, base.evicted or _eviction(observation), rule, wait=to_remove)
    action = Refill(_sought(files, only_leftovers=True))
    evicted = base.evicted if any(file.disk.state == ABSENT for file in files) else None
    if action.files:
        return CopyDecision(locked, action, evicted, rule, wait=True)
    return CopyDecision(locked, evicted=evicted, rule=rule)


def why_not_evicted(observation: Observation) -> str:
    """Why OMERO's copy might be the only good one, empty if iRODS is known to have the same bytes."""
    base, content = observation.base, observation.content
    if base.content is None or content is None or base.fileset != observation.omero.fileset:
        return "nothing is agreed about these images yet"
    if base.failure is not None or not content.same_as(base.content):
        return "its data objects have changed since the images were made"
    if not content.checksum:
        return "iRODS has no checksum of it: run ichksum on it and restage it"
    if content.checksum != base.verified:
        return "its checksum in iRODS was not compared with what OMERO has: restage it to have that done"
    if observation.is_held:
        return "removals are held for a person to decide about"
    return ""


def _may_be_verified(observation: Observation) -> bool:
    """Whether what is missing for an eviction later on is that bytes are compared, which takes a tier that is read."""
    base, content = observation.base, observation.content
    return (
        observation.policy.evict == WITH_TIER
        and content is not None
        and base.content is not None
        and base.fileset == observation.omero.fileset
        and base.failure is None
        and content.same_as(base.content)
        and content.checksum not in ("", base.verified)
    )


def _sought(files: Iterable[ManagedFile], only_leftovers: bool = False) -> tuple[ManagedFile, ...]:
    return tuple(file for file in files if file.disk.leftover or (file.disk.state == ABSENT and not only_leftovers))


def _eviction(observation: Observation) -> Eviction:
    replica = next((each for each in observation.zone.first.good_replicas() if each.checksum), None)
    return Eviction(int(observation.now), replica.resource if replica else "", replica.number if replica else 0)


def _rests(failure: Failure, observation: Observation) -> bool:
    pause = min(observation.policy.backoff * 2.0 ** min(failure.attempts - 1, DOUBLINGS), LONGEST_PAUSE)
    return failure.at <= observation.now < failure.at + pause


def failing(base: Agreement, reason: str, now: float) -> Failure:
    """One more attempt in the repository that came to nothing."""
    attempts = base.copy_failure.attempts + 1 if base.copy_failure else 1
    return Failure(attempts, int(now), reason)


def candidates(file: ManagedFile, objects: Iterable[DataObject]) -> Iterator[DataObject]:
    """The data objects that may have the bytes of a managed file, likelier ones first: hashes tell.

    Names tell which is likely, as both sides' users may have given others since.
    """
    sized = [each for each in objects if any(replica.size == file.size for replica in each.good_replicas())]
    yield from sorted(sized, key=lambda each: (-_same_end(each.path, file.client_path), each.path))


def _same_end(one: str, other: str) -> int:
    """How many names two paths have in common at their ends."""
    count = 0
    for mine, its in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if mine != its:
            break
        count += 1
    return count
