"""Whether OMERO should have a copy of a unit's files, and whether its images are locked: one rule for all states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from irods_omero.domain.rules.imports import next_attempt
from irods_omero.domain.rules.one_copy.compared_bytes import (
    is_imported,
    is_outdated,
    may_be_verified,
    other_in_omero,
    why_not_evicted,
)
from irods_omero.domain.rules.one_copy.links import Links, links_of
from irods_omero.domain.state.agreement import OUTSIDE, REASON_BYTES, Agreement, Failure
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.eviction import MOVE, ROOM, TIER, Eviction, relied_on
from irods_omero.domain.state.one_copy.managed_files import (
    ABSENT,
    COPY,
    LINK,
    OTHER,
    Clear,
    CopyAction,
    Evict,
    Link,
    ManagedFile,
    Refill,
    Share,
    Verify,
    fingerprint,
    is_managed_file,
    short_digest,
)
from irods_omero.domain.state.policy import WITH_TIER
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.views import DataObject, Replica
from irods_omero.vocabulary import RESTAGE, SHOW, Request

MAKING_ROOM = "room"
"""The setting of an attempt that nothing but the size of the cache asks for again."""

GOING = {
    ROOM: ("least recently used, and removed to make room for others", "removed to make room for others"),
    MOVE: ("iRODS has its bytes, and its rule of omero_first moves it", "moved to iRODS"),
}
"""For what stays away until somebody asks: why it goes, and why it is gone."""


@dataclass(frozen=True)
class CopyDecision:
    """The answer.

    Attributes:
        locked: Whether images are shown with a lock, None to leave locks as they are.
        action: What is to be done in the repository, after both sides say what they should.
        evicted: Since when OMERO is to have no copies, and why; None where it has, or is to have, them.
        rule: Why, in words.
        error: What somebody has to put right, empty for nothing.
        wait: Whether it is to be looked at again soon, without a new mark.
        linking: The directories of the vaults that links are about to be made into.
        to_move: Whether copies are still to go because a rule has moved the unit to iRODS.
    """

    locked: bool | None
    action: CopyAction | None = None
    evicted: Eviction | None = None
    rule: str = ""
    error: str = ""
    wait: bool = False
    linking: tuple[str, ...] = ()
    to_move: bool = False


def decide_copies(observation: Observation, tier: Tier | None, request: Request) -> CopyDecision:
    """Decide about OMERO's copies of a unit.

    Args:
        observation: The unit.
        tier: The one that users see, None while no replica is good.
        request: The one that stands, ``NO_REQUEST`` for none.
    """
    return replace(_decided(observation, tier, request), to_move=_is_to_move(observation, request))


def _decided(observation: Observation, tier: Tier | None, request: Request) -> CopyDecision:
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
    decision = _decide(observation, files, tier, request)
    failure = observation.base.copy_failure
    if decision.action is None:
        is_due_again = failure is not None and failure.setting == MAKING_ROOM and _may_go(observation, tier, request)
        untold = failure.reason if failure is not None and is_due_again else ""
        return replace(decision, error=decision.error or other_in_omero(observation) or untold)
    if failure is None or not _rests(failure, observation):
        return replace(decision, error=failure.reason if failure else "")
    locked = not all(file.disk.readable for file in files)
    rule = f"attempt {failure.attempts} to change that failed, the next one is due later"
    return CopyDecision(locked, evicted=evicted, rule=rule, error=failure.reason, wait=True)


def foreign_files(observation: Observation) -> list[ManagedFile]:
    """The files of a unit in whose place OMERO's repository has something that is none of its own: left alone."""
    return [file for file in observation.copies or () if file.disk.state == OTHER]


def _decide(
    observation: Observation, files: tuple[ManagedFile, ...], tier: Tier | None, request: Request
) -> CopyDecision:
    locked = not all(file.disk.readable for file in files)
    foreign = foreign_files(replace(observation, copies=files))
    error = "; ".join(f"OMERO's file {file.path} is {file.disk.what}" for file in foreign if not file.disk.readable)
    if foreign:
        rule = f"left alone: {foreign[0].path} is {foreign[0].disk.what}"
        return CopyDecision(locked, evicted=observation.base.evicted, rule=rule, error=error)
    if tier is None:
        return CopyDecision(locked, evicted=observation.base.evicted, rule="no replica is good")
    if (linked := _linked(observation, files, tier)) is not None:
        return linked
    if rule := _why_away(observation, files, request, MOVE, _is_to_move(observation, request)):
        return _without(observation, files, rule, MOVE)
    return (_offline if tier.offline else _in_reach)(observation, files, tier, request)


def _linked(observation: Observation, files: tuple[ManagedFile, ...], tier: Tier) -> CopyDecision | None:
    """Links, where they can be made or are there; None where there is nothing of that kind.

    A link that is right no more goes: for another one, for a copy, or for nothing where no bytes can be read.
    """
    links, evicted = links_of(observation), observation.base.evicted
    own = tuple(file for file in files if file.disk.state == LINK)
    locked = not all(file.disk.readable for file in files)
    if not own and not links.is_whole:
        return None
    if observation.vault_files is None:
        return CopyDecision(locked, evicted=evicted, rule="a link, and where it leads was not looked at")
    if untidy := tuple(file for file in files if not file.disk.is_tidy):
        return CopyDecision(locked, Clear(untidy), evicted, "cleared up before links are made", wait=True)
    stale = tuple(file for file in own if file.disk.target not in links.targets or not file.disk.readable)
    if links.is_whole and (decision := _linking(observation, links, files, stale, tier)) is not None:
        return decision
    return _links_go(observation, links, files, stale, tier) if own else None


def _linking(
    observation: Observation, links: Links, files: tuple[ManagedFile, ...], stale: tuple[ManagedFile, ...], tier: Tier
) -> CopyDecision | None:
    """All of a unit's files are to be links, and are made so; None where a copy may not go for one."""
    left = tuple(file for file in files if file.disk.state != LINK or file in stale)
    locked = not all(file.disk.readable for file in files)
    if not left:
        return CopyDecision(locked, rule=f"a link to what iRODS has, and tier {tier.name} can be read")
    has_copies = any(file.disk.state == COPY for file in files)
    if has_copies and may_be_verified(observation, files, anew=True):
        evicted, rule = observation.base.evicted, "to be compared before it is a link"
        return CopyDecision(locked, Verify(files), evicted, rule, wait=True)
    if has_copies and observation.imported is None and why_not_evicted(observation):
        return None
    roots = tuple(sorted({file.root for file in links.files}))
    rule = f"tier {tier.name} can be read: a link to what iRODS has there"
    return CopyDecision(locked, Link(left), observation.base.evicted, rule, wait=True, linking=roots)


def _links_go(
    observation: Observation, links: Links, files: tuple[ManagedFile, ...], stale: tuple[ManagedFile, ...], tier: Tier
) -> CopyDecision | None:
    """Links that are right no more, and for which there are no others."""
    if tier.offline:
        rule = f"tier {tier.name} cannot be read: a link would lead nowhere"
        return _without(observation, stale, rule, TIER) if stale else None
    locked, evicted = not all(file.disk.readable for file in files), observation.base.evicted
    why = links.why_not or "what it led to is not what iRODS has"
    sought = tuple(file for file in files if file in stale or file.disk.state == ABSENT)
    if sought:
        return CopyDecision(locked, Refill(sought), evicted, f"a copy comes in place of a link: {why}", wait=True)
    return CopyDecision(locked, evicted=evicted, rule=f"links and copies: {why}")


def _in_reach(observation: Observation, files: tuple[ManagedFile, ...], tier: Tier, request: Request) -> CopyDecision:
    locked = not all(file.disk.readable for file in files)
    makes_room = observation.policy.most_bytes is not None and not _is_offline(observation)
    if makes_room and (rule := _why_away(observation, files, request, ROOM, observation.makes_room)):
        return _without(observation, files, rule, ROOM)
    sought = tuple(file for file in files if file.disk.state == ABSENT or not file.disk.is_tidy)
    if sought:
        rule = f"tier {tier.name} can be read: brought back"
        return CopyDecision(locked, Refill(sought), observation.base.evicted, rule, wait=True)
    is_to_go = observation.makes_room or _is_to_move(observation, request)
    is_about_to_go = is_to_go and not (request.holds or request.wants_copy)
    if may_be_verified(observation, files, anew=is_about_to_go):
        rule = "to be compared with what iRODS has while that can be read"
        return CopyDecision(locked, Verify(files), rule=rule, wait=True)
    if sharing(observation) and not still_shared(observation):
        return CopyDecision(locked, Share(files), rule="to share the blocks of what iRODS has", wait=True)
    copy = "a copy that shares the blocks of what iRODS has" if still_shared(observation) else "a copy"
    why_not = links_of(observation).why_not
    no_link = f"; it is no link: {why_not}" if why_not else ""
    return CopyDecision(locked, rule=f"{copy}, and tier {tier.name} can be read{no_link}")


def _offline(observation: Observation, files: tuple[ManagedFile, ...], tier: Tier, request: Request) -> CopyDecision:
    locked, evicted = not all(file.disk.readable for file in files), observation.base.evicted
    untidy = tuple(file for file in files if not file.disk.is_tidy)
    has_bytes = any(file.disk.state == COPY or file.disk.aside for file in files)
    if observation.policy.evict != WITH_TIER:
        rule = f"tier {tier.name} cannot be read, and cache.evict is {observation.policy.evict}"
    elif tier.moving:
        rule = f"its bytes on tier {tier.name} are on their way to where they can be read"
    elif not _is_offline(observation):
        rule = f"not removed: only {tier.residency}, which users may write, says that tier {tier.name} cannot be read"
    elif request.holds or request.restages:
        rule = f"the request {request.text} stands"
    elif has_bytes and (why_not := why_not_evicted(observation)):
        rule = f"not removed: {why_not}"
    else:
        return _without(observation, files, f"tier {tier.name} cannot be read, and cache.evict says {WITH_TIER}", TIER)
    if evicted is not None and not any(file.disk.state == ABSENT for file in files):
        evicted = None
    elif evicted is not None and evicted.why == ROOM:
        evicted = evicted._replace(why=TIER)  # it now comes back with its tier
    return CopyDecision(locked, Clear(untidy) if untidy else None, evicted, rule, wait=bool(untidy))


def _without(observation: Observation, files: tuple[ManagedFile, ...], rule: str, why: str) -> CopyDecision:
    """OMERO is to have no copies: they go when all of them were seen to be right, and what is gone stays away."""
    locked, evicted = not all(file.disk.readable for file in files), observation.base.evicted
    untidy = tuple(file for file in files if not file.disk.is_tidy)
    has_bytes = any(file.disk.state in {COPY, LINK} or file.disk.aside for file in files)
    if has_bytes and not locked and observation.checked != files:
        # Images of which nothing may be removed in the end are not shown with a lock meanwhile.
        return CopyDecision(None, Evict(files), evicted, rule, wait=True)
    action = Evict(files) if has_bytes else Clear(untidy) if untidy else None
    at, replicas = (evicted.at, evicted.replicas) if evicted else (int(observation.now), ())
    if has_bytes:
        replicas = relied_on(observation.zone.objects, files)
    return CopyDecision(True, action, Eviction(at, why, replicas), rule, wait=action is not None)


def _why_away(
    observation: Observation, files: tuple[ManagedFile, ...], request: Request, why: str, is_to_go: bool
) -> str:
    """Why OMERO is to have no copies whether their tier can be read or not, empty if it is to have them.

    What is half gone goes on going, and comes back whole where it may not go any more.

    Args:
        observation: The unit.
        files: What OMERO has of it.
        request: The one that stands.
        why: ``ROOM`` or ``MOVE``.
        is_to_go: Whether those that are there are to go because of that.
    """
    evicted = observation.base.evicted
    stays_away = evicted is not None and evicted.why == why and any(file.disk.state == ABSENT for file in files)
    if request.wants_copy or not (stays_away or is_to_go):
        return ""
    going, gone = GOING[why]
    if not any(file.disk.state == COPY or file.disk.aside for file in files):
        return f"{gone}, and comes back on request, by {SHOW} or {RESTAGE}" if stays_away else ""
    return "" if request.holds or why_not_evicted(observation) else going


def _is_to_move(observation: Observation, request: Request) -> bool:
    """Whether copies are still to go because a rule has moved the unit: they go once, and not where somebody asks."""
    files, base = observation.copies, observation.base
    if not base.to_move or base.fileset != observation.omero.fileset:
        return False
    is_done = files is not None and bool(files) and all(file.disk.state == ABSENT for file in files)
    return base.evicted is None or not (request.wants_copy or is_done)


def _is_offline(observation: Observation) -> bool:
    """Whether no copy may go to make room, and one may go with its tier: whatever AVUs say of where bytes are.

    Data objects' owners may write them. They can keep a copy, and nothing rests on them that cannot be undone.
    """
    tier = observation.policy.tiers.by_themselves(observation.zone.objects, observation.zone.parts)
    return tier is not None and tier.offline


def _may_go(observation: Observation, tier: Tier | None, request: Request) -> bool:
    """Whether a copy that stays would be removed if room were to be made: an attempt that failed is made again then."""
    files = observation.copies
    if observation.policy.most_bytes is None or tier is None or not files:
        return False
    return makes_room(observation, _decide(replace(observation, makes_room=True), files, tier, request))


def makes_room(observation: Observation, decision: CopyDecision) -> bool:
    """Whether copies go, perhaps after they were compared once more, by what is decided where room is to be made."""
    return isinstance(decision.action, Evict) or (isinstance(decision.action, Verify) and is_outdated(observation))


def shared_with(observation: Observation, data_object: DataObject) -> Replica | None:
    """The good replica whose blocks OMERO's copy can share, None where there is none that can be read at once."""
    resources, tiers = observation.policy.shares, observation.policy.tiers
    for replica in data_object.good_replicas():
        if is_managed_file(replica.file, observation.copies or ()):
            continue  # it is the copy itself
        if replica.resource in resources and not tiers.of_replica(data_object, replica).offline:
            return replica
    return None


def sharing(observation: Observation) -> str:
    """What OMERO's copies of a unit can share their blocks with, as a digest; empty if they can with nothing.

    It is another one as soon as OMERO has other files, or another replica is the one to share with.
    """
    files = observation.copies
    if not files or any(file.disk.state != COPY for file in files) or not is_imported(observation):
        return ""
    objects = [(each.data_id, shared_with(observation, each)) for each in observation.zone.objects]
    places = [(data_id, replica.resource, replica.number) for data_id, replica in objects if replica is not None]
    return short_digest((sorted(places), fingerprint(files))) if len(places) == len(objects) else ""


def still_shared(observation: Observation) -> str:
    """What they have shared their blocks with, if that is still so; empty if not."""
    shared = observation.base.shared
    return shared if observation.copies is None or shared == sharing(observation) else ""


def _rests(failure: Failure, observation: Observation) -> bool:
    return failure.at <= observation.now < next_attempt(failure, observation.policy.backoff)


def failing(base: Agreement, reason: str, now: float, makes_room: bool = False) -> Failure:
    """One more attempt in the repository that came to nothing; ``makes_room`` says whether it was to make room."""
    attempts = base.copy_failure.attempts + 1 if base.copy_failure else 1
    setting = MAKING_ROOM if makes_room else ""
    return Failure(attempts, int(now), printable(reason, REASON_BYTES), kind=OUTSIDE, setting=setting)


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
