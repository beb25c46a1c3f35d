"""Registers OMERO's own files in iRODS where they are, for rules that say so, and looks later whether they are gone."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.repository import copies_of, proven_repository
from irods_omero.domain.rules.omero_first.in_place import file_in_place, may_be_lost, why_not_in_place
from irods_omero.domain.rules.omero_first.placement import REGISTER, PlacementError, PlacementRule
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.source import Source, SourceFile
from irods_omero.domain.state.one_copy.managed_files import COPY, ends_with
from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.omero.managed_rows import repository_uuid
from irods_omero.gateways.zone import registering
from irods_omero.gateways.zone.streaming import can_be_read

WRITABLE = "the iRODS server may write OMERO's file: let its service account only read the repository"


def check_in_place(connections: Connections, source: Source, rule: PlacementRule) -> None:
    """Make sure that the files of a fileset may be registered where they are, where a rule says so.

    Raises:
        PlacementError: They may not.
    """
    if rule.how != REGISTER:
        return
    storage = registering.storages(connections.zone).get(rule.resource)
    if why := why_not_in_place(rule.resource, storage, rule.repository):
        raise PlacementError(f"{why}: see resource and repository of omero_first")
    uuid = repository_uuid(connections.omero.service())
    for file in source.files:
        if file.repository != uuid:
            raise PlacementError(f"OriginalFile:{file.id} is not in OMERO's managed repository")
        if not file_in_place(rule.repository, file.path):
            raise PlacementError(f"OriginalFile:{file.id} has a path that might lead elsewhere: {file.path}")
    repository = proven_repository(connections)
    for managed in copies_of(connections, repository, [source.fileset]).get(source.fileset, ()) if repository else ():
        if managed.disk.state != COPY:
            what = managed.disk.what or managed.disk.state
            raise PlacementError(f"OMERO's file {managed.path} is {what}: only files of its own are registered")


def clear_way(
    connections: Connections, files: Sequence[tuple[SourceFile, str]], source: Source, rule: PlacementRule
) -> None:
    """Take away what an earlier attempt has left unfinished, and must not be written over: OMERO's own files.

    Args:
        connections: Both sides.
        files: What is to be brought, with the logical path of each in the agent's own collection.
        source: The fileset that it is of, whose files may have had other names by then.
        rule: How it is brought now, which may have been another way before.
    """
    left = registering.files_in(connections.zone, sorted({path.rpartition("/")[0] for _, path in files}))
    namesakes: dict[str, list[str]] = defaultdict(list)
    for file in source.files:
        namesakes[file.path.rpartition("/")[2]].append(file.path)
    for _, path in files:
        if path in left and any(ends_with(left[path], own) for own in namesakes[left[path].rpartition("/")[2]]):
            registering.forget(connections.zone, path)
        elif path in left and rule.how == REGISTER:
            registering.remove(connections.zone, path)


def register(
    connections: Connections, file: SourceFile, path: str, rule: PlacementRule, blocks: Iterable[bytes]
) -> None:
    """Register one file; its bytes are read from OMERO to be compared with what the zone has there.

    Raises:
        UnreachableError: A side is down.
        RefusedError: It cannot be registered, or must not.
    """
    zone, place = connections.zone, file_in_place(rule.repository, file.path)
    registering.register(zone, path, place, file.size, rule.resource)
    if registering.may_be_written(zone, path):
        raise RefusedError("registering", path, WRITABLE)
    deque(blocks, maxlen=0)


@contextmanager
def forgotten_if_wrong(connections: Connections, path: str, rule: PlacementRule) -> Iterator[None]:
    """What turns out to be wrong while it is registered is taken out of the catalog again; the file stays."""
    try:
        yield
    except RefusedError:
        if rule.how == REGISTER:
            with suppress(RefusedError, UnreachableError):  # the next attempt begins with that
                registering.forget(connections.zone, path)
        raise


def with_lost(connections: Connections, observations: dict[int, Observation]) -> dict[int, Observation]:
    """Add the first data object of each unit that cannot be read any more, where that may be so."""
    for data_id, observation in observations.items():
        paths = (each.path for each in may_be_lost(observation))
        lost = next((path for path in paths if not can_be_read(connections.zone, path)), "")
        observations[data_id] = replace(observation, lost=lost) if lost else observation
    return observations
