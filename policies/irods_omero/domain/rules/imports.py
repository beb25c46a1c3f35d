"""Whether a unit is to be imported now, and if not, why."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from irods_omero.domain.rules.changes import asks_for_it, what_has_changed
from irods_omero.domain.rules.formats.format_rules import is_left_out
from irods_omero.domain.rules.formats.neighbour_rules import depends_on_others
from irods_omero.domain.state.actions import Expected, Import
from irods_omero.domain.state.agreement import CONTENT, UNDER_WAY, Failure
from irods_omero.domain.state.formats.zarr_parts import how_to_name
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import DOUBLINGS, Policy
from irods_omero.domain.state.target import TargetError, parse_target
from irods_omero.domain.state.tiers import Tier
from irods_omero.domain.state.unit import BY_AGENT, Content, import_key, import_prefix, same_in_omero
from irods_omero.domain.state.views import ImportRule
from irods_omero.vocabulary import DIRECTORY, FILE, IMPORT, LIST, ZARR_ROOTS, is_part_of_zarr, zarr_of

IMPORTED = "its present content is imported"

INNOCENT = 3
"""After this many attempts during which a connection broke the unit itself is suspected of breaking it."""

CHANGED = f"it is not what was imported: to have it imported, request {IMPORT}"

LONGEST_PAUSE = 3600.0
"""Seconds between two attempts where what is wrong may be mended at any time."""


@dataclass(frozen=True)
class ImportDecision:
    """The answer.

    Attributes:
        do_import: What to import, None for nothing.
        rule: Why, in words.
        error: What an administrator has to correct first, empty for nothing.
        attempts: The number of failed attempts, where the error is that of the last one.
        wait: Whether it is to be looked at again soon, without a new mark.
        changes: What has changed since it was imported, where that is left until somebody asks for it; else empty.
    """

    do_import: Import | None
    rule: str
    error: str = ""
    attempts: int = 0
    wait: bool = False
    changes: str = ""


def decide_import(observation: Observation) -> ImportDecision:
    """Whether the unit's present content is to be imported."""
    content = observation.content
    if observation.zone.trouble:
        return ImportDecision(None, "which unit it belongs to is not clear", observation.zone.trouble)
    if content is None:
        return ImportDecision(None, "no replica is good: it is being written, or lost")
    return _why_not(observation, content) or _what_hinders(observation, content) or _import(observation, content)


def _why_not(observation: Observation, content: Content) -> ImportDecision | None:
    """Why there is nothing to import, None if there is."""
    zone, omero, base, known = observation.zone, observation.omero, observation.base, observation.known_content
    unchanged = known is None or content.same_as(known)
    if omero.fileset is not None and unchanged:
        return ImportDecision(None, IMPORTED)
    if omero.fileset is None and (base.gone or base.fileset is not None) and (known is None or content.may_be(known)):
        return ImportDecision(None, "its images were deleted in OMERO, and its content has not changed since")
    if zone.rule is None:
        part = is_part_of_zarr(zone.first.path)
        rule = f"it is a part of {zarr_of(zone.first.path)}" if part else "no collection above it is watched"
        return ImportDecision(None, rule)
    if zone.first.good_replicas()[0].size == 0:
        return ImportDecision(None, "it is empty")
    was_of_others = bool(base.members) or _is_no_image(zone.first.path, zone.rule)
    if not zone.unit.is_of_several and (omero.fileset is None or was_of_others):
        of_zarr = _of_zarr(zone.first.path, zone.hierarchy) if zone.hierarchy and zone.rule.kind == FILE else None
        return of_zarr or _not_by_itself(zone.first.path, zone.rule, observation.policy)
    return None


def _is_no_image(path: str, rule: ImportRule) -> bool:
    """Whether a file is no image by its name, where names count: it was the first of a unit, and has been renamed."""
    return rule.kind in BY_AGENT and is_left_out(path.removeprefix(f"{rule.collection}/"))


def _of_zarr(path: str, hierarchy: str) -> ImportDecision:
    """Why a part of a Zarr hierarchy is not imported if its collection is not named ``*.zarr``."""
    rule = f"it is a part of {hierarchy}, a Zarr hierarchy"
    speaks_for_it = path in [f"{hierarchy}/{root}" for root in ZARR_ROOTS]
    return ImportDecision(None, rule, how_to_name(hierarchy) if speaks_for_it else "")


def _not_by_itself(path: str, rule: ImportRule, policy: Policy) -> ImportDecision | None:
    """Why a file is not imported by itself, None if it is."""
    if zarr_of(path):
        return None
    if rule.kind == LIST:
        return ImportDecision(None, f"{rule.collection} is watched for units of several, and it belongs to none")
    if rule.kind == DIRECTORY and not rule.trouble:
        directory = rule.directory_of(path)
        where = f"it is a file of {directory}, and not imported by itself" if directory else "it lies in none"
        return ImportDecision(None, f"{rule.collection} is watched for directories: {where}")
    if depends_on_others(path, rule, policy.own_rules):
        return ImportDecision(None, f"in {rule.collection} it is imported with what belongs to it, or not at all")
    return None


def _what_hinders(observation: Observation, content: Content) -> ImportDecision | None:
    policy = observation.policy
    if abs(observation.now - content.modified) < policy.settle:
        # It may be written to again, even within the same second, which its time would not tell.
        return ImportDecision(None, f"it has been written to in the last {policy.settle:g} seconds", wait=True)
    if asks_for_it(observation, content) and not observation.base.anew:
        changes = what_has_changed(observation, content)
        error = CHANGED if observation.zone.collection else f"{CHANGED}: {changes}"
        return ImportDecision(None, "it has changed, and nobody asks for it", error, changes=changes)
    tier = policy.tiers.of_unit(observation.zone.objects)
    if tier is not None and tier.offline:
        known = observation.known_content
        if observation.omero.fileset is not None and known is not None and content.may_be(known):
            error = f"it may have changed, and {out_of_reach(tier, 'compared')}"
            return ImportDecision(None, "its time has changed, and its bytes are out of reach to be compared", error)
        return ImportDecision(None, "its bytes cannot be read", f"it {out_of_reach(tier, 'imported')}")
    return _what_failed(observation, content)


def out_of_reach(tier: Tier, done: str) -> str:
    """What is wrong with a file that OMERO cannot read, and what helps; ``done`` is what is to be done with it."""
    if tier.moving:
        return f"is on tier {tier.name}, on its way to where OMERO can read it: it is {done} then"
    return f"is on tier {tier.name}, out of OMERO's reach: restage it to have it {done}"


def _what_failed(observation: Observation, content: Content) -> ImportDecision | None:
    """Why it is not tried now after it has failed; None if it is."""
    policy, failure = observation.policy, observation.base.failure
    if failure is None or failure.content is None or not content.same_as(failure.content):
        return None
    if failure.setting not in ("", setting(observation)):
        return None
    if failure.kind == UNDER_WAY and failure.attempts < INNOCENT:
        return None
    if failure.kind == CONTENT and failure.attempts >= policy.attempts:
        return ImportDecision(None, f"given up after {failure.attempts} attempts", failure.reason, failure.attempts)
    if failure.at <= observation.now < next_attempt(failure, policy.backoff):
        rule = f"attempt {failure.attempts} failed, the next one is due later"
        return ImportDecision(None, rule, failure.reason, failure.attempts, wait=True)
    return None


def setting(observation: Observation) -> str:
    """A digest of the circumstances that a user or an administrator can change after an import has failed."""
    zone, policy = observation.zone, observation.policy
    rule = (zone.rule.kind, zone.rule.target, zone.rule.group) if zone.rule else ()
    return f"{zlib.crc32(repr((rule, policy.omero_user(zone.first.owner))).encode(errors='replace')):08x}"


def _import(observation: Observation, content: Content) -> ImportDecision:
    zone, policy = observation.zone, observation.policy
    assert zone.rule is not None
    if zone.rule.trouble:
        error = f"{zone.rule.collection}: {zone.rule.trouble}"
        return ImportDecision(None, "what its collection says is ambiguous", error)
    paths = tuple(data_object.path for data_object in zone.objects)
    if same := same_in_omero(paths):
        error = f"{same[0]} and {same[1]} would be the same file in OMERO: rename one of them"
        return ImportDecision(None, "two of its files cannot be told from each other", error)
    try:
        target = parse_target(zone.rule.target, zone.rule.group)
    except TargetError as error:
        return ImportDecision(None, "its collection has no usable target", f"{zone.rule.collection}: {error}")
    is_zarr = bool(zarr_of(paths[0]))
    if is_zarr and not policy.zarr:
        why_not = "it is OME-Zarr, which OMERO has to read itself: omero.zarr has to say at which address"
        return ImportDecision(None, "OME-Zarr is not imported here", why_not)
    action = Import(
        prefix=import_prefix(str(policy.zone_key), zone.unit.data_id),
        key=import_key(str(policy.zone_key), zone.unit.data_id, content),
        paths=paths,
        content=content,
        user=policy.omero_user(zone.first.owner),
        target=target,
        expected=tuple(
            Expected(content_of.size, content_of.checksum)
            for data_object in zone.objects
            if (content_of := data_object.content()) is not None
        ),
        present=observation.omero.fileset,
        address=policy.zarr if is_zarr else "",
    )
    return ImportDecision(action, f"its present content is not imported, and {zone.rule.collection} is watched")


def next_attempt(failure: Failure, backoff: float) -> float:
    """When the next attempt is due, seconds since 1970; ``backoff`` is the pause before the second one, in seconds."""
    pause = backoff * 2.0 ** min(failure.attempts - 1, DOUBLINGS)
    return failure.at + (pause if failure.kind == CONTENT else min(pause, LONGEST_PAUSE))
