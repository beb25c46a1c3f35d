"""Removals that are held for a person: which units they concern, and carrying them out or reversing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from irods_omero.agent.apply import Applier
from irods_omero.agent.connections import Connections
from irods_omero.agent.identity import check_identity
from irods_omero.agent.observe import Observer
from irods_omero.agent.report import Report
from irods_omero.domain.planning.mass_removals import released
from irods_omero.domain.rules.causes import HELD
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.objects import ids_with
from irods_omero.gateways.zone.zone_actions import record_agreement
from irods_omero.logs import log


def held(connections: Connections) -> Iterator[dict[int, Observation]]:
    """The units that say that removals are held, up to a batch at a time.

    Also those that were released and not done: who did it was killed.
    """
    observer = Observer(connections)
    for ids in in_batches(sorted(ids_with(connections.zone, connections.names.error, [HELD])), BATCH):
        yield observer.observe(ids, each_once=True)


def settle(connections: Connections, restore: bool) -> Report:
    """Have all held removals done on the other side, too, or turned round.

    Args:
        connections: Both sides.
        restore: Whether to put back what was removed, and to import anew where images are missing; otherwise what was
            removed on one side is removed on the other, and missing images count as deleted.
    """
    check_identity(connections)
    report = Report()
    applier = Applier(connections, Observer(connections), report, limited=False)
    for observations in held(connections):
        for data_id, observation in list(observations.items()):
            base = released(observation, restore)
            first = observation.zone.first
            try:
                post(connections.zone, connections.names, data_id, first.path)  # whatever becomes of it: an agent looks
                record_agreement(connections.zone, connections.names, RecordAgreement(data_id, first.path, base))
            except RefusedError as error:
                log.warning("it stays held", path=first.path, error=str(error))
                report.failed += 1
                del observations[data_id]
                continue
            observations[data_id] = replace(observation, base=base)
        report.observed += len(observations)
        applier.apply(observations)
    return report
