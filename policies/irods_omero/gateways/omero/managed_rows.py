"""What OMERO's database says about the files of filesets in its managed repository."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import OmeroSession

MANAGED = "ManagedRepository"


class Row(NamedTuple):
    """A file of a fileset; see ``ManagedFile``."""

    fileset: int
    id: int
    path: str
    size: int
    digest: str
    kind: str
    modified: int | None
    client_path: str


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


def managed_rows(session: OmeroSession, repository: str, filesets: Iterable[int]) -> list[Row]:
    """The files of some filesets that are in the managed repository.

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
    return [
        Row(int(fileset), int(id_), f"{path}{name}", int(size or 0), str(digest or ""), str(kind or ""), time, client)
        for fileset, id_, path, name, size, digest, kind, time, client, repo in rows
        if repo == repository
    ]
