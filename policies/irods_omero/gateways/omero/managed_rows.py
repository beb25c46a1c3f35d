"""What OMERO's database says about the files of filesets in its managed repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.fileset_files import read_files
from irods_omero.gateways.omero.session import OmeroSession

MANAGED = "ManagedRepository"


def repository_uuid(session: OmeroSession) -> str:
    """What OMERO knows its managed repository by.

    Raises:
        RefusedError: It has none.
    """
    doing = "looking for OMERO's managed repository"
    resources = session.call(doing, "", lambda: session.client.getSession().sharedResources())
    for described in session.call(doing, "", resources.repositories).descriptions:
        if described.name is not None and described.name.val == MANAGED and described.hash is not None:
            return str(described.hash.val)
    raise RefusedError(doing, "", "OMERO names none")


def managed_rows(session: OmeroSession, repository: str, filesets: Iterable[int]) -> dict[int, list[ManagedFile]]:
    """The files of some filesets that are in the managed repository, by fileset; nobody has looked at the disk.

    Args:
        session: A session that may read across groups.
        repository: UUID of the repository.
        filesets: OMERO ids.
    """
    files: dict[int, list[ManagedFile]] = defaultdict(list)
    for row in read_files(session, filesets):
        if row.repo == repository:
            file = ManagedFile(
                id=row.id,
                path=f"{row.path}{row.name}",
                size=row.size,
                digest=row.digest,
                kind=row.kind,
                modified=row.modified,
                client_path=row.client_path,
            )
            files[row.fileset].append(file)
    return dict(files)
