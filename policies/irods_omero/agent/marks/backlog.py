"""Looks ahead at what is marked: what waits, and what is to be imported after all else."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.formats.hierarchies import with_hierarchies
from irods_omero.agent.observe import Observer, agreement_of, gather
from irods_omero.domain.rules.imports import decide_import
from irods_omero.domain.state.agreement import UNDER_WAY, Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import OmeroView, ZoneView
from irods_omero.gateways.batches import read_apart
from irods_omero.logs import log
from irods_omero.vocabulary import REQUESTS, Names


@dataclass(frozen=True)
class Backlog:
    """Marked data objects that need not be looked at before all others.

    Attributes:
        resting: Their last import failed, the next attempt is not due, and nobody asks for anything else meanwhile.
        arriving: They are to be imported; each with the id of its unit.
        suspects: Units of these of which an earlier import was broken off: they may have brought a server down.
        units: What the zone says of the units of all that were asked for.
    """

    resting: frozenset[int]
    arriving: Mapping[int, int]
    suspects: frozenset[int]
    units: tuple[ZoneView, ...]


def look_ahead(
    connections: Connections, observer: Observer, now: float, ids: Iterable[int], busy: Container[int]
) -> Backlog:
    """Which of these data objects wait, if OMERO has what was agreed on; what is not so is seen when it is their turn.

    Args:
        connections: Both sides, of which the zone is read.
        observer: Knows the rules of the zone.
        now: Seconds since 1970.
        ids: Catalog ids.
        busy: Catalog ids of units that are being imported: what is marked of them waits.
    """
    asked, names = set(ids), connections.names
    resting, suspects, arriving = set[int](), set[int](), dict[int, int]()
    attributes = [names.agreement, names.unit, names.request, *connections.residencies()]
    # What cannot be read, or decided, waits for nothing: it is told of when it is observed.
    units = read_apart(sorted(asked), lambda some: gather(connections.zone, names, some, attributes), lambda *_: None)
    for unit in with_hierarchies(connections.zone, units).values():
        if unit.unit.data_id in busy:
            resting |= asked & {data_object.data_id for data_object in unit.objects}
            continue
        zone = replace(unit, rule=observer.watched.rule_for(unit.first.path))
        base = agreement_of(zone.first, names)
        try:
            importing = decide_import(Observation(zone, observer.policy, now, OmeroView(base.fileset), base))
        except Exception:
            log.info("nothing can be said ahead", path=zone.first.path)
            continue
        marked = asked & {data_object.data_id for data_object in zone.objects}
        if zone.unit.shard not in connections.shards:
            continue
        if importing.do_import:
            arriving |= dict.fromkeys(marked, zone.unit.data_id)
            if base.failure is not None and base.failure.kind == UNDER_WAY:
                suspects.add(zone.unit.data_id)
        elif importing.wait and not _asks_anew(zone, base, names):
            resting |= marked
    return Backlog(frozenset(resting), arriving, frozenset(suspects), tuple(units.values()))


def _asks_anew(zone: ZoneView, base: Agreement, names: Names) -> bool:
    """Whether the unit has another request than was agreed: nobody is to wait for the next attempt of an import.

    What was refused to be changed is no news each time.
    """
    asked = {avu.value for avu in zone.avus if avu.attribute == names.request} & set(REQUESTS)
    return asked != {base.request, base.beside} - {""} and not base.refusals_told
