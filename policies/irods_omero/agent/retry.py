"""Retries what failed, of one data object or of all: imports, OMERO's copies, and movements that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import agreement_of, gather
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.objects import id_of, ids_with
from irods_omero.gateways.zone.stranded import stranded, stranded_below, take_up_again
from irods_omero.gateways.zone.zone_actions import record_agreement
from irods_omero.logs import log

GIVEN_UP = "storage tiering has given up moving it, and would not look at it again"


@dataclass(frozen=True)
class Retried:
    """A data object of which something is tried anew.

    Attributes:
        path: Logical path; of a unit that of its first data object.
        reason: What went wrong before.
    """

    path: str
    reason: str


def retry(connections: Connections, paths: Sequence[str], dry_run: bool = False) -> list[Retried]:
    """Forget what failed and mark its units, so that the agent tries at once; have storage tiering look again.

    Args:
        connections: Both sides, of which only the zone is used.
        paths: Logical paths of data objects; all below the watched roots, or that show an error, if there are none.
        dry_run: Whether to list only.

    Returns:
        First units, in the order of their ids, then data objects that storage tiering gave up.

    Raises:
        RefusedError: There is no such data object, or the zone refuses to write.
    """
    zone, names = connections.zone, connections.names
    named, retried = {id_of(zone, path) for path in paths}, list[Retried]()
    for batch in in_batches(sorted(named or ids_with(zone, names.error))):
        for unit in gather(zone, names, batch, [names.agreement, names.unit]).values():
            first, agreement = unit.first, agreement_of(unit.first, names)
            failure = agreement.failure or agreement.copy_failure
            if failure is None:
                continue
            retried.append(Retried(first.path, failure.reason))
            if not dry_run:
                agreement = replace(agreement, failure=None, copy_failure=None)
                try:
                    post(zone, names, first.data_id, first.path)  # before nobody knows any more that it had failed
                    record_agreement(zone, names, RecordAgreement(first.data_id, first.path, agreement))
                    post(zone, names, first.data_id, first.path)  # an agent may have looked in between
                except RefusedError as error:
                    log.warning("it cannot be retried", path=first.path, error=str(error))
                    if named:
                        raise
    given_up = [one for data_id in sorted(named) for one in stranded(zone, data_id)]
    for one in given_up if named else stranded_below(zone, connections.settings.watch.roots):
        retried.append(Retried(one.path, GIVEN_UP))
        if not dry_run:
            take_up_again(zone, one)
    return retried
