"""What OMERO says about the files of filesets: some thousands at a time, as one fileset may have ten thousand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import OmeroSession

MOST_ROWS = 20_000
"""At most this many files are in one answer, which has to fit into a message."""


class FileRow(NamedTuple):
    """One file of a fileset.

    Attributes:
        fileset: OMERO id of the fileset.
        place: Its place there, from 0 on.
        id: OMERO id of the original file.
        client_path: As the client sent it.
        path: The folder that it is in.
        name: Its name there.
        size: Bytes.
        digest: Its hash, empty for none.
        kind: Of the hash.
        modified: When it was changed, milliseconds since 1970; None where that is not known.
        repo: UUID of the repository that it is in, empty for none.
    """

    fileset: int
    place: int
    id: int
    client_path: str
    path: str
    name: str
    size: int
    digest: str
    kind: str
    modified: int | None
    repo: str


def read_files(session: OmeroSession, filesets: Iterable[int]) -> Iterator[FileRow]:
    """The files of some filesets; those of each in their order.

    Args:
        session: A session that may read across groups.
        filesets: OMERO ids.
    """
    for chunk in in_batches(sorted(set(filesets)), BATCH):
        yield from _in_pages(session, chunk)


def _in_pages(session: OmeroSession, ids: list[int]) -> Iterator[FileRow]:
    first = 0
    while ids:
        end = first + max(MOST_ROWS // len(ids), 1)
        text = (
            "select f.id, index(e), o.id, e.clientPath, o.path, o.name, o.size, o.hash, h.value, o.mtime, o.repo "
            "from Fileset f join f.usedFiles e join e.originalFile o left outer join o.hasher h "
            f"where f.id in (:ids) and index(e) >= {first} and index(e) < {end} order by f.id, index(e)"
        )
        rows = session.rows("reading the files of filesets", text, {"ids": ids})
        for fileset, place, id_, client_path, path, name, size, digest, kind, modified, repo in rows:
            texts = (str(client_path), str(path), str(name), int(size or 0), str(digest or ""), str(kind or ""))
            yield FileRow(int(fileset), int(place), int(id_), *texts, modified, str(repo or ""))
        counts = Counter(row[0] for row in rows)
        ids, first = [id_ for id_ in ids if counts[id_] == end - first], end
