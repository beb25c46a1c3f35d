"""What marked data objects wait for, as far as the zone alone can tell: a mark that is not taken costs no write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.agent.looking import Observer, agreement_of
from policies.agent.sides import Sides
from policies.domain.importing import decide_import
from policies.domain.situation import Situation
from policies.domain.unit import Unit
from policies.domain.views import OmeroView, ZoneView
from policies.gateways.zone.reading import read_objects


@dataclass(frozen=True)
class Backlog:
    """Marked data objects that need not be looked at before all others.

    Attributes:
        resting: Their last import failed, and the next attempt is not due.
        arriving: They are to be imported.
    """

    resting: frozenset[int]
    arriving: frozenset[int]


def look_ahead(sides: Sides, observer: Observer, now: float, ids: Iterable[int]) -> Backlog:
    """Which of these data objects wait, if OMERO has what was agreed on; what is not so is seen when it is their turn.

    Args:
        sides: Both sides, of which the zone is read.
        observer: Knows the rules of the zone.
        now: Seconds since 1970.
        ids: Catalog ids.
    """
    resting, arriving = set(), set()
    for data_id, found in read_objects(sides.zone, ids, [sides.names.agreement]).items():
        base = agreement_of(found, sides.names)
        zone = ZoneView(Unit(data_id), (found,), observer.watched.rule_for(found.path))
        importing = decide_import(Situation(zone, observer.policy, now, OmeroView(base.fileset), base))
        if importing.do_import:
            arriving.add(data_id)
        elif importing.wait:
            resting.add(data_id)
    return Backlog(frozenset(resting), frozenset(arriving))
