"""OMERO's managed repository as the agent works with it: proven to be this OMERO's, with what its database says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.one_copy.compared_bytes import compared
from irods_omero.domain.state.agreement import Verified
from irods_omero.domain.state.omero_first.source import Source
from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.domain.state.unit import Content
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.managed_rows import managed_rows, repository_uuid
from irods_omero.gateways.repository.directory import Repository
from irods_omero.logs import log


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


def compared_when_read(connections: Connections, source: Source, content: Content, now: float) -> Verified | None:
    """What is remembered of files whose bytes were just read from OMERO, compared with its hashes, and sent to iRODS.

    Nothing where the agent does not see the repository, and where OMERO's database has no hash of a file, or another
    one by now. ``now`` is in seconds since 1970.
    """
    try:
        repository = proven_repository(connections)
        files = copies_of(connections, repository, [source.fileset])[source.fileset] if repository else ()
    except (RefusedError, KeyError) as error:
        log.warning("OMERO's copies are not known to be the same", fileset=source.fileset, error=str(error))
        return None
    read = {(file.id, file.size, file.digest) for file in source.files if file.digest}
    known = {(file.id, file.size, file.digest) for file in files}
    is_same = content.checksum and known == read and len(read) == len(source.files)
    return compared(content, files, now) if is_same else None


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
