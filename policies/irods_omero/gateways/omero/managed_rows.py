"""What OMERO's database says about the files of filesets in its managed repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from irods_omero.domain.state.managed_files import ManagedFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import BATCH, in_batches
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
    text = (
        "select e.fileset.id, o.id, o.path, o.name, o.size, o.hash, h.value, o.mtime, e.clientPath, o.repo "
        "from FilesetEntry e join e.originalFile o left outer join o.hasher h where e.fileset.id in (:ids) "
        "order by e.id"
    )
    chunks = in_batches(sorted(set(filesets)), BATCH)
    rows = (row for ids in chunks for row in session.rows("reading the files of filesets", text, {"ids": ids}))
    files: dict[int, list[ManagedFile]] = defaultdict(list)
    for fileset, id_, path, name, size, digest, kind, time, client_path, repo in rows:
        if repo == repository:
            file = ManagedFile(
                id=int(id_),
                path=f"{path}{name}",
                size=int(size or 0),
                digest=str(digest or ""),
                kind=str(kind or ""),
                modified=time,
                client_path=client_path,
            )
            files[int(fileset)].append(file)
    return dict(files)
