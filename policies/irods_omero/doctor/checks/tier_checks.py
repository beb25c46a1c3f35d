"""Judges tier groups: storage tiering says little about a group that it cannot work with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence

from irods_omero.doctor.facts.records import Facts, TierFacts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.domain.state.residency import RESIDENCIES
from irods_omero.vocabulary import TIER_GROUP, TIER_TIME

CHECK = "tier groups"
RESIDENCY = "residency"
MOST_TIERS = 10
SPECIFIC = "specific"
HOUR = 3600

_RESOURCE_CONDITION = re.compile(r"\b(DATA_RESC_\w+|RESC_\w+)\b", re.IGNORECASE)


def tier_groups(facts: Facts) -> Iterator[Finding]:
    """Whether each tier group is one that storage tiering can work with."""
    if facts.zone.unreachable:
        return
    by_group: dict[str, list[TierFacts]] = defaultdict(list)
    for tier in facts.zone.tiers:
        for group in {group for group, _ in tier.groups}:
            by_group[group].append(tier)
    if not by_group:
        yield warning(CHECK, "there is no tier group, so nothing moves and images get no tiers", _set_up(facts))
    for group, tiers in sorted(by_group.items()):
        findings = [*_places(group, tiers, facts), *_members(group, tiers, facts)]
        yield from findings or [ok(CHECK, f"{group}: {', '.join(tier.resource for tier in _sorted(group, tiers))}")]
    yield from _unknown(facts)


def given_up(facts: Facts) -> Iterator[Finding]:
    """Whether there are data objects that storage tiering has given up: it never looks at them again by itself."""
    paths = facts.zone.stranded
    if paths:
        text = f"storage tiering has given up on {len(paths)} data objects, and leaves them where they are: {paths[0]}"
        advice = "find the cause in the server log, fix it, and then: irods-omero retry --all (first with --dry-run)"
        yield warning("movements", text + " ..." * (len(paths) > 1), advice)


def residencies(facts: Facts) -> Iterator[Finding]:
    """Whether what is to say where bytes really are says so, in words that are understood, and of one tier each."""
    if facts.zone.unreachable:
        return
    for attribute in sorted(set(facts.residencies.values())):
        values = facts.zone.residencies.get(attribute, ())
        unknown = sorted(set(values) - set(RESIDENCIES))
        tiers = {name for name, each in facts.residencies.items() if each == attribute}
        shared = sorted(group for group, count in _groups_of(facts, tiers).items() if count > 1)
        if not values:
            text = f"no data object has the AVU {attribute}, which is to say where its bytes are: `offline` counts"
            yield warning(RESIDENCY, text, "correct the name, or make sure that something writes it: docs/residency.md")
        if unknown:
            text = f"{attribute} says {', '.join(map(repr, unknown))}, which is not understood"
            yield warning(
                RESIDENCY, text, f"write one of {', '.join(RESIDENCIES)}, and nothing where that is not known"
            )
        if shared:
            text = f"{attribute} is used for several tiers of {shared[0]}: it is wrong as soon as an object moves"
            yield warning(RESIDENCY, text, "name another attribute for each of them")
        if values and not unknown and not shared:
            yield ok(RESIDENCY, f"{attribute} says where bytes are")


def other_residencies(facts: Facts) -> Iterator[Finding]:
    """Whether commands that are to say where bytes are do, and whether caches are below the resources they are of."""
    if facts.zone.unreachable:
        return
    for resource, said in sorted(facts.zone.answers.items()):
        if said:
            yield ok(RESIDENCY, f"the command of {resource} says {said} of one of its files")
        else:
            text = f"the command of {resource} does not say where the bytes of one of its files are: `offline` counts"
            words = f"one of {', '.join(RESIDENCIES)}, or a word of residency_words"
            yield warning(RESIDENCY, text, f"run it as this user, here: it has to print {words}, within 5 seconds")
    for resource, child in sorted(facts.caches.items()):
        if facts.zone.roots_of.get(child) == resource != child:
            yield ok(RESIDENCY, f"what has a good replica on {child}, the cache of {resource}, is online")
        else:
            text = f"{child}, the cache of {resource} by its setting, is not a resource below it: all counts as offline"
            yield failure(RESIDENCY, text, f"correct tiers.{resource}.residency_child")


def _groups_of(facts: Facts, resources: Container[str]) -> Counter[str]:
    """How many of some resources are in each tier group."""
    groups = (group for tier in facts.zone.tiers if tier.resource in resources for group, _ in tier.groups)
    return Counter(groups)


def _set_up(facts: Facts) -> str:
    return f"{facts.examples}/tiers.sh sets up a group that works: run it as the iRODS service account"


def _indexes(group: str, tier: TierFacts) -> list[str]:
    return [index for name, index in tier.groups if name == group]


def _sorted(group: str, tiers: Iterable[TierFacts]) -> list[TierFacts]:
    return sorted(tiers, key=lambda tier: min(map(_number, _indexes(group, tier))))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _places(group: str, tiers: Sequence[TierFacts], facts: Facts) -> Iterator[Finding]:
    """What is wrong with the places of the tiers in their group."""
    indexes = [index for tier in tiers for index in _indexes(group, tier)]
    for tier in tiers:
        own = _indexes(group, tier)
        advice = f"imeta set -R {tier.resource} {TIER_GROUP} {group} NUMBER"
        if len(own) > 1:
            yield failure(
                CHECK, f"{tier.resource} is several tiers of {group} at once: {', '.join(sorted(own))}", advice
            )
        for index in own:
            if not index.isdecimal():
                yield failure(CHECK, f"{tier.resource} has the place {index!r} in {group}, not a number", advice)
    for index, count in Counter(indexes).items():
        if count > 1:
            yield failure(CHECK, f"{count} resources share the place {index} in {group}", "give each its own number")
    numbers = sorted(map(_number, indexes))
    if len(set(numbers)) == len(numbers) and numbers[0] >= 0 and numbers != list(range(len(numbers))):
        yield warning(CHECK, f"the places in {group} are {numbers}", "number them from 0 on without gaps")
    if len(numbers) > MOST_TIERS:
        yield failure(
            CHECK, f"{group} has {len(numbers)} tiers: storage tiering sorts places as texts, 10 before 2", "use fewer"
        )
    if len(tiers) == 1:
        yield warning(CHECK, f"{group} has only the tier {tiers[0].resource}: nothing can move", _set_up(facts))


def _members(group: str, tiers: Sequence[TierFacts], facts: Facts) -> Iterator[Finding]:
    """What is wrong with the tiers themselves."""
    ordered = _sorted(group, tiers)
    for tier in ordered:
        if not tier.is_root:
            yield failure(
                CHECK,
                f"{tier.resource} in {group} is not the root of its hierarchy",
                "put the AVUs on the root resource",
            )
    for tier in ordered[:-1]:
        yield from _leaving(group, tier, facts)
    restaging = [tier.resource for tier in ordered if tier.restages]
    if len(restaging) > 1:
        yield warning(
            CHECK, f"{group} has several minimum restage tiers: {', '.join(restaging)}", "leave the flag on one of them"
        )


def _leaving(group: str, tier: TierFacts, facts: Facts) -> Iterator[Finding]:
    """What keeps data from leaving a tier as it should."""
    set_time = f"imeta set -R {tier.resource} {TIER_TIME} SECONDS"
    if not tier.times:
        yield failure(
            CHECK, f"{tier.resource} in {group} has no time: storage tiering stops at the whole group", set_time
        )
    elif len(tier.times) > 1 or not tier.times[0].isdecimal():
        yield failure(CHECK, f"the time of {tier.resource} in {group} is {', '.join(tier.times)!r}", set_time)
    elif (hours := facts.access_hours.get(tier.resource)) and int(tier.times[0]) <= hours * HOUR:
        yield warning(
            CHECK,
            f"{tier.resource} in {group} moves what was not used for {tier.times[0]} seconds, and learns only "
            f"every {hours:g} hours that it was used in OMERO",
            f"make tiers.{tier.resource}.access_hours much shorter than that time",
        )
    if not tier.queries:
        yield warning(
            CHECK,
            f"{tier.resource} in {group} also moves what users asked to keep",
            f"attach the query of {facts.examples}/tiers.sh",
        )
    for query, units in tier.queries:
        if units != SPECIFIC and not _RESOURCE_CONDITION.search(query):
            yield failure(
                CHECK,
                f"the query of {tier.resource} in {group} does not filter by resource: it moves other tiers' replicas",
                "add a condition on DATA_RESC_ID",
            )


def _unknown(facts: Facts) -> Iterator[Finding]:
    several = [tier for tier in facts.zone.tiers if len({group for group, _ in tier.groups}) > 1]
    for tier in several:
        groups = ", ".join(sorted({group for group, _ in tier.groups}))
        yield warning(CHECK, f"{tier.resource} is in several groups: {groups}", "give each group resources of its own")
    for name in sorted(set(facts.tier_names) - facts.zone.resources):
        yield warning(CHECK, f"the policy file names a tier {name!r}, which is no resource", "correct `tiers` in it")
