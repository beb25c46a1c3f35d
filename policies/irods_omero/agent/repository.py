"""OMERO's managed repository as the agent works with it: proven to be this OMERO's, with what its database says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.domain.state.managed_files import ManagedFile
from irods_omero.gateways.omero.managed_rows import managed_rows, repository_uuid
from irods_omero.gateways.repository.directory import Repository


class ProvenRepository(NamedTuple):
    """The directory, and what OMERO knows it by."""

    directory: Repository
    uuid: str


def proven_repository(connections: Connections) -> ProvenRepository | None:
    """OMERO's repository, None where the configuration names none.

    Raises:
        RefusedError: The directory is not that repository, for instance as it is not mounted.
        UnreachableError: OMERO is down.
    """
    directory = connections.repository
    if directory is None:
        return None
    session = connections.omero.service()
    uuid = repository_uuid(session)
    directory.prove(session.database_uuid(), uuid)
    return ProvenRepository(directory, uuid)


def copies_of(
    connections: Connections, repository: ProvenRepository, filesets: Iterable[int]
) -> dict[int, tuple[ManagedFile, ...]]:
    """The managed files of some filesets, with what is there on disk.

    Raises:
        RefusedError: The operating system does not say.
        UnreachableError: OMERO is down.
    """
    known = managed_rows(connections.omero.service(), repository.uuid, filesets)
    files = (file for of_fileset in known.values() for file in of_fileset)
    on_disk = repository.directory.look((file.id, file.path, file.size) for file in files)
    return {
        fileset: tuple(replace(file, disk=on_disk[file.id]) for file in of_fileset)
        for fileset, of_fileset in known.items()
    }
