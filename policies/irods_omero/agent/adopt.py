"""Takes filesets into iRODS that OMERO had before: all that meet some conditions, or one that somebody names."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from irods_omero.agent.connections import Connections
from irods_omero.agent.identity import check_identity
from irods_omero.agent.intake import Intake, Taken
from irods_omero.agent.intake_queue import IntakeQueue
from irods_omero.agent.report import Report
from irods_omero.agent.sweep import Sweep
from irods_omero.agent.walks import FIRST_TURN
from irods_omero.agent.workers import Workers
from irods_omero.domain.rules.placement import PlacementRule
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import fileset_of_image
from irods_omero.gateways.omero.sources import Listed, filesets_after, filesets_in
from irods_omero.gateways.zone.marks import Mark
from irods_omero.vocabulary import PENDING, shard_of


@dataclass(frozen=True)
class Wanted:
    """Which filesets.

    Attributes:
        group: Name of their group, empty for any.
        owner: Login name of their owner, empty for any.
        dataset: Id of a dataset that they are in, None for any.
        since: Imported at this time or later, seconds since 1970.
    """

    group: str = ""
    owner: str = ""
    dataset: int | None = None
    since: float = 0.0

    def covers(self, fileset: Listed) -> bool:
        """Whether a fileset is wanted, as far as the list of all filesets tells."""
        return (
            self.group in ("", fileset.group) and self.owner in ("", fileset.owner) and fileset.imported >= self.since
        )


def adopt(connections: Connections, wanted: Wanted, mark: bool = False, dry_run: bool = False) -> Iterator[Taken]:
    """Take in, one after the other, what is wanted and nobody has taken in yet; what is done is not done again.

    Each is done whole, with the tags of its images, before the next one is begun.

    Args:
        connections: Both sides; no agent of the same shards may be at work unless filesets are only marked.
        wanted: Which filesets.
        mark: Whether to leave the work to the agent.
        dry_run: Whether only to say where they would go.

    Raises:
        UnreachableError: A side is down; doing it again goes on where it was broken off.
        IdentityError: OMERO is another one than the zone knows.
    """
    check_identity(connections)
    intake, queue, session = _intake(connections), IntakeQueue(connections), connections.omero.service()
    unfinished = set(queue.unfinished())
    among = None if wanted.dataset is None else filesets_in(session, wanted.dataset)
    for page in filesets_after(session, 0):
        ids = [each.id for each in page if wanted.covers(each) and shard_of(each.id) in connections.shards]
        ids = [fileset for fileset in ids if among is None or fileset in among]
        taken = queue.taken_already(ids) - unfinished
        for fileset in ids:
            if fileset in taken:
                continue
            if mark:
                queue.mark(fileset)
            else:
                yield intake.take(fileset, dry_run=dry_run)


def register(connections: Connections, what: str, rule: PlacementRule | None, owner: str, dry_run: bool) -> Taken:
    """Take one fileset in.

    Args:
        connections: Both sides.
        what: ``Fileset:ID`` or ``Image:ID``.
        rule: Where it goes, by default by the configuration.
        owner: The iRODS user who shall own it, by default the one who stands for its owner in OMERO.
        dry_run: Whether only to say where it would go.

    Raises:
        RefusedError: There is no such thing, or it was imported from a zone or taken into one already.
    """
    kind, _, number = what.partition(":")
    if kind not in ("Fileset", "Image") or not re.fullmatch(r"\d+", number):
        raise RefusedError("registering", what, "it is neither Fileset:ID nor Image:ID")
    check_identity(connections)
    fileset = int(number) if kind == "Fileset" else fileset_of_image(connections.omero.service(), int(number))
    if fileset is None:
        raise RefusedError("registering", what, "there is no such image, or it has no files in OMERO")
    queue = IntakeQueue(connections)
    if queue.taken_already([fileset]) and not queue.is_unfinished(fileset):
        raise RefusedError("registering", what, "its files are in iRODS already: see irods-omero explain")
    return _intake(connections).take(fileset, rule, owner, dry_run)


def _intake(connections: Connections) -> Intake:
    """What takes filesets in while no agent may be there to have their images say so."""

    def finish(first: DataObject) -> str:
        if shard_of(first.data_id) not in connections.shards:
            return ""  # it has a mark for another agent
        sweep = Sweep(connections, time.time, Workers(connections), FIRST_TURN, Report())
        sweep.process_marks([Mark(first.data_id, first.path, shard_of(first.data_id), frozenset({PENDING}))])
        if sweep.report.failed or sweep.report.in_vain:
            return f"it is in iRODS, but not all that was to be said of it could be: irods-omero explain {first.path}"
        return ""

    return Intake(connections, Report(), finish=finish)
