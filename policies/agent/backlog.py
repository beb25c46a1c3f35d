"""What marked data objects wait for, as far as the zone alone can tell: a mark that is not taken costs no write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from policies.agent.gathering import gather
from policies.agent.looking import Observer, agreement_of
from policies.agent.sides import Sides
from policies.domain.importing import decide_import
from policies.domain.situation import Situation
from policies.domain.views import OmeroView


@dataclass(frozen=True)
class Backlog:
    """Marked data objects that need not be looked at before all others.

    Attributes:
        resting: Their last import failed, and the next attempt is not due.
        arriving: They are to be imported; each with the id of its unit.
    """

    resting: frozenset[int]
    arriving: Mapping[int, int]


def look_ahead(sides: Sides, observer: Observer, now: float, ids: Iterable[int]) -> Backlog:
    """Which of these data objects wait, if OMERO has what was agreed on; what is not so is seen when it is their turn.

    Args:
        sides: Both sides, of which the zone is read.
        observer: Knows the rules of the zone.
        now: Seconds since 1970.
        ids: Catalog ids.
    """
    asked, names = set(ids), sides.names
    resting, arriving = set[int](), dict[int, int]()
    for unit in gather(sides.zone, names, asked, [names.agreement, names.unit]).values():
        zone = replace(unit, rule=observer.watched.rule_for(unit.first.path))
        base = agreement_of(zone.first, names)
        importing = decide_import(Situation(zone, observer.policy, now, OmeroView(base.fileset), base))
        marked = asked & {found.data_id for found in zone.objects}
        if zone.unit.shard not in sides.shards:
            continue
        if importing.do_import:
            arriving |= dict.fromkeys(marked, zone.unit.data_id)
        elif importing.wait:
            resting |= marked
    return Backlog(frozenset(resting), arriving)
