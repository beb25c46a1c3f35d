"""Has imports that failed tried anew: of one data object, or of all for which an error is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import agreement_of, gather
from irods_omero.domain.state.actions import RecordAgreement
from irods_omero.domain.state.agreement import Failure
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.avus import record_agreement
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.objects import id_of, ids_with


@dataclass(frozen=True)
class Retried:
    """A unit whose import is tried anew.

    Attributes:
        path: Logical path of its first data object.
        failure: What went wrong before.
    """

    path: str
    failure: Failure


def retry(connections: Connections, paths: Sequence[str], dry_run: bool = False) -> list[Retried]:
    """Forget failures and mark the units, so that the agent tries at once.

    Args:
        connections: Both sides, of which only the zone is used.
        paths: Logical paths of data objects; all that show an error if there are none.
        dry_run: Whether to list only.

    Returns:
        The units, in the order of their ids.

    Raises:
        RefusedError: There is no such data object, or the zone refuses to write.
    """
    zone, names = connections.zone, connections.names
    ids = {id_of(zone, path) for path in paths} or ids_with(zone, names.error)
    retried = []
    for batch in in_batches(sorted(ids)):
        for unit in gather(zone, names, batch, [names.agreement, names.unit]).values():
            first, agreement = unit.first, agreement_of(unit.first, names)
            if agreement.failure is None:
                continue
            retried.append(Retried(first.path, agreement.failure))
            if not dry_run:
                record_agreement(
                    zone, names, RecordAgreement(first.data_id, first.path, replace(agreement, failure=None))
                )
                post(zone, names, first.data_id, first.path)
    return retried
