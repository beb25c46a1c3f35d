"""Three-way merges of single fields: what both sides should say, given what they said when they last agreed."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass

from irods_omero.domain.state.policy import MappedAttribute


@dataclass(frozen=True)
class Asked:
    """One request as one data object or image carries it.

    Attributes:
        request: Its text, one of ``vocabulary.REQUESTS``.
        by: Name of the user who asked, for people.
        at: Time of asking, seconds since 1970.
        in_zone: Whether a data object carries it, not an image.
    """

    request: str
    by: str = ""
    at: float = 0.0
    in_zone: bool = True


@dataclass(frozen=True)
class Merged:
    """The result of a merge.

    Attributes:
        values: What both sides should say.
        rule: Which rule decided, in words.
        lost: Values that lost a conflict.
    """

    values: frozenset[str]
    rule: str
    lost: frozenset[str] = frozenset()


def merge_set(zone: Set[str], omero: Set[str], base: Set[str]) -> frozenset[str]:
    """What both sides have, and what either added since the base: additions and removals of both sides are kept."""
    return frozenset((zone & omero) | (zone - base) | (omero - base))


def merge_attribute(zone: Set[str], omero: Set[str], base: Set[str], mapped: MappedAttribute) -> Merged:
    """The values that both sides should have of a mapped attribute of which both are in charge."""
    if mapped.single:
        return _merge_single(zone, omero, base, mapped)
    return Merged(merge_set(zone, omero, base), "additions and removals of both sides since the last agreement")


def _merge_single(zone: Set[str], omero: Set[str], base: Set[str], mapped: MappedAttribute) -> Merged:
    """A new value stands against an agreed one and against a removal; of several on one side the first by name."""
    new_zone, new_omero = zone - base, omero - base
    if not new_zone and not new_omero:
        kept = first_by_name(zone & omero)
        return Merged(kept, "agreed" if kept else "nobody has it, or one took it away", frozenset(zone & omero) - kept)
    if not new_zone or not new_omero:
        kept, rule = first_by_name(new_zone or new_omero), f"only {'iRODS' if new_zone else 'OMERO'} has a new value"
    elif first_by_name(new_zone) == first_by_name(new_omero):
        kept, rule = first_by_name(new_zone), "both sides say the same"
    else:
        kept = first_by_name(new_zone if mapped.winner == "irods" else new_omero)
        rule = f"both sides changed it, and the configuration says that {mapped.winner} wins"
    return Merged(kept, rule, frozenset(new_zone | new_omero) - kept)


def first_by_name(values: Set[str]) -> frozenset[str]:
    """At most one value."""
    return frozenset(sorted(values)[:1])


def merge_request(new: Collection[Asked], base: str, in_zone: bool, in_omero: bool) -> tuple[Asked | None, str]:
    """The request that stands, and the rule that decided.

    Of the requests that were made since the base the last one stands. It counts as made by whoever made it first: the
    same request elsewhere may have been written by an agent that was killed before both sides agreed. Removing the
    agreed request on either side cancels it.

    Args:
        new: The requests on either side that are not agreed.
        base: The request that was agreed, empty for none.
        in_zone: Whether the zone still says the agreed one.
        in_omero: Whether OMERO still says it.
    """
    if new:
        last = max(new, key=lambda asked: (asked.at, asked.in_zone, asked.request))
        same = (asked for asked in new if asked.request == last.request)
        first = min(same, key=lambda asked: (asked.at, not asked.in_zone, asked.by))
        return first, "whoever asked last, in " + ("iRODS" if last.in_zone else "OMERO")
    if base and in_zone and in_omero:
        return Asked(base), "agreed, and not served yet"
    if not base:
        return None, "nobody asks for anything"
    return None, "taken away in " + ("OMERO" if in_zone else "iRODS")
