"""Takes filesets into iRODS that were in OMERO before: all that meet some conditions, or a single one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.agent.identity import check_identity
from irods_omero.agent.marks.walks import FIRST_TURN
from irods_omero.agent.omero_first.intake import Intake, Taken
from irods_omero.agent.omero_first.intake_queue import IntakeQueue
from irods_omero.agent.report import Report
from irods_omero.agent.sweep import Sweep
from irods_omero.agent.workers import Workers
from irods_omero.domain.rules.omero_first.placement import PlacementRule
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.omero.filesets import fileset_of_image
from irods_omero.gateways.omero.sources import Listed, exists_in_omero, filesets_after, filesets_in, read_sources
from irods_omero.gateways.zone.marks import Mark
from irods_omero.vocabulary import PENDING, shard_of


class Adoption(Enum):
    """Whether filesets are taken now, are marked for the agent, or are only shown with where they would go."""

    TAKE = "take"
    MARK = "mark"
    DRY_RUN = "dry run"


LOOKED_UP = 100
"""Number of filesets that are looked up at once."""

LARGEST = 2**63 - 1
"""The largest id that there can be."""


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


class Chosen(NamedTuple):
    """The filesets that are wanted, and that nobody has taken in yet.

    Attributes:
        filesets: OMERO ids.
        left_out: How many more there are in groups that no rule of ``omero_first`` names.
    """

    filesets: Sequence[int]
    left_out: int


def choose(connections: Connections, wanted: Wanted) -> Chosen:
    """Find out what there is to do; what is done is not done again.

    Raises:
        UnreachableError: A side is down.
        RefusedError: There is no such group, owner or dataset, or no rule says where anything goes.
        IdentityError: OMERO is another one than the zone knows.
    """
    check_identity(connections)
    session, rules, queue = connections.omero.service(), connections.placement_rules(), IntakeQueue(connections)
    if not rules:
        raise RefusedError("adopting", "", "omero_first of the configuration is empty: it says where filesets go")
    for kind, name in (("group", wanted.group), ("user", wanted.owner), ("dataset", wanted.dataset)):
        if name not in ("", None) and not exists_in_omero(session, kind, str(name)):
            raise RefusedError("adopting", f"what is of the {kind} {name}", f"OMERO has no such {kind}")
    if wanted.group and not any(rule.covers(wanted.group) for rule in rules):
        raise RefusedError("adopting", f"the group {wanted.group}", "no rule of omero_first names it")
    among = None if wanted.dataset is None else filesets_in(session, wanted.dataset)
    unfinished, chosen, left_out = set(queue.unfinished()), list[int](), 0
    for page in filesets_after(session, 0):
        ours = [each for each in page if wanted.covers(each) and shard_of(each.id) in connections.shards]
        groups = {each.id: each.group for each in ours if among is None or each.id in among}
        due = groups.keys() - (queue.taken_already(groups) - unfinished)
        covered = {fileset for fileset in due if any(rule.covers(groups[fileset]) for rule in rules)}
        chosen += sorted(covered)
        left_out += len(due) - len(covered)
    return Chosen(chosen, left_out)


def adopt(connections: Connections, filesets: Iterable[int], dry_run: bool = False) -> Iterator[Taken]:
    """Take filesets in, one after the other: each is done whole, with the tags of its images, before the next is begun.

    Args:
        connections: Both sides; what an agent is taking in at the moment is left to it.
        filesets: OMERO ids of what was chosen.
        dry_run: Whether only to say where they would go.

    Raises:
        UnreachableError: A side is down; doing it again goes on where it was broken off.
    """
    intake = _intake(connections)
    for fileset in filesets:
        yield intake.take(fileset, dry_run=dry_run)


def leave_to_agent(connections: Connections, filesets: Iterable[int]) -> Iterator[Taken]:
    """Leave filesets to the agents of their shards that are not yet; yields each with its size, but no paths."""
    queue = IntakeQueue(connections)
    known = set(queue.unfinished())
    for some in in_batches((fileset for fileset in filesets if fileset not in known), LOOKED_UP):
        sources = read_sources(connections.omero.service(), some, facts=False)
        for fileset in some:
            if fileset in sources:
                queue.mark(fileset)
                yield Taken(fileset, sources[fileset].size)


def register(
    connections: Connections,
    what: str,
    rule: PlacementRule | None,
    owner: str,
    manner: Adoption = Adoption.TAKE,
) -> Taken:
    """Take one fileset in.

    Args:
        connections: Both sides.
        what: ``Fileset:ID`` or ``Image:ID``.
        rule: Where it goes, by default by the configuration.
        owner: The iRODS user who shall own it, by default the one who stands for its owner in OMERO.
        manner: Whether it is taken now, is marked for the agent, or is only shown with where it would go.

    Raises:
        RefusedError: There is no such thing, or it was imported from a zone or taken into one already.
    """
    kind, _, number = what.partition(":")
    if kind not in ("Fileset", "Image") or not re.fullmatch(r"[0-9]{1,19}", number) or int(number) > LARGEST:
        raise RefusedError("registering", what, "it is neither Fileset:ID nor Image:ID")
    check_identity(connections)
    fileset = int(number) if kind == "Fileset" else fileset_of_image(connections.omero.service(), int(number))
    if fileset is None:
        raise RefusedError("registering", what, "there is no such image, or it has no files in OMERO")
    queue = IntakeQueue(connections)
    if queue.taken_already([fileset]) and not queue.is_unfinished(fileset):
        raise RefusedError("registering", what, "its files are in iRODS already: see irods-omero explain")
    source = read_sources(connections.omero.service(), [fileset], files=False, facts=False).get(fileset)
    if source is None:
        raise RefusedError("registering", what, "there is no such fileset")
    if rule is None and not any(each.covers(source.group) for each in connections.placement_rules()):
        raise RefusedError("registering", what, f"omero_first names no place for {source.group}: see --to")
    intake = _intake(connections)
    if manner is Adoption.MARK:
        if not connections.placement_rules():
            raise RefusedError("registering", what, "the agent takes nothing in while omero_first is empty")
        return intake.leave(fileset, rule, owner)
    return intake.take(fileset, rule, owner, dry_run=manner is Adoption.DRY_RUN)


def _intake(connections: Connections) -> Intake:
    """What takes filesets in while no agent may be there to have their images say so."""

    def finish(first: DataObject) -> str:
        if shard_of(first.data_id) not in connections.shards:
            return ""  # it has a mark for another agent
        workers = Workers(connections)
        sweep = Sweep(connections, time.time, workers, FIRST_TURN, Report())
        sweep.process_marks([Mark(first.data_id, first.path, shard_of(first.data_id), frozenset({PENDING}))])
        copies = sweep.copies.jobs(sweep.report, workers)
        is_seen = sweep.report.observed > 0 or bool(copies)
        if copies:
            sweep.report.add(workers.work(copies))
        if sweep.report.failed or sweep.report.in_vain or not is_seen:
            return f"it is in iRODS, but not all that was to be said of it could be: irods-omero explain {first.path}"
        return ""

    return Intake(connections, Report(), finish=finish)
